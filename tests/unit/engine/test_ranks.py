"""Statistics of the comparison: the same numbers as SciPy, and the laws that hold of them."""

import itertools
import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from release_coordinator.engine import ranks
from release_coordinator.engine.ranks import EXACT, LIMIT, mann_whitney

NUMBERS = st.floats(min_value=-1e6, max_value=1e6)
TIED = st.integers(-4, 4).map(float)
"""So few different values that most are tied."""


def groups(values: st.SearchStrategy[float], most: int = LIMIT) -> st.SearchStrategy[list[float]]:
    return st.lists(values, min_size=1, max_size=most)


ANY = groups(NUMBERS) | groups(TIED)


def untied(most: int) -> st.SearchStrategy[tuple[list[float], list[float]]]:
    """Two groups in which no value occurs twice."""
    return st.lists(st.integers(-10_000, 10_000), min_size=2, max_size=most, unique=True).flatmap(
        lambda values: st.integers(1, len(values) - 1).map(
            lambda at: ([float(v) for v in values[:at]], [float(v) for v in values[at:]])
        )
    )


def reference(a: Sequence[float], b: Sequence[float], alternative: str) -> float:
    """SciPy's p, by the method that is used here for such groups."""
    exact = min(len(a), len(b)) <= EXACT and len({*a, *b}) == len(a) + len(b)
    method = "exact" if exact else "asymptotic"
    found: float = stats.mannwhitneyu(a, b, alternative=alternative, method=method).pvalue
    return 1.0 if math.isnan(found) else found  # all values are the same


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
@settings(max_examples=150)
@given(a=ANY, b=ANY)
def test_chances_are_scipys(alternative: str, a: list[float], b: list[float]) -> None:
    tested = mann_whitney(a, b)

    ours = {"greater": tested.greater, "less": tested.less, "two-sided": tested.two_sided}
    assert tested.u == stats.mannwhitneyu(a, b).statistic
    assert ours[alternative] == pytest.approx(reference(a, b, alternative), rel=1e-9, abs=1e-300)


@settings(max_examples=100)
@given(untied(40))
def test_chances_of_groups_without_ties_are_scipys(pair: tuple[list[float], list[float]]) -> None:
    tested = mann_whitney(*pair)

    assert tested.greater == pytest.approx(reference(*pair, "greater"), rel=1e-9)
    assert tested.less == pytest.approx(reference(*pair, "less"), rel=1e-9)
    assert tested.two_sided == pytest.approx(reference(*pair, "two-sided"), rel=1e-9)


def test_small_groups_are_counted_as_by_hand() -> None:
    # Of the 20 ways to choose 3 of 6 ranks, one has the three highest.
    assert mann_whitney([4, 5, 6], [1, 2, 3]).greater == pytest.approx(1 / 20)
    assert mann_whitney([4, 5, 6], [1, 2, 3]).less == 1
    assert mann_whitney([1, 2, 3], [4, 5, 6]).two_sided == pytest.approx(2 / 20)


@settings(max_examples=50)
@given(untied(9))
def test_chances_are_those_of_all_orders(pair: tuple[list[float], list[float]]) -> None:
    a, b = pair
    splits = itertools.combinations([*a, *b], len(a))
    values = {*a, *b}
    found = [mann_whitney(list(s), sorted(values - set(s))).u for s in splits]

    tested = mann_whitney(a, b)

    assert tested.greater == pytest.approx(sum(u >= tested.u for u in found) / len(found))
    assert tested.less == pytest.approx(sum(u <= tested.u for u in found) / len(found))


@given(ANY, ANY)
def test_exchanging_the_groups_exchanges_the_sides(a: list[float], b: list[float]) -> None:
    one, other = mann_whitney(a, b), mann_whitney(b, a)

    assert one.u == len(a) * len(b) - other.u
    assert one.greater == pytest.approx(other.less)
    assert one.two_sided == pytest.approx(other.two_sided)
    assert ranks.shift(a, b) == pytest.approx(-ranks.shift(b, a))


