"""One HTTP exchange with the API server: a timeout, an observer, and errors by what to do.

Used by `cluster.client`, which knows the verbs. Nothing is retried here: the caller knows
whether a repetition is harmless.
"""

import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version

import aiohttp
from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTClientObject

from release_coordinator.cluster.faults import Reply, fault
from release_coordinator.cluster.port import Body, Kind
from release_coordinator.cluster.wirejson import encode
from release_coordinator.errors import Denied, Transient

TRANSPORT_ERROR = "<error>"
"""The `code` of an exchange that got no HTTP answer, as client-go labels it."""

JSON = "application/json"
_AGENT = f"release-coordinator/{version('release-coordinator')}"


@dataclass(frozen=True, slots=True)
class Request:
    """What goes over the wire; `verb` is the API's word for it (list, patch, ...)."""

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
    date: str | None = None
    """What the answer says about when it was made (RFC 9110), as written."""


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
    """Sends requests with the TLS settings and the login of a client configuration.

    The library's own request methods stay unused: they write JSON in a form that breaks
    ControllerRevisions (see `wirejson`), and read it into models forty times slower.
    """

    def __init__(
        self,
        configuration: Configuration,
        timeout: float = 10.0,
        observer: Observer | None = None,
    ) -> None:
        self._configuration = configuration
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._observer = observer
        self._opened: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()

    async def send(self, request: Request) -> Body:
        """Send and return the answer's JSON; raises what `release_coordinator.errors` names."""
        headers = await self._headers(request)
        return _parse(request, await self._observed(request, self._exchange(request, headers)))

    async def read(self, request: Request, limit: int, timeout: float) -> bytes:  # noqa: ASYNC109
        """Send and return at most so many bytes of the answer, whatever they are."""
        headers = await self._headers(request) | {"Accept": f"{JSON}, */*"}
        most = aiohttp.ClientTimeout(total=timeout)
        reply = await self._observed(request, self._exchange(request, headers, most, limit))
        if error := fault(_where(request), reply, _object(reply.content)):
            raise error
        return reply.content

    async def _observed(self, request: Request, exchange: Awaitable[Reply]) -> Reply:
        start = time.perf_counter()
        code, date = TRANSPORT_ERROR, None
        try:
            reply = await exchange
            code, date = str(reply.status), reply.headers.get("Date")
        except TimeoutError as error:
            raise Transient(f"{request.verb} {request.path}: no answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Transient(f"{request.verb} {request.path}: {error!r}") from error
        finally:
            self._observe(request, code, time.perf_counter() - start, date)
        return reply

    async def _exchange(
        self,
        request: Request,
        headers: Mapping[str, str],
        most: aiohttp.ClientTimeout | None = None,
        limit: int | None = None,
    ) -> Reply:
        async with self._session().request(
            request.method,
            f"{self._configuration.host}{request.path}",
            params=request.query,
            data=None if request.body is None else encode(request.body),
            headers=headers,
            timeout=most or self._timeout,
            proxy=self._configuration.proxy,
            server_hostname=self._configuration.tls_server_name,
            allow_redirects=False,
        ) as response:
            whole = limit is None or not response.ok
            content = await (response.read() if whole else _first(response.content, limit or 0))
            return Reply(response.status, response.headers, content)

    async def _headers(self, request: Request) -> dict[str, str]:
        headers = {"Accept": JSON, "Content-Type": request.content_type, "User-Agent": _AGENT}
        try:
            token = await self._configuration.get_api_key_with_prefix(
                "BearerToken", alias="authorization"
            )
        except OSError as error:
            raise Denied(f"the credentials cannot be read: {error}") from error
        if token:
            headers["Authorization"] = token
        return headers

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            tls = RESTClientObject(self._configuration).ssl_context
            options = {"trust_env": True, **(self._configuration.client_session_kwargs or {})}
            connector = aiohttp.TCPConnector(ssl=tls)
            self._opened = aiohttp.ClientSession(connector=connector, **options)
        return self._opened

    def _observe(self, request: Request, code: str, seconds: float, date: str | None) -> None:
        if self._observer is not None:
            plural = request.kind.plural
            self._observer(Exchange(request.verb, request.method, plural, code, seconds, date))


async def _first(content: aiohttp.StreamReader, limit: int) -> bytes:
    """What comes until the end or the limit; what sends more is left alone."""
    found = bytearray()
    while len(found) < limit and (chunk := await content.read(limit - len(found))):
        found += chunk
    return bytes(found)


def _where(request: Request) -> str:
    return f"{request.verb} {request.path}"


def _object(content: bytes) -> Body:
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _parse(request: Request, reply: Reply) -> Body:
    where = _where(request)
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
