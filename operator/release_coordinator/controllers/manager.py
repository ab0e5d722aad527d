"""Runs the controllers that are kept beside releases, on a queue of their own.

    handlers, watching, resync -> add(key) -> every controller, one after the other

A controller that fails, or that has no rights, keeps neither the others nor any release waiting:
each has a backoff of its own, and the next look is the earliest that one of them wants.
"""

import logging
import random
from collections.abc import Callable, Sequence

from release_coordinator.cluster.faults import Unserved
from release_coordinator.controllers.port import PATIENCE, Controller, Key
from release_coordinator.errors import Conflict, ReleaseCoordinatorError, Transient
from release_coordinator.workqueue import Backoff, WorkQueue

logger = logging.getLogger(__name__)

WORKERS = 2


class Manager:
    """The queue, its workers and the controllers."""

    def __init__(
        self,
        controllers: Sequence[Controller],
        queue: WorkQueue[Key],
        draw: Callable[[], float] = random.random,
    ) -> None:
        """`draw` gives numbers in [0, 1)."""
        self._controllers = tuple(controllers)
        self._queue = queue
        self._draw = draw
        self._backoff = Backoff()
        self._failures: dict[tuple[str, Key], int] = {}
        """Of the controllers that fail at present: each is there only until it does well."""

    def add(self, key: Key) -> None:
        """Something has changed about a Release or what is kept beside it."""
        self._queue.add(key)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._queue.run(WORKERS, self.reconcile)

    async def stop(self, seconds: float) -> None:
        """Begin nothing more; what runs gets so many seconds."""
        await self._queue.stop(seconds)

    async def reconcile(self, key: Key) -> float | None:
        """Let every controller look; returns the seconds until the next look, None for no need."""
        waits = [await self._look(controller, key) for controller in self._controllers]
        return min((wait for wait in waits if wait is not None), default=None)

    async def _look(self, controller: Controller, key: Key) -> float | None:
        """One controller; whatever goes wrong costs only itself time."""
        failures = self._failures.pop((controller.name, key), 0)
        try:
            return await controller.reconcile(key)
        except Unserved as error:  # Transient by name, but somebody has to apply the definitions
            logger.warning("%s of %s/%s: %s", controller.name, *key, error)
        except (Transient, Conflict) as error:
            self._failures[controller.name, key] = failures + 1
            wished = error.retry_after if isinstance(error, Transient) else None
            pause = max(wished or 0.0, self._backoff.delay(failures, self._draw()))
            logger.warning("%s of %s/%s, again in %.1f s: %s", controller.name, *key, pause, error)
            return pause
        except ReleaseCoordinatorError as error:
            logger.warning("%s of %s/%s: %s", controller.name, *key, error)
        except Exception:
            logger.exception("%s of %s/%s failed", controller.name, *key)
        return PATIENCE
