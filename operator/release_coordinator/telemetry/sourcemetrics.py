"""How metric sources are asked and how they answer, as numbers.

Hears of every question (it implements `signals.port.SourceObserver`) and of what `sourcehealth`
found. The label `source` has one value per MetricSource; what is gone is removed.
"""

from collections import Counter as Count
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_TIME = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_PREFIX = "release_coordinator_metric_source"


class SourceMetrics:
    """Counts questions to metric sources; one per registry."""

    def __init__(self, registry: CollectorRegistry, outcomes: Iterable[str]) -> None:
        """`outcomes` are all that there are."""
        self._outcomes = tuple(outcomes)
        self._open: Count[str] = Count()
        """Questions under way; has every source that was asked and not forgotten."""
        self._up = Gauge(
            f"{_PREFIX}_up",
            "1 if the metric source answers queries, else 0.",
            ("source",),
            registry=registry,
        )
        self._requests = Counter(
            f"{_PREFIX}_requests",
            "Requests to metric sources that ended, by what became of them.",
            ("source", "outcome"),
            registry=registry,
        )
        self._time = Histogram(
            f"{_PREFIX}_request_duration_seconds",
            "Time a metric source takes for an answer, or until it is given up, in seconds.",
            ("source",),
            registry=registry,
            buckets=_TIME,
        )
        self._in_flight = Gauge(
            f"{_PREFIX}_requests_in_flight",
            "Requests to metric sources that are under way.",
            ("source",),
            registry=registry,
        )

    def asked(self, source: str) -> None:
        """A question is sent."""
        for outcome in self._outcomes:
            self._requests.labels(source, outcome)  # a rate needs a zero to rise from
        self._open[source] += 1
        self._in_flight.labels(source).set(self._open[source])

    def ended(self, source: str, outcome: str, seconds: float) -> None:
        """It ended; one that was never sent took no time of the source.

        Nothing is told of a source that was forgotten meanwhile: nobody would remove it again.
        """
        if source not in self._open:
            return
        self._requests.labels(source, outcome).inc()
        if outcome == "not_asked":
            return
        self._time.labels(source).observe(seconds)
        self._open[source] = max(self._open[source] - 1, 0)
        self._in_flight.labels(source).set(self._open[source])

    def up(self, source: str, answers: bool) -> None:  # noqa: FBT001 - a state, not an option
        """Whether a source answers is known."""
        self._up.labels(source).set(1 if answers else 0)

    def forget(self, source: str) -> None:
        """A source is gone."""
        self._open.pop(source, None)
        for family in (self._up, self._time, self._in_flight):
            family.remove_by_labels({"source": source})
        self._requests.remove_by_labels({"source": source})
