"""What the work queue does, as numbers under controller-runtime's names.

Dashboards and alerts made for other operators work on them.
"""

# ruff: noqa: ARG002 - keys are no labels: there are as many as releases

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from release_coordinator.observer import K, Outcome, QueueObserver

CONTROLLER = "release"
"""Value of the labels `controller` and `name` of controller-runtime's metrics."""

_WORK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_WAIT = (0.001, 0.01, 0.1, 0.5, 1, 5, 15, 60, 300)
_OUTCOMES: tuple[Outcome, ...] = ("success", "requeue_after", "error")


class QueueMetrics(QueueObserver[K]):
    """Counts what a work queue does; one per registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        both = ("name", "controller")  # as controller-runtime labels them
        ours = (CONTROLLER, CONTROLLER)
        self._depth = Gauge(
            "workqueue_depth", "Keys that are ready for a worker.", both, registry=registry
        ).labels(*ours)
        self._adds = Counter(
            "workqueue_adds", "Keys that became ready.", both, registry=registry
        ).labels(*ours)
        self._retries = Counter(
            "workqueue_retries", "Keys put into backoff after an error.", both, registry=registry
        ).labels(*ours)
        self._waited = Histogram(
            "workqueue_queue_duration_seconds",
            "Time a ready key waits for a worker, in seconds.",
            both,
            registry=registry,
            buckets=_WAIT,
        ).labels(*ours)
        self._worked = Histogram(
            "workqueue_work_duration_seconds",
            "Time a worker holds a key, in seconds.",
            both,
            registry=registry,
            buckets=_WORK,
        ).labels(*ours)
        self._create_passes(registry)

    def _create_passes(self, registry: CollectorRegistry) -> None:
        self._passes = Counter(
            "controller_runtime_reconcile",
            "Passes over a release: success waits for an event, requeue_after for a time.",
            ("controller", "result"),
            registry=registry,
        )
        for outcome in _OUTCOMES:
            self._passes.labels(CONTROLLER, outcome)  # a rate needs a zero to rise from
        self._pass_time = Histogram(
            "controller_runtime_reconcile_time_seconds",
            "Time one pass over a release takes, in seconds.",
            ("controller",),
            registry=registry,
            buckets=_WORK,
        ).labels(CONTROLLER)

    def added(self, depth: int) -> None:
        """A key became ready."""
        self._adds.inc()
        self._depth.set(depth)

    def started(self, key: K, waited: float, depth: int) -> None:
        """A worker took a key."""
        self._waited.observe(waited)
        self._depth.set(depth)

    def done(self, key: K, worked: float, depth: int) -> None:
        """A worker gave a key back."""
        self._worked.observe(worked)
        self._depth.set(depth)

    def retried(self, key: K) -> None:
        """A key went into backoff."""
        self._retries.inc()

    def reconciled(self, key: K, outcome: Outcome, worked: float) -> None:
        """A pass ended."""
        self._passes.labels(CONTROLLER, outcome).inc()
        self._pass_time.observe(worked)
