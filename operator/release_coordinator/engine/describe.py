"""Sentences for people: where an attempt is, what it waits for, who must act.

Derived from the journal alone, so that the same state always reads the same and a status is not
rewritten for a new wording of old news. Used by `engine.summary`.
"""

from release_coordinator.api.attempt import (
    Attempt,
    Gate,
    Measurement,
    Step,
    StepState,
    Verdict,
)
from release_coordinator.api.base import format_time
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.control import Suspend, Suspension
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.api.watch import Watch

from . import backups, names, ordering, tracking, watchlist
from .phases import confirming, watching
from .rehearsal import was_good

WORK = (
    ("gates", Phase.GATING, "Checking the gates"),
    ("gate/", Phase.GATING, "Checking the gates"),
    ("prepare/lock", Phase.PREPARING, "Taking the locks of the workloads"),
    ("prepare/baseline", Phase.PREPARING, "Measuring the metrics' baseline"),
    ("prepare/revision", Phase.PREPARING, "Recording the plan and the previous revision"),
    ("prepare/backup", Phase.PREPARING, "Taking the backup"),
    ("prepare/verify-backup", Phase.PREPARING, "Verifying the backup"),
    ("prepare/confirm", Phase.PREPARING, "Checking the gates again"),
    ("schema/left", Phase.ROLLING_BACK, "Leaving the schema of the database"),
    ("schema/", Phase.MIGRATING, "Asking the database for its schema version"),
    ("migrate/", Phase.MIGRATING, "Running database migration {name}"),
    ("traffic/pin/", Phase.ROLLING_OUT, "Keeping the traffic of {name} with what runs"),
    ("rollout/", Phase.ROLLING_OUT, "Rolling out {name}"),
    ("traffic/open/", Phase.ROLLING_OUT, "Giving the traffic of {name} to whatever pods it has"),
    ("traffic/switch/", Phase.ROLLING_OUT, "Switching the traffic of {name}"),
    ("refresh/cache/", Phase.REFRESHING, "Clearing cache {name}"),
    ("refresh/warmup/", Phase.REFRESHING, "Warming up {name}"),
    ("verify/health", Phase.VERIFYING, "Checking health endpoints"),
    ("verify/", Phase.VERIFYING, "Running test {name}"),
    ("watch", Phase.WATCHING, "Watching metrics"),
    ("promote/", Phase.WATCHING, "Bringing the Deployment of {name} to what proved good"),
    ("traffic/handover/", Phase.WATCHING, "Switching the traffic of {name} to its Deployment"),
    ("retire/", Phase.WATCHING, "Removing the second Deployment of {name}"),
    ("keep", Phase.WATCHING, "Keeping what proved good as the next way back"),
    ("undo/traffic/", Phase.ROLLING_BACK, "Switching the traffic of {name} back"),
    ("undo/retire/", Phase.ROLLING_BACK, "Removing the second Deployment of {name}"),
    ("undo/rollout/", Phase.ROLLING_BACK, "Taking back {name}"),
    ("undo/migrate/", Phase.ROLLING_BACK, "Reverting database migration {name}"),
    ("undo/refresh/", Phase.ROLLING_BACK, "Clearing cache {name}"),
    ("undo/verify/", Phase.ROLLING_BACK, "Verifying the previous version ({name})"),
)
"""Prefix of a step's id, the phase it belongs to, and what to say while it runs."""

