"""How often judgements are wrong, by a few simulated windows: bounds that a worse engine breaks.

The whole table is in docs/metric-figures.md; `python -m tools.bench.verdicts` makes it.
"""

import math
from functools import cache

import pytest
from tools.bench import courses, verdicts
from tools.bench.courses import BAD, GOOD, KINDS, NOMINAL, Shape
from tools.bench.verdicts import JUDGEMENTS, Judgement, Tally

WINDOWS = 12
BY_NAME = {judgement.name: judgement for judgement in JUDGEMENTS}
GUARDED = (
    "above, minTraffic 50",
    "ratio 2, floor, minTraffic 50",
    "comparison, floor, minTraffic 50",
)
"""The judgements that the documentation recommends."""


@cache
def tallies(judgement: str, shape: str) -> dict[int, Tally]:
    """What came of a few windows, by failureThreshold."""
    shapes = [one for one in (*GOOD, *BAD) if one.name == shape]
    found = verdicts.measure([BY_NAME[judgement]], shapes, WINDOWS)
    return {threshold: tally for (_, threshold, _), tally in found.items()}


def breaches(judgement: str, shape: str, threshold: int) -> int:
    return tallies(judgement, shape)[threshold].breached


@pytest.mark.parametrize("judgement", GUARDED)
@pytest.mark.parametrize("shape", ["noise", "low traffic", "daily slope"])
def test_a_good_release_is_left_alone(judgement: str, shape: str) -> None:
    assert breaches(judgement, shape, 2) <= 1


@pytest.mark.parametrize("judgement", GUARDED)
@pytest.mark.parametrize("shape", ["3x", "10x"])
def test_a_bad_release_is_found(judgement: str, shape: str) -> None:
    found = tallies(judgement, shape)[2]

    assert found.breached == WINDOWS
    assert max(found.delays) <= 16, "four minutes, half of them of the rollout"


@pytest.mark.parametrize("judgement", ["above, minTraffic 50", "ratio 2, floor, minTraffic 50"])
def test_a_second_look_forgives_one_wrong_answer(judgement: str) -> None:
    assert breaches(judgement, "one outlier", 1) == WINDOWS
    assert breaches(judgement, "one outlier", 2) <= 2


def test_a_comparison_forgives_one_wrong_answer_at_once() -> None:
    assert breaches("comparison, floor, minTraffic 50", "one outlier", 1) <= 2


def test_without_minimum_traffic_a_few_requests_roll_good_releases_back() -> None:
    assert breaches("ratio 2, floor", "low traffic", 1) > WINDOWS // 4
    assert breaches("ratio 2, floor, minTraffic 50", "low traffic", 1) == 0
    assert tallies("ratio 2, floor, minTraffic 50", "low traffic")[1].held == WINDOWS


def test_a_hiccup_is_forgiven_by_more_looks_than_the_window_has() -> None:
    assert breaches("ratio 2", "hiccup of 15 s", 3) >= WINDOWS - 1
    assert breaches("ratio 2", "hiccup of 15 s", 5) == 0


@pytest.mark.parametrize("threshold", [1, 2, 3])
def test_more_looks_need_more_time(threshold: int) -> None:
    few, more = (tallies("ratio 2", "10x")[n] for n in (threshold, threshold + 1 + threshold // 3))

    assert min(few.delays) < min(more.delays)


def test_the_same_seed_is_the_same_application() -> None:
    one, same, other = (courses.make(GOOD[0], "latency", seed) for seed in "aab")

    assert one.answers == same.answers
    assert one.answers != other.answers


@pytest.mark.parametrize("kind", KINDS)
def test_an_application_is_around_what_its_author_calls_normal(kind: courses.Kind) -> None:
    made = [courses.make(GOOD[0], kind, str(seed)) for seed in range(20)]
    values = [one.at(0) for one in made]

    assert all(value is not None for value in values)
    mean = sum(math.log(value or 1) for value in values) / len(values)
    assert math.exp(mean) == pytest.approx(NOMINAL[kind], rel=0.3)


def test_a_bad_version_is_as_much_worse_as_said() -> None:
    worse = Shape("4x", rate=(500, 500), factor=lambda _: 4.0)
    course = courses.make(worse, "latency", "a")

    assert (course.at(500) or 0) / (course.at(-100) or 1) == pytest.approx(4, rel=0.3)


def test_a_table_names_each_judgement_with_its_rates() -> None:
    judgement: Judgement = BY_NAME["above"]
    found = verdicts.measure([judgement], BAD[2:3], 2)

    lines = verdicts.table(found, BAD[2:3], bad=True).splitlines()

    assert lines[0] == "| Judgement | 10x | All | Held | Looks until found |"
    assert lines[2].startswith("| above | 0 / 0 / 0 / 0 | 0 / 0 / 0 / 0 | ")
    assert len(lines) == 3
