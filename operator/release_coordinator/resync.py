"""Lists everything now and then: heals what a watch may have missed, and starts the first passes.

Level-based work makes this harmless: a pass over a Release that needs nothing costs nothing. Only
what releases cannot do without is listed here: one list that fails keeps all releases waiting.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable
from functools import partial

from .cluster import workloads
from .cluster.bodies import kept
from .cluster.port import (
    APPROVAL,
    JOB,
    LEASE,
    METRIC_SOURCE,
    POD,
    POLICY,
    RECORD,
    RELEASE,
    SERVICE,
    Body,
    Cluster,
    Kind,
    Listing,
    Ref,
)
from .cluster.store import Store
from .engine import names
from .errors import NotFound, ReleaseCoordinatorError
from .reconcile import Key

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
LOG_PATIENCE = 60.0
LOG_SECONDS = 3600.0
"""Between two listings of the release log: only what somebody else has deleted is news in it."""


class Resync:
    """The resync loop."""

    def __init__(
        self,
        cluster: Cluster,
        store: Store,
        enqueue: Callable[[Key], None],
        *,
        namespaces: Iterable[str] = (),
        done: Callable[[], None] = lambda: None,
    ) -> None:
        """`done` is told after each complete listing; no namespaces means all."""
        self._cluster = cluster
        self._store = store
        self._enqueue = enqueue
        self._namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self._done = done

    async def run(self, seconds: float) -> None:
        """Resync at once and then about every so many seconds, until cancelled."""
        while True:
            try:
                await self.once()
                pause = seconds * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, no secret
            except ReleaseCoordinatorError as error:
                logger.warning("Resync failed, trying again: %s", error)
                pause = RETRY_SECONDS
            await asyncio.sleep(pause)

    async def once(self) -> None:
        """List the Releases, and for those under way everything that belongs to them."""
        await self._take(METRIC_SOURCE, None, None)
        for namespace in self._namespaces:
            await self._take(POLICY, namespace, None)
            await self._take(APPROVAL, namespace, None)
            await self._take(LEASE, namespace, {names.LABEL_MANAGED_BY: names.MANAGED_BY})
            for body in await self._take(RELEASE, namespace, None):
                await self._belongings(body)
                self._enqueue((body["metadata"]["namespace"], body["metadata"]["name"]))
        self._done()

    async def _belongings(self, body: Body) -> None:
        release = self._store.release(body)
        attempt = release.status.attempt
        if attempt is None or attempt.recorded:
            return
        by_uid = {names.LABEL_UID: release.uid}
        await self._take(JOB, release.namespace, by_uid)
        await self._take(POD, release.namespace, by_uid)
        by_name = {names.LABEL_RELEASE: release.name}
        for kind in (*workloads.KINDS.values(), SERVICE):
            await self._take(kind, release.namespace, by_name)

    async def _take(
        self, kind: Kind, namespace: str | None, labels: dict[str, str] | None
    ) -> Listing:
        mark = self._store.mark()
        try:
            bodies = await self._cluster.list(kind, namespace, labels)
        except NotFound:
            bodies = Listing()
        self._store.replace_all(
            kind, bodies, since=mark, version=bodies.version, namespace=namespace, labels=labels
        )
        return bodies


class LogResync:
    """Lists the release log, beside everything else: no release waits for it.

    There is no watch of records, as the operator creates all of them and knows what it created.
    """

    def __init__(
        self,
        cluster: Cluster,
        store: Store,
        enqueue: Callable[[Key], None],
        *,
        namespaces: Iterable[str] = (),
    ) -> None:
        """`enqueue` is told of the Releases with records that were not known."""
        self._cluster = cluster
        self._store = store
        self._enqueue = enqueue
        self._namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)

    async def run(self, seconds: float = LOG_SECONDS) -> None:
        """List at once and then about every so many seconds, until cancelled."""
        while True:
            listed = await self.once()
            jitter = random.uniform(0.8, 1.2)  # noqa: S311 - no secret
            await asyncio.sleep(seconds * jitter if listed else LOG_PATIENCE)

    async def once(self) -> bool:
        """List all records, page by page; of each only what the store keeps is kept.

        Returns whether all could be listed: one namespace that cannot keeps no other waiting.
        """
        return all([await self._list(namespace) for namespace in self._namespaces])

    async def _list(self, namespace: str | None) -> bool:
        mark = self._store.mark()
        try:
            bodies = await self._cluster.list(RECORD, namespace, keep=partial(kept, RECORD))
        except ReleaseCoordinatorError as error:
            logger.warning("The release log cannot be listed, trying again: %s", error)
            return False
        except Exception:
            logger.exception("The release log cannot be listed, trying again")
            return False
        changed = self._store.replace_all(
            RECORD, bodies, since=mark, version=bodies.version, namespace=namespace
        )
        for key in {key for ref in changed if (key := self._key_of(ref)) is not None}:
            self._enqueue(key)
        return True

    def _key_of(self, ref: Ref) -> Key | None:
        body = self._store.get(ref)
        return (str(ref.namespace), str(body["spec"].get("release", ""))) if body else None
