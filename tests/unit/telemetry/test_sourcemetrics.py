"""Numbers about metric sources: named after the source, and gone with it."""

from prometheus_client import CollectorRegistry, generate_latest

from release_coordinator.telemetry.sourcemetrics import SourceMetrics

PREFIX = "release_coordinator_metric_source"
OUTCOMES = ("answered", "refused", "not_asked")


def made() -> tuple[CollectorRegistry, SourceMetrics]:
    registry = CollectorRegistry()
    return registry, SourceMetrics(registry, OUTCOMES)


def test_questions_are_counted_by_what_became_of_them_from_zero_on() -> None:
    registry, metrics = made()
    metrics.asked("main")
    metrics.asked("main")
    metrics.ended("main", "answered", 0.2)

    def count(outcome: str) -> float | None:
        labels = {"source": "main", "outcome": outcome}
        return registry.get_sample_value(f"{PREFIX}_requests_total", labels)

    def value(name: str) -> float | None:
        return registry.get_sample_value(f"{PREFIX}_{name}", {"source": "main"})

    assert [count(outcome) for outcome in OUTCOMES] == [1, 0, 0]
    assert value("requests_in_flight") == 1
    assert value("request_duration_seconds_count") == 1
    assert value("request_duration_seconds_sum") == 0.2


def test_a_question_that_was_never_sent_took_no_time_of_the_source() -> None:
    registry, metrics = made()
    metrics.asked("main")  # by those that it waited for
    metrics.ended("main", "not_asked", 5.0)

    labels = {"source": "main", "outcome": "not_asked"}
    assert registry.get_sample_value(f"{PREFIX}_requests_total", labels) == 1
    time = registry.get_sample_value(f"{PREFIX}_request_duration_seconds_count", {"source": "main"})
    assert time is None


def test_what_is_gone_is_not_exported_not_even_when_an_answer_comes_late() -> None:
    registry, metrics = made()
    metrics.asked("main")
    metrics.up("main", answers=True)
    metrics.forget("main")
    metrics.forget("never seen")
    assert b'source="main"' not in generate_latest(registry)

    metrics.ended("main", "answered", 0.2)
    metrics.ended("main", "not_asked", 0.2)
    assert b'source="main"' not in generate_latest(registry)


def test_a_source_that_comes_again_counts_nothing_below_zero() -> None:
    registry, metrics = made()
    metrics.asked("main")
    metrics.forget("main")
    metrics.asked("main")
    metrics.ended("main", "answered", 0.2)
    metrics.ended("main", "answered", 0.2)

    assert registry.get_sample_value(f"{PREFIX}_requests_in_flight", {"source": "main"}) == 0
