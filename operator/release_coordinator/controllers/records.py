"""Deletes the records that the loop over releases has given up.

status.prunedRecords (engine.retention) -> the release log

It decides nothing: what a Release has journalled may go, whenever that is found, and nothing else.
"""

from contextlib import suppress

from release_coordinator.cluster.port import RECORD, RELEASE, Ref
from release_coordinator.controllers.port import Key, Parts
from release_coordinator.engine import retention
from release_coordinator.errors import Conflict, NotFound
from release_coordinator.evidence import records

AT_ONCE = 16
"""Records that one look deletes at most."""


class RecordRetention:
    """Keeps the release log as short as was decided."""

    name = "retention of the release log"

    def __init__(self, parts: Parts) -> None:
        self._cluster = parts.cluster
        self._store = parts.store

    async def reconcile(self, key: Key) -> float | None:
        """Delete some; at once again if there are more. Raises what the cluster raises."""
        body = self._store.get(Ref(RELEASE, *key))
        if body is None:
            return None
        release = self._store.release(body)
        if release.journal_fault or release.status.pruned_records is None:
            return None
        known = await records.known(self._cluster, self._store, release.namespace, release.uid)
        doomed = retention.doomed(release.status, records.kept_of(known, release.uid))
        for one in doomed[:AT_ONCE]:
            ref = Ref(RECORD, release.namespace, one.name)
            # Gone is good; and what has its name now, if anything, is not ours to delete.
            with suppress(NotFound, Conflict):
                await self._cluster.delete(ref, uid=one.uid)
            self._store.remove(ref, one.uid)
        return 0.0 if len(doomed) > AT_ONCE else None
