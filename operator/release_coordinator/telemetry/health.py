"""The operator's own HTTP endpoints: liveness, readiness, metrics.

Started before Kopf and served on every replica, leader or not. It runs on the event loop that
does the work, on purpose: a blocked loop does not answer, and that is the right answer.
"""

from collections.abc import Sequence
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from release_coordinator.telemetry.progress import Progress


class HealthServer:
    """Serves `/healthz`, `/readyz` and `/metrics` between `start` and `stop`."""

    def __init__(
        self, progress: Progress[Any], registry: CollectorRegistry, host: str, port: int
    ) -> None:
        """`port` 0 takes a free one."""
        self._progress = progress
        self._registry = registry
        self._host = host
        self._port = port
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)

    @property
    def port(self) -> int:
        """The TCP port it listens on; known after `start`."""
        return int(self._runner.addresses[0][1])

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()

    async def stop(self) -> None:
        """Close all connections."""
        await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        """500 if a restart would help; says why."""
        return self._answer(self._progress.problems())

    async def _readyz(self, _: web.Request) -> web.Response:
        """500 until this replica leads and has listed everything, or stands by."""
        return self._answer(self._progress.obstacles())

    async def _metrics(self, request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(self._registry), headers={"Content-Type": content_type})

    def _answer(self, problems: Sequence[str]) -> web.Response:
        body = {"ok": not problems, "problems": list(problems), **self._progress.report()}
        return web.json_response(body, status=500 if problems else 200)
