"""Whether each metric source answers: looked at again and again, said in its status and metrics.

    operation runs it -> evidence.metricsources, signals -> status of the MetricSource

Every source is asked for a known number now and then, unless it has just answered something else.
A question of a Release that fails brings the next look forward. A status is written when something
is news, never because somebody looked.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .api.codec import MetricSourceObject, parse_metric_source
from .api.conditions import Condition, ConditionType, Reason, Status
from .api.faults import told
from .api.metricsource import MetricSourceStatus
from .clock import Clock
from .cluster.port import METRIC_SOURCE, Body
from .errors import Conflict, NotFound, ReleaseCoordinatorError, Transient
from .evidence.metricsources import endpoint_of, secret_keys
from .evidence.sources import Sources
from .evidence.sourcesecrets import NoSecret
from .signals.port import Checker, Outcome
from .telemetry.sourcemetrics import SourceMetrics
from .text import one_line

logger = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
"""Between two looks at a source that nobody else asks."""
TURN_SECONDS = 5.0
"""Between two rounds: as soon as this, what a Release has met is looked at."""
CHECK_SECONDS = 10.0
"""A check takes no longer, whatever timeout a source has."""
FAILURES = 2
"""Failed looks in a row until a source that has answered counts as one that does not."""
REWORDED = timedelta(minutes=5)
"""Another message alone is news after this time."""

_REASONS: Mapping[Outcome, Reason] = {
    Outcome.ANSWERED: Reason.ANSWERING,
    Outcome.UNREACHABLE: Reason.UNREACHABLE,
    Outcome.NOT_ASKED: Reason.UNREACHABLE,
    Outcome.REFUSED: Reason.REFUSED,
    Outcome.UNUSABLE: Reason.MISCONFIGURED,
    Outcome.FORBIDDEN: Reason.MISCONFIGURED,
}
_OF_THE_SOURCE = {Outcome.UNREACHABLE, Outcome.REFUSED, Outcome.FORBIDDEN}
"""Failures that are not due to the question that was asked."""


@dataclass(frozen=True, slots=True)
class _Finding:
    reason: Reason
    problem: str = ""

    @property
    def answers(self) -> bool:
        return self.reason is Reason.ANSWERING


@dataclass(slots=True)
class _Heard:
    """What is known of a source besides its status."""

    due: float = 0.0
    """When it is looked at again, by the monotonic clock."""
    failures: int = 0
    """Failed looks in a row."""
    answered: float = -LOOK_SECONDS
    """When it last answered anything, by the monotonic clock."""
    success: datetime | None = None
    """The same, by the clock of the day."""
    latency: float | None = None
    down: bool = False
    """What was last found."""
    generation: int = -1
    """Generation of the spec that was last looked at."""
    written: datetime | None = None
    """When its status was last written by this process."""


class SourceHealth:
    """The looks at metric sources; hears of all questions (`signals.port.SourceObserver`)."""

    def __init__(self, clock: Clock, now: Callable[[], datetime], metrics: SourceMetrics) -> None:
        """`now` is the time of day."""
        self._clock = clock
        self._now = now
        self._metrics = metrics
        self._heard: dict[str, _Heard] = {}

    def asked(self, source: str) -> None:
        """A question is sent: nothing is known yet."""

    def ended(self, source: str, outcome: Outcome, seconds: float) -> None:
        """Remember successes; what contradicts the last look brings the next one forward."""
        heard = self._heard.setdefault(source, _Heard())
        if outcome is Outcome.ANSWERED:
            heard.answered, heard.success = self._clock.now(), self._now()
            heard.latency = seconds
        news = outcome is Outcome.ANSWERED if heard.down else outcome in _OF_THE_SOURCE
        if news:
            heard.due = 0.0

    async def run(self, sources: Sources, checker: Checker) -> None:
        """Look for ever, until cancelled."""
        while True:
            await self.round(sources, checker)
            await self._clock.sleep(TURN_SECONDS)

    async def round(self, sources: Sources, checker: Checker) -> None:
        """Look at every source that is due, and forget those that are gone."""
        bodies = sources.store.select(METRIC_SOURCE)
        found = [(body, parse_metric_source(body)) for body in bodies]
        await self._forget_others([source for _, source in found], sources, checker)
        due = [(body, source) for body, source in found if self._is_due(source)]
        await asyncio.gather(*(self._guarded(sources, checker, *one) for one in due))

    def _is_due(self, source: MetricSourceObject) -> bool:
        heard = self._heard.setdefault(source.name, _Heard())
        if heard.generation != source.generation:
            return True
        fresh = not heard.down and self._clock.now() - heard.answered < LOOK_SECONDS
        return heard.due <= self._clock.now() and not (fresh and heard.due > 0)

    async def _guarded(
        self, sources: Sources, checker: Checker, body: Body, source: MetricSourceObject
    ) -> None:
        """Look; whatever one source does to us, the others are looked at."""
        try:
            await self._look(sources, checker, body, source)
        except Exception:
            logger.exception("The look at MetricSource %s failed", source.name)
            heard = self._heard[source.name]
            heard.generation = source.generation
            heard.due = self._clock.now() + LOOK_SECONDS

    async def _look(
        self, sources: Sources, checker: Checker, body: Body, source: MetricSourceObject
    ) -> None:
        heard = self._heard[source.name]
        if heard.generation == -1:
            heard.down = _says_down(source.status)
        try:
            finding = await _found(sources, checker, source)
        except Transient as error:
            logger.warning("The Secrets of MetricSource %s are not read: %s", source.name, error)
            return
        heard.failures = 0 if finding.answers else heard.failures + 1
        settled = finding.answers or heard.down or heard.failures >= FAILURES
        if not settled and _is_known(source):
            heard.due = 0.0
            heard.generation = source.generation
            return
        heard.generation = source.generation
        heard.down = not finding.answers
        pause = LOOK_SECONDS * random.uniform(0.9, 1.1)  # noqa: S311 - jitter, no secret
        heard.due = self._clock.now() + pause
        self._metrics.up(source.name, finding.answers)
        if not await self._tell(sources, body, source, finding):
            heard.due = 0.0

    async def _tell(
        self, sources: Sources, body: Body, source: MetricSourceObject, finding: _Finding
    ) -> bool:
        """Write the status if it is news; whether it says now what was found."""
        heard = self._heard[source.name]
        now = self._now()
        status = _status(source, finding, heard, now)
        if not _is_news(source.status, status, heard.written, now):
            return True
        log = logger.info if finding.answers else logger.error
        log("MetricSource %s: %s", source.name, status.conditions[0].message)
        try:
            stored = await sources.cluster.replace_status(
                METRIC_SOURCE, {**body, "status": status.to_wire()}
            )
        except (Conflict, NotFound):
            return False  # changed or gone meanwhile: the watch tells, and the next round looks
        except ReleaseCoordinatorError as error:
            logger.warning("Status of MetricSource %s not written: %s", source.name, error)
            return not isinstance(error, Transient)  # for lack of rights there is no hurry
        heard.written = now
        sources.store.put(METRIC_SOURCE, stored)
        return True

    async def _forget_others(
        self, present: list[MetricSourceObject], sources: Sources, checker: Checker
    ) -> None:
        names = {source.name for source in present}
        sources.secrets.keep_only(frozenset(key for one in present for key in secret_keys(one)))
        for name in [name for name in self._heard if name not in names]:
            del self._heard[name]
            self._metrics.forget(name)
            try:
                await checker.forget(name)
            except Exception:
                logger.exception("The connections to MetricSource %s are not closed", name)


async def _found(sources: Sources, checker: Checker, source: MetricSourceObject) -> _Finding:
    if source.spec is None:
        return _Finding(Reason.MISCONFIGURED, f"has faults: {told(source.faults)}")
    try:
        endpoint = await endpoint_of(sources.secrets, source.name, source.spec)
    except NoSecret as error:
        return _Finding(Reason.MISCONFIGURED, f"cannot be asked: {error}")
    bounded = replace(endpoint, timeout=min(endpoint.timeout, CHECK_SECONDS))
    result = await checker.check(bounded)
    return _Finding(_REASONS[result.outcome], result.problem)


def _is_known(source: MetricSourceObject) -> bool:
    """Whether its status says anything of its present spec."""
    return bool(source.status.conditions) and (
        source.status.observed_generation == source.generation
    )


def _says_down(status: MetricSourceStatus) -> bool:
    return any(one.status is Status.FALSE for one in status.conditions)


def _status(
    source: MetricSourceObject, finding: _Finding, heard: _Heard, now: datetime
) -> MetricSourceStatus:
    last = source.status
    value = Status.TRUE if finding.answers else Status.FALSE
    before = last.conditions[0] if last.conditions else None
    since = before.last_transition_time if before and before.status is value else now
    message = "" if finding.answers else f"It {finding.problem}."
    ready = Condition(
        type=ConditionType.READY,
        status=value,
        reason=finding.reason,
        message=one_line(message or "It answers queries.", 1024),
        last_transition_time=since,
        observed_generation=source.generation,
    )
    return MetricSourceStatus(
        observed_generation=source.generation,
        conditions=[ready],
        last_success=heard.success or last.last_success,
        latency_seconds=heard.latency if heard.latency is not None else last.latency_seconds,
        message=one_line(message, 256),
    )


def _is_news(
    before: MetricSourceStatus, after: MetricSourceStatus, written: datetime | None, now: datetime
) -> bool:
    def facts(status: MetricSourceStatus) -> list[tuple[str, str, str, int]]:
        return [
            (one.type, one.status, one.reason, one.observed_generation) for one in status.conditions
        ]

    if facts(before) != facts(after) or before.observed_generation != after.observed_generation:
        return True
    reworded = before.message != after.message
    return reworded and (written is None or now - written >= REWORDED)
