"""The delay between seeing evidence and the write that follows."""

from tests.releases import bookshop

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
