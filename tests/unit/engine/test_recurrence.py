"""RRULEs: the same times as dateutil's, for what they cost near the question."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice, takewhile

import pytest
from dateutil import rrule as library
from hypothesis import example, given, settings
from hypothesis import strategies as st

from release_coordinator.engine.recurrence import BadRuleError, Rule, parse

NEAR_THE_END = datetime.fromisoformat("9990-01-01T00:00")
"""dateutil walks to the last year to learn that a rule never holds; from here it is not far."""


def times(rule: Rule, since: datetime, before: datetime) -> list[datetime]:
    return [time for batch in rule.times(since, before) for time in batch]


def numbers(name: str, low: int, high: int, most: int = 4) -> st.SearchStrategy[str]:
    """Some values of a part, or nothing."""
    values = st.lists(st.integers(low, high).filter(bool), min_size=1, max_size=most, unique=True)
    return st.just("") | values.map(lambda found: f";{name}={','.join(map(str, found))}")


DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
SOME_DAYS = st.lists(st.sampled_from(DAYS), min_size=1, max_size=4, unique=True)
PLAIN_DAYS = st.just("") | SOME_DAYS.map(lambda days: f";BYDAY={','.join(days)}")
NTH_DAYS = st.lists(
    st.builds("{}{}".format, st.sampled_from(["1", "-1", "2", "+3", "5"]), st.sampled_from(DAYS)),
    min_size=1,
    max_size=3,
    unique=True,
).map(lambda days: f";BYDAY={','.join(days)}")
HOURS = numbers("BYHOUR", 1, 23)
MINUTE = numbers("BYMINUTE", 1, 59, most=1)
MONTHS = numbers("BYMONTH", 1, 12)
MONTH_DAYS = numbers("BYMONTHDAY", -31, 31)
RULES = {
    "HOURLY": (MONTHS, MONTH_DAYS, PLAIN_DAYS, HOURS, MINUTE),
    "DAILY": (MONTHS, MONTH_DAYS, PLAIN_DAYS, HOURS, MINUTE),
    "WEEKLY": (MONTHS, PLAIN_DAYS, HOURS, MINUTE, st.sampled_from(["", ";WKST=SU", ";WKST=WE"])),
    "MONTHLY": (MONTHS, MONTH_DAYS, PLAIN_DAYS | NTH_DAYS, HOURS, MINUTE),
    "YEARLY": (MONTHS, MONTH_DAYS, PLAIN_DAYS | NTH_DAYS, HOURS, MINUTE),
}


@st.composite
def rules(draw: st.DrawFn) -> tuple[str, datetime]:
    """An RRULE and its start."""
    frequency = draw(st.sampled_from(sorted(RULES)))
    text = f"FREQ={frequency}" + "".join(draw(part) for part in RULES[frequency])
    interval = draw(st.integers(1, 9))
    if interval > 1:
        text += f";INTERVAL={interval}"
    if frequency in {"MONTHLY", "YEARLY"} and "BYDAY" in text and draw(st.booleans()):
        text += f";BYSETPOS={draw(st.sampled_from(['1', '-1', '2', '1,-1']))}"
    if draw(st.booleans()):
        text += f";COUNT={draw(st.integers(1, 40))}"
    minutes = draw(st.integers(0, 700 * 24 * 60))
    return text, NEAR_THE_END + timedelta(minutes=minutes)


def every(text: str, start: datetime) -> Iterable[datetime]:
    """What the library makes of a rule; one that it sees to be empty it refuses."""
    try:
        return library.rrulestr(text if "WKST" in text else f"{text};WKST=MO", dtstart=start)
    except ValueError:
        return ()


LAST_YEAR = datetime.fromisoformat("9999-01-01T00:00")
WEDNESDAY = datetime.fromisoformat("9990-01-10T09:00")


def within_the_calendar(times: Iterable[datetime]) -> Iterator[datetime]:
    """What the library finds before it looks for a year that Python's calendar does not have."""
    with suppress(ValueError):
        yield from times


@settings(max_examples=400)
@given(rules(), st.integers(0, 200) | st.integers(0, 1200), st.integers(1, 500))
@example(("FREQ=WEEKLY;BYDAY=MO,WE;INTERVAL=2", WEDNESDAY), 100, 60)
@example(("FREQ=WEEKLY;BYDAY=SU,WE;INTERVAL=2;WKST=SU", WEDNESDAY), 100, 60)
@example(("FREQ=MONTHLY;BYMONTHDAY=1,20;COUNT=3", WEDNESDAY), 0, 400)
def test_a_rule_means_what_it_means_to_the_library(
    given_rule: tuple[str, datetime], skipped: int, days: int
) -> None:
    text, start = given_rule
    since = start - timedelta(days=100) + timedelta(days=skipped)
    before = min(since + timedelta(days=days), datetime.fromisoformat("9998-12-01"))
    in_time = list(
        takewhile(lambda time: time < LAST_YEAR, within_the_calendar(every(text, start)))
    )

    if len(in_time) < int(text.partition("COUNT=")[2] or 0):
        with pytest.raises(BadRuleError, match="COUNT is not reached"):
            parse(text, start)
    else:
        expected = [time for time in in_time if since <= time < before]
        assert times(parse(text, start), since, before) == expected


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=WE",
        "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=300",
    ],
)
def test_a_rule_that_never_holds_ends_the_search_where_the_question_ends(text: str) -> None:
    start = datetime.fromisoformat("1971-01-04T09:00")
    now = datetime.fromisoformat("2026-01-01T00:00")

    # Walking to the year 9999 takes minutes here.
    assert times(parse(text, start), now, now + timedelta(days=400)) == []


