"""Release logs as the operator would have written them, for tests of the chain and its check."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.world import DAWN
from tests.records import broken, completed, rehearsed

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.record import RecordRef, RecordSpec
from release_coordinator.api.status import HistoryEntry, PrunedRecords, ReleaseStatus
from release_coordinator.engine import names
from release_coordinator.engine.chain import sealed
from release_coordinator.engine.closing import HISTORY_LIMIT
from release_coordinator.engine.ledger import Account, Page, check
from release_coordinator.engine.recordfacts import KeptRecord

RELEASE, UID = "bookshop", "0b7c"
KINDS = (completed, broken, rehearsed)


def name_of(attempt: int, release: str = RELEASE, uid: str = UID) -> str:
    """Name of the record of an attempt."""
    return names.record_name(release, uid, attempt)


def ref_of(record: RecordSpec) -> RecordRef:
    """How the next record names this one."""
    return RecordRef(
        name=name_of(record.attempt), attempt=record.attempt, digest=record.record_digest
    )


@dataclass
class Log:
    """The records of a Release by name, and what its status says of them."""

    records: dict[str, RecordSpec] = field(default_factory=dict)
    status: ReleaseStatus | None = field(default_factory=ReleaseStatus)
    release: str = RELEASE
    uid: str = UID

    @classmethod
    def of(cls, count: int, **more: Any) -> "Log":
        """So many attempts of all kinds."""
        log = cls()
        for number in range(1, count + 1):
            log.write(KINDS[number % len(KINDS)](number, **more))
        return log

    def write(self, record: RecordSpec, *, chained: bool = True) -> None:
        """Write the next record as the operator does."""
        assert self.status is not None
        last = next(iter(self.status.history), None)
        previous = None
        if last is not None:
            name = last.record or ""
            previous = RecordRef(name=name, attempt=last.attempt, digest=last.digest)
        made = sealed(record, previous) if chained else record
        name = name_of(record.attempt, self.release, self.uid)
        self.records[name] = made
        entry = HistoryEntry(
            attempt=made.attempt,
            version=made.version,
            outcome=made.outcome,
            ended_at=made.ended_at,
            record=name,
            digest=made.record_digest,
        )
        attempt = Attempt(
            number=made.attempt,
            digest=made.digest,
            spec_digest=made.digest,
            generation=1,
            version=made.version,
            started_at=made.started_at,
            recorded=True,
        )
        history = [entry, *self.status.history][:HISTORY_LIMIT]
        update = {"history": history, "attempt": attempt}
        self.status = self.status.model_copy(update=update)

    def prune(self, pruned: PrunedRecords) -> None:
        """Journal that, and delete what it gives up."""
        assert self.status is not None
        self.status = self.status.model_copy(update={"pruned_records": pruned})
        kept = {one.name for one in pruned.kept}
        self.records = {
            name: record
            for name, record in self.records.items()
            if record.attempt > pruned.through or name in kept
        }

    def kept(self) -> list[KeptRecord]:
        """The same as retention sees it."""
        return [
            KeptRecord(
                name,
                f"uid-{name}",
                one.attempt,
                one.ended_at,
                one.outcome,
                one.reason,
                one.record_digest,
                one.digest,
                one.artifact_digest or one.digest,
            )
            for name, one in self.records.items()
        ]

    def check(self) -> Account:
        """What the check says."""
        pages = [Page(name, record) for name, record in self.records.items()]
        return check(self.release, self.uid, pages, self.status)

    def faults(self) -> dict[str, str]:
        """Record -> what is wrong with it."""
        return {one.record: one.fault for one in self.check().findings}


def at(hours: int) -> datetime:
    """A moment after dawn, when the attempt of that number has ended."""
    return DAWN + timedelta(hours=hours)
