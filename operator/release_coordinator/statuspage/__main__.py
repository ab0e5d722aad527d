"""`python -m release_coordinator.statuspage`: settings, logs, signals, and then two servers.

Exit codes: 0 after a graceful stop, 1 after a fault (the pod is restarted), 2 for settings that
cannot be used.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from aiohttp import web

from release_coordinator.clock import SystemClock
from release_coordinator.cluster.client import KubernetesCluster
from release_coordinator.cluster.follow import Watches
from release_coordinator.cluster.informer import ApiCollections
from release_coordinator.cluster.login import from_kubeconfig, from_service_account
from release_coordinator.cluster.wire import Wire
from release_coordinator.settings import BadSettings
from release_coordinator.telemetry import logs

from .known import Known
from .mirror import KINDS, Mirror
from .server import Pages
from .settings import PageSettings, page_settings

logger = logging.getLogger(__name__)

TIMEOUT = 10.0
"""Seconds for one request to the API server."""
_CLOSING = 5.0
"""Seconds that readers get for what they have asked for."""
_SPARE = 20
"""Connections besides those of the watches."""


def main() -> None:
    """Serve until a signal or a fault."""
    try:
        settings = page_settings(os.environ)
    except BadSettings as error:
        sys.stderr.write(f"status page: {error}\n")
        sys.exit(2)
    logs.configure(settings.log_format, settings.log_level)
    sys.exit(asyncio.run(_run(settings)))


async def _run(settings: PageSettings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    try:
        await serve(settings, stop)
    except Exception:
        logger.exception("The status page ends after a fault")
        return 1
    logger.info("Stopped")
    return 0


async def serve(settings: PageSettings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set. Raises Denied (no login) and OSError (a port is taken)."""
    if settings.kubeconfig is None:
        configuration = from_service_account()
    else:
        configuration = await from_kubeconfig(settings.kubeconfig)
    feeds = len(KINDS) * max(len(settings.namespaces), 1)
    configuration.connection_pool_maxsize = feeds + _SPARE
    async with (
        KubernetesCluster(Wire(configuration, TIMEOUT)) as cluster,
        Watches(configuration) as watches,
    ):
        mirror = Mirror(
            cluster,
            ApiCollections(watches),
            SystemClock(),
            lambda: datetime.now(UTC),
            settings.namespaces,
        )
        async with _listening(Pages(Known(mirror), settings), settings):
            watching = asyncio.create_task(mirror.run())
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({watching, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for task in (watching, stopping):
                task.cancel()
            ended = await asyncio.gather(watching, stopping, return_exceptions=True)
            if isinstance(ended[0], Exception):
                raise ended[0]


@contextlib.asynccontextmanager
async def _listening(pages: Pages, settings: PageSettings) -> AsyncIterator[None]:
    """Both ports, the public one only where there is something for it."""
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(_listener(pages.team(), settings.http_port))
        if settings.public_namespaces:
            await stack.enter_async_context(_listener(pages.public(), settings.public_port))
        yield


@contextlib.asynccontextmanager
async def _listener(app: web.Application, port: int) -> AsyncIterator[None]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_CLOSING)
    await runner.setup()
    try:
        await web.TCPSite(runner, None, port).start()
        logger.info("Listening on port %s", runner.addresses[0][1])
        yield
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    main()
