"""A Prometheus that answers what a test tells it to, over real HTTP on this host."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from release_coordinator.signals.port import Endpoint

Script = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ScriptedPrometheus:
    """Runs `script` for each question, a query or a list, and keeps what was asked, and by whom."""

    def __init__(self) -> None:
        self.script: Script = vector("1")
        self.url = ""
        self.asked: list[dict[str, str]] = []
        self.authorizations: list[str] = []
        self.open = 0
        self.most_open = 0
        """Questions that were open at the same time."""
        self.sent = 0
        self.closing = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Write down the question and run the script."""
        form = await request.post() or request.query
        self.asked.append({name: str(value) for name, value in form.items()})
        self.authorizations.append(request.headers.get("Authorization", ""))
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            return await self.script(request)
        finally:
            self.open -= 1

    async def hang(self, _: web.Request) -> web.StreamResponse:
        """Script: no answer while the test lasts."""
        await self.closing.wait()
        return web.Response()

    async def flood(self, request: web.Request) -> web.StreamResponse:
        """Script: 64 MiB of JSON, or as much of it as the client takes."""
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        chunk = b" " * 65_536
        for _ in range(1_024):
            await response.write(chunk)
            self.sent += len(chunk)
        return response


def endpoint(url: str, timeout: float = 5, name: str = "main", **more: Any) -> Endpoint:
    """The server as a metric source; `timeout` in seconds, `more` are fields of Endpoint."""
    return Endpoint(name, url, timeout, **more)


@asynccontextmanager
async def scripted_prometheus(
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[ScriptedPrometheus]:
    """A running server on a free port of the loopback address."""
    server = ScriptedPrometheus()
    app = web.Application()
    for prefix in ("", "/prefix"):
        for query in ("query", "query_range"):
            app.router.add_post(f"{prefix}/api/v1/{query}", server.answer)
        for listed in ("rules", "alerts"):
            app.router.add_get(f"{prefix}/api/v1/{listed}", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        scheme = "https" if tls else "http"
        server.url = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        server.closing.set()
        await runner.cleanup()


def raw(body: str | bytes, status: int = 200, content_type: str = "application/json") -> Script:
    """Script: this body."""
    content = body.encode() if isinstance(body, str) else body

    async def script(_: web.Request) -> web.StreamResponse:
        return web.Response(body=content, status=status, content_type=content_type)

    return script


def result(kind: str, value: Any, **more: Any) -> Script:
    """Script: a successful query result; `more` are top-level fields such as `warnings`."""
    data = {"resultType": kind, "result": value}
    return raw(json.dumps({"status": "success", "data": data, **more}))


def vector(*values: str, age: float = 0, **more: Any) -> Script:
    """Script: one series per value, of so many seconds ago; to a range, the same all the time."""

    async def script(request: web.Request) -> web.StreamResponse:
        at = time.time() - age
        if request.path.endswith("/query_range"):
            return await matrix(*await _all_the_time(request, values), **more)(request)
        series = [
            {"metric": {"pod": f"p{index}"}, "value": [at, value]}
            for index, value in enumerate(values)
        ]
        return await result("vector", series, **more)(request)

    return script


async def _all_the_time(
    request: web.Request, values: tuple[str, ...]
) -> list[list[tuple[float, str]]]:
    """The points of a range that was asked for."""
    form = await request.post()
    start, end, step = (float(str(form[name])) for name in ("start", "end", "step"))
    moments = [start + step * at for at in range(1 + int((end - start) / step))]
    return [[(moment, value) for moment in moments] for value in values]


def matrix(*series: list[tuple[float, str]], **more: Any) -> Script:
    """Script: a range vector with these points of each series."""
    listed = [
        {"metric": {"pod": f"p{index}"}, "values": points} for index, points in enumerate(series)
    ]
    return result("matrix", listed, **more)


def alerts(*labels: dict[str, str], state: str = "firing", **more: Any) -> Script:
    """Script: alerts with these labels, all in one state."""
    listed = [{"labels": one, "annotations": {}, "state": state, "value": "1"} for one in labels]
    return raw(json.dumps({"status": "success", "data": {"alerts": listed}, **more}))


def rule(name: str, **more: Any) -> dict[str, Any]:
    """One alert rule as Prometheus tells it, silent and healthy unless `more` says otherwise."""
    silent = {"state": "inactive", "health": "ok", "labels": {}, "annotations": {}, "query": "up"}
    return {"type": "alerting", "name": name, **silent, **more}


def rules(*groups: list[dict[str, Any]], **more: Any) -> Script:
    """Script: groups of rules; `more` are fields beside them."""
    listed = [{"name": f"g{index}", "rules": group} for index, group in enumerate(groups)]
    return raw(json.dumps({"status": "success", "data": {"groups": listed}, **more}))


def error(status: int, text: str) -> Script:
    """Script: Prometheus' own way to refuse."""
    body = {"status": "error", "errorType": "bad_data", "error": text}
    return raw(json.dumps(body), status=status)


async def redirect(_: web.Request) -> web.StreamResponse:
    """Script: look elsewhere."""
    return web.Response(status=307, headers={"Location": "http://127.0.0.1:1/api/v1/query"})


async def truncated(request: web.Request) -> web.StreamResponse:
    """Script: half of the promised answer, then the connection is cut."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = 500
    await response.prepare(request)
    await response.write(b'{"status":"success","data":{"resultType":"vec')
    assert request.transport is not None
    request.transport.close()
    return response


async def cut(request: web.Request) -> web.StreamResponse:
    """Script: no answer at all, the connection is reset."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
