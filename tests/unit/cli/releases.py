"""Releases in the states that people meet, built from the types of the API."""

from datetime import UTC, datetime, timedelta
from typing import Any

from release_coordinator.api.attempt import (
    Attempt,
    End,
    Gate,
    GateState,
    Hold,
    Measurement,
    Role,
    Step,
    StepState,
    Trigger,
    Verdict,
)
from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.control import Suspend, Suspension
from release_coordinator.api.measurement import WatchState
from release_coordinator.api.release import ReleaseSpec, ReleaseType
from release_coordinator.api.status import HistoryEntry, ReleaseStatus, RevisionRef
from release_coordinator.engine import plan
from release_coordinator.engine.summary import summarise

START = datetime(2026, 11, 10, 9, 0, 0, tzinfo=UTC)
NOW = START + timedelta(minutes=4)

SPEC: dict[str, Any] = {
    "version": "1.4.0",
    "components": [
        {
            "name": "backend",
            "workloadRef": {"name": "bookshop-backend"},
            "images": {"api": "bookshop-backend:1.4.0"},
        },
        {
            "name": "frontend",
            "dependsOn": ["backend"],
            "workloadRef": {"name": "bookshop-frontend"},
            "images": {"web": "bookshop-frontend:1.4.0"},
        },
    ],
    "watch": {
        "duration": "1m",
        "metrics": [
            {"name": "p95-latency", "query": "p95", "breach": {"ratioToBaseline": 2.0}},
            {"name": "error-ratio", "query": "errors", "breach": {"above": 0.05}},
        ],
    },
}
_PLAN = plan.resolve(ReleaseSpec.model_validate(SPEC))
assert isinstance(_PLAN, plan.Plan)
SPEC_DIGEST = _PLAN.spec_digest
DIGEST = "sha256:" + "9a2661f6" * 8


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def done(step: str, begin: float, end: float, message: str = "") -> Step:
    state = StepState.SUCCEEDED
    return Step(id=step, state=state, started_at=at(begin), finished_at=at(end), message=message)


def failed(step: str, begin: float, end: float, message: str) -> Step:
    return done(step, begin, end, message).model_copy(update={"state": StepState.FAILED})


def running(step: str, begin: float, message: str = "") -> Step:
    return Step(id=step, state=StepState.RUNNING, started_at=at(begin), message=message)


GATES = [
    Gate(
        name="Version",
        state=GateState.PASSED,
        message="1.3.0 -> 1.4.0 (Minor)",
        owner=Role.RELEASE_MANAGER,
    ),
    Gate(
        name="Changelog",
        state=GateState.PASSED,
        message="section 1.4.0 of 2026-11-10 has 2 entries",
        owner=Role.DEVELOPER,
    ),
]
BEFORE = [
    done("gates", 0, 0.4, "2 gates passed"),
    done("prepare/baseline", 0.4, 1, "1 of 2 measured"),
    done("prepare/revision", 1, 1.5, "bookshop-2-0f3a"),
    done("prepare/backup", 1.5, 9, "shop-20261110T090005Z-a2"),
    done("migrate/0008-add-rating", 9, 15, "0008"),
]
ROLLED_OUT = [
    done("rollout/backend", 15, 40, "2 pods"),
    done("rollout/frontend", 40, 52, "1 pods"),
    done("refresh/cache/redis", 52, 56, "OK"),
    done("refresh/warmup/hot-pages", 56, 60),
    done("verify/health", 60, 62, "2 components answer"),
    done("verify/smoke/checkout", 62, 68, "smoke test passed"),
]
BACK = [
    done("undo/rollout/frontend", 95, 108, "1 pods"),
    done("undo/rollout/backend", 108, 132, "2 pods"),
    done("undo/migrate/0008-add-rating", 132, 138, "0007"),
    done("undo/refresh/cache/redis", 138, 142, "OK"),
    done("undo/verify/health", 142, 144, "2 components answer"),
    done("undo/verify/smoke/checkout", 144, 150, "smoke test passed"),
]
BREACH = "metric p95-latency: 0.255 is 4.9 times the baseline 0.052, the limit is 2"


