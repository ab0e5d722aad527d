"""Posts Kubernetes Events in the background: never in the way of a release, never twice.

Fed by `reconcile` after a status was persisted. Best effort: an Event that cannot be posted is
logged and dropped, because the journal and the record hold the same news.
"""

import asyncio
import logging
from datetime import datetime

from .api.codec import ReleaseObject
from .api.status import ReleaseStatus
from .cluster.port import EVENT, Body, Cluster
from .errors import AlreadyExists, ReleaseCoordinatorError
from .render.event import event_body, news

QUEUE_LIMIT = 1000

logger = logging.getLogger(__name__)


class Recorder:
    """A queue of Events and the task that posts them."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._queue: asyncio.Queue[Body] = asyncio.Queue(QUEUE_LIMIT)

    def tell(
        self, release: ReleaseObject, before: ReleaseStatus, after: ReleaseStatus, at: datetime
    ) -> None:
        """Queue an Event for everything that changed."""
        number = after.attempt.number if after.attempt else 0
        for item in news(before, after):
            logger.info("%s: %s", item.reason, item.note)
            try:
                self._queue.put_nowait(event_body(release, number, item, at))
            except asyncio.QueueFull:
                logger.warning("Event dropped, too many are waiting: %s", item.note)

    async def run(self) -> None:
        """Post until cancelled."""
        while True:
            body = await self._queue.get()
            try:
                await self._post(body)
            finally:
                self._queue.task_done()

    async def drain(self) -> None:
        """Return when everything queued was posted or dropped."""
        await self._queue.join()

    async def _post(self, body: Body) -> None:
        try:
            await self._cluster.create(EVENT, body)
        except AlreadyExists:
            pass  # told before a restart
        except ReleaseCoordinatorError as error:
            logger.warning("Event %s not posted: %s", body["reason"], error)
