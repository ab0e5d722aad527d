"""A loopback HTTP proxy between one operator and the real API server, with the faults of a plan.

Every write of the operator has a number; Events, the status of metric sources, dry runs and the
Lease of the election pass untouched and have none.
What happens at a number:

- `before-kill`: the operator is killed, the API server never hears of the request;
- `after-kill`: the request is carried out, and the operator is killed before it hears the answer;
- `lost-reply`: the request is carried out, the connection is cut instead of an answer;
- `refused`: 429, not carried out;
- `twice`: the request is sent twice, and the operator gets the second answer, the worse one;
- `rival`: somebody else changes the object first.
"""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import aiohttp
from aiohttp import web
from tests.campaigns.plans import Fault, Plan
from tests.proxy.news import News
from tests.proxy.requests import Asked, asked, named
from tests.proxy.upstream import Answer, Upstream

ADDRESS = "127.0.0.1"
REFUSAL = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Failure",
    "message": "too many requests, please try again later",
    "reason": "TooManyRequests",
    "code": 429,
}


class Victim(Protocol):
    """The operator, as far as the proxy needs it."""

    async def killed(self) -> None:
        """Kill the process at once, and return when it is dead; another is started."""

    async def disturb(self, what: Asked) -> None:
        """Somebody changes the object of a request, or the Release if there is none yet."""


@dataclass(frozen=True)
class Write:
    """A write that was made, and what it met."""

    asked: Asked
    fault: Fault | None
    status: int
    """Of the answer of the API server; 0 if it never heard of the write."""


class Proxy:
    """The state of one proxy; `serving` makes it answer."""

    def __init__(self, upstream: Upstream, plan: Plan, victim: Victim) -> None:
        self._upstream = upstream
        self._victim = victim
        self._shots = list(plan.shots)
        self._awaited = plan.at
        self._base = 0
        self._answering: set[asyncio.Task[web.StreamResponse]] = set()
        self.news = News(plan)
        self.writes: list[Write] = []
        self._count = 0
        self.url = ""
        self.listed: Counter[str] = Counter()
        """Kind -> listings so far."""

    @property
    def count(self) -> int:
        """Writes so far, those included that never got through."""
        return self._count

    def calm(self) -> None:
        """No more faults from here on."""
        self._shots.clear()
        self.news.plan = Plan(self.news.plan.workload)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Pass a request on, or not."""
        what = asked(request.method, request.path, request.query)
        if what.watch:
            return await self._watch(request, what)
        await self.news.asked()
        # The death of the sender ends its watches, but not what the server has already got.
        answering = asyncio.create_task(self._answer(request, what))
        self._answering.add(answering)
        answering.add_done_callback(self._answering.discard)
        return await asyncio.shield(answering)

    async def _answer(self, request: web.Request, what: Asked) -> web.StreamResponse:
        body = await request.read() if request.can_read_body else None
        what = named(what, body)
        if what.counted:
            return await self._write(request, what, body)
        answer = await self._forward(request, body)
        if what.listing and answer.status == web.HTTPOk.status_code:
            self.listed[what.plural] += 1
            told = self.news.listing(request.path_qs, answer.body)
            answer = Answer(answer.status, answer.content_type, told)
        return _response(answer)

    async def _forward(self, request: web.Request, body: bytes | None) -> Answer:
        return await self._upstream.send(request.method, request.raw_path, request.headers, body)

    async def _write(
        self, request: web.Request, what: Asked, body: bytes | None
    ) -> web.StreamResponse:
        fault = self._fault(what)
        if fault is Fault.BEFORE_KILL:
            await self._victim.killed()
            return self._cut(request, what, fault, 0)
        if fault is Fault.REFUSED:
            self.writes.append(Write(what, fault, 0))
            return _response(Answer(429, "application/json", json.dumps(REFUSAL).encode()))
        if fault is Fault.RIVAL:
            await self._victim.disturb(what)
        answer = await self._forward(request, body)
        if fault is Fault.TWICE:
            answer = await self._forward(request, body)
        if fault is Fault.AFTER_KILL:
            await self._victim.killed()
        if fault in {Fault.AFTER_KILL, Fault.LOST_REPLY}:
            return self._cut(request, what, fault, answer.status)
        self.writes.append(Write(what, fault, answer.status))
        return _response(answer)

    def _fault(self, what: Asked) -> Fault | None:
        """Count a write; what happens at it."""
        self._count += 1
        if self._awaited:
            if not str(what).startswith(self._awaited):
                return None
            self._awaited, self._base = "", self._count - 1
        if not self._shots or self._count - self._base != self._shots[0][0]:
            return None
        self._base = self._count
        return self._shots.pop(0)[1]

    def _cut(
        self, request: web.Request, what: Asked, fault: Fault | None, status: int
    ) -> web.StreamResponse:
        self.writes.append(Write(what, fault, status))
        if request.transport is not None:
            request.transport.abort()
        return web.Response()  # reaches nobody

    async def _watch(self, request: web.Request, what: Asked) -> web.StreamResponse:
        async with self._upstream.open("GET", request.raw_path, request.headers) as reply:
            response = web.StreamResponse(
                status=reply.status, headers={"Content-Type": reply.headers["Content-Type"]}
            )
            await response.prepare(request)
            with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                await self.news.tell(what.plural, reply.content, response.write)
        return response


def _response(answer: Answer) -> web.Response:
    return web.Response(
        body=answer.body, status=answer.status, content_type=answer.content_type or None
    )


@asynccontextmanager
async def serving(proxy: Proxy) -> AsyncIterator[Proxy]:
    """Serve on a free port of the loopback address."""
    app = web.Application(client_max_size=2**23)
    app.router.add_route("*", "/{path:.*}", proxy.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, ADDRESS, 0).start()
        proxy.url = f"http://{ADDRESS}:{runner.addresses[0][1]}"
        yield proxy
    finally:
        await runner.cleanup()
