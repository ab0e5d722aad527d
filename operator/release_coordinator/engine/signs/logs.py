"""R3.12: lines in the logs of the new version that mean trouble. One subject per entry.

Every line counts once, however often is looked and whenever the operator is started anew: the
journal keeps up to which moment lines are counted for good, and how many they are, and both change
in one write. Lines of the last seconds are counted anew at each look until they are that old, for
others of the same time may still be on their way.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from release_coordinator.api.base import parse_duration
from release_coordinator.api.conditions import Reason
from release_coordinator.api.measurement import CARRIED_FIRST, Carried, Verdict
from release_coordinator.api.watch import LogSign, Watch
from release_coordinator.engine import renewed, tracking
from release_coordinator.engine.context import Context
from release_coordinator.engine.reading import Finding
from release_coordinator.engine.renewed import Renewed
from release_coordinator.engine.subject import Subject
from release_coordinator.engine.watchfacts import LogFact, LogWant
from release_coordinator.text import one_line

SETTLED = timedelta(seconds=10)
"""After so long no more lines of a moment come: by so much may the clock of a node be behind."""
PATIENCE = timedelta(minutes=2)
"""So long a log that cannot be read keeps its place; then the others go on without it."""
SECONDS = 10.0
"""Least time between two looks."""


def subjects(watch: Watch) -> list[Subject]:
    """One subject per entry."""
    return [
        Subject(
            name=f"logs/{sign.name}",
            what=f"logs {sign.name}",
            reason=Reason.ERRORS_LOGGED,
            look=_look_at(sign),
            interval=max(SECONDS, parse_duration(watch.interval)),
            severity=sign.severity,
            on_unknown=sign.on_unknown,
        )
        for sign in watch.logs
    ]


def _look_at(sign: LogSign) -> Callable[[Context, datetime], Finding | None]:
    def look(ctx: Context, due: datetime) -> Finding | None:
        carried = tracking.carried(ctx, f"logs/{sign.name}")
        since = carried.until or _whole(renewed.changed_at(ctx))
        until = max(since, _whole(due - SETTLED))
        wants = [
            _want(sign, one, since, until, due) for one in renewed.workloads(ctx, sign.component)
        ]
        ctx.seen.gather(*wants)
        facts = [fact for want in wants if (fact := ctx.seen.late(want)) is not None]
        if len(facts) < len(wants):
            return None
        stays = any(fact.problem for fact in facts) and due - since < PATIENCE
        return _judged(sign, facts, carried, since if stays else until, stays=stays)

    return look


def _whole(moment: datetime) -> datetime:
    """In whole seconds, as logs are asked for."""
    return moment.replace(microsecond=0)


def _want(sign: LogSign, one: Renewed, since: datetime, until: datetime, due: datetime) -> LogWant:
    complete = one.complete is not None
    return LogWant(
        workload=one.workload,
        container=sign.container or "",
        patterns=tuple(sorted(sign.patterns)),
        images=frozenset() if complete else one.images,
        since=since,
        until=until,
        at=due,
        created=None if complete else one.created,
    )


def _judged(
    sign: LogSign, facts: list[LogFact], carried: Carried, until: datetime, *, stays: bool
) -> Finding:
    settled = sum(fact.lines for fact in facts)
    count = carried.lines + settled + sum(fact.recent for fact in facts)
    first = carried.first or next((fact.first for fact in facts if fact.first), "")
    following = Carried(
        until=until,
        lines=carried.lines + (0 if stays else settled),
        first=one_line(first, CARRIED_FIRST),
    )
    problem = next((fact.problem for fact in facts if fact.problem), "")
    text = _told(sign, facts, count, first)
    if count > sign.above:
        return Finding(Verdict.FAIL, text, float(count), carried=following)
    if problem:
        return Finding(Verdict.UNKNOWN, f"{problem}; {text}", float(count), carried=following)
    return Finding(Verdict.PASS, text, float(count), carried=following)


def _told(sign: LogSign, facts: list[LogFact], count: int, first: str) -> str:
    """The numbers, what they leave out, and the first line: that comes last, it may be cut."""
    pods = sum(fact.pods for fact in facts)
    lines = f"{count} line{'' if count == 1 else 's'} since the change"
    text = f"{lines} (limit {sign.above}) in {pods} pod{'' if pods == 1 else 's'}"
    cut = next((fact.cut for fact in facts if fact.cut), "")
    text = f"{text}; {cut}" if cut else text
    return f"{text}; first: {first}" if first else text