@given(groups(TIED), groups(TIED), st.integers(-1000, 1000))
def test_moving_both_groups_changes_nothing(a: list[float], b: list[float], by: int) -> None:
    moved = [x + by for x in a], [x + by for x in b]

    assert mann_whitney(*moved) == mann_whitney(a, b)
    assert ranks.shift(*moved) == ranks.shift(a, b)


@given(groups(TIED), groups(TIED), st.integers(-1000, 1000))
def test_the_shift_is_what_one_group_was_moved_by(a: list[float], b: list[float], by: int) -> None:
    assert ranks.shift([x + by for x in a], b) == ranks.shift(a, b) + by
    assert ranks.shift([x + by for x in a], a) == by


@given(untied(LIMIT), st.integers(0, LIMIT), st.integers(1, 50_000))
def test_a_greater_value_is_never_less_sign_of_greater_ones(
    pair: tuple[list[float], list[float]], at: int, by: int
) -> None:
    a, b = pair
    raised = [x + (by + 0.5 if at % len(a) == place else 0) for place, x in enumerate(a)]

    assert mann_whitney(raised, b).greater <= mann_whitney(a, b).greater
    assert ranks.shift(raised, b) >= ranks.shift(a, b)


@given(st.floats(-1e300, 1e300), st.integers(1, LIMIT), st.integers(1, LIMIT))
def test_equal_values_are_no_difference(value: float, n: int, m: int) -> None:
    tested = mann_whitney([value] * n, [value] * m)

    assert tested.greater >= 0.5
    assert tested.less >= 0.5
    assert ranks.shift([value] * n, [value] * m) == 0
    assert ranks.effect([value] * n, [value] * n) == 1


@given(groups(st.floats(allow_nan=False, allow_infinity=False)), groups(NUMBERS))
def test_no_finite_number_is_too_much(a: list[float], b: list[float]) -> None:
    tested = mann_whitney(a, b)

    assert 0 <= tested.two_sided <= 1
    assert not math.isnan(ranks.effect(a, b))
    assert math.isfinite(ranks.middle_mean(a))
    assert math.isfinite(ranks.mean(a))


@given(groups(NUMBERS, 200), groups(NUMBERS, 200))
def test_only_the_last_values_count(a: list[float], b: list[float]) -> None:
    assert mann_whitney(a, b) == mann_whitney(a[-LIMIT:], b[-LIMIT:])
    assert ranks.mean(a) == ranks.mean(a[-LIMIT:])


@pytest.mark.parametrize("pair", [([], [1.0]), ([1.0], [])])
def test_nothing_is_said_of_a_group_without_values(pair: tuple[list[float], list[float]]) -> None:
    with pytest.raises(ValueError, match="without values"):
        mann_whitney(*pair)


@pytest.mark.parametrize(
    ("a", "b", "effect"),
    [
        ([3.0, 5.0], [2.0], 2.0),
        ([1.0], [2.0], 0.5),
        ([0.0], [0.0], 1.0),
        ([2.0], [0.0], math.inf),
        ([-2.0], [0.0], -math.inf),
        ([0.0], [4.0], 0.0),
        ([-5.0], [-10.0], 1.5),
        ([-15.0], [-10.0], 0.5),
        pytest.param([2.0, 2.0, 2.0, 2.0, 99.0], [1.0], 2.0, id="an outlier above"),
        pytest.param([0.5, 0.5, 0.5, 0.5, -99.0], [1.0], 0.5, id="an outlier below"),
        pytest.param([0.0, 0.0, 0.0, 0.0, 99.0], [1.0], 1.0, id="an outlier against the rest"),
        pytest.param([4.0] * 4, [0.0, 0.0, 0.0, 0.0, 0.0, 6.0], 4.0, id="mostly nothing before"),
    ],
)
def test_the_effect_is_a_relation_of_means(a: list[float], b: list[float], effect: float) -> None:
    assert ranks.effect(a, b) == effect


@given(ANY, ANY, st.integers(0, LIMIT), st.floats(0, 1e6))
def test_a_greater_value_is_never_less_of_an_effect(
    a: list[float], b: list[float], at: int, by: float
) -> None:
    raised = [x + (by if at % len(a) == place else 0) for place, x in enumerate(a)]

    before, after = ranks.effect(a, b), ranks.effect(raised, b)

    assert after >= before or after == pytest.approx(before)
