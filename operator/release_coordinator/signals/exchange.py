"""One HTTP exchange with a metric source: its turn, its credentials, its limits, its outcome.

Called by `signals.prometheus`, which knows the questions; connections come from `signals.links`.
Questions wait for their turn (`signals.turns`), as long as an answer may take. So a slow source
delays those who ask it, and nobody else.
"""

import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

import aiohttp
from aiohttp.hdrs import CONTENT_ENCODING
from yarl import URL

from release_coordinator.signals.addresses import AddressRefused
from release_coordinator.signals.envelope import CHECK_ADDRESS
from release_coordinator.signals.links import Links
from release_coordinator.signals.port import Endpoint, Outcome, SourceObserver
from release_coordinator.signals.session import PLAIN, describe, read_capped, seconds
from release_coordinator.signals.tls import BadTLS
from release_coordinator.signals.turns import Turns

_REACH = "check its address, that it runs and that the operator can reach it"
_REFUSALS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: a path below `/api/v1` and its parameters."""

    verb: Literal["GET", "POST"]
    path: str
    parameters: Mapping[str, str]
    too_long: str
    """What its author may do about an answer that is too long."""
    at_most: int = sys.maxsize
    """Bytes of an answer that are read, even if the source may answer with more."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of it."""

    outcome: Outcome
    seconds: float
    status: int = 0
    body: bytes = b""
    problem: str = ""
    """Why there is neither status nor body; begins with a verb."""


class Exchange:
    """Asks sources. For one event loop."""

    def __init__(self, links: Links, observers: Sequence[SourceObserver] = ()) -> None:
        self._links = links
        self._observers = observers
        self._turns: dict[str, Turns] = {}

    async def ask(self, endpoint: Endpoint, request: Request, *, waits: bool = True) -> Reply:
        """Ask once, when it is this question's turn unless it does not wait. Never raises."""
        start = time.monotonic()
        turn = self._turns_of(endpoint).turn(endpoint) if waits else nullcontext("")
        async with turn as problem:
            if not problem:
                return await self._observed(endpoint, request)
        waited = time.monotonic() - start
        self._tell(endpoint, Outcome.NOT_ASKED, waited)
        return Reply(Outcome.NOT_ASKED, waited, problem=problem)

    async def _observed(self, endpoint: Endpoint, request: Request) -> Reply:
        for observer in self._observers:
            observer.asked(endpoint.name)
        start, outcome, status, body, problem = time.monotonic(), Outcome.UNREACHABLE, 0, b"", ""
        try:
            outcome, status, body, problem = await self._guarded(endpoint, request)
        finally:
            taken = time.monotonic() - start
            self._tell(endpoint, outcome, taken)
        return Reply(outcome, taken, status, body, problem)

    async def _guarded(
        self, endpoint: Endpoint, request: Request
    ) -> tuple[Outcome, int, bytes, str]:
        try:
            source = URL(endpoint.url).with_query(None).with_fragment(None)
            url = source / "api/v1" / request.path
            async with self._response(endpoint, url, request) as response:
                return await _read(endpoint, request, response)
        except BadTLS as error:
            return Outcome.FORBIDDEN, 0, b"", str(error)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if refusal := _refusal(error):
                return Outcome.FORBIDDEN, 0, b"", str(refusal)
            problem = f"{describe(error, endpoint.timeout)}; {_REACH}"
            return Outcome.UNREACHABLE, 0, b"", problem

    @asynccontextmanager
    async def _response(
        self, endpoint: Endpoint, url: URL, request: Request
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = {"Authorization": endpoint.authorization} if endpoint.authorization else {}
        async with (
            self._links.session(endpoint) as session,
            session.request(
                request.verb,
                url,
                timeout=seconds(endpoint.timeout),
                allow_redirects=False,
                headers=headers,
                server_hostname=endpoint.tls.server_name or None,
                params=request.parameters if request.verb == "GET" else None,
                data=request.parameters if request.verb == "POST" else None,
            ) as response,
        ):
            yield response

    def _turns_of(self, endpoint: Endpoint) -> Turns:
        known = self._turns.get(endpoint.name)
        if known is None or known.concurrency != endpoint.concurrency:
            known = self._turns[endpoint.name] = Turns(endpoint.concurrency)
        return known

    def _tell(self, endpoint: Endpoint, outcome: Outcome, taken: float) -> None:
        for observer in self._observers:
            observer.ended(endpoint.name, outcome, taken)

    async def forget(self, name: str) -> None:
        """A source is gone."""
        self._turns.pop(name, None)
        await self._links.forget(name)

    async def close(self) -> None:
        """Close all connections."""
        await self._links.close()


async def _read(
    endpoint: Endpoint, request: Request, response: aiohttp.ClientResponse
) -> tuple[Outcome, int, bytes, str]:
    body = await read_capped(response, min(endpoint.max_answer, request.at_most))
    if body is None:
        return Outcome.UNUSABLE, 0, b"", _too_long(endpoint, request)
    if response.status == HTTPStatus.OK and (problem := _foreign(response)):
        return Outcome.UNUSABLE, 0, b"", problem
    return _outcome(response.status), response.status, body, ""


def _too_long(endpoint: Endpoint, request: Request) -> str:
    if request.at_most <= endpoint.max_answer:
        return f"answered with more than {request.at_most >> 10} KiB; {request.too_long}"
    return (
        f"answered with more than {endpoint.max_answer >> 10} KiB; {request.too_long}, or "
        "raise spec.maxAnswerKib of the MetricSource"
    )


def _foreign(response: aiohttp.ClientResponse) -> str:
    """What is wrong with the kind of the page, or nothing."""
    if response.headers.get(CONTENT_ENCODING, PLAIN).lower() != PLAIN:
        return (
            "answered with a compressed page although none was asked for; let it, or the proxy "
            "before it, respect Accept-Encoding"
        )
    if response.content_type != "application/json":
        return f"answered with a page that is not JSON; {CHECK_ADDRESS}"
    return ""


def _outcome(status: int) -> Outcome:
    if status == HTTPStatus.OK:
        return Outcome.ANSWERED
    if status in _REFUSALS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outcome.REFUSED
    return Outcome.UNUSABLE


def _refusal(error: BaseException) -> AddressRefused | None:
    """The doorman's words, if it was him."""
    causes = (error, error.__cause__, getattr(error, "os_error", None))
    return next((one for one in causes if isinstance(one, AddressRefused)), None)
