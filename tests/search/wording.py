"""Moves in words, as in the transcripts of the stories."""

from tests.search.journals import Journal

from release_coordinator.engine.action import (
    Action,
    ApplyTemplate,
    CreateJob,
    CreateRecord,
    CreateRevision,
    CreateSnapshots,
    DropLock,
    ResumeJob,
    TakeLock,
    WithdrawJob,
)
from release_coordinator.engine.templates import containers


def deed(action: Action) -> str:  # noqa: PLR0911 - one line each
    """What an effect does."""
    match action:
        case CreateJob(context=context, suspended=suspended):
            return f"creates Job {context.step}{', suspended' if suspended else ''}"
        case ResumeJob(name=name):
            return f"lets Job {_short(name)} run"
        case WithdrawJob(name=name):
            return f"withdraws Job {_short(name)}"
        case CreateRevision():
            return "records the plan and the previous revision"
        case CreateRecord(record=record):
            return f"writes the ReleaseRecord: {record.outcome}"
        case CreateSnapshots():
            return "keeps what the components run"
        case ApplyTemplate(workload=workload, template=template):
            images = (one["image"] for one in containers(template))
            return f"{workload}: {', '.join(images)}"
        case TakeLock(workload=workload):
            return f"takes the lock of {workload}"
        case DropLock():
            return "gives back a lock"
        case _:
            return f"{type(action).__name__}"


def news(before: Journal, after: Journal) -> str:
    """What a journal says that the one before did not."""
    old, new = before.attempt, after.attempt
    if new is None or before is after:
        return "as before"
    same = old is not None and old.number == new.number
    known = {step.id: step for step in old.steps} if same and old else {}
    found = [] if same else [f"attempt {new.number} of {new.version}"]
    for step in new.steps:
        was = known.get(step.id)
        if was is None or (was.state, was.uid, was.hash) != (step.state, step.uid, step.hash):
            found.append(f"{step.id} {step.state}{' (Job known)' if step.uid else ''}")
    if before.phase is not after.phase:
        found.append(f"phase {after.phase}")
    if new.hold and not (same and old and old.hold == new.hold):
        found.append(f"held for {new.hold.reason}")
    if new.trigger and not (same and old and old.trigger):
        found.append(f"turns back for {new.trigger.reason}")
    if new.end and not (same and old and old.end):
        found.append(f"ends as {new.end.outcome} for {new.end.reason}")
    return "; ".join(found) or "details"


def _short(name: str) -> str:
    """The name of a Job without its hash."""
    return name.rpartition("-")[0]
