"""R3.12: lines in the logs of the new version that mean trouble. One subject per entry.

Every line counts once, however often is looked and whenever the operator is started anew: the
journal keeps up to which moment lines are counted for good, and how many they are, and both change
in one write. Lines of the last seconds are counted anew at each look until they are that old, for
others of the same time may still be on their way. So are those of a log that is longer than can be
read at one look: the rest of it is read at the next, and until then nothing is known.
"""

from collections.abc import Callable
from dataclasses import dataclass
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
        return _judged(sign, facts, carried, _Position(since, _reached(facts, until), due, stays))

    return look


@dataclass(frozen=True, slots=True)
class _Position:
    """Up to where logs are read."""

    since: datetime
    until: datetime
    """Up to where all of them are read by now."""
    due: datetime
    stays: bool
    """One could not be read: all are read again from where they were."""

    @property
    def following(self) -> datetime:
        """From where they are read at the next look."""
        return self.since if self.stays else self.until


def _reached(facts: list[LogFact], until: datetime) -> datetime:
    """No log has lines from before that have not been read."""
    return min([until, *(fact.reached for fact in facts if fact.reached is not None)])


def _settled(fact: LogFact, until: datetime) -> int:
    """Its lines from before a moment."""
    return fact.lines - sum(lines for at, lines in fact.per_second if at >= until)


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


def _judged(sign: LogSign, facts: list[LogFact], carried: Carried, position: _Position) -> Finding:
    settled = sum(_settled(fact, position.until) for fact in facts)
    count = carried.lines + sum(fact.lines + fact.recent for fact in facts)
    first = carried.first or next((fact.first for fact in facts if fact.first), "")
    following = Carried(
        until=position.following,
        lines=carried.lines + (0 if position.stays else settled),
        first=one_line(first, CARRIED_FIRST),
    )
    problem = next((fact.problem for fact in facts if fact.problem), "")
    cut = _cut(facts, position)
    text = _told(sign, facts, count, cut, first)
    if count > sign.above:
        return Finding(Verdict.FAIL, text, float(count), carried=following)
    if problem or cut:
        text = f"{problem}; {text}" if problem else f"not all of the logs is known: {text}"
        return Finding(Verdict.UNKNOWN, text, float(count), carried=following)
    return Finding(Verdict.PASS, text, float(count), carried=following)


def _cut(facts: list[LogFact], position: _Position) -> str:
    """What was left out, and how far behind reading is."""
    cut = next((fact.cut for fact in facts if fact.cut), "")
    if all(fact.reached is None for fact in facts):
        return cut
    behind = (position.due - position.until).total_seconds()
    return f"{cut}: {behind:.0f} s behind, the next look reads on from there"


def _told(sign: LogSign, facts: list[LogFact], count: int, cut: str, first: str) -> str:
    """The numbers, what they leave out, and the first line: that comes last, it may be cut."""
    pods = sum(fact.pods for fact in facts)
    lines = f"{count} line{'' if count == 1 else 's'} since the change"
    text = f"{lines} (limit {sign.above}) in {pods} pod{'' if pods == 1 else 's'}"
    text = f"{text}; {cut}" if cut else text
    return f"{text}; first: {first}" if first else text
