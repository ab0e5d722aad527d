"""How each body of a range answer is read; the HTTP around it is in the contract test."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_coordinator.engine.watchfacts import SeriesFact
from release_coordinator.signals.series import read_series

WITHIN = (0.0, 100.0)


def read(kind: object, result: object, **more: Any) -> SeriesFact:
    data = {"resultType": kind, "result": result}
    body = json.dumps({"status": "success", "data": data, **more}).encode()
    return read_series(200, body, WITHIN)


def series(*points: object) -> dict[str, object]:
    return {"metric": {}, "values": points}


def test_the_values_of_one_series_are_told_without_those_that_are_no_number() -> None:
    points = ([0, "1"], [10, "NaN"], [20, "+Inf"], [30.5, "-2.5"], [40, "-Inf"])

    assert read("matrix", [series(*points)]) == SeriesFact((1.0, -2.5))


def test_a_range_without_data_is_empty_and_no_problem() -> None:
    assert read("matrix", []) == SeriesFact(())
    assert read("matrix", [series()]) == SeriesFact(())


@pytest.mark.parametrize(
    ("kind", "result", "words"),
    [
        ("matrix", [series([1, "1"]), series([1, "1"])], "2 series where one is expected"),
        ("matrix", [{"metric": {}, "histograms": [[1, {}]]}], "a histogram; reduce it"),
        ("matrix", [{"values": [[1, "1"]], "histograms": [[1, {}]]}], "a histogram; reduce it"),
        ("matrix", [series([101, "1"])], "values of another time"),
        ("matrix", [series([-1, "1"])], "values of another time"),
        ("matrix", [series([2, "1"], [1, "1"])], "not a query result"),
        ("matrix", [series([1, "1"], [1, "1"])], "not a query result"),
        ("matrix", [series([1, 1])], "not a query result"),
        ("matrix", [series(["1", "1"])], "not a query result"),
        ("matrix", [series([1, "many"])], "not a query result"),
        ("matrix", [series([10**400, "1"])], "not a query result"),
        ("matrix", [series([True, "1"])], "not a query result"),
        ("matrix", [{}], "not a query result"),
        ("matrix", None, "not a query result"),
        ("vector", [{"value": [1, "1"]}], "not a query result"),
        (None, None, "not a query result"),
    ],
)
def test_anything_else_is_a_problem(kind: object, result: object, words: str) -> None:
    fact = read(kind, result)
    assert fact.values == ()
    assert words in fact.problem


def test_a_part_of_the_values_is_a_problem() -> None:
    fact = read("matrix", [series([1, "1"])], warnings=["store away"])
    assert fact.values == ()
    assert "may be partial: store away" in fact.problem


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from(["1", "NaN", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["status", "data", "resultType", "result", "values", "histograms"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.integers(min_value=100, max_value=599), JSON)
def test_whatever_comes_there_is_nothing_but_finite_values_or_a_problem(
    status: int, document: object
) -> None:
    fact = read_series(status, json.dumps(document).encode(), WITHIN)
    assert not (fact.values and fact.problem)
    assert all(math.isfinite(value) for value in fact.values)


@given(JSON)
def test_whatever_the_result_is_it_can_be_read(result: object) -> None:
    fact = read("matrix", result)
    assert not (fact.values and fact.problem)