ADVICE: dict[Reason, str] = {
    Reason.GATES_NOT_PASSED: (
        "Release manager: see why the gate shuts while the release is prepared; a window must be "
        "longer than the backup."
    ),
    Reason.BACKUP_FAILED: "DevOps engineer: repair the backup Job, then retry.",
    Reason.BACKUP_EXPIRED: (
        "DevOps engineer: see what keeps the release between backup and first change, or raise "
        "spec.backup.maxAge."
    ),
    Reason.MIGRATION_FAILED: (
        "Developer: correct the migration and check the schema version of the database."
    ),
    Reason.PROGRESS_DEADLINE_EXCEEDED: "DevOps engineer: see why the pods do not become ready.",
    Reason.STEP_FAILED: "DevOps engineer: see the named object's events and logs.",
    Reason.JOB_FAILED: "DevOps engineer: see the Job's log.",
    Reason.SMOKE_TEST_FAILED: "QA engineer: see the test's log; correct the version or the test.",
    Reason.DATA_CHECK_FAILED: (
        "Developer: see the last words of the check; find what wrote the data, and repair them."
    ),
    Reason.METRIC_BREACH: "Developer: find the cause before the next attempt.",
    Reason.METRIC_UNKNOWN: (
        "Platform team: make its source answer; Developer: correct its query, or the Job of the "
        "check."
    ),
}
"""Who acts after a failure, and how."""


def who_acts(reason: Reason) -> str:
    """The role that acts first after a failure for that reason; empty if nobody has to."""
    return ADVICE.get(reason, "").partition(":")[0]


GOING_ON = "Going on"
"""Between two steps."""
FINAL_HOLDS = {
    Reason.IRREVERSIBLE_MIGRATION,
    Reason.WORKLOAD_REPLACED,
    Reason.MIGRATION_OUTCOME_UNKNOWN,
    Reason.SCHEMA_CHANGED,
    Reason.DATA_LOSS,
}
"""Holds whose message names the only ways out."""


def work_of(step_id: str) -> tuple[Phase, str]:
    """Phase of a step, and a sentence for it."""
    for prefix, phase, text in WORK:
        if step_id.startswith(prefix):
            return phase, text.format(name=step_id.rpartition("/")[2])
    return Phase.PENDING, step_id


def phase_of(attempt: Attempt) -> Phase:
    """Where an attempt is."""
    if attempt.recorded and attempt.end is not None:
        return attempt.end.outcome
    if attempt.hold is not None:
        return Phase.HELD
    if attempt.trigger is not None:
        return Phase.ROLLING_BACK
    if not attempt.steps:
        return Phase.GATING
    return work_of(attempt.steps[-1].id)[0]


def message_of(attempt: Attempt, spec: ReleaseSpec | None, release: str) -> str:
    """What is going on, what it waits for and who must act."""
    if attempt.hold is not None:
        how = how_to_resume(attempt, release)
        return f"Held: {attempt.hold.message}. {how}" if how else f"Held: {attempt.hold.message}"
    if attempt.end is not None:
        return _ended(attempt, release)
    if attempt.trigger is not None:
        return f"Rolling back ({attempt.trigger.message}): {_running(attempt, spec)}"
    shut = [gate for gate in attempt.gates if not gate.opens]
    if shut and confirming.is_asking(attempt):
        return f"{gates_message(shut)}. To start over: {how_to_retry(attempt, release)}"
    if shut and phase_of(attempt) is Phase.GATING:
        return gates_message(shut)
    return _running(attempt, spec)


ROOM = 900
"""Characters that a condition has for all gates; beyond them only their names are told."""


def gates_message(shut: list[Gate]) -> str:
    """Every gate that is not open, with the role that must act; nobody is left out for space."""
    text = " | ".join(f"{gate.owner}: {gate.name} {gate.state}: {gate.message}" for gate in shut)
    if len(text) <= ROOM:
        return text
    owners = dict.fromkeys(gate.owner for gate in shut)
    whose = (
        f"{owner}: {', '.join(gate.name for gate in shut if gate.owner == owner)}"
        for owner in owners
    )
    return (
        f"{len(shut)} gates are shut. {' | '.join(whose)}. What each of them needs: "
        "kubectl release explain, or status.attempt.gates"
    )


def how_to_retry(attempt: Attempt, release: str) -> str:
    """The command that tries the same plan again."""
    return _order("retry", release, names.ANNOTATION_RETRY, str(attempt.number))


