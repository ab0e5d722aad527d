"""The numbers the operator exports about itself; served by `telemetry.health` at `/metrics`.

Queue, passes, requests and leadership carry controller-runtime's names, so that dashboards and
alerts made for other operators work here. What only we have begins with `release_coordinator_`.
Labels come from closed sets; the exceptions, phase and drift of each release, are removed with it.
"""

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from release_coordinator.engine.writers import Tool
from release_coordinator.telemetry.queuemetrics import CONTROLLER

_STEP = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400)
_DOWNTIME = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600)
_DELAY = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300)

_VERDICTS = ("pass", "fail", "unknown")


class Metrics:
    """All instruments on a registry of their own."""

    def __init__(self, version: str) -> None:
        """`version` of the operator, for the build information."""
        disable_created_metrics()  # type: ignore[no-untyped-call] # twice the series, for nothing
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        Info("release_coordinator_build", "Version of the operator.", registry=self.registry).info(
            {"version": version}
        )
        self._leader = self._gauge(
            "leader_election_master_status", "1 if this process holds the lease, else 0.", "name"
        ).labels(CONTROLLER)
        self._requests = self._counter(
            "rest_client_requests", "Requests to the Kubernetes API.", "code", "method"
        )
        self._create_domain()
        self._phases: dict[tuple[str, str], str] = {}
        self._drifted: set[tuple[str, str]] = set()

    def _create_domain(self) -> None:
        self._phase = self._gauge(
            "release_coordinator_release_phase",
            "1 for the present phase of each release; absent for all others.",
            "namespace",
            "release",
            "phase",
        )
        self._drift = self._gauge(
            "release_coordinator_release_drifted",
            "1 for each release whose workloads no longer run what it has left; absent for others.",
            "namespace",
            "release",
        )
        self._put_back = self._counter(
            "release_coordinator_put_back",
            "Images that were applied again because somebody had set them back in the middle.",
            "tool",
        )
        for tool in Tool:
            self._put_back.labels(tool)
        self._attempts = self._counter(
            "release_coordinator_attempts",
            "Attempts that ended, by their last phase, or Rehearsed.",
            "outcome",
        )
        self._rollbacks = self._counter(
            "release_coordinator_rollbacks", "Rollbacks that began, by condition reason.", "reason"
        )
        self._steps = self._histogram(
            "release_coordinator_step_duration_seconds",
            "Time from a step's first write to its evidence, in seconds.",
            _STEP,
            "step_kind",
        )
        self._downtime = self._histogram(
            "release_coordinator_release_downtime_seconds",
            "Time of an attempt in which a component had no ready pod, or that the availability "
            "metric missed, in seconds; of attempts that changed something.",
            _DOWNTIME,
            "measured_by",
        )
        for measured_by in ("readiness", "availability"):
            self._downtime.labels(measured_by)
        self._decisions = self._histogram(
            "release_coordinator_decision_delay_seconds",
            "Time from seeing the evidence to the write that follows from it, in seconds.",
            _DELAY,
        )
        self._status_writes = self._counter(
            "release_coordinator_status_writes", "Writes of a release's status."
        )
        self._queries = self._counter(
            "release_coordinator_metric_queries",
            "Measurements taken from metric sources, by verdict: pass, fail or unknown.",
            "verdict",
        )
        for verdict in _VERDICTS:
            self._queries.labels(verdict)  # a rate needs a zero to rise from

    def leading(self, is_leader: bool) -> None:  # noqa: FBT001 - a state, not an option
        """This process became, or ceased to be, the leader."""
        self._leader.set(1 if is_leader else 0)

    def requested(self, method: str, code: str) -> None:
        """The API server answered; `code` is the HTTP status, or `<error>` without an answer."""
        self._requests.labels(code, method).inc()

    def phase(self, namespace: str, release: str, phase: str) -> None:
        """The release is now in this phase, and in no other."""
        before = self._phases.get((namespace, release))
        if before == phase:
            return
        if before is not None:
            self._phase.remove(namespace, release, before)
        self._phases[namespace, release] = phase
        self._phase.labels(namespace, release, phase).set(1)

    def forget(self, namespace: str, release: str) -> None:
        """The release was deleted."""
        phase = self._phases.pop((namespace, release), None)
        if phase is not None:
            self._phase.remove(namespace, release, phase)
        self.drifted(namespace, release, now=False)

    def drifted(self, namespace: str, release: str, *, now: bool) -> None:
        """Whether the workloads of a release no longer run what it has left."""
        key = (namespace, release)
        if now:
            self._drift.labels(*key).set(1)
            self._drifted.add(key)
        elif key in self._drifted:
            self._drift.remove(*key)
            self._drifted.discard(key)

    def put_back(self, tool: Tool) -> None:
        """An image was applied again that this had set back."""
        self._put_back.labels(tool).inc()

    def attempt_ended(self, outcome: str) -> None:
        """An attempt came to its end in this phase."""
        self._attempts.labels(outcome).inc()

    def was_down(self, seconds: float, *, measured_by: str) -> None:
        """An attempt ended that was down for so long, by `readiness` or by `availability`."""
        self._downtime.labels(measured_by).observe(seconds)

    def rollback_began(self, reason: str) -> None:
        """A rollback was decided for this condition reason."""
        self._rollbacks.labels(reason).inc()

    def step_took(self, step_kind: str, seconds: float) -> None:
        """A step was started and its evidence seen so many seconds later."""
        self._steps.labels(step_kind).observe(seconds)

    def decided_after(self, seconds: float) -> None:
        """Evidence lay there for so many seconds before the write that follows from it."""
        self._decisions.observe(seconds)

    def status_written(self) -> None:
        """A status was written."""
        self._status_writes.inc()

    def measured(self, verdict: str) -> None:
        """A measurement was judged pass, fail or unknown."""
        self._queries.labels(verdict).inc()

    def resync_age(self, age: Callable[[], float]) -> None:
        """Export the seconds that `age` gives at the time of the scrape."""
        Gauge(
            "release_coordinator_resync_age_seconds",
            "Time since the last complete listing of all releases, in seconds.",
            registry=self.registry,
        ).set_function(age)

    def sign_offs_guarded(self, proved: Callable[[], bool]) -> None:
        """Export what `proved` says at the time of the scrape; only the leader knows."""
        Gauge(
            "release_coordinator_sign_offs_guarded",
            "1 if the API server was seen to refuse forged sign-offs, else 0: gates stay shut.",
            registry=self.registry,
        ).set_function(lambda: 1.0 if proved() else 0.0)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _histogram(
        self, name: str, text: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(name, text, labels, registry=self.registry, buckets=buckets)
