"""Asks a Prometheus-compatible server: the IO half of `signals.answer` and `signals.rules`.

Called while gates and the watch are evaluated. An outage of the source is an answer too: no call
raises, each says in `problem` what happened, where, and what to do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Literal, TypeVar

import aiohttp
from yarl import URL

from release_coordinator.engine.evidence import AlertRulesFact
from release_coordinator.engine.watchfacts import FiringFact, SampleFact, SeriesFact
from release_coordinator.signals.answer import read_answer
from release_coordinator.signals.envelope import CHECK_ADDRESS
from release_coordinator.signals.port import Endpoint
from release_coordinator.signals.rules import read_rules
from release_coordinator.signals.session import Session, describe, read_capped, seconds

MAX_ANSWER = 1 << 20
"""Bytes of an answer that are read at most: one series needs less than a thousand."""
MAX_RULES = 8 << 20
"""Bytes of a list of rules that are read at most: a rule needs about a thousand."""
_Fact = TypeVar("_Fact", SampleFact, AlertRulesFact)


@dataclass(frozen=True, slots=True)
class _Request:
    verb: Literal["GET", "POST"]
    path: str
    parameters: Mapping[str, str]
    limit: int
    """Bytes of the answer."""
    too_long: str
    """What to do about an answer that is longer."""


class PrometheusMetrics:
    """Implements `signals.port.Metrics`. Close it when the process ends."""

    def __init__(self, max_answer: int = MAX_ANSWER, max_rules: int = MAX_RULES) -> None:
        """`max_answer` and `max_rules` in bytes."""
        self._session = Session()
        self._max_answer = max_answer
        self._max_rules = max_rules

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def query(self, endpoint: Endpoint, promql: str) -> SampleFact:
        """Ask for one instant value at the server's own time."""
        # The server gets our deadline: it need not work for a caller that has gone.
        form = {"query": promql, "timeout": f"{endpoint.timeout:.3f}"}
        narrow = "narrow the query to one series"
        request = _Request("POST", "query", form, self._max_answer, narrow)
        answer = await self._ask(endpoint.url, request, endpoint.timeout)
        sample = SampleFact(None, answer) if isinstance(answer, str) else read_answer(*answer)
        return _placed(endpoint.url, sample)

    async def series(
        self, endpoint: Endpoint, promql: str, start: datetime, end: datetime, step: float
    ) -> SeriesFact:
        """Ask for the values of one series between two moments, `step` seconds apart."""
        del start, end, step
        fact = await self.query(endpoint, promql)
        return SeriesFact(() if fact.value is None else (fact.value,), fact.problem)

    async def firing(self, endpoint: Endpoint) -> FiringFact:
        """Ask for all alerts that are firing."""
        raise NotImplementedError

    async def rules(self, endpoint: Endpoint) -> AlertRulesFact:
        """Ask for all alert rules that are loaded."""
        # Without the alerts themselves the answer does not grow when much is firing.
        parameters = {"type": "alert", "exclude_alerts": "true"}
        split = "name a source with fewer rules"
        request = _Request("GET", "rules", parameters, self._max_rules, split)
        answer = await self._ask(endpoint.url, request, endpoint.timeout)
        rules = AlertRulesFact((), answer) if isinstance(answer, str) else read_rules(*answer)
        return _placed(endpoint.url, rules)

    async def _ask(self, url: str, request: _Request, timeout: float) -> tuple[int, bytes] | str:  # noqa: ASYNC109
        """HTTP status and body, or why they are not to be had."""
        try:
            source = URL(url).with_query(None).with_fragment(None)
            return await self._exchange(source / "api/v1" / request.path, request, timeout)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return (
                f"{describe(error, timeout)}; "
                "check its address, that it runs and that the operator can reach it"
            )

    async def _exchange(
        self,
        url: URL,
        request: _Request,
        timeout: float,  # noqa: ASYNC109
    ) -> tuple[int, bytes] | str:
        async with self._session.get().request(
            request.verb,
            url,
            timeout=seconds(timeout),
            allow_redirects=False,
            params=request.parameters if request.verb == "GET" else None,
            data=request.parameters if request.verb == "POST" else None,
        ) as response:
            body = await read_capped(response, request.limit)
            if body is None:
                return f"answered with more than {request.limit} bytes; {request.too_long}"
            if response.status == HTTPStatus.OK and response.content_type != "application/json":
                return f"answered with a page that is not JSON; {CHECK_ADDRESS}"
            return response.status, body


def _placed(url: str, fact: _Fact) -> _Fact:
    """The same answer, with where the problem is as a sentence."""
    if not fact.problem:
        return fact
    return replace(fact, problem=f"Metric source {_shown(url)} {fact.problem}.")


def _shown(url: str) -> str:
    """The address without what might be secret in it."""
    try:
        return str(URL(url).with_user(None).with_query(None).with_fragment(None))
    except ValueError:
        return "(unreadable address)"