def attempt(**changes: Any) -> Attempt:
    fields: dict[str, Any] = {
        "number": 2,
        "digest": DIGEST,
        "spec_digest": SPEC_DIGEST,
        "generation": 2,
        "version": "1.4.0",
        "previous_version": "1.3.0",
        "type": ReleaseType.MINOR,
        "started_at": START,
        "gates": GATES,
    }
    return Attempt(**(fields | changes))


def release(
    entry: Attempt | None,
    annotations: dict[str, str] | None = None,
    suspension: Suspension | None = None,
    **changes: Any,
) -> ReleaseObject:
    """A Release with this journal, and the report that the operator makes of it."""
    body: dict[str, Any] = {
        "metadata": {
            "namespace": "shop",
            "name": "bookshop",
            "uid": "u-1",
            "resourceVersion": "7",
            "generation": 2,
            "annotations": annotations or {},
        },
        "spec": SPEC | changes,
    }
    history = [
        HistoryEntry(attempt=1, version="1.3.0", outcome=Phase.COMPLETED, ended_at=at(-3600))
    ]
    if entry is not None and entry.recorded and entry.end is not None:
        latest = HistoryEntry(
            attempt=2,
            version="1.4.0",
            outcome=entry.end.outcome,
            ended_at=entry.end.at,
            digest=DIGEST,
        )
        history.insert(0, latest)
    current = RevisionRef(version="1.3.0", revision="bookshop-1-9b1c")
    status = ReleaseStatus(attempt=entry, history=history, current=current, suspension=suspension)
    report = summarise(parse_release(body), status, at(60))
    return parse_release(body | {"status": report.to_wire()})


def untouched() -> ReleaseObject:
    """As it is between `kubectl apply` and the operator's first look."""
    metadata = {"namespace": "shop", "name": "bookshop", "generation": 1}
    return parse_release({"metadata": metadata, "spec": SPEC})


def gating() -> ReleaseObject:
    shut = GATES[1].model_copy(
        update={
            "state": GateState.FAILED,
            "message": "CHANGELOG.md has no section 1.4.0; add a dated one",
        }
    )
    return release(attempt(gates=[GATES[0], shut], steps=[running("gates", 0)]))


def rolling_out() -> ReleaseObject:
    message = "1 of 2 pods are available"
    steps = [*BEFORE, running("rollout/backend", 15, message)]
    return release(attempt(frozen=True, revision="bookshop-2-0f3a", steps=steps))


def held() -> ReleaseObject:
    message = (
        "the pod template of Deployment bookshop-backend was changed by somebody else during the "
        "attempt; stop the other writer, then resume (our images are applied again) or roll back"
    )
    hold = Hold(
        id="2.1",
        reason=Reason.CONFLICTING_WRITER,
        message=message,
        since=at(70),
        step="rollout/backend",
    )
    return release(attempt(frozen=True, steps=[*BEFORE, *ROLLED_OUT], holds=1, hold=hold))


def rolled_back() -> ReleaseObject:
    measured = [
        Measurement(
            metric="p95-latency",
            baseline=0.052,
            value=0.255,
            verdict=Verdict.FAIL,
            samples=5,
            failures=3,
            message="0.255 is 4.9 times the baseline 0.052, the limit is 2",
        ),
        Measurement(metric="error-ratio", value=0.0, verdict=Verdict.PASS, samples=5),
    ]
    reason = Reason.METRIC_BREACH
    end = End(
        outcome=Phase.ROLLED_BACK, reason=reason, message=f"1.3.0 runs again; {BREACH}", at=at(150)
    )
    entry = attempt(
        frozen=True,
        revision="bookshop-2-0f3a",
        steps=[*BEFORE, *ROLLED_OUT, failed("watch", 68, 95, BREACH), *BACK],
        measurements=measured,
        trigger=Trigger(reason=reason, message=BREACH, at=at(95)),
        end=end,
        record="bookshop-2-77aa",
        recorded=True,
    )
    return release(entry)


def completed() -> ReleaseObject:
    end = End(
        outcome=Phase.COMPLETED,
        reason=Reason.COMPLETED,
        message="1.4.0 runs, was verified and stayed good",
        at=at(130),
    )
    steps = [step for step in [*BEFORE, *ROLLED_OUT] if not step.id.startswith("refresh/")]
    steps.append(done("watch", 68, 130, "2 metrics stayed good"))
    entry = attempt(frozen=True, steps=steps, end=end, record="bookshop-2-77aa", recorded=True)
    return release(entry)


