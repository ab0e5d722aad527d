"""What is counted when an attempt ends: a rehearsal is no release that was rolled back."""

import pytest
from tests.fakes.world import DAWN
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import Downtime, End, Trigger
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.telemetry.metrics import Metrics
from release_coordinator.telemetry.passes import MeteredPasses


@pytest.mark.parametrize(
    ("why", "outcome", "reason", "counted", "rollbacks"),
    [
        (Reason.METRIC_BREACH, Phase.ROLLED_BACK, Reason.METRIC_BREACH, "RolledBack", 1),
        (Reason.ABORTED, Phase.ROLLED_BACK, Reason.ABORTED, "RolledBack", 1),
        (Reason.REHEARSAL, Phase.ROLLED_BACK, Reason.REHEARSED, "Rehearsed", None),
        (Reason.REHEARSAL, Phase.ROLLBACK_FAILED, Reason.JOB_FAILED, "RollbackFailed", None),
    ],
)
def test_a_rehearsal_is_not_counted_as_a_rollback(
    why: Reason, outcome: Phase, reason: Reason, counted: str, rollbacks: int | None
) -> None:
    metrics = Metrics("1")
    before = context()
    after = context(
        trigger=Trigger(reason=why, message="m", at=DAWN),
        end=End(outcome=outcome, reason=reason, at=DAWN),
        recorded=True,
    )

    MeteredPasses(metrics, lambda: 0.0).wrote(after.release, before.status, after.status)

    read = metrics.registry.get_sample_value
    assert read("release_coordinator_attempts_total", {"outcome": counted}) == 1
    assert read("release_coordinator_rollbacks_total", {"reason": why}) == rollbacks


def test_downtime_is_counted_by_readiness_and_by_the_metric_once_it_is_known() -> None:
    metrics = Metrics("1")
    before = context()
    end = End(outcome=Phase.COMPLETED, reason=Reason.COMPLETED, at=DAWN)
    downtime = Downtime(seconds=12.0, measured_seconds=3.5)
    after = context(end=end, recorded=True, downtime=downtime)
    passes = MeteredPasses(metrics, lambda: 0.0)

    passes.wrote(after.release, before.status, after.status)
    passes.wrote(after.release, after.status, after.status)  # told once
    unchanged = context(end=end, recorded=True)
    passes.wrote(unchanged.release, before.status, unchanged.status)

    name = "release_coordinator_release_downtime_seconds"
    read = metrics.registry.get_sample_value
    assert read(f"{name}_sum", {"measured_by": "readiness"}) == 12.0
    assert read(f"{name}_count", {"measured_by": "readiness"}) == 1
    assert read(f"{name}_sum", {"measured_by": "availability"}) == 3.5
    assert read(f"{name}_bucket", {"measured_by": "readiness", "le": "10.0"}) == 0
    assert read(f"{name}_bucket", {"measured_by": "readiness", "le": "3600.0"}) == 1
