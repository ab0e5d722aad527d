"""All objects of a kind in a namespace as they change, with the time at which each change arrived.

Independent of the operator's own watches, and on the clock of this process: what is measured with
it is what an onlooker sees.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio.client.rest import RESTClientObject

from release_coordinator.cluster.login import from_kubeconfig
from release_coordinator.cluster.port import Body, Kind
from release_coordinator.cluster.urls import collection_path

Hear = Callable[[str, Body, float], None]
"""Called with the event's type, the object, and the monotonic time of its arrival."""

_PAUSE = 0.2


class Streams:
    """Watches that go on until the end, across restarts of the API server."""

    def __init__(self, kubeconfig: Path) -> None:
        self._kubeconfig = kubeconfig
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._login: Any = await from_kubeconfig(self._kubeconfig)
        self._rest: Any = RESTClientObject(self._login)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._rest.close()

    async def open(self, kind: Kind, namespace: str | None, hear: Hear) -> None:
        """Hear of what is there and of every change; return once the server has answered."""
        answered = asyncio.Event()
        self._tasks.append(asyncio.create_task(self._run(kind, namespace, hear, answered)))
        await answered.wait()

    async def _run(
        self, kind: Kind, namespace: str | None, hear: Hear, answered: asyncio.Event
    ) -> None:
        while True:
            # The server begins each watch with what is there: repeated news does no harm.
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                async for event in self._events(kind, namespace, answered):
                    if event["type"] in {"ADDED", "MODIFIED", "DELETED"}:
                        hear(event["type"], event["object"], time.monotonic())
            await asyncio.sleep(_PAUSE)

    async def _events(
        self, kind: Kind, namespace: str | None, answered: asyncio.Event
    ) -> AsyncIterator[Body]:
        path = f"{collection_path(kind, namespace)}?{urlencode({'watch': '1'})}"
        headers = {"Accept": "application/json", "User-Agent": "onlooker"}
        if token := await self._login.get_api_key_with_prefix("BearerToken", alias="authorization"):
            headers["Authorization"] = token
        patience = aiohttp.ClientTimeout(sock_connect=5)
        url = f"{self._login.host}{path}"
        opened = await self._rest.request("GET", url, headers=headers, _request_timeout=patience)
        async with opened.response as response:
            response.raise_for_status()
            answered.set()
            async for line in response.content:
                event: Body = json.loads(line)
                yield event
