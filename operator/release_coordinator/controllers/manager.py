"""Runs the controllers that are kept beside releases, on a queue of their own.

    handlers, resync -> add(key) -> every controller, one after the other

A controller that fails, or that has no rights, keeps neither the others nor any release waiting.
"""

import logging
from collections.abc import Sequence

from release_coordinator.controllers.port import Controller, Key
from release_coordinator.errors import Conflict, ReleaseCoordinatorError, Transient
from release_coordinator.workqueue import WorkQueue

logger = logging.getLogger(__name__)

WORKERS = 2
PATIENCE = 300.0
"""Seconds until a controller that was refused tries again: a person must act first."""


class Manager:
    """The queue, its workers and the controllers."""

    def __init__(self, controllers: Sequence[Controller], queue: WorkQueue[Key]) -> None:
        self._controllers = tuple(controllers)
        self._queue = queue

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
        """Let every controller look; raises Transient if one of them must try again soon."""
        waits, again = [], []
        for controller in self._controllers:
            try:
                waits.append(await controller.reconcile(key))
            except (Transient, Conflict) as error:
                again.append(f"{controller.name}: {error}")
            except ReleaseCoordinatorError as error:
                logger.warning("%s of %s/%s: %s", controller.name, *key, error)
                waits.append(PATIENCE)
            except Exception:
                logger.exception("%s of %s/%s failed", controller.name, *key)
                waits.append(PATIENCE)
        if again:
            raise Transient("; ".join(again))
        return min((wait for wait in waits if wait is not None), default=None)
