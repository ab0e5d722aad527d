"""What the engine may learn from outside the Kubernetes API: two questions.

Implemented by `signals.prometheus` and `signals.probe`, and by scripted doubles. Neither call
raises for a bad answer: an outage is a fact (`problem`), because the engine must tell "bad"
from "unknown".
"""

from dataclasses import dataclass
from typing import Protocol


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


class Metrics(Protocol):
    """A Prometheus-compatible query endpoint."""

    async def query(self, url: str, promql: str, timeout: float) -> Sample:  # noqa: ASYNC109
        """Ask for one instant value at the server's own time; `timeout` in seconds."""


class Prober(Protocol):
    """HTTP health probes."""

    async def probe(self, address: str, port: int, path: str, timeout: float) -> ProbeResult:  # noqa: ASYNC109 - in all
        """GET `http://address:port/path`; 200-399 is healthy, as for a kubelet probe."""
