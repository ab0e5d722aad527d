"""Kubernetes Events from what changed between two states of a journal.

Names are deterministic, so the same news is told once, whatever crashed in between. Events are
for people who look now; the journal and the record are the memory. Posted by `recorder`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from release_coordinator.api.attempt import Attempt, Gate, GateState, StepState
from release_coordinator.api.base import format_time
from release_coordinator.api.checklist import GateName
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.status import ReleaseStatus
from release_coordinator.engine import drift, fights, writers
from release_coordinator.engine.checklist import tally
from release_coordinator.engine.describe import gates_message, work_of
from release_coordinator.engine.plan import short_hash
from release_coordinator.engine.rehearsal import was_good

NORMAL, WARNING = "Normal", "Warning"
QUIET = (
    "gates",
    "gate/",
    "prepare/revision",
    "prepare/baseline",
    "prepare/confirm",
    "schema/",
    "verify/health",
    "undo/verify/health",
    "watch",
    "keep",
)
"""Steps whose success is told by what comes next."""

_ANSWER_THEMSELVES = {GateName.CREDENTIALS, GateName.MIGRATIONS, GateName.CI}
"""Gates that wait for a Job of theirs and not for a person."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing worth an Event."""

    type: str
    reason: Reason
    note: str
    key: str
    """What makes it this news and no other, within its attempt."""


def news(before: ReleaseStatus, after: ReleaseStatus) -> list[News]:
    """What happened between two states."""
    new = after.attempt
    told = [*_suspension(before, after), *_drift(before, after)]
    if new is None:
        return told
    old = before.attempt
    if old is not None and old.number != new.number:
        old = None
    found = []
    if old is None:
        step = f"{new.previous_version or 'first release'} -> {new.version}"
        found.append(News(NORMAL, Reason.ATTEMPT_STARTED, f"Attempt {new.number}: {step}", "start"))
    happened = (*_gates(old, new), *_steps(old, new), *_put_back(old, new), *_turns(old, new))
    return [*told, *found, *happened]


def _suspension(before: ReleaseStatus, after: ReleaseStatus) -> list[News]:
    old, new = before.suspension, after.suspension
    if new is not None and new != old:
        note = f"Suspended ({new.mode}) by {new.by}"
        return [News(NORMAL, Reason.SUSPENDED, note, f"suspended {format_time(new.since)}")]
    if old is not None and new is None:
        key = f"resumed {format_time(old.since)}"
        return [News(NORMAL, Reason.RESUMED, "No longer suspended", key)]
    return []


def _drift(before: ReleaseStatus, after: ReleaseStatus) -> list[News]:
    found = after.drift
    if found is None or found == before.drift:
        return []
    told, key = drift.told(found), f"drift {format_time(found.since)}"
    if drift.by_tool(found):
        return [News(WARNING, Reason.GITOPS_CONFLICT, told, key)]
    return [News(WARNING, Reason.DRIFTED, told, key)]


def _put_back(old: Attempt | None, new: Attempt) -> list[News]:
    found = fights.since(old, new)
    first = len(new.put_back) - len(found)
    return [
        News(
            WARNING,
            Reason.PUT_BACK,
            f"{work_of(one.step)[1]}: {writers.who(one.by)} had set an image back; it was applied "
            f"again. If that goes on: {writers.mend(one.by)}",
            f"put back {index} {one.step} {format_time(one.at)}",
        )
        for index, one in enumerate(found, first)
    ]


def _gates(old: Attempt | None, new: Attempt) -> list[News]:
    shut = [gate for gate in new.gates if not gate.opens]
    failed = [gate for gate in shut if gate.state is not GateState.WAITING]
    asked = [gate for gate in shut if gate.name not in _ANSWER_THEMSELVES]
    if old is not None and _untimed(old) == _untimed(new):
        return []
    if failed:
        text = gates_message(shut)
        return [News(WARNING, Reason.GATES_NOT_PASSED, text, f"gates {text}")]
    if new.gates and not shut:
        return [News(NORMAL, Reason.GATES_PASSED, tally(new.gates), "gates")]
    if asked:
        text = gates_message(asked)
        return [News(NORMAL, Reason.GATES_NOT_PASSED, text, f"gates {text}")]
    return []


