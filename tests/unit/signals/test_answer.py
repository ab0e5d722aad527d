"""How each body of a query answer is read; the HTTP around it is in the contract test."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_coordinator.engine.watchfacts import SampleFact
from release_coordinator.signals.answer import NEWEST, OLDEST
from release_coordinator.signals.answer import read_answer as read

NOW = 10.0


def read_answer(status: int, body: bytes) -> SampleFact:
    return read(status, body, NOW)


def answer(kind: object, result: object, **more: Any) -> bytes:
    data = {"resultType": kind, "result": result}
    return json.dumps({"status": "success", "data": data, **more}).encode()


@pytest.mark.parametrize(
    ("kind", "result", "value"),
    [
        ("scalar", [1, "3.5"], 3.5),
        ("vector", [{"metric": {}, "value": [1, "0"]}], 0.0),
        ("vector", [{"metric": {"a": "b"}, "value": [1.5, "-1e-3"]}], -0.001),
    ],
)
def test_one_finite_number_is_a_value(kind: str, result: object, value: float) -> None:
    sample = read_answer(200, answer(kind, result))
    assert (sample.value, sample.problem) == (value, "")


@pytest.mark.parametrize(
    ("kind", "result", "words"),
    [
        ("vector", [], "has no data"),
        ("vector", [{"metric": {}, "histogram": [1, {}]}], "a histogram; reduce it"),
        ("vector", [{"value": [1, "1"]}, {"value": [1, "1"]}], "2 series"),
        ("vector", [{"value": [1, 1]}], "not a query result"),
        ("vector", [{"value": [1, "many"]}], "not a query result"),
        ("vector", [{}], "not a query result"),
        ("vector", {}, "not a query result"),
        ("vector", None, "not a query result"),
        ("scalar", [1, "NaN"], "answered NaN"),
        ("scalar", "1", "not a query result"),
        ("string", [1, "1"], "a string where one number is expected"),
        ("streams", [], "not a query result"),
        (None, None, "not a query result"),
        ("scalar", ["1", "1"], "not a query result"),
        ("scalar", [True, "1"], "not a query result"),
        ("scalar", [10**400, "1"], "not a query result"),
        ("scalar", [-(2**53) - 1, "1"], "not a query result"),
        ("scalar", [float("nan"), "1"], "not a query result"),
        ("scalar", [float("inf"), "1"], "not a query result"),
        ("vector", [{"metric": {}, "value": [None, "1"]}], "not a query result"),
    ],
)
def test_anything_else_is_unknown(kind: object, result: object, words: str) -> None:
    sample = read_answer(200, answer(kind, result))
    assert sample.value is None
    assert words in sample.problem


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOW - OLDEST, ""),
        (NOW - OLDEST - 1, "301 s old; set the clocks"),
        (NOW + NEWEST, ""),
        (NOW + NEWEST + 1, "from 61 s in the future; set the clocks"),
    ],
)
@pytest.mark.parametrize("kind", ["scalar", "vector"])
def test_a_value_of_another_time_is_unknown(kind: str, at: float, words: str) -> None:
    found = [at, "1"]
    sample = read_answer(200, answer(kind, found if kind == "scalar" else [{"value": found}]))
    assert (sample.value is None) == bool(words)
    assert words in sample.problem


@pytest.mark.parametrize(
    ("warnings", "words"),
    [(["a", "b"], "partial: a;"), ("odd", "without words"), ([5], "without words")],
)
def test_a_warning_spoils_the_value(warnings: object, words: str) -> None:
    sample = read_answer(200, answer("scalar", [1, "1"], warnings=warnings))
    assert sample.value is None
    assert words in sample.problem


def test_no_warnings_and_hints_do_not_spoil_it() -> None:
    assert read_answer(200, answer("scalar", [1, "1"], warnings=[], infos=["x"])).value == 1


def test_an_error_that_came_with_200_is_an_error() -> None:
    body = b'{"status":"error","error":"shard\\u001b[2J lost"}'
    assert "HTTP 200: shard [2J lost" in read_answer(200, body).problem


def test_the_words_of_a_refusal_are_shortened() -> None:
    body = json.dumps({"status": "error", "error": "x" * 5_000}).encode()
    assert len(read_answer(400, body).problem) < 300


def test_foreign_pages_are_not_quoted() -> None:
    assert "secret" not in read_answer(500, b"<html>secret").problem


@pytest.mark.parametrize("said", ['"error":"a\\ud800"', '"warnings":["a\\udfff"]', '"a\\ud800":1'])
def test_text_that_cannot_be_written_is_not_read(said: str) -> None:
    problem = read_answer(200, f'{{"status":"success",{said}}}'.encode()).problem
    assert "not JSON" in problem
    problem.encode()


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 100_000, b"1" * 10_000, b"\xff"])
def test_hostile_json_is_unknown(body: bytes) -> None:
    assert read_answer(200, body).value is None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.just(10**400)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["status", "data", "resultType", "result", "value", "warnings"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.integers(min_value=100, max_value=599), JSON)
def test_every_answer_is_a_value_or_a_problem(status: int, document: object) -> None:
    sample = read_answer(status, json.dumps(document).encode())
    assert (sample.value is None) == bool(sample.problem)
