"""One HTTP exchange with the API server: a timeout, an observer, and errors by what to do.

Used by `cluster.client`, which knows the verbs. Nothing is retried here: the caller knows
whether a repetition is harmless.
"""

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio.client import ApiClient

from release_coordinator.cluster.faults import Reply, fault
from release_coordinator.cluster.port import Body, Kind
from release_coordinator.errors import Denied, Transient

TRANSPORT_ERROR = "<error>"
"""The `code` of an exchange that got no HTTP answer, as client-go labels it."""

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """What goes over the wire; `verb` is the API's word for it (list, apply, ...)."""

    verb: str
    method: str
    kind: Kind
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Body | None = None
    content_type: str = JSON


@dataclass(frozen=True, slots=True)
class Exchange:
    """What an observer learns about a finished request."""

    verb: str
    method: str
    resource: str
    code: str
    seconds: float


Observer = Callable[[Exchange], None]


class RequestCounts:
    """An observer that counts requests by verb and resource; benchmarks compare such counts."""

    def __init__(self) -> None:
        self.by_verb: Counter[tuple[str, str]] = Counter()

    def __call__(self, exchange: Exchange) -> None:
        """Count one exchange."""
        self.by_verb[exchange.verb, exchange.resource] += 1

    @property
    def total(self) -> int:
        """Return the number of requests."""
        return self.by_verb.total()


class Wire:
    """Sends requests through the client library's connection pool, TLS and login.

    Its models and deserializer stay unused: bodies are plain JSON, forty times faster.
    """

    def __init__(
        self, client: ApiClient, timeout: float = 10.0, observer: Observer | None = None
    ) -> None:
        client.user_agent = f"release-coordinator/{version('release-coordinator')}"
        self._client: Any = client  # half of its methods carry no types
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._observer = observer

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def send(self, request: Request) -> Body:
        """Send and return the answer's JSON; raises what `release_coordinator.errors` names."""
        start = time.perf_counter()
        code = TRANSPORT_ERROR
        try:
            reply = await self._exchange(request)
            code = str(reply.status)
        except TimeoutError as error:
            raise Transient(f"{request.verb} {request.path}: no answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Transient(f"{request.verb} {request.path}: {error!r}") from error
        finally:
            self._observe(request, code, time.perf_counter() - start)
        return _parse(request, reply)

    async def _exchange(self, request: Request) -> Reply:
        headers = {
            **self._client.default_headers,
            "Accept": JSON,
            "Content-Type": request.content_type,
        }
        await self._login(headers)
        query = f"?{urlencode(request.query)}" if request.query else ""
        response = await self._client.rest_client.request(
            request.method,
            f"{self._client.configuration.host}{request.path}{query}",
            headers=headers,
            body=request.body,
            _request_timeout=self._timeout,
        )
        return Reply(response.status, response.headers, await response.read())

    async def _login(self, headers: dict[str, Any]) -> None:
        try:
            await self._client.update_params_for_auth(headers, None, ["BearerToken"], "", "", None)
        except OSError as error:
            raise Denied(f"the credentials cannot be read: {error}") from error

    def _observe(self, request: Request, code: str, seconds: float) -> None:
        if self._observer is not None:
            self._observer(
                Exchange(request.verb, request.method, request.kind.plural, code, seconds)
            )


def _parse(request: Request, reply: Reply) -> Body:
    where = f"{request.verb} {request.path}"
    try:
        body = json.loads(reply.content)
    except ValueError:
        body = None
    if error := fault(where, reply, body if isinstance(body, dict) else {}):
        raise error
    if not isinstance(body, dict):
        # Cut on the way, or a proxy's own page: the API server never answers so.
        raise Transient(f"{where}: the answer is no JSON object")
    return body
