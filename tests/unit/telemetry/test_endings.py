"""What is counted when an attempt ends: a rehearsal is no release that was rolled back."""

import pytest
from tests.fakes.world import DAWN
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import End, Trigger
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
