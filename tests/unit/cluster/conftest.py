"""A scripted HTTP server in the place of the API server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Script:
    """What the server shall answer, and what it was asked."""

    answer: Answer
    address: str = ""
    asked: list[tuple[str, str, bytes, dict[str, str]]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note the request and answer it."""
        content = await request.read()
        self.asked.append((request.method, request.path_qs, content, dict(request.headers)))
        return await self.answer(request)


async def _empty(_: web.Request) -> web.StreamResponse:
    return web.json_response({})


@pytest_asyncio.fixture(loop_scope="session")
async def script() -> AsyncIterator[Script]:
    """A server that answers `{}` until a test says otherwise."""
    script = Script(_empty)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", script.handle)
    async with TestServer(application) as server:
        script.address = str(server.make_url("")).rstrip("/")
        yield script
