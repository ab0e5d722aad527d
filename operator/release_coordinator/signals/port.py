"""What the engine may learn from outside the Kubernetes API: what sources and endpoints say.

Implemented by `signals.prometheus` and `signals.probe`, and by scripted doubles. No call
raises for a bad answer: an outage is a fact (`problem`), because the engine must tell "bad"
from "unknown".
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from release_coordinator.engine.evidence import AlertRulesFact
from release_coordinator.engine.watchfacts import FiringFact, SampleFact, SeriesFact


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A metric source as it is asked: everything of a MetricSource that a request needs."""

    url: str
    """Root of the API, before `/api/v1`; it may carry a path prefix."""
    timeout: float
    """Seconds for one answer, in all."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One HTTP GET of a health endpoint."""

    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class FetchResult:
    """One HTTP GET of a short text: the text, or the reason there is none.

    The text is a workload's: whoever shows a part of it has to know that it is harmless.
    """

    text: str | None
    detail: str
    """What was asked and what came of it; says nothing of what the answer contains."""


class Metrics(Protocol):
    """A Prometheus-compatible server. No call raises: an outage is a `problem`."""

    async def query(self, endpoint: Endpoint, promql: str) -> SampleFact:
        """Ask for one instant value at the server's own time."""

    async def series(
        self, endpoint: Endpoint, promql: str, start: datetime, end: datetime, step: float
    ) -> SeriesFact:
        """Ask for the values of one series between two moments, `step` seconds apart."""

    async def firing(self, endpoint: Endpoint) -> FiringFact:
        """Ask for all alerts that are firing."""

    async def rules(self, endpoint: Endpoint) -> AlertRulesFact:
        """Ask for all alert rules that the server has loaded."""


class Prober(Protocol):
    """HTTP health probes and version endpoints."""

    async def probe(self, address: str, port: int, path: str, timeout: float) -> ProbeResult:  # noqa: ASYNC109 - in all
        """GET `http://address:port/path`; 200-399 is healthy, as for a kubelet probe."""

    async def fetch(self, address: str, port: int, path: str, timeout: float) -> FetchResult:  # noqa: ASYNC109 - in all
        """GET `http://address:port/path`; the text of a 200 with at most 4 KiB of UTF-8."""
