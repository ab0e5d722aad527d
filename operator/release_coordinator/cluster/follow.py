"""One object as it changes: a read, then the server's watch, and again when the watch ends.

For programs that look at a single object, like the plugin (`cli.source`); the operator's watches
are Kopf's. Nothing is asked for while nothing happens.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTClientObject

from release_coordinator.clock import Clock
from release_coordinator.cluster.bodies import lean, version_of
from release_coordinator.cluster.faults import Reply, fault
from release_coordinator.cluster.login import configuration
from release_coordinator.cluster.port import Body, Cluster, Kind, Ref
from release_coordinator.cluster.urls import collection_path
from release_coordinator.errors import Transient

_WINDOW = 240
"""Seconds until the server ends a watch, so that a dead connection is noticed before long."""
_GRACE = 20
_CONNECT = 10
_PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between attempts to get the connection back; the last one repeats."""


class NotServed(Transient):
    """404 for a whole type: its CRD is not there, or not yet."""


class Changes(Protocol):
    """Where changes come from."""

    def since(self, ref: Ref, resource_version: str) -> AsyncGenerator[Body, None]:
        """Yield each later state until the watch ends. Raises Denied and Transient."""

    async def serves(self, kind: Kind) -> bool:
        """Whether the server knows this type; everybody may ask that. Raises Transient."""


async def follow(
    cluster: Cluster, changes: Changes, ref: Ref, clock: Clock, lost: Callable[[str], None]
) -> AsyncGenerator[Body, None]:
    """Yield the object now and after every change. Raises NotFound, when it is gone.

    Args:
        cluster: for the first read, and for one after every watch.
        changes: the watch.
        ref: the object.
        clock: for the pauses.
        lost: told why the connection was lost; it is made again.
    """
    losses, shown = 0, ""
    while True:
        pause = _PAUSES[min(losses, len(_PAUSES) - 1)]
        try:
            body = await cluster.get(ref)
            if version_of(body) != shown:
                shown = version_of(body)
                yield body
            async with aclosing(changes.since(ref, shown)) as states:
                async for state in states:
                    losses, shown = 0, version_of(state)
                    yield state
        except Transient as error:
            losses += 1
            lost(str(error))
        await clock.sleep(pause)  # after a good end too: some proxies end every watch at once


class Watches:
    """`Changes` of a real API server."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._rest: Any = RESTClientObject(configuration)  # carries no types

    @classmethod
    async def connect(cls, kubeconfig: Path | None) -> Self:
        """For any number of watches, each of which holds a connection. Raises Denied."""
        login = await configuration(kubeconfig)
        login.connection_pool_maxsize = 0  # no limit
        return cls(login)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._rest.close()

    async def since(self, ref: Ref, resource_version: str) -> AsyncGenerator[Body, None]:
        """Yield each later state until the watch ends. Raises Denied and Transient."""
        query = {
            "watch": "1",
            "fieldSelector": f"metadata.name={ref.name}",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(_WINDOW),
        }
        path = f"{collection_path(ref.kind, ref.namespace)}?{urlencode(query)}"
        try:
            async for line in self.lines(path):
                if (state := _state(json.loads(line))) is None:
                    return  # expired or deleted: the next read tells
                yield state
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise Transient(f"the watch broke off: {error!r}") from error

    async def serves(self, kind: Kind) -> bool:
        """Whether the server knows this type; everybody may ask that. Raises Transient."""
        try:
            lines = [line async for line in self.lines(f"/apis/{kind.group}/{kind.version}")]
            resources = json.loads(b"".join(lines)).get("resources", ())
        except NotServed:
            return False
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise Transient(f"no answer: {error!r}") from error
        return any(one.get("name") == kind.plural for one in resources)

    async def lines(self, path: str, silence: float = _WINDOW + _GRACE) -> AsyncIterator[bytes]:
        """The answer to a GET, line by line; it may be silent for so many seconds.

        Raises what `faults.fault` names, NotServed, and what aiohttp raises.
        """
        headers = {"Accept": "application/json"}
        login: Any = self._configuration
        if token := await login.get_api_key_with_prefix("BearerToken", alias="authorization"):
            headers["Authorization"] = token
        patience = aiohttp.ClientTimeout(sock_connect=_CONNECT, sock_read=silence)
        url = f"{login.host}{path}"
        opened = await self._rest.request("GET", url, headers=headers, _request_timeout=patience)
        async with opened.response as response:
            if response.status != HTTPStatus.OK:
                raise _refusal(path, response.status, await response.read())
            rest = b""  # an object may be longer than what aiohttp takes for a line
            async for chunk in response.content.iter_any():
                *whole, rest = (rest + chunk).split(b"\n")
                for line in whole:
                    yield line
            if rest:
                yield rest


def _refusal(path: str, status: int, content: bytes) -> Exception:
    if status == HTTPStatus.NOT_FOUND:
        return NotServed(f"{path} is not served")
    try:
        said = json.loads(content)
    except ValueError:
        said = None
    why = fault(f"watch {path}", Reply(status, {}, content), said if isinstance(said, dict) else {})
    return why or Transient(f"watch {path}: {status}")


def _state(event: Body) -> Body | None:
    """The object of an event; None when the watch has to begin anew."""
    if event.get("type") not in {"ADDED", "MODIFIED"}:
        return None
    return lean(event["object"])
