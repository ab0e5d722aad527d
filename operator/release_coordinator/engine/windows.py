"""When a deployment may begin: windows and freezes, judged at a moment.

Used by `gates.window`. A period begins at a local time of its zone and lasts its duration in
real time, whatever the clocks do meanwhile. Two local times need a decision, which is the one of
RFC 5545 for single times: a time that a change of the clocks skips is counted on from before the
change (02:30 becomes 03:30), so that no window and no freeze is lost; of a time that comes twice
the first counts. The time zones are those of the package `tzdata`: the same on every machine.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from release_coordinator.api.base import parse_duration
from release_coordinator.api.faults import Fault
from release_coordinator.api.windows import Freeze, Period, Window

from .recurrence import BadRuleError, Rule, parse

LOOK_AHEAD = timedelta(days=400)
"""How far openings and closings are looked for."""

LONGEST = timedelta(days=366)
"""A period that recurs; with longer ones each look would have to expand years of occurrences."""

YEARS = range(1970, 3000)
"""In which a period may begin."""

_ANY = datetime.fromisoformat("2000-01-01T00:00")
"""Stands for a start that could not be read, so that all faults are told at once."""

_MARGIN = timedelta(days=2)
"""More than any local time differs from UTC."""


@dataclass(frozen=True, slots=True)
class CalendarState:
    """What windows and freezes say at a moment; all times in UTC."""

    open: bool
    window: Window | None
    """The window that is open, or opens next; None without one."""
    freeze: Freeze | None = None
    """The freeze in effect; of several the one that ends last."""
    until: datetime | None = None
    """When it closes (None: not within LOOK_AHEAD), or the freeze ends."""
    opens_at: datetime | None = None
    """When it opens next if it is shut; None: not within LOOK_AHEAD."""


@dataclass(frozen=True, slots=True)
class _Timetable:
    """A period that was read."""

    period: Period
    start: datetime
    zone: tzinfo
    length: timedelta
    rule: Rule | None

    def stretches(self, now: datetime, before: datetime) -> Iterator["_Stretch"]:
        """Occurrences that end after `now` and begin before `before`, as they begin."""
        since = now - self.length
        local = (moment.replace(tzinfo=None) for moment in (since - _MARGIN, before + _MARGIN))
        batches = self.rule.times(*local) if self.rule else iter([[self.start]])
        for batch in batches:
            # A change of the clocks may swap two that are hours apart, never two months.
            for start in sorted(self._moment(time) for time in batch):
                if self.rule and self.rule.until and start > self.rule.until:
                    return
                if since < start < before:
                    yield _Stretch(start, start + self.length)

    def _moment(self, local: datetime) -> datetime:
        return local.replace(tzinfo=self.zone, fold=0).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Time without a gap: start <= moment < end."""

    start: datetime
    end: datetime


def judge(
    windows: Sequence[Window] | None, freezes: Sequence[Freeze], now: datetime
) -> CalendarState | tuple[Fault, ...]:
    """What windows (None: any time) and freezes say at a moment, or what is wrong with them."""
    return _judge(None if windows is None else tuple(windows), tuple(freezes), now)


@lru_cache(maxsize=16)  # a pass asks several times, of the same moment
def _judge(
    windows: tuple[Window, ...] | None, freezes: tuple[Freeze, ...], now: datetime
) -> CalendarState | tuple[Fault, ...]:
    read = [
        *(_read(f"spec.windows[{i}]", period) for i, period in enumerate(windows or [])),
        *(_read(f"spec.freezes[{i}]", period) for i, period in enumerate(freezes)),
    ]
    faults = [fault for item in read if isinstance(item, list) for fault in item]
    if faults:
        return tuple(faults)
    tables = [item for item in read if isinstance(item, _Timetable)]
    count = len(windows or [])
    opening = None if windows is None else tables[:count]
    return _state(opening, tables[count:], now.astimezone(UTC))


