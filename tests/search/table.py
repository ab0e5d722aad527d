"""The table of phases: from where to where one decision may lead, and why.

An attempt only moves along it, and the search must reach every row.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tests.search.journals import Journal

from release_coordinator.api.conditions import Phase

BEGINS, RESUMED, LEFT = "begins", "resumed", "left"


class Row(NamedTuple):
    """One kind of transition."""

    before: Phase
    cause: str
    """Reason of the hold, the turn or the end; empty where the attempt just goes on."""
    after: Phase

    def __str__(self) -> str:
        why = f" ({self.cause})" if self.cause else ""
        return f"{self.before} -> {self.after}{why}"


def cause_of(before: Journal, after: Journal) -> str:
    """Why a decision leads from one journal to the other."""
    old, new = before.attempt, after.attempt
    assert new is not None
    if old is None or old.number != new.number:
        return BEGINS
    if new.hold is not None and new.hold != old.hold:
        return str(new.hold.reason)
    if new.trigger is not None and new.trigger != old.trigger:
        return str(new.trigger.reason)
    if new.recorded and not old.recorded:
        assert new.end is not None
        return str(new.end.reason)
    if old.hold is None or new.hold is not None:
        return ""
    return RESUMED if new.end is None else LEFT


def _rows(text: str) -> Iterator[str]:
    for line in text.strip().splitlines():
        if line.startswith("#"):
            continue
        move, _, causes = line.partition(":")
        before, after = (part.strip() for part in move.split("->"))
        for cause in causes.split(","):
            why = f" ({cause.strip()})" if cause.strip() not in {"", "-"} else ""
            yield f"{before} -> {after}{why}"


COMMON = frozenset(
    _rows("""
Pending -> Gating: begins
Gating -> Preparing: -
Preparing -> Migrating: -
Preparing -> RollingOut: -
Preparing -> Held: APIDenied, APIRejected
Preparing -> Failed: Aborted, BackupFailed, Deleted, ManualRollback, StepFailed
Preparing -> Superseded: GatesNotPassed, Superseded
Migrating -> RollingOut: -
Migrating -> RollingBack: Deleted, MigrationFailed
Migrating -> Held: APIDenied, APIRejected, Deleted, JobTimedOut, MigrationOutcomeUnknown
Migrating -> Held: RevisionLost
Migrating -> Failed: MigrationFailed
Migrating -> Superseded: Superseded
RollingOut -> Refreshing: -
RollingOut -> Watching: -
RollingOut -> RollingBack: Aborted, Deleted, ManualRollback, MetricBreach
RollingOut -> RollingBack: ProgressDeadlineExceeded, Rehearsal
RollingOut -> Held: APIDenied, APIRejected, ConflictingWriter, RevisionLost, WorkloadReplaced
Refreshing -> Verifying: -
Refreshing -> RollingBack: JobFailed
Verifying -> Watching: -
Verifying -> RollingBack: SmokeTestFailed
Watching -> Completed: Completed
Watching -> RollingBack: Aborted, Deleted, ManualRollback, MetricBreach
Watching -> Held: ConflictingWriter, MetricUnknown, RevisionLost, WorkloadReplaced
Completed -> Gating: begins
RollingBack -> RolledBack: Aborted, Deleted, JobFailed, ManualRollback, MetricBreach
RollingBack -> RolledBack: MigrationFailed, ProgressDeadlineExceeded, Rehearsed, SmokeTestFailed
RollingBack -> RollbackFailed: JobFailed, MigrationFailed, ProgressDeadlineExceeded
RollingBack -> RollbackFailed: SmokeTestFailed
RollingBack -> Held: APIDenied, APIRejected, ConflictingWriter, Deleted, IrreversibleMigration
RollingBack -> Held: JobTimedOut, MigrationOutcomeUnknown, RevisionLost, WorkloadReplaced
RolledBack -> Gating: begins
RollbackFailed -> Gating: begins
Held -> Preparing: left, resumed
Held -> Migrating: left
Held -> RollingOut: resumed
Held -> RollingBack: Aborted, ManualRollback, left, resumed
Failed -> Gating: begins
Superseded -> Gating: begins
""")
)
"""Reached by the quick models; `-`: the attempt just goes on."""

RARE = frozenset(
    _rows("""
# An order of a person while a migration runs or after one is applied: it is waited for, then
# reverted. Failed, where a person has found that the migration of unknown outcome is not applied.
Migrating -> RollingBack: Aborted, ManualRollback
Migrating -> Failed: ManualRollback
# Resumed where the attempt was held: a migration that took too long is waited for again, a watch
# without answers begins to count them anew.
Held -> Migrating: resumed
Held -> Watching: resumed
# The Job of the first migration was kept waiting until the confirmation had lapsed, and a gate is
# shut by then: nothing was changed, so the attempt starts over.
Migrating -> Superseded: GatesNotPassed
# A gate that shuts again before the first change, three times in a row: each costs a backup.
Preparing -> Failed: GatesNotPassed
# Somebody has deleted the revision of a rollback that failed, after the gates had passed: nobody
# knows any more what is to be restored, and nothing was changed yet.
Preparing -> Failed: RevisionLost
# The spec went back to the plan that completed last, and that still runs (R4.12).
Gating -> Completed: Completed
# Decided by one of two operators on an old view, and never written (`promises.written`): it misses
# the lock that the other has given back at the end.
Watching -> Held: APIRejected
""")
)
"""Reached by the deep models only. Each was reviewed, and why it is right stands above it."""

TABLE = COMMON | RARE
