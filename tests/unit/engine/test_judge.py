"""Judging samples: more is never better, silence is neither good nor bad."""

import math

from hypothesis import assume, given
from hypothesis import strategies as st

from release_coordinator.api.attempt import Verdict
from release_coordinator.api.release import Breach
from release_coordinator.engine.judge import judge
from release_coordinator.engine.runfacts import SampleFact

NUMBERS = st.floats(min_value=-1e15, max_value=1e15)
RATIOS = st.floats(min_value=1e-3, max_value=1e6)
MAYBE = st.one_of(st.none(), NUMBERS)
BREACHES = st.builds(
    Breach,
    above=MAYBE,
    below=MAYBE,
    ratio_to_baseline=st.one_of(st.none(), RATIOS),
)
ORDER = {Verdict.PASS: 0, Verdict.UNKNOWN: 1, Verdict.FAIL: 1}


@given(BREACHES, MAYBE, st.text(max_size=20))
def test_no_value_is_unknown_whatever_the_limits(
    breach: Breach, baseline: float | None, problem: str
) -> None:
    verdict, words = judge(breach, SampleFact(None, problem), baseline)

    assert verdict is Verdict.UNKNOWN
    assert words


@given(RATIOS, NUMBERS)
def test_no_baseline_is_unknown(ratio: float, value: float) -> None:
    verdict, _ = judge(Breach(ratio_to_baseline=ratio), SampleFact(value), None)

    assert verdict is Verdict.UNKNOWN


@given(RATIOS, NUMBERS, st.floats(min_value=-1e6, max_value=0))
def test_a_baseline_of_nothing_never_fails_a_release(
    ratio: float, value: float, baseline: float
) -> None:
    verdict, _ = judge(Breach(ratio_to_baseline=ratio), SampleFact(value), baseline)

    assert verdict is (Verdict.PASS if value <= 0 else Verdict.UNKNOWN)


@given(st.one_of(st.none(), NUMBERS), st.one_of(st.none(), RATIOS), MAYBE, NUMBERS, NUMBERS)
def test_a_higher_value_is_never_judged_better_by_upper_limits(
    above: float | None, ratio: float | None, baseline: float | None, one: float, other: float
) -> None:
    breach = Breach(above=above, ratio_to_baseline=ratio)
    low, _ = judge(breach, SampleFact(min(one, other)), baseline)
    high, _ = judge(breach, SampleFact(max(one, other)), baseline)

    assert ORDER[high] >= ORDER[low]


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_lower_value_is_never_judged_better_by_a_lower_limit(
    below: float, one: float, other: float
) -> None:
    low, _ = judge(Breach(below=below), SampleFact(min(one, other)), None)
    high, _ = judge(Breach(below=below), SampleFact(max(one, other)), None)

    assert ORDER[low] >= ORDER[high]


@given(RATIOS, NUMBERS, st.floats(min_value=1e-6, max_value=1e6))
def test_a_ratio_fails_exactly_beyond_its_limit(
    ratio: float, value: float, baseline: float
) -> None:
    assume(math.isfinite(value / baseline))

    verdict, _ = judge(Breach(ratio_to_baseline=ratio), SampleFact(value), baseline)

    assert verdict is (Verdict.FAIL if value / baseline > ratio else Verdict.PASS)