def _order(verb: str, release: str, annotation: str, value: str) -> str:
    """An order as a command of the plugin, and for those who do not have it."""
    plain = f"kubectl annotate release {release} {annotation}={value} --overwrite"
    return f"kubectl release {verb} {release} (or {plain})"


def how_to_resume(attempt: Attempt, release: str) -> str:
    """The command that ends a hold; empty where going on as before would only hold again."""
    if attempt.hold is None or attempt.hold.reason in FINAL_HOLDS:
        return ""
    order = _order("resume", release, names.ANNOTATION_RESUME, attempt.hold.id)
    return f"To resume: {order}"


def suspended(suspension: Suspension, course: str, release: ReleaseObject, *, stopped: bool) -> str:
    """What is said of a suspended Release: `stopped` if it is that which keeps it."""
    who = f"by {suspension.by} since {format_time(suspension.since)}"
    how = f"kubectl release resume {release.name}, or {_end_of_suspension(release)}"
    if not stopped:
        return f"{course} (suspended {who}: no attempt and no step forward begins until {how})"
    course = course.replace(GOING_ON, "nothing is under way")
    what = "step" if suspension.mode is Suspend.ALL else "step forward"
    return f"Suspended {who}, no {what} begins. To go on: {how}. Meanwhile: {course}"


def _end_of_suspension(release: ReleaseObject) -> str:
    """What ends a suspension, for those who do not have the plugin."""
    if release.spec is not None and release.spec.suspend is not None:
        ordered = ordering.suspend_order(release) is not None
        both = f" and annotation {names.ANNOTATION_SUSPEND}" if ordered else ""
        return f"remove spec.suspend{both}"
    annotate = f"kubectl annotate release {release.name} {names.ANNOTATION_SUSPEND}-"
    return annotate if release.spec is not None else f"correct the spec and {annotate}"


def _ended(attempt: Attempt, release: str) -> str:
    end = attempt.end
    assert end is not None  # noqa: S101 - the caller looked
    if end.outcome is Phase.COMPLETED:
        return f"{end.message}."
    if end.outcome is Phase.SUPERSEDED:
        return f"Superseded: {end.message}."
    if was_good(attempt):
        return f"Rehearsed: {end.message}. The next attempt goes forward by itself."
    advice = ADVICE.get(end.reason, "")
    if end.outcome is Phase.ROLLBACK_FAILED:
        advice = f"A person must bring the application into a good state. {advice}"
        advice = f"{advice} {backups.advice(attempt)}"
    again = (
        "Change the spec for the next attempt, or repeat this one with "
        f"{how_to_retry(attempt, release)}"
    )
    return f"{_PREFIX.get(end.outcome, 'Ended')}: {end.message}. {advice} {again}".replace(
        "  ", " "
    )


_PREFIX = {
    Phase.FAILED: "Failed before any component was changed",
    Phase.ROLLED_BACK: "Rolled back",
    Phase.ROLLBACK_FAILED: "The rollback failed",
    Phase.HELD: "Left as it is",
}


def _running(attempt: Attempt, spec: ReleaseSpec | None) -> str:
    step: Step | None = next(
        (s for s in reversed(attempt.steps) if s.state is StepState.RUNNING), None
    )
    if step is None:
        return GOING_ON
    _, text = work_of(step.id)
    if step.id == watching.STEP and spec is not None and spec.watch and attempt.watch:
        text = _watching(attempt, spec.watch)
    return f"{text}: {step.message}" if step.message else text


def _watching(attempt: Attempt, watch: Watch) -> str:
    end = tracking.watch_ends_at(attempt, watch)
    until = f" until {format_time(end)}" if end else ""
    told = "".join(f"; {m.metric}: {m.message}" for m in attempt.measurements if _is_news(m))
    return f"Watching {watchlist.named(watch)}{until}{told}"


def _is_news(entry: Measurement) -> bool:
    """What is not as it should be is told while it lasts."""
    blind = entry.verdict is Verdict.UNKNOWN and entry.unknown_since is not None
    return blind or (entry.verdict is Verdict.FAIL and entry.accepted)
