"""What the engine may learn from outside the Kubernetes API: what sources and endpoints say.

Implemented by `signals.prometheus` and `signals.probe`, and by scripted doubles. No call
raises for a bad answer: an outage is a fact (`problem`), because the engine must tell "bad"
from "unknown".
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from release_coordinator.api.metricsource import AddressKind
from release_coordinator.engine.evidence import AlertRulesFact
from release_coordinator.engine.watchfacts import FiringFact, SampleFact, SeriesFact


@dataclass(frozen=True, slots=True)
class TLSMaterial:
    """How both sides prove who they are; PEM, empty where nothing special is wanted."""

    ca: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    server_name: str = ""
    """Name that the server's certificate must have; the host of the URL if empty."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A metric source as it is asked: everything of a MetricSource that a request needs."""

    name: str
    """Name of the MetricSource: messages and metrics call it so."""
    url: str
    """Root of the API, before `/api/v1`; it may carry a path prefix."""
    timeout: float
    """Seconds for one answer, in all. As long again a question waits for its turn."""
    authorization: str = field(default="", repr=False)
    """Value of the HTTP header, or empty. A secret."""
    tls: TLSMaterial = field(default=TLSMaterial(), repr=False)
    allow: frozenset[AddressKind] = frozenset()
    """Kinds of addresses that may be asked although no source should live there."""
    max_answer: int = 4 << 20
    """Bytes of an answer that are read at most."""
    concurrency: int = 8
    """Questions under way at the same time."""
    asker: str = ""
    """Namespace for which is asked, so that none takes all turns; empty if for all."""


class Outcome(StrEnum):
    """What became of one question, as far as the source is concerned; a label of metrics."""

    ANSWERED = "answered"  # HTTP 200 with JSON, whatever it says
    UNUSABLE = "unusable"  # no JSON, too long, or the question was found faulty
    REFUSED = "refused"  # no access, overload or a fault of the server
    UNREACHABLE = "unreachable"  # no connection, a cut one, or no answer in time
    FORBIDDEN = "forbidden"  # not asked: no source may live at its address, or TLS is set up badly
    NOT_ASKED = "not_asked"  # not asked: too many others were before it


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What came of asking a source for a number that is known."""

    outcome: Outcome
    problem: str
    """Begins with a verb; empty if the number came."""
    seconds: float
    """How long it took."""


class SourceObserver(Protocol):
    """Hears of every question to a source; must be quick and must not raise."""

    def asked(self, source: str) -> None:
        """A question is sent."""

    def ended(self, source: str, outcome: Outcome, seconds: float) -> None:
        """It ended, so many seconds after it was sent; all but NOT_ASKED were `asked` before."""


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


class Checker(Protocol):
    """Finds out whether a source answers at all."""

    async def check(self, endpoint: Endpoint) -> CheckResult:
        """Ask for a number that is known, without waiting for a turn. Never raises."""

    async def forget(self, name: str) -> None:
        """A source is gone: close its connections."""


class Prober(Protocol):
    """HTTP health probes and version endpoints."""

    async def probe(self, address: str, port: int, path: str, timeout: float) -> ProbeResult:  # noqa: ASYNC109 - in all
        """GET `http://address:port/path`; 200-399 is healthy, as for a kubelet probe."""

    async def fetch(self, address: str, port: int, path: str, timeout: float) -> FetchResult:  # noqa: ASYNC109 - in all
        """GET `http://address:port/path`; the text of a 200 with at most 4 KiB of UTF-8."""
