"""The status as people read it: the only place where phase, message and conditions are made.

Every owned condition is set on every write, from the journal alone. `Ready`, `Reconciling` and
`Stalled` are the kstatus trio: the last two are never both true.
"""

from datetime import datetime

from release_coordinator.api.attempt import Attempt, GateState, StepState
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Condition, ConditionType, Phase, Reason, Status
from release_coordinator.api.control import Suspend
from release_coordinator.api.status import ComponentStatus, ReleaseStatus
from release_coordinator.api.watch import Severity, Watch

from . import checklist, drift, incidents, names, plan, schema, watchlist
from .context import shorten
from .describe import gates_message, message_of, phase_of, suspended
from .memo import Memo
from .rehearsal import was_good
from .unheeded import unheeded

Verdict = tuple[Status, Reason, str]
MESSAGE = 1024
"""Characters of a message."""

PROGRESS: tuple[tuple[ConditionType, str], ...] = (
    (ConditionType.PREPARED, "prepare/"),
    (ConditionType.MIGRATED, "migrate/"),
    (ConditionType.ROLLED_OUT, "rollout/"),
    (ConditionType.VERIFIED, "verify/"),
    (ConditionType.WATCHED, "watch"),
)
"""Conditions that say how far a part of the story is, and the prefix of its steps."""


def summarise(release: ReleaseObject, status: ReleaseStatus, now: datetime) -> ReleaseStatus:
    """The journal in `status`, with a fresh report around it."""
    attempt = status.attempt
    faults = _faults(release)
    phase = _phase(release, status, faults)
    message = _message(release, status, phase, faults)
    verdicts = _verdicts(release, status, phase, faults, message)
    return status.model_copy(
        update={
            "observed_generation": release.generation,
            "phase": phase,
            "message": shorten(message, MESSAGE),
            "version": attempt.version if attempt else None,
            "digest": attempt.digest if attempt else None,
            "conditions": _merge(release, status.conditions, verdicts, now),
            "components": _components(attempt),
        }
    )


_QUIET: dict[str, object] = {
    "value": None,
    "baseline": None,
    "samples": 0,
    "successes": 0,
    "sampled_at": None,
    "watched_seconds": 0.0,
    "carried": None,
    "history": None,
    "message": "",
    "run": None,  # its intent is written before its Job is created; the rest can be seen again
}


_COUNTS: dict[str, object] = {"failures": 0, "breaches": 0}


def material(status: ReleaseStatus, watch: Watch | None = None) -> ReleaseStatus:
    """The status without what alone is not worth a write: values that led to no new verdict.

    `watch` tells what is only reported: how often that was bad decides nothing either.
    """
    attempt = status.attempt
    if attempt is None:
        return status
    reported = _reported(watch) if watch is not None else frozenset()
    quiet = [
        entry.model_copy(
            update={
                **_QUIET,
                **(_COUNTS if entry.accepted or entry.metric in reported else {}),
            }
        )
        for entry in attempt.measurements
    ]
    downtime = attempt.downtime and attempt.downtime.model_copy(
        update={"measured_seconds": None, "measured_at": None}
    )
    calm = attempt.model_copy(update={"measurements": quiet, "downtime": downtime})
    return status.model_copy(update={"attempt": calm})


def _reported_by(watch: Watch) -> frozenset[str]:
    subjects = watchlist.subjects(watch)
    return frozenset(one.name for one in subjects if one.severity is Severity.REPORT)


_reported = Memo(_reported_by)


def _faults(release: ReleaseObject) -> str:
    if release.spec is None:
        return "; ".join(str(fault) for fault in release.faults)
    resolved = plan.resolve(release.spec)
    if isinstance(resolved, plan.Plan):
        return ""
    return "; ".join(str(fault) for fault in resolved)


def _phase(release: ReleaseObject, status: ReleaseStatus, faults: str) -> Phase:
    if release.journal_fault:
        return Phase.HELD
    attempt = status.attempt
    if status.suspension is not None and _is_stopped(release, status, faults):
        return Phase.SUSPENDED
    return phase_of(attempt) if attempt else Phase.PENDING