def test_an_old_rule_costs_no_more_than_a_new_one() -> None:
    now = datetime.fromisoformat("2026-01-01T00:00")
    old = parse("FREQ=HOURLY;INTERVAL=7", datetime.fromisoformat("1970-01-01T00:00"))

    batches = list(islice(old.times(now, now + timedelta(days=20)), 3))

    assert len(batches) == 1  # of the month that was asked for, not of the 672 before it
    assert batches[0][0] - now < timedelta(hours=7)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FREQ=MINUTELY", "FREQ is MINUTELY; write one of HOURLY"),
        ("FREQ=SECONDLY;INTERVAL=30", "FREQ is SECONDLY"),
        ("FREQ=SOMETIMES", "FREQ is SOMETIMES"),
        ("BYDAY=MO", "FREQ is nothing"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is 0; write 1 to 9999"),
        ("FREQ=DAILY;INTERVAL=X", "INTERVAL is X"),
        ("FREQ=DAILY;COUNT=0", "COUNT is 0"),
        ("FREQ=DAILY;COUNT=9999", "COUNT is not reached within 10 years"),
        ("FREQ=DAILY;COUNT=1;BYMONTH=2;BYMONTHDAY=30", "COUNT is not reached within 10 years"),
        ("FREQ=HOURLY;INTERVAL=9999;COUNT=99", "write UNTIL instead"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20261231T000000Z", "COUNT and UNTIL"),
        ("FREQ=DAILY;UNTIL=20261231", "UNTIL is 20261231; write a moment in UTC"),
        ("FREQ=DAILY;UNTIL=20261331T000000Z", "UNTIL is 20261331T000000Z"),
        ("FREQ=DAILY;UNTIL=20261231T000000", "UNTIL is 20261231T000000"),
        ("FREQ=DAILY;DAILY", '"DAILY" is no part of an RRULE'),
        ("FREQ=DAILY;FREQ=WEEKLY", "FREQ is there twice"),
        ("FREQ=YEARLY;BYEASTER=1", "BYEASTER is no part of an RRULE"),
        ("FREQ=WEEKLY;BYDAY=MON", "BYDAY is MON; write days like MO,TU"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY is 0MO"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY counts days"),
        ("FREQ=MONTHLY;BYDAY=MO,1TU", "BYDAY mixes counted days with others"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "BYDAY counts days"),
        ("FREQ=MONTHLY;BYDAY=7MO,10TU", "a month has 5 of them at most, like -1FR or 5MO"),
        ("FREQ=MONTHLY;BYDAY=1MO,-6FR", "BYDAY counts further than there are such days"),
        ("FREQ=YEARLY;BYDAY=53MO;BYMONTH=2", "BYDAY counts further than there are such days"),
        ("FREQ=YEARLY;BYDAY=-54MO", "a year, without BYMONTH, has 53"),
        ("FREQ=WEEKLY;WKST=XX", "WKST is XX"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR is 24; write 0 to 23"),
        ("FREQ=DAILY;BYMONTH=13", "BYMONTH is 13"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY is 0; write 1 to 31 or -31 to -1"),
        ("FREQ=DAILY;BYMINUTE=0,30", "several values"),
        ("FREQ=MONTHLY;BYWEEKNO=3;BYDAY=MO", "BYWEEKNO stands alone"),
        ("FREQ=YEARLY;BYWEEKNO=3", "BYWEEKNO stands alone"),
        ("FREQ=DAILY;BYYEARDAY=3", "BYYEARDAY does not go"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY does not go"),
        ("FREQ=WEEKLY;BYDAY=MO;BYSETPOS=1", "BYSETPOS has nothing"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS has nothing"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(BadRuleError) as caught:
        parse(text, NEAR_THE_END)

    assert words in str(caught.value)
    assert caught.value.remedy


def test_a_day_may_be_counted_as_far_as_there_are_such_days() -> None:
    year = parse("FREQ=YEARLY;BYDAY=53SA,-53SU", datetime.fromisoformat("2028-01-01T09:00"))
    month = parse("FREQ=MONTHLY;BYDAY=5MO,-5MO", datetime.fromisoformat("2028-01-01T09:00"))

    start, end = (datetime.fromisoformat(text) for text in ("2028-01-01", "2029-01-01"))
    assert [f"{time:%m-%d}" for time in times(year, start, end)] == ["01-02", "12-30"]
    assert len(times(month, start, end)) == 8


def test_a_count_that_is_not_reached_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    counted = Rule.counted

    def noted(rule: Rule, count: int) -> Rule:
        looked.append(count)
        return counted(rule, count)

    monkeypatch.setattr(Rule, "counted", noted)

    for _ in range(3):
        with pytest.raises(BadRuleError, match="COUNT is not reached") as caught:
            parse("FREQ=DAILY;COUNT=4242", NEAR_THE_END)
        assert caught.value.remedy

    assert looked == [4242]


FAR = st.builds("{}{}".format, st.integers(-60, 60).filter(bool), st.sampled_from(DAYS))
FAR_RULES = st.builds(
    "FREQ={};BYDAY={}{}".format,
    st.sampled_from(["MONTHLY", "YEARLY"]),
    st.lists(FAR, min_size=1, max_size=3, unique=True).map(",".join),
    st.sampled_from(["", ";BYMONTH=2", ";BYMONTHDAY=31", ";BYYEARDAY=366", ";BYSETPOS=1"]),
)


@given(
    FAR_RULES
    | st.from_regex(r"\AFREQ=[A-Z]+(;[A-Z]+=[A-Z0-9,+-]+)*\Z")
    | rules().map(lambda r: r[0])
)
def test_whatever_the_schema_admits_is_a_rule_or_is_refused(text: str) -> None:
    try:
        rule = parse(text, NEAR_THE_END)
    except BadRuleError:
        return
    times(rule, NEAR_THE_END, NEAR_THE_END + timedelta(days=40))