def failed_early() -> ReleaseObject:
    reason = "backup failed: no space left on device"
    end = End(
        outcome=Phase.FAILED,
        reason=Reason.BACKUP_FAILED,
        message=f"prepare/backup failed: {reason}",
        at=at(9),
    )
    steps = [*BEFORE[:3], failed("prepare/backup", 1.5, 9, reason)]
    return release(attempt(frozen=True, steps=steps, end=end, record="r", recorded=True))


def at_step(*steps: Step, **changes: Any) -> ReleaseObject:
    """On the way, with these as the last steps."""
    return release(attempt(frozen=True, revision="bookshop-2-0f3a", steps=[*steps], **changes))


def preparing() -> ReleaseObject:
    return at_step(*BEFORE[:3], running("prepare/backup", 1.5, "its Job runs"))


def migrating() -> ReleaseObject:
    return at_step(*BEFORE[:4], running("migrate/0008-add-rating", 9, "its Job runs"))


def refreshing() -> ReleaseObject:
    warming = running("refresh/warmup/hot-pages", 56, "its Job runs")
    return at_step(*BEFORE, *ROLLED_OUT[:3], warming)


def verifying() -> ReleaseObject:
    return at_step(*BEFORE, *ROLLED_OUT[:5], running("verify/smoke/checkout", 62, "its Job runs"))


MEASURED = [
    Measurement(
        metric="p95-latency",
        baseline=0.052,
        value=0.061,
        verdict=Verdict.PASS,
        samples=9,
        sampled_at=at(238),
        watched_seconds=38.0,
        message="0.061 is 1.17 times the baseline 0.052, the limit is 2",
    ),
    Measurement(
        metric="error-ratio",
        value=0.0,
        verdict=Verdict.PASS,
        samples=9,
        sampled_at=at(238),
        watched_seconds=38.0,
        message="0 is not above 0.05",
    ),
]


def being_watched() -> ReleaseObject:
    watch = running("watch", 200, "2 metrics are good")
    state = WatchState(started_at=at(200))
    return at_step(*BEFORE, *ROLLED_OUT, watch, measurements=MEASURED, watch=state)


def turned(*back: Step, **changes: Any) -> ReleaseObject:
    """Too slow, and so taken back as far as these steps."""
    trigger = Trigger(reason=Reason.METRIC_BREACH, message=BREACH, at=at(95))
    steps = [*BEFORE, *ROLLED_OUT, failed("watch", 68, 95, BREACH), *back]
    return at_step(*steps, trigger=trigger, **changes)


def rolling_back() -> ReleaseObject:
    return turned(BACK[0], running("undo/rollout/backend", 108, "1 of 2 pods are available"))


def rollback_failed() -> ReleaseObject:
    reason = Reason.PROGRESS_DEADLINE_EXCEEDED
    text = "Deployment bookshop-backend was not ready within 90s: 0 of 2 pods are available"
    end = End(
        outcome=Phase.ROLLBACK_FAILED,
        reason=reason,
        message=f"undo/rollout/backend failed: {text}",
        at=at(198),
    )
    stuck = failed("undo/rollout/backend", 108, 198, text)
    return turned(BACK[0], stuck, end=end, record="bookshop-2-77aa", recorded=True)


def suspended() -> ReleaseObject:
    entry = attempt(frozen=True, steps=[*BEFORE[:4]])
    since = Suspension(mode=Suspend.FORWARD, by="dana", since=at(8))
    return release(entry, suspension=since, suspend="Forward")


ON_THE_WAY = {
    "preparing": preparing,
    "migrating": migrating,
    "refreshing": refreshing,
    "verifying": verifying,
    "watching": being_watched,
    "rolling-back": rolling_back,
    "rollback-failed": rollback_failed,
    "suspended": suspended,
}
"""The other phases, each of which has a page and a picture too."""
STATES = {
    "untouched": untouched,
    "gating": gating,
    "rolling-out": rolling_out,
    "held": held,
    "rolled-back": rolled_back,
    "completed": completed,
    "failed": failed_early,
}
