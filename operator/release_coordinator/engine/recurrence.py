"""Recurrences by RFC 5545: what people may write, and the local times it means.

Used by `engine.windows`. `dateutil` expands a rule one month, or one year, at a time; the
stepping by INTERVAL is done here. So asking costs what the asked stretch of time costs, however
long ago a rule began and even if it never holds: `dateutil` alone would walk on to the year 9999.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from dateutil import rrule

FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_CALENDAR = frozenset({"MONTHLY", "YEARLY"})
"""Frequencies whose periods have no fixed length."""

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY = re.compile(rf"([+-]?[0-9]{{1,2}})?({'|'.join(_DAYS)})")
_UNTIL = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_ONCE = 12 * 10_000
"""An INTERVAL beyond the last year: of a rule only the first period is left."""

COUNT_YEARS = 10
"""How long a rule with COUNT may take: its occurrences have to be counted from the start on."""

_LAST = 9999 * 12
"""The month, counted from the year 0, at which calendars end."""

_NUMBERS: Mapping[str, tuple[str, int, int]] = {
    "BYMONTH": ("bymonth", 1, 12),
    "BYMONTHDAY": ("bymonthday", -31, 31),
    "BYYEARDAY": ("byyearday", -366, 366),
    "BYWEEKNO": ("byweekno", -53, 53),
    "BYSETPOS": ("bysetpos", -366, 366),
    "BYHOUR": ("byhour", 0, 23),
    "BYMINUTE": ("byminute", 0, 59),
    "BYSECOND": ("bysecond", 0, 59),
}
_SINGLE: Mapping[str, tuple[int, int]] = {"INTERVAL": (1, 9999), "COUNT": (1, 9999)}


class BadRuleError(ValueError):
    """A rule that cannot be meant; says what is wrong and what to write."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence from a local time on."""

    start: datetime
    """Local time, without a zone."""
    frequency: str
    interval: int
    until: datetime | None
    """Last moment at which an occurrence may begin, in UTC."""
    parts: Mapping[str, Any]
    """The rest, as `dateutil` takes it; times of day and days are explicit."""
    last: datetime | None = None
    """Local time of the last occurrence, if COUNT says how many there are."""

    def times(self, since: datetime, before: datetime) -> Iterator[list[datetime]]:
        """Local times in [since, before), in order, a month or a year of them at a time.

        A start that does not fit its own rule is no occurrence.
        """
        for first in self._periods(max(self.start, since), before):
            found = [time for time in self._expand(first) if since <= time < before]
            yield [time for time in found if time >= self.start and not self._is_over(time)]

    def counted(self, count: int) -> "Rule":
        """The rule with so many occurrences. Raises BadRuleError if they take too long."""
        every = self.times(self.start, _later(self.start, COUNT_YEARS))
        for batch in every:
            if len(batch) >= count:
                return replace(self, last=batch[count - 1])
            count -= len(batch)
        raise BadRuleError(
            f"COUNT is not reached within {COUNT_YEARS} years of the start",
            "write UNTIL instead, a moment in UTC like 20261231T230000Z",
        )

    def _is_over(self, time: datetime) -> bool:
        return self.last is not None and time > self.last

    def _periods(self, since: datetime, before: datetime) -> Iterator[datetime]:
        """First moments of the months or years that can hold occurrences."""
        months = 12 if self.frequency == "YEARLY" else 1
        step = self.interval * months if self.frequency in _CALENDAR else 1
        index, origin = _month(since), _month(self.start)
        if months > 1:
            index, origin = index // 12 * 12, origin // 12 * 12
        index += -(index - origin) % step
        while index < _LAST and (first := _first(index)) < before:
            if self._is_over(first):
                return
            yield first
            index += step

    def _expand(self, first: datetime) -> Iterator[datetime]:
        yearly = self.frequency == "YEARLY"
        parts = {**self.parts, "interval": _ONCE, "dtstart": first}
        if self.frequency == "HOURLY":
            return self._hours(rrule.rrule(rrule.MONTHLY, **{**parts, "byhour": 0}))
        found = rrule.rrule(rrule.YEARLY if yearly else rrule.MONTHLY, **parts)
        return (time for time in found if self._in_step(time))

    def _in_step(self, time: datetime) -> bool:
        """Whether INTERVAL lets the day, or the week, of a time through."""
        if self.frequency in _CALENDAR or self.interval == 1:
            return True
        days = time.toordinal() - self.start.toordinal()
        if self.frequency == "DAILY":
            return days % self.interval == 0
        into_week: int = (self.start.weekday() - self.parts["wkst"]) % 7
        return (days + into_week) // 7 % self.interval == 0

    def _hours(self, days: Iterable[datetime]) -> Iterator[datetime]:
        """Every hour in step on some days, as a clock on the wall shows them."""
        origin = self.start.replace(minute=0, second=0)
        hours = self.parts.get("byhour") or range(24)
        for day in days:
            passed = (day.replace(minute=0, second=0) - origin) // timedelta(hours=1)
            for hour in range(-passed % self.interval, 24, self.interval):
                if hour in hours:
                    yield day.replace(hour=hour)


