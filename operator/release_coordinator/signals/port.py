"""What the engine may learn from outside the Kubernetes API: four questions.

Implemented by `signals.prometheus` and `signals.probe`, and by scripted doubles. No call
raises for a bad answer: an outage is a fact (`problem`), because the engine must tell "bad"
from "unknown".
"""

from dataclasses import dataclass
from typing import Protocol

from release_coordinator.engine.evidence import AlertRulesFact


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer to a PromQL query: either a finite value or the reason there is none."""

    value: float | None
    problem: str = ""


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
    """A Prometheus-compatible server."""

    async def query(self, url: str, promql: str, timeout: float) -> Sample:  # noqa: ASYNC109
        """Ask for one instant value at the server's own time; `timeout` in seconds."""

    async def rules(self, url: str, timeout: float) -> AlertRulesFact:  # noqa: ASYNC109
        """Ask for all alert rules that the server has loaded; `timeout` in seconds."""


class Prober(Protocol):
    """HTTP health probes and version endpoints."""

    async def probe(self, address: str, port: int, path: str, timeout: float) -> ProbeResult:  # noqa: ASYNC109 - in all
        """GET `http://address:port/path`; 200-399 is healthy, as for a kubelet probe."""

    async def fetch(self, address: str, port: int, path: str, timeout: float) -> FetchResult:  # noqa: ASYNC109 - in all
        """GET `http://address:port/path`; the text of a 200 with at most 4 KiB of UTF-8."""
