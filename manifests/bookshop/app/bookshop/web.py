"""What both servers share: health, version, metrics, and the measuring of every request."""

import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import Counter, Histogram, generate_latest

from bookshop import settings

# Fine between 50 ms and 600 ms, where the ratio of two versions is judged.
BUCKETS = (
    *(0.005, 0.01, 0.025, 0.04, 0.05, 0.055, 0.06, 0.065, 0.07, 0.08, 0.09, 0.1, 0.12, 0.14),
    *(0.16, 0.18, 0.2, 0.225, 0.25, 0.26, 0.275, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6),
    *(0.75, 1.0, 2.5, 5.0),
)
LABELS = ("app", "component", "version")
LATENCY = Histogram("http_request_duration_seconds", "Time to answer.", LABELS, buckets=BUCKETS)
REQUESTS = Counter("http_requests_total", "Requests answered.", (*LABELS, "code"))
UNMEASURED = frozenset({"/healthz", "/livez", "/version", "/metrics"})
SECONDS_TO_FINISH = 5

ReadinessProblem = Callable[[], Awaitable[str | None]]


def application(component: str, readiness_problem: ReadinessProblem) -> web.Application:
    """Return a server with the common pages; the component adds its own."""
    app = web.Application(middlewares=[_measuring(component)])

    async def healthz(_: web.Request) -> web.Response:
        problem = await readiness_problem()
        return web.Response(text=problem or "ready", status=503 if problem else 200)

    async def livez(_: web.Request) -> web.Response:
        return web.Response(text="alive")

    async def version(_: web.Request) -> web.Response:
        return web.json_response({"component": component, "version": settings.version()})

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": "text/plain"})

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/livez", livez)
    app.router.add_get("/version", version)
    app.router.add_get("/metrics", metrics)
    return app


def serve(app: web.Application) -> int:
    """Serve until told to stop, then finish what was begun."""
    web.run_app(
        app,
        port=settings.port(),
        access_log=None,
        print=None,
        shutdown_timeout=SECONDS_TO_FINISH,
    )
    return 0


def _measuring(component: str) -> Middleware:
    labels = {"app": "bookshop", "component": component, "version": settings.version()}
    latency = LATENCY.labels(**labels)

    @web.middleware
    async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in UNMEASURED:
            return await handler(request)
        code, begun = 500, time.perf_counter()
        try:
            response = await handler(request)
            code = response.status
        except web.HTTPException as refusal:
            code = refusal.status
            raise
        finally:
            latency.observe(time.perf_counter() - begun)
            REQUESTS.labels(**labels, code=str(code)).inc()
        return response

    return measure
