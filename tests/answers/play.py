"""One release whose metric source gets into trouble: the real client over HTTP, virtual time.

Everything is real but the API server and the clock: the operator's client asks a server on
loopback, through the MetricSource and everything that guards it.
"""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tests.answers.kinds import BAD, GOOD, Answer, number
from tests.answers.shapes import DURATION, FOREVER, INTERVAL, LIMIT, ROLLOUT, Shape, is_hit
from tests.fakes.prometheus import ScriptedPrometheus
from tests.fakes.world import World
from tests.releases import bookshop

from release_coordinator.api.attempt import Attempt, Trigger
from release_coordinator.api.codec import parse_release
from release_coordinator.api.conditions import Phase
from release_coordinator.api.measurement import Measurement, Verdict
from release_coordinator.api.watch import OnUnknown, WatchStart
from release_coordinator.cluster.port import METRIC_SOURCE, Body, Ref
from release_coordinator.engine.evidence import AlertRulesFact
from release_coordinator.engine.watchfacts import FiringFact, SampleFact, SeriesFact
from release_coordinator.signals.port import Endpoint
from release_coordinator.signals.prometheus import PrometheusMetrics

METRIC = "errors"
RELEASE = bookshop()
ENDLESS = 60.0
"""Seconds by the real clock in which an answer comes, however busy the machine is."""
ROLLOUT_SECONDS = 120.0
"""The rollout takes longer than answers may be missing."""


class Client:
    """The operator's client for all plays: certificates are read once."""

    def __init__(self, server: ScriptedPrometheus) -> None:
        self.server = server
        self._play: Play | None = None
        # Virtual time passes faster than the answers would be asked for anew.
        self.real = PrometheusMetrics(now=self._now, shared=0)

    def _now(self) -> float:
        return self.play.now.timestamp()

    @property
    def play(self) -> "Play":
        """Whose turn it is."""
        assert self._play is not None
        return self._play

    def serve(self, play: "Play") -> None:
        """Ask for this play from now on."""
        self._play = play

    async def query(self, endpoint: Endpoint, promql: str) -> SampleFact:
        """Ask the server that answers as is its turn."""
        return await self.real.query(self.play.prepare(endpoint), promql)

    async def series(
        self, endpoint: Endpoint, promql: str, start: datetime, end: datetime, step: float
    ) -> SeriesFact:
        """Ask for a range."""
        return await self.real.series(endpoint, promql, start, end, step)

    async def firing(self, endpoint: Endpoint) -> FiringFact:
        """Ask for alerts."""
        return await self.real.firing(endpoint)

    async def rules(self, endpoint: Endpoint) -> AlertRulesFact:
        """Ask for alert rules."""
        return await self.real.rules(endpoint)


@dataclass
class Told:
    """What the status has said, in the order it was written."""

    begun: datetime | None = None
    """When the watch after the rollout began."""
    changed: datetime | None = None
    """When the first workload was changed."""
    ended: datetime | None = None
    """When it was decided how it ends."""
    verdicts: list[tuple[float, Verdict, str]] = field(default_factory=list)
    """Seconds of the watch, verdict, message: at each change that was worth a write."""
    trigger: Trigger | None = None
    """Why it was taken back."""
    attempt: Attempt | None = None

    def seconds(self, moment: datetime) -> float:
        """Second of the watch; far below zero, but counted from the change, before it begins."""
        if self.begun is not None:
            return (moment - self.begun).total_seconds()
        return (moment - (self.changed or moment)).total_seconds() - FOREVER

    @property
    def length(self) -> int:
        """Seconds from the begin of the watch to the decision how it ends."""
        assert self.ended is not None
        return round(self.seconds(self.ended))


class Play:
    """A world, and a server that is scripted by its time."""

    def __init__(self, client: Client, answer: Answer, shape: Shape) -> None:
        self.told = Told()
        self.breach_from = float("inf")
        """Second of the watch from which on a good answer is a bad value."""
        self._server, self._answer, self._shape = client.server, answer, shape
        client.serve(self)
        self.world = World(asked=client, patience=ENDLESS)
        self.world.cluster.subscribe(self._hear)

    @property
    def now(self) -> datetime:
        """The virtual time."""
        return self.world.time.now()

    async def run(self, policy: OnUnknown) -> Phase:
        """The whole release, until it is over or held."""
        await self.world.setup()
        place = {"url": self._server.url, "allow": ["Loopback"], "timeout": "1m"}
        await self.world.user.patch(Ref(METRIC_SOURCE, None, "default"), {"spec": place})
        if self._shape is ROLLOUT:
            self.world.script.rollout_seconds = ROLLOUT_SECONDS
        await self.world.apply(body(policy, early=self._shape is ROLLOUT))
        return (await self.world.run()).status.phase

    def prepare(self, endpoint: Endpoint) -> Endpoint:
        """Have the server answer as it does now; where and how it is asked."""
        now = self.now
        second = self.told.seconds(now)
        if not is_hit(self._answer, self._shape, second):
            value = BAD if second >= self.breach_from else GOOD
            self._server.script = number(value, now.timestamp())
            return endpoint
        self._server.script = self._answer.make(self._server, now.timestamp())
        return replace(
            endpoint,
            url=self._answer.url or endpoint.url,
            timeout=self._answer.timeout or endpoint.timeout,
        )

    def _hear(self, _: str, body: Body) -> None:
        if body["kind"] != "Release":
            return
        told, attempt = self.told, parse_release(body).status.attempt
        if attempt is None:
            return
        told.attempt = attempt
        if attempt.watch is not None:
            told.begun, told.changed = attempt.watch.started_at, attempt.watch.changed_at
        told.trigger = attempt.trigger or told.trigger
        for entry in attempt.measurements:
            self._measured(entry)
        decided = attempt.trigger or attempt.hold or attempt.end
        if told.ended is None and decided is not None:
            told.ended = self.now

    def _measured(self, entry: Measurement) -> None:
        if entry.sampled_at is not None:
            at = self.told.seconds(entry.sampled_at)
            self.told.verdicts.append((at, entry.verdict, entry.message))


def body(policy: OnUnknown, *, early: bool) -> Body:
    """A Release without Jobs, whose watch is short."""
    release = deepcopy(RELEASE)
    spec: dict[str, Any] = release["spec"]
    for needless in ("migrations", "caches", "verify"):
        del spec[needless]
    del spec["components"][1]
    metric = {"name": METRIC, "query": "errors", "breach": {"above": 0.5}, "failureThreshold": 1}
    metric |= {"onUnknown": policy}
    spec["watch"] = {
        "duration": f"{DURATION}s",
        "interval": f"{INTERVAL}s",
        "unknownLimit": f"{LIMIT}s",
        "start": WatchStart.FIRST_CHANGE if early else WatchStart.AFTER_ROLLOUT,
        "metrics": [metric],
    }
    return release
