"""Judging readings: more is never better, silence is neither good nor bad, numbers are named."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from release_coordinator.api.measurement import Verdict
from release_coordinator.api.watch import Breach, Comparison, Direction, OnMissing
from release_coordinator.engine.judge import LEAST, LEAST_BASELINE, judge
from release_coordinator.engine.reading import Finding, Reading

NUMBERS = st.floats(min_value=-1e15, max_value=1e15)
RATIOS = st.floats(min_value=1e-3, max_value=1e6)
MAYBE = st.one_of(st.none(), NUMBERS)
ANYTHING = st.one_of(st.none(), st.floats())
"""What a source may say, NaN and infinity among it."""
COMPARISONS = st.builds(
    Comparison,
    direction=st.sampled_from(Direction),
    confidence=st.floats(0.8, 0.9999),
    min_effect=st.floats(1, 100),
)
BREACHES = st.builds(
    Breach,
    above=MAYBE,
    below=MAYBE,
    floor=MAYBE,
    ratio_to_baseline=st.one_of(st.none(), RATIOS),
    comparison=st.one_of(st.none(), COMPARISONS),
)
WORDS = st.text(max_size=20)
SERIES = st.lists(st.floats(), max_size=70)
ON_MISSING = st.sampled_from(OnMissing)
READINGS = st.builds(
    Reading,
    value=ANYTHING,
    problem=WORDS,
    baseline=ANYTHING,
    baseline_problem=WORDS,
    values=SERIES,
    values_problem=WORDS,
    baseline_values=SERIES,
    traffic_problem=st.just("") | WORDS,
    on_missing=ON_MISSING,
)
SEVERITY = {Verdict.PASS: 0, Verdict.UNKNOWN: 1, Verdict.FAIL: 1}
BEFORE = tuple(1 + 0.01 * place for place in range(20))
"""Values of a baseline with mean 1.095."""
WORSE = tuple(2.1 + 0.02 * place for place in range(LEAST))
LESS = tuple(0.5 + 0.01 * place for place in range(LEAST))


def verdict(breach: Breach, reading: Reading) -> Verdict:
    return judge(breach, reading).verdict


def compared(
    values: Sequence[float],
    before: Sequence[float] = BEFORE,
    floor: float | None = None,
    **how: Any,
) -> Finding:
    """The last of some values, compared with a baseline."""
    breach = Breach(comparison=Comparison.model_validate(how), floor=floor)
    return judge(breach, Reading(values[-1], values=values, baseline_values=before))


@given(BREACHES, READINGS)
def test_whatever_the_source_says_there_is_a_verdict_in_words(
    breach: Breach, reading: Reading
) -> None:
    found = judge(breach, reading)

    assert found.message
    for number in (found.value, found.baseline):
        assert number is None or math.isfinite(number)


@given(BREACHES, READINGS, st.sampled_from([None, math.nan, math.inf, -math.inf]))
def test_no_value_is_unknown_whatever_the_limits(
    breach: Breach, reading: Reading, value: float | None
) -> None:
    silent = Reading(value, reading.problem, reading.baseline, values=reading.values)

    assert verdict(breach, silent) is Verdict.UNKNOWN


@given(BREACHES, READINGS)
def test_too_little_traffic_is_unknown_whatever_the_limits(
    breach: Breach, reading: Reading
) -> None:
    found = judge(
        breach, Reading(1e9, baseline=reading.baseline, traffic_problem="minTraffic is 3")
    )

    assert found.verdict is Verdict.UNKNOWN
    assert found.message == "1e+09 proves nothing: minTraffic is 3"


@given(RATIOS, NUMBERS, st.sampled_from([None, math.nan, math.inf]))
def test_no_baseline_is_unknown(ratio: float, value: float, baseline: float | None) -> None:
    breach = Breach(ratio_to_baseline=ratio)

    assert verdict(breach, Reading(value, baseline=baseline)) is Verdict.UNKNOWN


@given(RATIOS, NUMBERS, st.floats(min_value=-1e6, max_value=0), ON_MISSING)
def test_a_baseline_of_nothing_never_fails_a_release(
    ratio: float, value: float, baseline: float, on_missing: OnMissing
) -> None:
    reading = Reading(value, baseline=baseline, on_missing=on_missing)

    found = verdict(Breach(ratio_to_baseline=ratio), reading)

    assert found is (Verdict.PASS if value <= 0 else Verdict.UNKNOWN)


@given(RATIOS, NUMBERS, NUMBERS, st.floats(min_value=-1e6, max_value=0), ON_MISSING)
def test_beside_a_baseline_of_nothing_the_floor_judges_alone(
    ratio: float, value: float, floor: float, baseline: float, on_missing: OnMissing
) -> None:
    breach = Breach(ratio_to_baseline=ratio, floor=floor)

    found = verdict(breach, Reading(value, baseline=baseline, on_missing=on_missing))

    assert found is (Verdict.FAIL if value > floor else Verdict.PASS)


@given(RATIOS, NUMBERS, NUMBERS)
def test_without_a_baseline_the_floor_judges_only_if_the_author_wants_it(
    ratio: float, value: float, floor: float
) -> None:
    breach = Breach(ratio_to_baseline=ratio, floor=floor)

    unknown = verdict(breach, Reading(value))
    absolute = verdict(breach, Reading(value, on_missing=OnMissing.ABSOLUTE))

    assert unknown is (Verdict.UNKNOWN if value > floor else Verdict.PASS)
    assert absolute is (Verdict.FAIL if value > floor else Verdict.PASS)


@given(RATIOS, NUMBERS, NUMBERS)
def test_without_a_baseline_other_limits_judge_if_the_author_wants_it(
    ratio: float, value: float, above: float
) -> None:
    breach = Breach(ratio_to_baseline=ratio, above=above)

    unknown = verdict(breach, Reading(value))
    absolute = verdict(breach, Reading(value, on_missing=OnMissing.ABSOLUTE))

    assert unknown is (Verdict.FAIL if value > above else Verdict.UNKNOWN)
    assert absolute is (Verdict.FAIL if value > above else Verdict.PASS)


@given(
    st.builds(
        Breach,
        above=MAYBE,
        floor=MAYBE,
        ratio_to_baseline=st.one_of(st.none(), RATIOS),
    ),
    ANYTHING,
    ON_MISSING,
    NUMBERS,
    NUMBERS,
)
def test_a_higher_value_is_never_judged_better_by_upper_limits(
    breach: Breach, baseline: float | None, on_missing: OnMissing, one: float, other: float
) -> None:
    low = Reading(min(one, other), baseline=baseline, on_missing=on_missing)
    high = Reading(max(one, other), baseline=baseline, on_missing=on_missing)

    found = verdict(breach, low), verdict(breach, high)

    assert SEVERITY[found[1]] >= SEVERITY[found[0]]
    assert found != (Verdict.FAIL, Verdict.PASS)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_lower_value_is_never_judged_better_by_a_lower_limit(
    below: float, one: float, other: float
) -> None:
    low = verdict(Breach(below=below), Reading(min(one, other)))
    high = verdict(Breach(below=below), Reading(max(one, other)))

    assert SEVERITY[low] >= SEVERITY[high]


@given(RATIOS, NUMBERS, st.floats(min_value=1e-6, max_value=1e6))
def test_a_ratio_fails_exactly_beyond_its_limit(
    ratio: float, value: float, baseline: float
) -> None:
    assume(math.isfinite(value / baseline))

    found = verdict(Breach(ratio_to_baseline=ratio), Reading(value, baseline=baseline))

    assert found is (Verdict.FAIL if value / baseline > ratio else Verdict.PASS)


@given(
    st.lists(st.integers(1, 10_000), min_size=LEAST + LEAST_BASELINE, max_size=60, unique=True),
    st.integers(0, 60),
    st.integers(1, 20_000),
    COMPARISONS,
)
def test_a_comparison_never_judges_a_higher_value_better(
    values: list[int], place: int, by: int, comparison: Comparison
) -> None:
    breach = Breach(comparison=comparison.model_copy(update={"direction": Direction.INCREASE}))
    new, old = [float(v) for v in values[:LEAST]], [float(v) for v in values[LEAST:]]
    worse = [v + (by + 0.5 if place % LEAST == at else 0) for at, v in enumerate(new)]

    before = verdict(breach, Reading(new[-1], values=new, baseline_values=old))
    after = verdict(breach, Reading(worse[-1], values=worse, baseline_values=old))

    assert (before, after) != (Verdict.FAIL, Verdict.PASS)


@given(st.permutations(BEFORE), COMPARISONS)
def test_the_values_of_the_baseline_itself_are_no_breach(
    values: list[float], comparison: Comparison
) -> None:
    assume(comparison.min_effect > 1)
    reading = Reading(values[0], values=values, baseline_values=BEFORE)

    assert verdict(Breach(comparison=comparison), reading) is Verdict.PASS


def test_a_difference_that_is_sure_and_large_is_a_breach() -> None:
    found = compared(WORSE, confidence=0.98, minEffect=1.25)

    assert found.verdict is Verdict.FAIL
    assert found.message == (
        "the mean 2.17 of 8 values is 1.98 times the baseline's 1.095 of 20 (p 3.2e-07, "
        "shift +1.08); the limit is 1.25 times at p < 0.02"
    )


@pytest.mark.parametrize(
    ("values", "how"),
    [
        pytest.param([1.2 + 0.01 * n for n in range(LEAST)], {}, id="sure, but small"),
        pytest.param([*BEFORE[: LEAST - 1], 40], {}, id="large, but of one value"),
        pytest.param(
            [0.9, 0.91, 0.95, 1.6, 1.7, 1.8, 3, 3.1], {"minEffect": 1.25}, id="large, but by chance"
        ),
        pytest.param(WORSE, {"minEffect": 3}, id="less than wanted"),
        pytest.param(LESS, {}, id="in the good direction"),
        pytest.param(WORSE, {"direction": "Decrease"}, id="the other one"),
    ],
)
def test_other_differences_are_none(values: Sequence[float], how: dict[str, Any]) -> None:
    assert compared(values, **how).verdict is Verdict.PASS


@pytest.mark.parametrize("direction", ["Decrease", "Either"])
def test_less_is_a_breach_where_that_is_bad(direction: str) -> None:
    assert compared(LESS, direction=direction).verdict is Verdict.FAIL


def test_what_nobody_minds_is_no_breach_of_a_comparison() -> None:
    assert compared(WORSE, floor=WORSE[-1]).verdict is Verdict.PASS
    assert compared(WORSE, floor=2.0).verdict is Verdict.FAIL
    # A decrease is from something: what is left is below any floor that means something.
    assert compared(LESS, floor=1.0, direction="Decrease").verdict is Verdict.FAIL
    assert compared(LESS, floor=1.1, direction="Decrease").verdict is Verdict.PASS


def test_errors_where_there_were_none_are_a_breach_over_the_floor_only() -> None:
    errors, none = [0.01, 0.02, 0.01, 0.03, 0.02, 0.01, 0.02, 0.02], [0.0] * 20

    assert compared(errors, none).verdict is Verdict.UNKNOWN
    assert "set floor" in compared(errors, none).message
    assert compared(errors, none, floor=0.01).verdict is Verdict.FAIL
    assert compared(errors, none, floor=0.05).verdict is Verdict.PASS
    assert compared([0.0] * LEAST, none).verdict is Verdict.PASS


def test_too_few_values_are_unknown_and_counted() -> None:
    early = compared([9.0] * (LEAST - 1))
    unproved = compared([9.0] * LEAST, BEFORE[: LEAST_BASELINE - 1])

    assert early.verdict is Verdict.UNKNOWN
    assert early.message == "9 cannot be compared yet: there are 7 values, fewer than 8"
    assert unproved.verdict is Verdict.UNKNOWN
    assert unproved.message == ("9 cannot be judged: the baseline has 9 values, fewer than 10")


def test_values_that_are_no_numbers_do_not_count() -> None:
    values = [math.nan, math.inf, *[9.0] * (LEAST - 1)]

    assert compared(values).verdict is Verdict.UNKNOWN
    assert compared([*values, 9.0]).verdict is Verdict.FAIL


def test_a_broken_limit_counts_even_if_another_one_cannot_be_judged() -> None:
    breach = Breach(above=1, ratio_to_baseline=2)

    assert judge(breach, Reading(3.0)).message == "3 is above 1"
    assert verdict(breach, Reading(3.0)) is Verdict.FAIL
    assert verdict(breach, Reading(0.5)) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("breach", "reading", "message"),
    [
        (Breach(above=1), Reading(0.5), "0.5 is not above 1"),
        (Breach(below=1), Reading(1.5), "1.5 is not below 1"),
        (Breach(above=2, below=1), Reading(1.5), "1.5 is between 1 and 2"),
        (Breach(above=2, below=1), Reading(0.5), "0.5 is below 1"),
        (
            Breach(ratio_to_baseline=2),
            Reading(0.9, baseline=0.3),
            "0.9 is 3.00 times the baseline 0.3; the limit is 2 times",
        ),
        (
            Breach(ratio_to_baseline=2, floor=0.005),
            Reading(0.002, baseline=0.0005),
            "0.002 is 4.00 times the baseline 0.0005, and not above the floor 0.005",
        ),
        (
            Breach(ratio_to_baseline=2, floor=0.005),
            Reading(0.02, baseline=0.0),
            "0.02 is above the floor 0.005, which judges alone: the baseline is 0",
        ),
        (
            Breach(ratio_to_baseline=2),
            Reading(0.02, baseline=0.0),
            (
                "0.02 cannot be judged: it cannot be put in relation to a baseline of 0; set floor "
                "for this metric"
            ),
        ),
        (
            Breach(ratio_to_baseline=2),
            Reading(0.02, baseline_problem="the source is down"),
            "0.02 cannot be judged: the source is down",
        ),
        (
            Breach(ratio_to_baseline=2, above=1),
            Reading(0.02, baseline=0.02),
            "0.02 is not above 1; 0.02 is 1.00 times the baseline 0.02; the limit is 2 times",
        ),
    ],
)
def test_a_message_says_the_numbers_it_used(breach: Breach, reading: Reading, message: str) -> None:
    assert judge(breach, reading).message == message
