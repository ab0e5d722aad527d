"""A Prometheus that is good for every application until it is told to be bad for one."""

import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

_APP = re.compile(r'app="([^"]+)"')
GOOD, BAD = 0.02, 9.0


class FakePrometheus:
    """Answers queries, counts them, and notes when it first served a bad sample."""

    def __init__(self) -> None:
        self.url = ""
        self.bad: set[str] = set()
        self.first_bad: dict[str, float] = {}
        self.answered = 0
        self.asked_at: dict[str, list[float]] | None = None
        """Query -> when it was asked, if somebody wants to know; by the monotonic clock."""

    async def answer(self, request: web.Request) -> web.Response:
        """Serve one sample of the application that the query names."""
        query = str((await request.post())["query"])
        found = _APP.search(query)
        app = found.group(1) if found else ""
        bad = app in self.bad
        value = [time.time(), str(BAD if bad else GOOD)]
        data = {"resultType": "vector", "result": [{"metric": {}, "value": value}]}
        text = json.dumps({"status": "success", "data": data})
        self.answered += 1
        if self.asked_at is not None:
            self.asked_at.setdefault(query, []).append(time.monotonic())
        if bad:
            self.first_bad.setdefault(app, time.monotonic())
        return web.Response(text=text, content_type="application/json")


@asynccontextmanager
async def fake_prometheus() -> AsyncIterator[FakePrometheus]:
    """Run one on a free port of the loopback address."""
    fake = FakePrometheus()
    app = web.Application()
    app.router.add_post("/api/v1/query", fake.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield fake
    finally:
        await runner.cleanup()