def _untimed(attempt: Attempt) -> list[Gate]:
    """What the gates say: that the time for which one was shut is counted is no news."""
    silent = {"shut_since": None, "waited_seconds": None}
    return [gate.model_copy(update=silent) for gate in attempt.gates]


def _steps(old: Attempt | None, new: Attempt) -> list[News]:
    known = {step.id: step.state for step in old.steps} if old else {}
    found = []
    for step in new.steps:
        if step.state is known.get(step.id) or step.state is StepState.RUNNING:
            continue
        _, text = work_of(step.id)
        if step.state is StepState.FAILED:
            note = f"{text}: failed: {step.message}"
            found.append(News(WARNING, Reason.STEP_FAILED, note, f"failed {step.id}"))
        elif not step.id.startswith(QUIET):
            note = f"{text}: done. {step.message}".rstrip(" .")
            found.append(News(NORMAL, Reason.STEP_SUCCEEDED, note, f"done {step.id}"))
    return found


def _turns(old: Attempt | None, new: Attempt) -> list[News]:
    found = []
    if new.trigger is not None and (old is None or old.trigger is None):
        note = f"Rolling back: {new.trigger.message}"
        kind = NORMAL if new.trigger.reason is Reason.REHEARSAL else WARNING
        found.append(News(kind, Reason.ROLLBACK_STARTED, note, "rollback"))
    if new.hold is not None and (old is None or old.hold != new.hold):
        note = f"{new.hold.reason}: {new.hold.message}"
        found.append(News(WARNING, Reason.HELD, note, f"hold {new.hold.id}"))
    if new.hold is None and old is not None and old.hold is not None and new.end is None:
        found.append(News(NORMAL, Reason.RESUMED, "Resumed", f"resume {old.hold.id}"))
    if new.recorded and new.end is not None and not (old is not None and old.recorded):
        found.append(_ended(new))
    return found


_ENDINGS = {
    Phase.COMPLETED: (NORMAL, Reason.COMPLETED),
    Phase.ROLLED_BACK: (WARNING, Reason.ROLLED_BACK),
    Phase.ROLLBACK_FAILED: (WARNING, Reason.ROLLBACK_FAILED),
    Phase.SUPERSEDED: (NORMAL, Reason.SUPERSEDED),
}


def _ended(attempt: Attempt) -> News:
    end = attempt.end
    assert end is not None  # noqa: S101 - the caller looked
    kind, reason = _ENDINGS.get(end.outcome, (WARNING, end.reason))
    if was_good(attempt):
        kind, reason = NORMAL, Reason.REHEARSED
    return News(kind, reason, f"{end.outcome}: {end.message}", "end")


def event_body(release: ReleaseObject, attempt: int, item: News, at: datetime) -> dict[str, Any]:
    """The Event (events.k8s.io/v1) that tells the news."""
    digest = short_hash(release.uid, str(attempt), item.key)
    return {
        "metadata": {
            "name": f"{release.name[:40].rstrip('-.')}.{digest}",
            "namespace": release.namespace,
        },
        "eventTime": format_time(at)[:-1] + "000Z",
        "reportingController": "release-coordinator.io/operator",
        "reportingInstance": "release-coordinator",
        "action": item.reason.value,
        "reason": item.reason.value,
        "type": item.type,
        "note": item.note[:1000],
        "regarding": {
            "apiVersion": "release-coordinator.io/v1alpha1",
            "kind": "Release",
            "namespace": release.namespace,
            "name": release.name,
            "uid": release.uid,
            "resourceVersion": release.resource_version,
        },
    }
