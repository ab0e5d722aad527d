"""ReleaseRecords of the bookshop in staging, with the steps that the phases would have written."""

from datetime import datetime, timedelta
from typing import Any

from tests.fakes.world import DAWN
from tests.releases import Body, bookshop

from release_coordinator.api.attempt import Measurement, Step, StepState, Trigger, Verdict
from release_coordinator.api.codec import parse_release
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.engine.plan import artifact_digest, digest
from release_coordinator.engine.policy import BUILT_IN

FORWARDS = (
    "prepare/revision",
    "migrate/0007-add-isbn",
    "rollout/backend",
    "rollout/frontend",
    "refresh/cache/redis",
    "verify/health",
    "verify/smoke/checkout",
    "verify/full/orders",
)
BACK = (
    "undo/rollout/frontend",
    "undo/rollout/backend",
    "undo/migrate/0007-add-isbn",
    "undo/refresh/cache/redis",
    "undo/verify/health",
)


def staging_release(**spec: Any) -> Body:
    """The bookshop's Release as staging has it: more tests, other metrics, the same artifacts."""
    body = bookshop()
    body["metadata"] = {"name": "bookshop", "namespace": "shop-staging"}
    orders = {"name": "orders", "suite": "full", "job": {"image": "example/bookshop-full:1"}}
    body["spec"]["verify"]["smokeTests"].append(orders)
    body["spec"]["watch"]["duration"] = "1m"
    body["spec"] |= spec
    return body


def spec_of(body: Body) -> ReleaseSpec:
    """The spec of a Release as people write it."""
    release = parse_release(body)
    assert release.spec is not None, release.faults
    return release.spec


def step(step_id: str, state: StepState = StepState.SUCCEEDED, message: str = "") -> Step:
    """A step that has ended."""
    return Step(id=step_id, state=state, started_at=DAWN, finished_at=DAWN, message=message)


def record(
    attempt: int,
    outcome: Phase,
    reason: Reason,
    *timeline: Step,
    body: Body | None = None,
    **more: Any,
) -> RecordSpec:
    """The record of an attempt that ended so many hours after dawn as its number says."""
    spec = spec_of(body or staging_release())
    ended: datetime = DAWN + timedelta(hours=attempt)
    fields = {
        "release": "bookshop",
        "release_uid": "0b7c",
        "attempt": attempt,
        "version": spec.version,
        "previous_version": "1.2.0",
        "digest": digest(spec, BUILT_IN),
        "artifact_digest": artifact_digest(spec),
        "plan": spec,
        "outcome": outcome,
        "reason": reason,
        "started_at": ended - timedelta(minutes=20),
        "ended_at": ended,
        "duration_seconds": 1200.0,
        "timeline": list(timeline),
        "measurements": [Measurement(metric="p95-latency", verdict=Verdict.PASS, samples=4)],
    }
    return RecordSpec(**(fields | more))


def completed(attempt: int, **more: Any) -> RecordSpec:
    """An attempt that went well."""
    done = [step(one) for one in (*FORWARDS, "watch")]
    return record(attempt, Phase.COMPLETED, Reason.COMPLETED, *done, **more)


def rehearsed(attempt: int, back: tuple[str, ...] = BACK, **more: Any) -> RecordSpec:
    """An attempt that was rolled back on request while it was watched, all the way."""
    steps = [step(one) for one in FORWARDS]
    steps += [step("watch", StepState.FAILED, "rolled back on request"), *map(step, back)]
    trigger = Trigger(reason=Reason.MANUAL_ROLLBACK, message="rolled back on request", at=DAWN)
    fields: dict[str, Any] = {"rollback": trigger, **more}
    return record(attempt, Phase.ROLLED_BACK, Reason.MANUAL_ROLLBACK, *steps, **fields)


def broken(attempt: int, **more: Any) -> RecordSpec:
    """An attempt whose smoke test failed, and that was taken back."""
    text = "Job bookshop-4-verify: checkout answers 500"
    steps = [step(one) for one in FORWARDS[:-2]]
    steps += [step(FORWARDS[-2], StepState.FAILED, text), *map(step, BACK)]
    trigger = Trigger(reason=Reason.SMOKE_TEST_FAILED, message=text, at=DAWN)
    message = f"1.2.0 runs again; verify/smoke/checkout failed: {text}"
    fields: dict[str, Any] = {"rollback": trigger, "message": message, **more}
    return record(attempt, Phase.ROLLED_BACK, Reason.SMOKE_TEST_FAILED, *steps, **fields)