def _state(
    windows: list[_Timetable] | None, freezes: list[_Timetable], now: datetime
) -> CalendarState:
    before = now + LOOK_AHEAD
    since = _thaw(freezes, now, before)  # until then no window matters
    allowed = (
        _union(windows, since, before) if windows is not None else iter([_Stretch(since, before)])
    )
    left = _without(allowed, _union(freezes, since, before))
    found = next((stretch for stretch in left if stretch.end > since), None)
    opens_at = max(found.start, since) if found else None
    window, _ = _covering(windows or [], opens_at or before)
    shown = window if isinstance(window, Window) else None
    if found and opens_at == now:
        # All that begins before the horizon was looked at: an end after it is not known for sure.
        return CalendarState(True, shown, until=found.end if found.end < before else None)
    freeze, end = _covering(freezes, now)
    if isinstance(freeze, Freeze):
        return CalendarState(False, shown, freeze, end, opens_at)
    return CalendarState(False, shown, opens_at=opens_at)


def _thaw(freezes: list[_Timetable], now: datetime, before: datetime) -> datetime:
    """When the freezes that are in effect, one after the other, are over; now without any."""
    first = next(_union(freezes, now, before), None)
    return min(first.end, before) if first and first.start <= now else now


def _covering(tables: list[_Timetable], moment: datetime) -> tuple[Period | None, datetime | None]:
    """The period that a moment lies in, and its end; of several the one that ends last."""
    found = [
        (stretch.end, index)
        for index, table in enumerate(tables)
        for stretch in table.stretches(moment, moment + timedelta.resolution)
    ]
    if not found:
        return None, None
    end, index = max(found)
    return tables[index].period, end


def _union(tables: list[_Timetable], now: datetime, before: datetime) -> Iterator[_Stretch]:
    """The stretches that some table covers, in order, none touching another."""
    open_: _Stretch | None = None
    every = [table.stretches(now, before) for table in tables]
    for one in heapq.merge(*every, key=lambda stretch: stretch.start):
        if open_ is None or one.start > open_.end:
            if open_:
                yield open_
            open_ = one
        elif one.end > open_.end:
            open_ = _Stretch(open_.start, one.end)
    if open_:
        yield open_


def _without(windows: Iterator[_Stretch], freezes: Iterator[_Stretch]) -> Iterator[_Stretch]:
    """What freezes leave of windows, in order."""
    freeze = next(freezes, None)
    for window in windows:
        start = window.start
        while freeze and freeze.start < window.end:
            if freeze.start > start:
                yield _Stretch(start, freeze.start)
            start = max(start, freeze.end)
            if freeze.end >= window.end:
                break  # it may reach into the next window
            freeze = next(freezes, None)
        if start < window.end:
            yield _Stretch(start, window.end)


def _read(path: str, period: Period) -> _Timetable | list[Fault]:
    """A period that can be judged, or everything that is wrong with it."""
    faults = []
    start = _start(period.start)
    if start is None:
        faults.append(
            Fault(
                f"{path}.start",
                f"{period.start} is no date between {YEARS[0]} and {YEARS[-1]}",
                "write a local time, like 2026-01-05T09:00",
            )
        )
    place = zone(period.time_zone)
    if place is None:
        faults.append(
            Fault(
                f"{path}.timeZone",
                f"{period.time_zone} is not in the IANA time zone database",
                "write a name of it, like Europe/Berlin",
            )
        )
    length = timedelta(seconds=parse_duration(period.duration))
    if not length:
        faults.append(Fault(f"{path}.duration", "is zero", "write how long it lasts, like 4h"))
    if length > LONGEST and period.recurrence:
        problem = "is longer than a year, and the period recurs"
        remedy = f"write at most {LONGEST.days * 24}h, or remove recurrence"
        faults.append(Fault(f"{path}.duration", problem, remedy))
    rule = None
    try:
        rule = parse(period.recurrence, start or _ANY) if period.recurrence else None
    except BadRuleError as error:
        faults.append(Fault(f"{path}.recurrence", error.problem, error.remedy))
    if faults or start is None or place is None:
        return faults
    return _Timetable(period, start, place, length, rule)


def _start(text: str) -> datetime | None:
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        return None
    return start if start.year in YEARS else None


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo | None:
    """A time zone by its name in the IANA database; None if it has none of that name."""
    file = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    try:
        with file.open("rb") as data:
            return ZoneInfo.from_file(data, key=name)
    except (OSError, ValueError):
        return None
