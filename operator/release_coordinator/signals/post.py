"""Sends one message: over HTTP, or through apprise in a process of its own.

Called by `controllers.delivery`. Nothing is raised for a receiver that does not take it: that is a
fact (`Receipt.problem`). No message about a problem quotes what was sent, an answer or a URL.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp

from release_coordinator.signals.addresses import AddressRefused, APIServer, Place
from release_coordinator.signals.links import Links
from release_coordinator.signals.port import Endpoint
from release_coordinator.signals.session import describe, seconds
from release_coordinator.signals.tls import BadTLS

APPRISER = "release_coordinator.signals.appriser"
PROCESSES = 4
"""Of apprise, at the same time; each needs some 45 MB."""
STARTING = 10.0
"""Seconds that a process gets to start, besides the time to send."""
ENDING = 3.0
"""Seconds that what is being sent gets when the operator ends."""
WORDS_LIMIT = 4096
"""Bytes of its answer."""

_NEVER = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""Answers that say that the same message is never taken."""
_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_INHERITED = ("PATH", "HOME", "LANG", "TZ", "PYTHONPATH", "PYTHONHOME", "SSL_CERT_FILE")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of a try to send."""

    problem: str = ""
    """Begins with a verb; empty if it was taken."""
    hopeless: bool = False
    """The same message will never be taken."""


class Post:
    """Sends messages. For one event loop."""

    def __init__(self, api_server: APIServer, *, allow_loopback: bool = False) -> None:
        """`allow_loopback` is for tests, whose receivers live on this host."""
        place = Place("Channel", "spec.cloudEvents")
        self._links = Links(api_server, allow_loopback=allow_loopback, place=place)
        self._processes = asyncio.Semaphore(PROCESSES)
        self._sending: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def post(self, endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> Receipt:
        """POST it; redirects are not followed."""
        authorization = {"Authorization": endpoint.authorization} if endpoint.authorization else {}
        try:
            async with (
                self._counted(),
                self._links.session(endpoint) as session,
                session.post(
                    endpoint.url,
                    data=body,
                    headers={**headers, **authorization},
                    timeout=seconds(endpoint.timeout),
                    allow_redirects=False,
                    server_hostname=endpoint.tls.server_name or None,
                ) as response,
            ):
                return _answered(response.status)
        except BadTLS as error:
            return Receipt(str(error))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            causes = (error, error.__cause__, getattr(error, "os_error", None))
            refused = next((one for one in causes if isinstance(one, AddressRefused)), None)
            return Receipt(str(refused) if refused else describe(error, endpoint.timeout))

    async def apprise(self, url: str, title: str, body: str, timeout: float) -> Receipt:  # noqa: ASYNC109 - in all
        """Hand it to the service of an apprise URL.

        apprise is synchronous, and a thread that hangs cannot be ended; a process can. It also
        keeps what apprise logs, credentials perhaps among it, away from our log.
        """
        task = {"url": url, "title": title, "body": body, "timeout": timeout}
        async with self._counted(), self._processes:
            try:
                answer = await _run(json.dumps(task).encode(), timeout + STARTING)
            except TimeoutError:
                return Receipt(f"was not done within {timeout:g} s")
            except OSError:
                return Receipt("cannot be tried: no process can be started; see the operator's log")
        return _receipt(answer)

    async def forget(self, name: str) -> None:
        """A channel is gone: close its connections."""
        await self._links.forget(name)

    async def close(self) -> None:
        """Begin nothing more, let what is being sent come to its end, then close all connections.

        Whoever sends is cancelled where that takes too long.
        """
        self._closed = True
        sending = self._sending - {asyncio.current_task()}
        if sending:
            _, late = await asyncio.wait(sending, timeout=ENDING)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._links.close()

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[None]:
        """Counts who sends. Raises CancelledError once it is closed."""
        task = asyncio.current_task()
        if self._closed or task is None:
            raise asyncio.CancelledError
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        yield


async def _run(task: bytes, limit: float) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", APPRISER),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(),
    )
    try:
        answer, _ = await asyncio.wait_for(process.communicate(task), limit)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return answer[:WORDS_LIMIT]


def _environment() -> dict[str, str]:
    """What it needs of ours: where Python is, and how to get out of the cluster."""
    kept = {*_INHERITED, *_PROXIES, *(name.upper() for name in _PROXIES)}
    return {name: value for name, value in os.environ.items() if name in kept}


def _receipt(answer: bytes) -> Receipt:
    try:
        return Receipt(str(json.loads(answer)["problem"]))
    except (ValueError, KeyError, TypeError):
        return Receipt("ended in the middle: apprise failed for an unknown reason")


def _answered(status: int) -> Receipt:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Receipt()
    if status in _NEVER:
        return Receipt(f"answered with HTTP {status}: it does not take such a message", True)
    if status in _REFUSED:
        return Receipt(f"answered with HTTP {status}: check the credentials in auth")
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Receipt(f"answered with HTTP {status}: redirects are not followed; correct url")
    return Receipt(f"answered with HTTP {status}")