def _is_stopped(release: ReleaseObject, status: ReleaseStatus, faults: str) -> bool:
    """Whether the suspension is what keeps a Release from going on, now or after its step."""
    attempt, suspension = status.attempt, status.suspension
    if suspension is None or release.deleting:
        return False
    if attempt is None:
        return not faults
    if attempt.recorded:
        superseded = phase_of(attempt) is Phase.SUPERSEDED
        return not faults and (superseded or was_good(attempt) or _edited(release, attempt))
    if attempt.hold is not None or attempt.end is not None:
        return False
    return attempt.trigger is None or suspension.mode is Suspend.ALL


def _message(release: ReleaseObject, status: ReleaseStatus, phase: Phase, faults: str) -> str:
    if release.journal_fault:
        return (
            f"The journal cannot be read ({release.journal_fault}), so nothing is done. Run the "
            "operator's version that wrote it, or restore status.attempt from a backup"
        )
    attempt = status.attempt
    active = attempt is not None and not attempt.recorded
    if faults and not active:
        return f"The spec cannot be used: {faults}"
    text = _course(release, status, attempt) if attempt else "Waiting for the first look"
    if status.drift is not None:
        text = f"{drift.told(status.drift)}. Before: {text}"
    if status.suspension is not None:
        text = suspended(status.suspension, text, release, stopped=phase is Phase.SUSPENDED)
    ignored = unheeded(release, status)
    return f"{text} (not obeyed: {ignored})" if ignored else text


def _course(release: ReleaseObject, status: ReleaseStatus, attempt: Attempt) -> str:
    text = message_of(attempt, release.spec, release.name)
    if not attempt.recorded and attempt.frozen and _edited(release, attempt):
        text += f" (the edited spec waits until attempt {attempt.number} has ended)"
    if attempt.recorded and phase_of(attempt) in _BAD and incidents.is_opened(status, attempt):
        text += _incident(release, attempt, MESSAGE - len(text))
    return text


def _incident(release: ReleaseObject, attempt: Attempt, room: int) -> str:
    """Where to read on about an attempt that went wrong, if there is room for that."""
    name = names.incident_name(release.name, release.uid, attempt.number)
    text = f". Incident: kubectl release incident show {name}"
    return text if len(text) <= room else ""


def _edited(release: ReleaseObject, attempt: Attempt) -> bool:
    if release.generation == attempt.generation:
        return False
    return release.spec is None or plan.spec_digest(release.spec) != attempt.spec_digest


def _verdicts(
    release: ReleaseObject, status: ReleaseStatus, phase: Phase, faults: str, message: str
) -> dict[ConditionType, Verdict]:
    attempt = status.attempt
    verdicts = {ConditionType.VALID: _valid(faults)}
    verdicts |= _kstatus(release, status, phase, faults, message)
    verdicts[ConditionType.GATES_PASSED] = _gates(attempt)
    for kind, prefix in PROGRESS:
        verdicts[kind] = _progress(attempt, prefix)
    verdicts[ConditionType.ROLLED_BACK] = _rolled_back(attempt, phase)
    return verdicts


def _valid(faults: str) -> Verdict:
    if faults:
        return Status.FALSE, Reason.INVALID_SPEC, faults
    return Status.TRUE, Reason.VALID, ""


def _kstatus(
    release: ReleaseObject, status: ReleaseStatus, phase: Phase, faults: str, message: str
) -> dict[ConditionType, Verdict]:
    attempt = status.attempt
    unreadable = bool(release.journal_fault)
    reason = Reason.JOURNAL_UNREADABLE if unreadable else _reason(status, phase, faults)
    ended = attempt is None or attempt.recorded
    stalled = (
        bool(release.journal_fault)
        or phase in _STOPPED
        or status.drift is not None
        or (ended and (bool(faults) or (phase in _BAD and not _goes_on(attempt))))
    )
    ready = phase is Phase.COMPLETED and not faults and status.drift is None
    reconciling = not ready and not stalled
    no = (Status.FALSE, reason, "")
    yes = (Status.TRUE, reason, message)
    return {
        ConditionType.READY: yes if ready else (Status.FALSE, reason, message),
        ConditionType.RECONCILING: yes if reconciling else no,
        ConditionType.STALLED: yes if stalled else no,
    }


_STOPPED = {Phase.HELD, Phase.SUSPENDED}
"""A person decides."""
_BAD = {Phase.FAILED, Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED, Phase.HELD}


