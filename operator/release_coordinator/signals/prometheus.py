"""Asks a Prometheus-compatible server for samples, series, firing alerts and alert rules.

Called while gates and the watch are evaluated. An outage of the source is an answer too: no call
raises, each says in `problem` what happened, where, and what to do. `signals.exchange` does the
HTTP, and the modules beside it read the answers.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from yarl import URL

from release_coordinator.engine.evidence import AlertRulesFact
from release_coordinator.engine.watchfacts import FiringFact, SampleFact, SeriesFact
from release_coordinator.signals.addresses import APIServer
from release_coordinator.signals.answer import read_answer
from release_coordinator.signals.exchange import Exchange, Reply, Request
from release_coordinator.signals.firing import read_firing
from release_coordinator.signals.links import Links
from release_coordinator.signals.port import CheckResult, Endpoint, Outcome, SourceObserver
from release_coordinator.signals.rules import read_rules
from release_coordinator.signals.series import POINTS, read_series
from release_coordinator.signals.sharing import SHARED_SECONDS, Sharing

CHECKED = "vector(1)"
"""A query that every source answers, whatever it holds."""
SAMPLE_BYTES = 256 << 10
"""Of an answer with one number, whatever the source may answer."""
SERIES_BYTES = 1 << 20
"""The same of a series: the most values that there can be take a third of it."""
ASIDE_BYTES = 256 << 10
"""Longer answers are read in a thread, and one at a time, for the sake of the memory."""
_Fact = TypeVar("_Fact", SampleFact, SeriesFact, FiringFact, AlertRulesFact)

_RULES = Request(
    "GET",
    "rules",
    # Without the alerts themselves the answer does not grow when much is firing.
    {"type": "alert", "exclude_alerts": "true"},
    "name a source with fewer rules",
)
_ALERTS = Request("GET", "alerts", {}, "find out why so much is firing")


class PrometheusMetrics:
    """Implements `signals.port.Metrics` and `Checker`. Close it when the process ends."""

    def __init__(
        self,
        *,
        api_server: APIServer | None = None,
        allow_loopback: bool = False,
        observers: Sequence[SourceObserver] = (),
        now: Callable[[], float] = time.time,
        shared: float = SHARED_SECONDS,
    ) -> None:
        """`now` in Unix seconds, to tell how old a sample is; `allow_loopback` is for tests.

        The same question is asked anew after `shared` seconds.
        """
        links = Links(api_server or APIServer(), allow_loopback=allow_loopback)
        self._exchange = Exchange(links, observers)
        self._sharing = Sharing(shared)
        self._now = now
        self._reading = asyncio.Lock()

    async def close(self) -> None:
        """Close all connections."""
        await self._sharing.close()
        await self._exchange.close()

    async def forget(self, name: str) -> None:
        """A source is gone: close its connections."""
        await self._exchange.forget(name)

    async def query(self, endpoint: Endpoint, promql: str) -> SampleFact:
        """Ask for one instant value at the server's own time."""

        async def ask() -> SampleFact:
            return self._sample(await self._exchange.ask(endpoint, _instant(endpoint, promql)))

        return await self._shared(endpoint, ("query", promql), ask)

    async def series(
        self, endpoint: Endpoint, promql: str, start: datetime, end: datetime, step: float
    ) -> SeriesFact:
        """Ask for the values of one series between two moments, `step` seconds apart."""
        first, last = start.timestamp(), end.timestamp()
        if step <= 0 or last < first or (last - first) / step >= POINTS:
            problem = f"is not asked for more than {POINTS} values at once; choose a shorter range"
            return _placed(endpoint, SeriesFact((), problem))

        async def ask() -> SeriesFact:
            reply = await self._exchange.ask(endpoint, _range(endpoint, promql, first, last, step))
            if reply.problem:
                return SeriesFact((), reply.problem)
            within = (first - step, last + step)
            return await self._read(reply, partial(read_series, within=within))

        return await self._shared(endpoint, ("series", promql, start, end, step), ask)

    async def firing(self, endpoint: Endpoint) -> FiringFact:
        """Ask for all alerts that are firing."""
        public = replace(endpoint, asker="")  # the same for all: nobody waits for another's share

        async def ask() -> FiringFact:
            reply = await self._exchange.ask(public, _ALERTS)
            if reply.problem:
                return FiringFact((), reply.problem)
            return await self._read(reply, read_firing)

        return await self._shared(public, ("firing",), ask)

    async def rules(self, endpoint: Endpoint) -> AlertRulesFact:
        """Ask for all alert rules that are loaded."""
        public = replace(endpoint, asker="")

        async def ask() -> AlertRulesFact:
            reply = await self._exchange.ask(public, _RULES)
            if reply.problem:
                return AlertRulesFact((), reply.problem)
            return await self._read(reply, read_rules)

        return await self._shared(public, ("rules",), ask)

    async def check(self, endpoint: Endpoint) -> CheckResult:
        """Ask for a number that is known, without waiting for a turn."""
        reply = await self._exchange.ask(endpoint, _instant(endpoint, CHECKED), waits=False)
        sample = self._sample(reply)
        good = reply.outcome is not Outcome.ANSWERED or sample.value == 1
        problem = sample.problem if good else sample.problem or f"answered {CHECKED} with no 1"
        outcome = reply.outcome if good else Outcome.UNUSABLE
        return CheckResult(outcome, problem, reply.seconds)

    def _sample(self, reply: Reply) -> SampleFact:
        if reply.problem:
            return SampleFact(None, reply.problem)
        return read_answer(reply.status, reply.body, self._now())

    async def _read(self, reply: Reply, read: Callable[[int, bytes], _Fact]) -> _Fact:
        if len(reply.body) <= ASIDE_BYTES:
            return read(reply.status, reply.body)
        async with self._reading:
            return await asyncio.to_thread(read, reply.status, reply.body)

    async def _shared(
        self, endpoint: Endpoint, question: tuple[object, ...], ask: Callable[[], Awaitable[_Fact]]
    ) -> _Fact:
        return _placed(endpoint, await self._sharing.get((endpoint, question), ask))


def _instant(endpoint: Endpoint, promql: str) -> Request:
    # The server gets our deadline: it need not work for a caller that has gone.
    form = {"query": promql, "timeout": f"{endpoint.timeout:.3f}"}
    return Request("POST", "query", form, "narrow the query to one series", SAMPLE_BYTES)


def _range(endpoint: Endpoint, promql: str, start: float, end: float, step: float) -> Request:
    form = {
        "query": promql,
        "start": f"{start:.3f}",
        "end": f"{end:.3f}",
        "step": f"{step:.3f}",
        "timeout": f"{endpoint.timeout:.3f}",
    }
    return Request("POST", "query_range", form, "narrow the query to one series", SERIES_BYTES)


def _placed(endpoint: Endpoint, fact: _Fact) -> _Fact:
    """The same answer, with where the problem is as a sentence."""
    if not fact.problem:
        return fact
    where = f"{endpoint.name} ({_shown(endpoint.url)})"
    return replace(fact, problem=f"Metric source {where} {fact.problem}.")


def _shown(url: str) -> str:
    """The address without what might be secret in it."""
    try:
        return str(URL(url).with_user(None).with_query(None).with_fragment(None))
    except ValueError:
        return "with an unreadable address"
