"""A receiver of messages on this host: a webhook that is away, hangs or answers what it is told."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """Id of the event, in either mode."""
        return self.headers.get("ce-id") or str(self.json.get("id", ""))

    @property
    def json(self) -> dict[str, Any]:
        """The body."""
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """What it does, and what has come."""

    status: int = 200
    answer: str = ""
    """What it says besides."""
    hangs: bool = False
    """Takes the request and gives no answer until it no longer hangs."""
    got: list[Received] = field(default_factory=list)
    port: int = 0
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{HOST}:{self.port}/events"

    def taken(self) -> list[str]:
        """Ids of all that came, in order."""
        return [one.id for one in self.got]

    async def until(self, count: int, seconds: float = 60.0) -> None:
        """Return when so many requests came."""
        async with asyncio.timeout(seconds), self.news:
            await self.news.wait_for(lambda: len(self.got) >= count)

    async def release(self) -> None:
        """It no longer hangs."""
        async with self.news:
            self.hangs = False
            self.news.notify_all()

    async def take(self, request: web.Request) -> web.Response:
        """One request."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = Received(request.path, headers, await request.read())
        async with self.news:
            self.got.append(received)
            self.news.notify_all()
            await self.news.wait_for(lambda: not self.hangs)
        location = {"Location": "/elsewhere"} if self.status in {301, 302, 307, 308} else {}
        return web.Response(status=self.status, headers=location, text=self.answer)


@asynccontextmanager
async def listening(
    receiver: Receiver, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """Listen, at the same port as before if there was one."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, receiver.port, reuse_address=True, ssl_context=tls)
        await site.start()
        receiver.port = runner.addresses[0][1]
        yield receiver
    finally:
        await receiver.release()
        await runner.cleanup()