def _goes_on(attempt: Attempt | None) -> bool:
    """Whether the next attempt begins by itself."""
    return attempt is not None and was_good(attempt)


def _reason(status: ReleaseStatus, phase: Phase, faults: str) -> Reason:
    attempt = status.attempt
    if phase is Phase.SUSPENDED:
        return Reason.SUSPENDED
    if status.drift is not None and not faults:
        return Reason.GITOPS_CONFLICT if drift.by_tool(status.drift) else Reason.DRIFTED
    if attempt is None or attempt.recorded:
        if faults:
            return Reason.INVALID_SPEC
        if attempt is None or attempt.end is None:
            return Reason.NOT_STARTED
        return attempt.end.reason
    if attempt.hold is not None:
        return attempt.hold.reason
    if phase is Phase.GATING and any(g.state is GateState.FAILED for g in attempt.gates):
        return Reason.GATES_NOT_PASSED
    return Reason.IN_PROGRESS


def _gates(attempt: Attempt | None) -> Verdict:
    if attempt is None or not attempt.gates:
        return Status.UNKNOWN, Reason.NOT_STARTED, ""
    shut = [gate for gate in attempt.gates if not gate.opens]
    if not shut:
        return Status.TRUE, Reason.GATES_PASSED, checklist.tally(attempt.gates)
    return Status.FALSE, Reason.GATES_NOT_PASSED, gates_message(shut)


def _progress(attempt: Attempt | None, prefix: str) -> Verdict:
    steps = [step for step in attempt.steps if step.id.startswith(prefix)] if attempt else []
    if attempt is None or not steps:
        over = attempt is not None and attempt.end is not None
        completed = (
            over
            and attempt is not None
            and attempt.end is not None
            and (attempt.end.outcome is Phase.COMPLETED)
        )
        return Status.UNKNOWN, Reason.NOT_NEEDED if completed else Reason.NOT_STARTED, ""
    bad = next((step for step in steps if step.state is StepState.FAILED), None)
    if bad is not None:
        return Status.FALSE, Reason.STEP_FAILED, f"{bad.id}: {bad.message}"
    passed_by = not attempt.steps[-1].id.startswith((prefix, schema.PREFIX))
    if all(step.state is StepState.SUCCEEDED for step in steps) and (passed_by or attempt.end):
        return Status.TRUE, Reason.SUCCEEDED, ""
    return Status.FALSE, Reason.IN_PROGRESS, ""


def _rolled_back(attempt: Attempt | None, phase: Phase) -> Verdict:
    if attempt is None or attempt.trigger is None:
        return Status.FALSE, Reason.NOT_NEEDED, ""
    text = attempt.trigger.message
    match phase:
        case Phase.ROLLED_BACK:
            return Status.TRUE, attempt.trigger.reason, text
        case Phase.ROLLBACK_FAILED:
            return Status.FALSE, Reason.ROLLBACK_FAILED, text
        case _:
            return Status.FALSE, Reason.IN_PROGRESS, text


def _merge(
    release: ReleaseObject,
    before: list[Condition],
    verdicts: dict[ConditionType, Verdict],
    now: datetime,
) -> list[Condition]:
    """Conditions in a fixed order; a transition time moves only when the status does."""
    known = {condition.type: condition for condition in before}
    merged = []
    for kind in ConditionType:
        status, reason, message = verdicts[kind]
        old = known.get(kind)
        same = old is not None and old.status is status
        merged.append(
            Condition(
                type=kind,
                status=status,
                reason=reason,
                message=shorten(message, MESSAGE),
                last_transition_time=old.last_transition_time if same and old else now,
                observed_generation=release.generation,
            )
        )
    return merged


def _components(attempt: Attempt | None) -> list[ComponentStatus]:
    if attempt is None:
        return []
    found: dict[str, ComponentStatus] = {}
    for step in attempt.steps:
        for prefix, version in (
            ("rollout/", attempt.version),
            ("undo/rollout/", attempt.previous_version or "previous"),
        ):
            if step.id.startswith(prefix):
                name = step.id.removeprefix(prefix)
                found[name] = ComponentStatus(name=name, version=version, state=step.state)
    return list(found.values())[:16]
