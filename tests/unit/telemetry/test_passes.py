"""The delay between seeing evidence and the write that follows."""

from tests.fakes.world import DAWN
from tests.releases import bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import PutBack
from release_coordinator.api.codec import parse_release
from release_coordinator.telemetry.metrics import Metrics
from release_coordinator.telemetry.passes import MeteredPasses

KEY = ("shop", "bookshop")


def test_evidence_that_comes_during_a_pass_counts_for_the_next() -> None:
    metrics, time = Metrics("1"), [1.0]
    passes = MeteredPasses(metrics, lambda: time[0])
    body = bookshop()
    body["metadata"] |= {"uid": "u", "resourceVersion": "1", "generation": 1}
    release = parse_release(body)

    passes.evidence(KEY)
    with passes.passing(release):
        time[0] = 4.0
        passes.wrote(release, release.status, release.status)
        passes.evidence(KEY)
        time[0] = 5.0
    with passes.passing(release):
        time[0] = 6.0
        passes.wrote(release, release.status, release.status)

    assert _sum(metrics) == 3.0 + 2.0


def test_what_led_to_no_write_is_forgotten() -> None:
    metrics, time = Metrics("1"), [1.0]
    passes = MeteredPasses(metrics, lambda: time[0])
    body = bookshop()
    body["metadata"] |= {"uid": "u", "resourceVersion": "1", "generation": 1}
    release = parse_release(body)

    passes.evidence(KEY)
    with passes.passing(release):
        pass
    time[0] = 60.0
    with passes.passing(release):
        passes.wrote(release, release.status, release.status)

    assert _sum(metrics) == 0.0


def test_a_phase_is_known_after_a_start_though_nothing_is_written() -> None:
    metrics = Metrics("1")
    body = bookshop()
    body["metadata"] |= {"uid": "u", "resourceVersion": "1", "generation": 1}
    body["status"] = {"phase": "RolledBack"}

    with MeteredPasses(metrics, lambda: 0.0).passing(parse_release(body)):
        pass

    labels = {"namespace": "shop", "release": "bookshop", "phase": "RolledBack"}
    name = "release_coordinator_release_phase"
    assert metrics.registry.get_sample_value(name, labels) == 1


def _sum(metrics: Metrics) -> float | None:
    name = "release_coordinator_decision_delay_seconds_sum"
    return metrics.registry.get_sample_value(name)


def test_a_drift_is_a_series_of_its_own_as_long_as_it_lasts() -> None:
    metrics = Metrics("1")
    body = bookshop()
    body["metadata"] |= {"uid": "u", "resourceVersion": "1", "generation": 1}
    passes = MeteredPasses(metrics, lambda: 0.0)
    calm = parse_release(body)
    body["status"] = {
        "drift": {
            "workload": {"kind": "Deployment", "name": "bookshop-backend"},
            "container": "api",
            "image": "shop:1",
            "wanted": "shop:2",
            "by": "argocd-controller",
            "since": "2026-11-23T12:00:00.000Z",
        }
    }
    drifted = parse_release(body)
    labels = {"namespace": "shop", "release": "bookshop"}
    name = "release_coordinator_release_drifted"

    with passes.passing(drifted):
        assert metrics.registry.get_sample_value(name, labels) == 1
        passes.wrote(drifted, drifted.status, calm.status)
        assert metrics.registry.get_sample_value(name, labels) is None
    with passes.passing(drifted):
        passes.gone(KEY)
        assert metrics.registry.get_sample_value(name, labels) is None


def test_what_was_applied_again_is_counted_once_and_by_tool() -> None:
    metrics = Metrics("1")
    body = bookshop()
    body["metadata"] |= {"uid": "u", "resourceVersion": "1", "generation": 1}
    release = parse_release(body)
    entry = PutBack(step="rollout/backend", at=DAWN, by="argocd-controller")
    before = context(steps=(), put_back=[entry]).status
    again = entry.model_copy(update={"by": "kubectl"})
    after = context(steps=(), put_back=[entry, again]).status

    MeteredPasses(metrics, lambda: 0.0).wrote(release, before, after)

    name = "release_coordinator_put_back_total"
    assert metrics.registry.get_sample_value(name, {"tool": "other"}) == 1
    assert metrics.registry.get_sample_value(name, {"tool": "Argo CD"}) == 0
