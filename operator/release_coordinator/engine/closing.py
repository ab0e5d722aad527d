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

from . import backups, chain, incidents, locks, names, publishing, wording
from .action import CreateRecord
from .context import Context, shorten
from .observation import Observation
from .outcome import Decision, Do, Note
from .plan import Plan, artifact_digest

HISTORY_LIMIT = 10
CHANGES = ("migrate/", "traffic/", "rollout/")
"""Prefixes of steps that change something for the users."""
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
    gates = [gate.until(now) for gate in attempt.gates]
    closed = {"end": entry, "hold": None, "downtime": downtime, "gates": gates}
    ended = attempt.model_copy(update=closed)
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
    previous = chain.previous_of(release, status, attempt.number, seen)
    wanted = chain.sealed(record(release, attempt, plan), previous)
    found = seen.record(name, wanted)
    if found is None:
        published = publishing.of_attempt(attempt, plan, seen)
        said = record(release, attempt, plan).model_copy(update={"notes": published})
        return Do(CreateRecord(name, chain.sealed(said, previous)))
    if not found.ours:
        return _impostor(status, attempt, name)
    return finish(status, attempt, name, found.digest)


def finish(
    status: ReleaseStatus, attempt: Attempt, record_name: str | None, digest: str | None = None
) -> Note:
    """The attempt is terminal."""
    ended = attempt.end
    assert ended is not None  # noqa: S101 - only ended attempts come here
    entry = HistoryEntry(
        attempt=attempt.number,
        version=attempt.version,
        outcome=ended.outcome,
        ended_at=ended.at,
        record=record_name,
        digest=digest,
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


def _impostor(status: ReleaseStatus, attempt: Attempt, name: str) -> Note:
    """The attempt is terminal, and what bears the name of its record is none of ours."""
    ended = attempt.end
    assert ended is not None  # noqa: S101 - only ended attempts come here
    told = (
        f"; ReleaseRecord {name} was not written by the operator: find out who wrote it "
        "(docs/records.md)"
    )
    text = shorten(ended.message, SENTENCE - len(told)) + told
    end = ended.model_copy(update={"message": text})
    return finish(status, attempt.model_copy(update={"end": end}), None)


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
        changed_at=_changed_at(attempt, ended),
        duration_seconds=(ended.at - attempt.started_at).total_seconds(),
        gates=attempt.gates,
        timeline=attempt.steps,
        measurements=attempt.measurements,
        downtime=attempt.downtime,
        backup=backups.id_of(attempt) or None,
        rollback=attempt.trigger,
        orders=attempt.orders,
        holds=attempt.holds,
        rehearsal=attempt.rehearsal,
        revision=attempt.revision,
        held=attempt.held,
        fixes=plan.spec.fixes if plan else [],
        incident=_incident(release, attempt),
    )


def _incident(release: ReleaseObject, attempt: Attempt) -> str | None:
    """What its Incident is called, if something went wrong."""
    if incidents.cause_of(incidents.of_attempt(attempt)) is None:
        return None
    return names.incident_name(release.name, release.uid, attempt.number)


def _changed_at(attempt: Attempt, ended: End) -> datetime | None:
    """When the first change began; a step that was resumed tells of its last beginning alone."""
    if ended.outcome in {Phase.FAILED, Phase.SUPERSEDED}:
        return None
    moments = [step.started_at for step in attempt.steps if step.id.startswith(CHANGES)]
    if attempt.watch is not None and attempt.watch.changed_at is not None:
        moments.append(attempt.watch.changed_at)
    return min(moments, default=None)


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
