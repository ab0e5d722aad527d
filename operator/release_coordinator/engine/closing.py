"""The end of an attempt: R3.17, the record, and what becomes the last known good version.

The end is journalled, the locks are given back, the record is written; only then is the attempt
terminal, so whoever sees a terminal Release finds its record.
"""

from datetime import datetime

from release_coordinator.api.attempt import Attempt, End
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.status import HistoryEntry, ReleaseStatus, RevisionRef

from . import backups, locks, names, wording
from .action import CreateRecord
from .context import Context, shorten
from .observation import Observation
from .outcome import Decision, Do, Note
from .plan import Plan, artifact_digest

HISTORY_LIMIT = 10
SENTENCE = 512
"""Characters that the journal keeps of why an attempt has ended."""


def end(
    status: ReleaseStatus,
    attempt: Attempt,
    outcome: Phase,
    reason: Reason,
    message: str,
    now: datetime,
) -> Note:
    """Journal how the attempt ends."""
    downtime = attempt.downtime and attempt.downtime.until(now)
    told = wording.downtime(downtime)
    text = shorten(message, SENTENCE - len(told)) + told
    entry = End(outcome=outcome, reason=reason, message=text, at=now)
    ended = attempt.model_copy(update={"end": entry, "hold": None, "downtime": downtime})
    return Note(status.model_copy(update={"attempt": ended}))


def end_of(ctx: Context, outcome: Phase, reason: Reason, message: str) -> Note:
    """Journal how the attempt of a context ends."""
    return end(ctx.status, ctx.attempt, outcome, reason, message, ctx.now)


def advance(
    release: ReleaseObject,
    status: ReleaseStatus,
    attempt: Attempt,
    plan: Plan | None,
    seen: Observation,
) -> Decision:
    """Write the record, then make the attempt terminal."""
    name = names.record_name(release.name, release.uid, attempt.number)
    if (returned := locks.give_back(release, attempt, seen)) is not None:
        return returned
    if not seen.record(name):
        return Do(CreateRecord(name, record(release, attempt, plan)))
    return finish(status, attempt, name)


def finish(status: ReleaseStatus, attempt: Attempt, record_name: str | None) -> Note:
    """The attempt is terminal."""
    ended = attempt.end
    assert ended is not None  # noqa: S101 - only ended attempts come here
    entry = HistoryEntry(
        attempt=attempt.number,
        version=attempt.version,
        outcome=ended.outcome,
        ended_at=ended.at,
        record=record_name,
    )
    return Note(
        status.model_copy(
            update={
                "attempt": attempt.model_copy(update={"recorded": True, "record": record_name}),
                "history": [entry, *status.history][:HISTORY_LIMIT],
                "current": _current(status, attempt, ended),
            }
        )
    )


def record(release: ReleaseObject, attempt: Attempt, plan: Plan | None) -> RecordSpec:
    """Everything that happened in the attempt."""
    ended = attempt.end
    assert ended is not None  # noqa: S101 - only ended attempts come here
    return RecordSpec(
        release=release.name,
        release_uid=release.uid,
        attempt=attempt.number,
        version=attempt.version,
        previous_version=attempt.previous_version,
        type=attempt.type,
        digest=attempt.digest,
        artifact_digest=artifact_digest(plan.spec) if plan else None,
        policy=attempt.policy,
        requirements=plan.requirements if plan else None,
        plan=plan.spec if plan else None,
        outcome=ended.outcome,
        reason=ended.reason,
        message=ended.message,
        started_at=attempt.started_at,
        ended_at=ended.at,
        duration_seconds=(ended.at - attempt.started_at).total_seconds(),
        gates=attempt.gates,
        timeline=attempt.steps,
        measurements=attempt.measurements,
        downtime=attempt.downtime,
        backup=backups.id_of(attempt) or None,
        rollback=attempt.trigger,
        orders=attempt.orders,
    )


def _current(status: ReleaseStatus, attempt: Attempt, ended: End) -> RevisionRef | None:
    if ended.outcome is Phase.COMPLETED:
        if attempt.revision is None and status.current is not None:
            return status.current  # it ran already
        return RevisionRef(
            version=attempt.version,
            digest=attempt.digest,
            spec_digest=attempt.spec_digest,
            revision=attempt.revision,
            since=ended.at,
            snapshots=attempt.kept,
        )
    if status.current is None and attempt.previous_version:
        return RevisionRef(version=attempt.previous_version)
    return status.current
