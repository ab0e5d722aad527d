"""Names, units and the removal of what would grow for ever."""

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from release_coordinator.telemetry.metrics import Metrics
from release_coordinator.telemetry.queuemetrics import QueueMetrics


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("1.2.3")


def value(metrics: Metrics, name: str, /, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_a_release_has_exactly_one_phase(metrics: Metrics) -> None:
    name = "release_coordinator_release_phase"
    metrics.phase("shop", "bookshop", "Gating")
    metrics.phase("shop", "bookshop", "Gating")
    metrics.phase("shop", "other", "Gating")
    metrics.phase("shop", "bookshop", "Watching")
    assert value(metrics, name, namespace="shop", release="bookshop", phase="Watching") == 1
    assert value(metrics, name, namespace="shop", release="bookshop", phase="Gating") is None
    assert value(metrics, name, namespace="shop", release="other", phase="Gating") == 1


def test_a_deleted_release_leaves_nothing_behind(metrics: Metrics) -> None:
    metrics.phase("shop", "bookshop", "Gating")
    metrics.forget("shop", "bookshop")
    metrics.forget("shop", "never seen")
    assert b"bookshop" not in generate_latest(metrics.registry)
    metrics.phase("shop", "bookshop", "Gating")
    assert b"bookshop" in generate_latest(metrics.registry)


def test_what_happens_is_counted(metrics: Metrics) -> None:
    metrics.attempt_ended("Completed")
    metrics.rollback_began("MetricBreached")
    metrics.step_took("Job", 12)
    metrics.decided_after(0.2)
    metrics.status_written()
    metrics.measured("unknown")
    metrics.requested("PUT", "409")
    ours = "release_coordinator_"
    assert value(metrics, ours + "attempts_total", outcome="Completed") == 1
    assert value(metrics, ours + "rollbacks_total", reason="MetricBreached") == 1
    assert value(metrics, ours + "step_duration_seconds_sum", step_kind="Job") == 12
    assert value(metrics, ours + "decision_delay_seconds_sum") == 0.2
    assert value(metrics, ours + "status_writes_total") == 1
    assert value(metrics, ours + "metric_queries_total", verdict="unknown") == 1
    assert value(metrics, ours + "metric_queries_total", verdict="fail") == 0
    assert value(metrics, ours + "build_info", version="1.2.3") == 1
    assert value(metrics, "rest_client_requests_total", code="409", method="PUT") == 1


def test_sign_offs_are_guarded_as_long_as_the_proof_holds(metrics: Metrics) -> None:
    proofs = [True]
    metrics.sign_offs_guarded(lambda: proofs[-1])
    name = "release_coordinator_sign_offs_guarded"
    assert value(metrics, name) == 1
    proofs.append(False)
    assert value(metrics, name) == 0


def test_leadership_is_one_or_zero(metrics: Metrics) -> None:
    name = "leader_election_master_status"
    assert value(metrics, name, name="release") == 0
    metrics.leading(True)
    assert value(metrics, name, name="release") == 1
    metrics.leading(False)
    assert value(metrics, name, name="release") == 0


def test_the_age_of_the_resync_is_read_at_the_scrape(metrics: Metrics) -> None:
    age = 5.0
    metrics.resync_age(lambda: age)
    assert value(metrics, "release_coordinator_resync_age_seconds") == 5
    age = 6.0
    assert value(metrics, "release_coordinator_resync_age_seconds") == 6


def test_the_queue_has_controller_runtimes_names(metrics: Metrics) -> None:
    queue: QueueMetrics[str] = QueueMetrics(metrics.registry)
    queue.added(2)
    queue.started("a", 0.5, 1)
    queue.reconciled("a", "error", 0.2)
    queue.retried("a")
    ours = {"name": "release", "controller": "release"}
    assert value(metrics, "workqueue_depth", **ours) == 1
    queue.done("a", 0.3, 2)
    assert value(metrics, "workqueue_depth", **ours) == 2
    assert value(metrics, "workqueue_adds_total", **ours) == 1
    assert value(metrics, "workqueue_retries_total", **ours) == 1
    assert value(metrics, "workqueue_queue_duration_seconds_sum", **ours) == 0.5
    assert value(metrics, "workqueue_work_duration_seconds_sum", **ours) == 0.3
    passes = "controller_runtime_reconcile_total"
    assert value(metrics, passes, controller="release", result="error") == 1
    assert value(metrics, passes, controller="release", result="success") == 0
    time = "controller_runtime_reconcile_time_seconds_sum"
    assert value(metrics, time, controller="release") == 0.2


def test_each_metric_says_what_it_is_and_in_which_unit(metrics: Metrics) -> None:
    QueueMetrics[str](metrics.registry)
    metrics.resync_age(lambda: 0)
    text = generate_latest(metrics.registry).decode()
    for family in text_string_to_metric_families(text):
        assert family.documentation.endswith(".") or family.name.startswith(("process_", "python"))
        assert not family.name.endswith("_created")
        if family.name.endswith("_seconds") and not family.name.startswith("process_"):
            assert "in seconds" in family.documentation
