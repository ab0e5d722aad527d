"""`release-coordinator`, the operator: settings, logs, signals, and then `operation`.

Exit codes: 0 after a graceful stop, 1 after a fault (the pod is restarted), 2 for settings that
cannot be used.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys

from .cluster.lease import LeadershipLost
from .operation import Operation
from .settings import BadSettings, Settings, from_environment
from .telemetry import logs

logger = logging.getLogger(__name__)


def main() -> None:
    """Run the operator until a signal or a fault."""
    try:
        settings = from_environment(os.environ)
    except BadSettings as error:
        sys.stderr.write(f"release-coordinator: {error}\n")
        sys.exit(2)
    logs.configure(settings.log_format, settings.log_level)
    sys.exit(asyncio.run(_run(settings)))


async def _run(settings: Settings) -> int:
    operation = Operation(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, operation.stop)
    try:
        await operation.run()
    except LeadershipLost:
        return 1
    except Exception:
        logger.exception("The operator ends after a fault; it resumes where it was when restarted")
        return 1
    logger.info("Stopped")
    return 0


if __name__ == "__main__":
    main()