def _month(time: datetime) -> int:
    return time.year * 12 + time.month - 1


def _later(time: datetime, years: int) -> datetime:
    return _first(min(_month(time) + 12 * years, _LAST))


def _first(month: int) -> datetime:
    return datetime(month // 12, month % 12 + 1, 1)  # noqa: DTZ001 - local time


def parse(text: str, start: datetime) -> Rule:
    """The rule of an RRULE that begins at a local time.

    Raises:
        BadRuleError: the text is no rule, or none that can be a window.
    """
    rule = _parsed(text, start)
    if isinstance(rule, BadRuleError):
        raise BadRuleError(rule.problem, rule.remedy)
    return rule


@lru_cache(maxsize=256)  # who waits asks again and again, and so does who is refused
def _parsed(text: str, start: datetime) -> Rule | BadRuleError:
    try:
        return _rule(text, start)
    except BadRuleError as error:
        return BadRuleError(error.problem, error.remedy)  # without the frames it went through


def _rule(text: str, start: datetime) -> Rule:
    said = _said(text)
    frequency = said.pop("FREQ", "nothing")
    if frequency not in FREQUENCIES:
        raise BadRuleError(
            f"FREQ is {frequency}", f"write one of {', '.join(FREQUENCIES)}: nothing finer"
        )
    single = {name: _number(name, said.pop(name), *_SINGLE[name]) for name in _SINGLE & said.keys()}
    until = _until(said.pop("UNTIL")) if "UNTIL" in said else None
    parts: dict[str, Any] = {"wkst": _week_start(said.pop("WKST", "MO"))}
    if "BYDAY" in said:
        parts["byweekday"] = _days(said["BYDAY"])
    for name in _NUMBERS.keys() & said.keys():
        field, low, high = _NUMBERS[name]
        parts[field] = sorted({_number(name, word, low, high) for word in said[name].split(",")})
    unknown = sorted(said.keys() - _NUMBERS.keys() - {"BYDAY"})
    if unknown:
        raise BadRuleError(f"{unknown[0]} is no part of an RRULE", "remove it")
    _check(frequency, said, both="COUNT" in single and until is not None)
    explicit = _explicit(frequency, start, parts)
    rule = Rule(start, frequency, single.get("INTERVAL", 1), until, explicit)
    return rule.counted(single["COUNT"]) if "COUNT" in single else rule


def _said(text: str) -> dict[str, str]:
    said: dict[str, str] = {}
    for part in text.upper().split(";"):
        name, _, value = part.partition("=")
        if not value:
            raise BadRuleError(f'"{part}" is no part of an RRULE', "write NAME=VALUE")
        if name in said:
            raise BadRuleError(f"{name} is there twice", f"write {name} once, values with commas")
        said[name] = value
    return said


def _number(name: str, word: str, low: int, high: int) -> int:
    try:
        number = int(word)
    except ValueError:
        number = high + 1
    if not low <= number <= high or (low < 0 and number == 0):
        span = f"1 to {high} or {low} to -1" if low < 0 else f"{low} to {high}"
        raise BadRuleError(f"{name} is {word}", f"write {span}")
    return number


def _until(word: str) -> datetime:
    try:
        moment = datetime.fromisoformat(word) if _UNTIL.fullmatch(word) else None
    except ValueError:
        moment = None
    if moment is None:
        raise BadRuleError(f"UNTIL is {word}", "write a moment in UTC, like 20261231T230000Z")
    return moment


def _week_start(word: str) -> int:
    if word not in _DAYS:
        raise BadRuleError(f"WKST is {word}", f"write one of {', '.join(_DAYS)}")
    return _DAYS.index(word)


def _days(words: str) -> list[rrule.weekday]:
    found = []
    for word in words.split(","):
        match = _DAY.fullmatch(word)
        nth = int(match[1]) if match and match[1] else None
        if match is None or nth == 0:
            raise BadRuleError(f"BYDAY is {word}", "write days like MO,TU or 1MO,-1FR")
        found.append(rrule.weekday(_DAYS.index(match[2]), nth))
    return found


def _explicit(frequency: str, start: datetime, parts: dict[str, Any]) -> dict[str, Any]:
    """The parts with what RFC 5545 takes from the start where a rule does not say it."""
    parts = {"byminute": [start.minute], "bysecond": [start.second], **parts}
    if frequency != "HOURLY":
        parts.setdefault("byhour", [start.hour])
    if not {"byweekday", "bymonthday", "byyearday", "byweekno"} & parts.keys():
        if frequency == "WEEKLY":
            parts["byweekday"] = [start.weekday()]
        elif frequency in _CALENDAR:
            parts["bymonthday"] = [start.day]
            if frequency == "YEARLY":
                parts.setdefault("bymonth", [start.month])
        else:
            parts["byweekday"] = list(range(7))
    return parts


Parts = Mapping[str, str]


def _counts(said: Parts) -> list[int]:
    """The numbers before the days of BYDAY."""
    matches = (_DAY.fullmatch(word) for word in said.get("BYDAY", "").split(","))
    return [int(match[1]) for match in matches if match and match[1]]


def _of_year(frequency: str, said: Parts) -> bool:
    """Whether days are counted from the beginning of a year, not of a month."""
    return frequency == "YEARLY" and "BYMONTH" not in said


_CHECKS: tuple[tuple[Callable[[str, Parts], bool], str, str], ...] = (
    (
        lambda f, s: "BYWEEKNO" in s and (f != "YEARLY" or "BYDAY" not in s),
        "BYWEEKNO stands alone",
        "use it with FREQ=YEARLY and BYDAY",
    ),
    (
        lambda f, s: "BYYEARDAY" in s and f not in {"YEARLY", "HOURLY"},
        "BYYEARDAY does not go with this FREQ",
        "use it with FREQ=YEARLY",
    ),
    (
        lambda f, s: "BYMONTHDAY" in s and f == "WEEKLY",
        "BYMONTHDAY does not go with FREQ=WEEKLY",
        "use FREQ=MONTHLY or FREQ=DAILY",
    ),
    (
        lambda f, s: (
            bool(re.search("[0-9]", s.get("BYDAY", ""))) and (f not in _CALENDAR or "BYWEEKNO" in s)
        ),
        "BYDAY counts days, like 1MO, without a month or year to count in",
        "use FREQ=MONTHLY or FREQ=YEARLY, or days without numbers",
    ),
    (
        lambda _, s: len({word[0].isalpha() for word in s.get("BYDAY", "MO").split(",")}) > 1,
        "BYDAY mixes counted days with others",  # of which the library would find none
        "count all of them, like 1MO,1TU, or none",
    ),
    (
        lambda f, s: max(map(abs, _counts(s)), default=0) > (53 if _of_year(f, s) else 5),
        "BYDAY counts further than there are such days",
        "a month has 5 of them at most, like -1FR or 5MO; a year, without BYMONTH, has 53",
    ),
    (
        lambda f, s: "BYSETPOS" in s and (f not in _CALENDAR or len(s) == 1),
        "BYSETPOS has nothing to choose from",
        "use it with FREQ=MONTHLY or FREQ=YEARLY and another BY part",
    ),
    (
        lambda _, s: "," in s.get("BYMINUTE", "") + s.get("BYSECOND", ""),
        "BYMINUTE or BYSECOND has several values",
        "write one value; a period begins once an hour at most",
    ),
)
"""What RFC 5545 or reason rules out: whether it is there, and what to say of it."""


def _check(frequency: str, said: Parts, *, both: bool) -> None:
    if both:
        raise BadRuleError("COUNT and UNTIL are both there", "keep one of them")
    for wrong, problem, remedy in _CHECKS:
        if wrong(frequency, said):
            raise BadRuleError(problem, remedy)
