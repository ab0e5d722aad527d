"""Windows and freezes: compared with a table of minutes, across changes of the clocks."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from release_coordinator.api.faults import told
from release_coordinator.api.windows import Freeze, Window
from release_coordinator.engine import windows as calendar
from release_coordinator.engine.windows import CalendarState

MINUTE = timedelta(minutes=1)
SPAN = timedelta(weeks=8)
SPRING = datetime(2026, 2, 22, tzinfo=UTC)  # New York 8 March, Berlin 29 March, Lord Howe 5 April
AUTUMN = datetime(2026, 9, 22, tzinfo=UTC)  # Lord Howe 4 October, Berlin 25th, New York 1 November
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def window(**fields: Any) -> Window:
    return Window.model_validate({"name": "weekdays", "duration": "4h", **fields})


def freeze(**fields: Any) -> Freeze:
    return Freeze.model_validate({"name": "sale", "duration": "4h", **fields})


def judge(windows: list[Window] | None, freezes: list[Freeze], now: str) -> CalendarState:
    state = calendar.judge(windows, freezes, datetime.fromisoformat(now))
    assert isinstance(state, CalendarState), state
    return state


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass(frozen=True)
class Model:
    """A period as the table knows it: no RRULE, no offsets, only clocks on walls."""

    zone: str
    start: datetime
    minutes: int
    frequency: str
    interval: int
    days: frozenset[int]
    count: int | None

    def fields(self) -> dict[str, Any]:
        """The same as people write it."""
        rule = None
        if self.frequency:
            rule = f"FREQ={self.frequency};INTERVAL={self.interval}"
            rule += f";BYDAY={','.join(DAYS[d] for d in sorted(self.days))}" if self.days else ""
            rule += f";COUNT={self.count}" if self.count else ""
        return {
            "start": self.start.isoformat(timespec="minutes"),
            "duration": f"{self.minutes}m",
            "timeZone": self.zone,
            "recurrence": rule,
        }

    def starts(self, last: datetime) -> list[datetime]:
        """Local times of all occurrences, found by trying every hour from the start on."""
        found, hour = [], 0
        while (time := self.start + timedelta(hours=hour)) <= last:
            if self._holds(time, hour):
                found.append(time)
            hour += 1
            if not self.frequency:
                break
        return found[: self.count]

    def _holds(self, time: datetime, hour: int) -> bool:
        if self.days and time.weekday() not in self.days:
            return False
        if self.frequency == "HOURLY":
            return hour % self.interval == 0
        if hour % 24:
            return False
        if self.frequency == "DAILY":
            return hour // 24 % self.interval == 0
        monday = self.start.date() - timedelta(days=self.start.weekday())
        weeks = (time.date() - monday).days // 7
        return self.frequency == "" or weeks % self.interval == 0


@lru_cache
def clock(zone: str, origin: datetime) -> dict[datetime, int]:
    """Local time -> the minute since origin at which a clock first shows it, or would have."""
    shown: dict[datetime, int] = {}
    place, before = ZoneInfo(zone), None
    for minute in range(-3 * 1440, int(SPAN / MINUTE) + 3 * 1440):
        now = (origin + minute * MINUTE).astimezone(place).replace(tzinfo=None)
        shown.setdefault(now, minute)
        if before is not None and now - before > MINUTE:
            for skipped in range(1, int((now - before) / MINUTE)):
                shown.setdefault(before + skipped * MINUTE, minute - 1 + skipped)
        before = now
    return shown


def table(models: list[Model], origin: datetime) -> bytearray:
    """For each minute whether one of the periods covers it."""
    size = int(SPAN / MINUTE)
    covered = bytearray(size)
    for model in models:
        shown = clock(model.zone, origin)
        for start in model.starts((origin + SPAN).replace(tzinfo=None) + timedelta(days=1)):
            first = shown[start]
            low, high = (min(max(minute, 0), size) for minute in (first, first + model.minutes))
            covered[low:high] = b"\x01" * (high - low)
    return covered


@st.composite
def models(draw: st.DrawFn, origin: datetime) -> Model:
    quarters = draw(st.integers(0, 10 * 96))
    frequency = draw(st.sampled_from(["", "HOURLY", "DAILY", "WEEKLY"]))
    days = draw(st.frozensets(st.integers(0, 6), max_size=3)) if frequency else frozenset()
    start = origin.replace(tzinfo=None) + timedelta(minutes=15 * quarters)
    if frequency == "WEEKLY":
        days |= {start.weekday()}
    longest = 8 if frequency == "HOURLY" else 5 * 96
    return Model(
        draw(st.sampled_from(ZONES)),
        start,
        15 * draw(st.integers(1, 12) | st.integers(1, longest)),
        frequency,
        draw(st.integers(1, 5 if frequency != "HOURLY" else 30)),
        days,
        draw(st.none() | st.integers(1, 20)) if frequency else None,
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[datetime, list[Model], list[Model], int]:
    origin = draw(st.sampled_from([SPRING, AUTUMN]))
    windows = draw(st.lists(models(origin), min_size=1, max_size=3))
    freezes = draw(st.lists(models(origin), max_size=2))
    return origin, windows, freezes, draw(st.integers(0, int(SPAN / MINUTE) - 1))


@given(cases())
def test_it_is_open_exactly_when_a_table_of_minutes_says_so(
    case: tuple[datetime, list[Model], list[Model], int],
) -> None:
    origin, windows, freezes, minute = case
    allowed, frozen = table(windows, origin), table(freezes, origin)
    opened = bytes(a and not f for a, f in zip(allowed, frozen, strict=True))

    state = calendar.judge(
        [window(name=f"w{i}", **model.fields()) for i, model in enumerate(windows)],
        [freeze(name=f"f{i}", **model.fields()) for i, model in enumerate(freezes)],
        origin + minute * MINUTE,
    )

    # Every 28 hours from a Tuesday on it is never Monday: such a COUNT is refused, in words.
    assume(isinstance(state, CalendarState) or "COUNT is not reached" not in told(state))
    assert isinstance(state, CalendarState)
    assert state.open == bool(opened[minute])
    change = opened.find(0 if state.open else 1, minute)
    told_change = state.until if state.open else state.opens_at
    if change >= 0:
        assert told_change == origin + change * MINUTE
    else:
        assert told_change is None or told_change >= origin + SPAN
    assert (state.freeze is not None) == (not state.open and bool(frozen[minute]))


@given(cases())
def test_at_an_opening_it_is_open_and_at_a_closing_it_is_shut(
    case: tuple[datetime, list[Model], list[Model], int],
) -> None:
    origin, windows, freezes, minute = case
    given_windows = [window(name=f"w{i}", **m.fields()) for i, m in enumerate(windows)]
    given_freezes = [freeze(name=f"f{i}", **m.fields()) for i, m in enumerate(freezes)]

    def state_at(moment: datetime) -> CalendarState:
        state = calendar.judge(given_windows, given_freezes, moment)
        assert isinstance(state, CalendarState)
        return state

    now = origin + minute * MINUTE
    state = state_at(now)
    change = state.until if state.open else state.opens_at
    if change is not None:
        assert change > now
        assert state_at(change).open is not state.open
        assert state_at(change - timedelta.resolution).open is state.open


def test_ten_in_the_morning_stays_ten_when_the_clocks_change() -> None:
    daily = window(
        start="2026-03-01T10:00", timeZone="Europe/Berlin", recurrence="FREQ=DAILY", duration="1h"
    )

    assert judge([daily], [], "2026-03-28T00:00Z").opens_at == at("2026-03-28T09:00Z")
    assert judge([daily], [], "2026-03-29T00:00Z").opens_at == at("2026-03-29T08:00Z")


def test_a_time_that_the_clocks_skip_is_counted_on_from_before_the_change() -> None:
    nightly = window(
        start="2026-03-01T02:30", timeZone="Europe/Berlin", recurrence="FREQ=DAILY", duration="1h"
    )

    state = judge([nightly], [], "2026-03-29T00:00Z")

    assert state.opens_at == at("2026-03-29T01:30Z")  # 03:30, as there is no 02:30


def test_of_a_time_that_comes_twice_the_first_counts() -> None:
    nightly = window(
        start="2026-10-01T02:30", timeZone="Europe/Berlin", recurrence="FREQ=DAILY", duration="1h"
    )

    state = judge([nightly], [], "2026-10-25T00:00Z")

    assert state.opens_at == at("2026-10-25T00:30Z")
    assert not judge([nightly], [], "2026-10-25T01:30Z").open


def test_a_duration_is_real_time_whatever_the_clocks_do() -> None:
    night = window(start="2026-03-28T22:00", timeZone="Europe/Berlin", duration="8h")

    assert judge([night], [], "2026-03-28T22:00Z").until == at("2026-03-29T05:00Z")


def test_a_window_goes_on_over_midnight_and_into_its_next_occurrence() -> None:
    long = window(start="2026-01-05T20:00", duration="30h", recurrence="FREQ=DAILY;COUNT=3")

    assert judge([long], [], "2026-01-06T01:00Z").until == at("2026-01-09T02:00Z")


def test_occurrences_that_a_change_of_the_clocks_swaps_are_taken_as_they_come() -> None:
    # From 01:00 to 03:00: 02:30 is counted on to 02:30 UTC, and 03:30 is 01:30 UTC.
    twice = window(
        start="2026-03-01T02:30",
        timeZone="Antarctica/Troll",
        recurrence="FREQ=DAILY;BYHOUR=2,3",
        duration="15m",
    )

    assert judge([twice], [], "2026-03-29T01:00Z").opens_at == at("2026-03-29T01:30Z")
    assert judge([twice], [], "2026-03-29T02:00Z").opens_at == at("2026-03-29T02:30Z")


def test_what_was_open_before_a_freeze_says_nothing_of_now() -> None:
    day = window(start="2026-01-05T08:00", duration="10h")
    lunch = freeze(start="2026-01-05T12:00", duration="1h")
    tail = window(name="tail", start="2026-01-05T09:00", duration="4h")
    early = window(name="early", start="2026-01-05T08:00", duration="1h")

    assert judge([day], [lunch], "2026-01-05T12:30Z").opens_at == at("2026-01-05T13:00Z")
    assert judge([early, tail], [lunch], "2026-01-05T12:30Z").opens_at is None
    assert judge([early, day], [lunch], "2026-01-05T13:00Z").until == at("2026-01-05T18:00Z")


def test_a_freeze_shuts_every_window_that_it_reaches_into() -> None:
    daily = window(start="2026-01-05T09:00", recurrence="FREQ=DAILY")
    long = freeze(start="2026-01-05T12:00", duration="46h")

    state = judge([daily], [long], "2026-01-05T10:00Z")

    assert state.until == at("2026-01-05T12:00Z")
    assert judge([daily], [long], "2026-01-05T12:00Z").opens_at == at("2026-01-07T10:00Z")


def test_until_is_a_moment_and_belongs_to_the_rule() -> None:
    last = window(
        start="2026-01-05T09:00",
        timeZone="Europe/Berlin",
        recurrence="FREQ=DAILY;UNTIL=20260107T080000Z",
    )

    assert judge([last], [], "2026-01-06T20:00Z").opens_at == at("2026-01-07T08:00Z")
    assert judge([last], [], "2026-01-07T20:00Z").opens_at is None


def test_an_opening_beyond_the_look_ahead_is_not_looked_for() -> None:
    yearly = window(start="2026-02-28T09:00", recurrence="FREQ=YEARLY;INTERVAL=5")

    assert judge([yearly], [], "2026-03-01T00:00Z").opens_at is None
    assert judge([yearly], [], "2030-03-01T00:00Z").opens_at == at("2031-02-28T09:00Z")


def test_without_windows_it_is_open_at_any_time_but_for_freezes() -> None:
    sale = freeze(start="2026-11-27T00:00", duration="96h")

    assert judge(None, [], "2026-11-01T00:00Z") == CalendarState(True, None)
    assert judge(None, [sale], "2026-11-01T00:00Z").until == at("2026-11-27T00:00Z")
    assert judge(None, [sale], "2026-11-28T00:00Z").opens_at == at("2026-12-01T00:00Z")


def test_a_period_of_more_than_a_year_is_seen_from_its_last_day() -> None:
    long = freeze(start="2025-01-01T00:00", duration="9600h")

    state = judge(None, [long], "2026-02-04T23:00Z")

    assert state.freeze == long
    assert state.until == at("2026-02-05T00:00Z")


def test_the_window_that_is_named_is_the_one_that_opens_then() -> None:
    early = window(name="early", start="2026-01-05T09:00", duration="2h")
    late = window(name="late", start="2026-01-05T10:00", duration="9h")

    state = judge([late, early], [], "2026-01-05T00:00Z")

    assert (state.window, state.opens_at) == (early, at("2026-01-05T09:00Z"))
    assert judge([late, early], [], "2026-01-05T10:30Z").window == late


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"timeZone": "Europe/Berln"}, "spec.windows[0].timeZone: Europe/Berln is not in the IANA"),
        ({"timeZone": "Europe"}, "spec.windows[0].timeZone: Europe is not"),
        ({"timeZone": "leapseconds"}, "spec.windows[0].timeZone: leapseconds is not"),
        ({"start": "2026-02-30T09:00"}, "spec.windows[0].start: 2026-02-30T09:00 is no date"),
        ({"start": "0000-01-01T09:00"}, "spec.windows[0].start: 0000-01-01T09:00 is no date"),
        ({"start": "9999-01-01T09:00"}, "write a local time, like 2026-01-05T09:00"),
        ({"duration": "0h"}, "spec.windows[0].duration: is zero; write how long"),
        ({"recurrence": "FREQ=MINUTELY"}, "spec.windows[0].recurrence: FREQ is MINUTELY"),
    ],
)
def test_a_period_that_cannot_be_read_is_told_by_field(fields: dict[str, str], words: str) -> None:
    bad = window(**{"start": "2026-01-05T09:00", **fields})

    faults = calendar.judge([bad], [], at("2026-01-05T00:00Z"))

    assert isinstance(faults, tuple)
    assert words in told(faults)


def test_all_faults_of_all_periods_are_told_at_once() -> None:
    bad = {"start": "2026-13-01T00:00", "timeZone": "Mars/Base", "recurrence": "FREQ=SECONDLY"}

    faults = calendar.judge([window(**bad)], [freeze(**bad)], at("2026-01-05T00:00Z"))

    assert isinstance(faults, tuple)
    assert [fault.path for fault in faults] == [
        f"spec.{periods}[0].{field}"
        for periods in ("windows", "freezes")
        for field in ("start", "timeZone", "recurrence")
    ]


def test_a_period_that_recurs_lasts_a_year_at_most() -> None:
    fields = {"start": "2026-01-01T00:00", "recurrence": "FREQ=HOURLY"}

    faults = calendar.judge(
        [window(**fields, duration="8784h1s")], [freeze(**fields, duration="8784h")], SPRING
    )

    assert isinstance(faults, tuple)
    assert told(faults) == (
        "spec.windows[0].duration: is longer than a year, and the period recurs; write at most "
        "8784h, or remove recurrence"
    )


def test_windows_are_not_looked_at_before_the_freeze_in_effect_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[str] = []
    stretches = calendar._Timetable.stretches

    def counted(table: Any, *span: datetime) -> Any:
        for one in stretches(table, *span):
            read.append(table.period.name)
            yield one

    monkeypatch.setattr(calendar._Timetable, "stretches", counted)
    hourly = {"start": "2026-01-01T00:00", "recurrence": "FREQ=HOURLY", "duration": "30m"}
    sale = freeze(start="2026-02-01T00:00", duration="5000h")

    state = judge([window(**hourly)], [sale], "2026-02-22T00:00Z")

    assert state.opens_at == at("2026-08-28T08:00Z")
    assert read.count("weekdays") < 5  # not the 4,500 that the freeze shuts
    assert judge([window(**hourly)], [sale], "2026-02-22T00:00Z") is state  # asked again in a pass
