"""How each list of alerts is read; the HTTP around it is in the contract test."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_coordinator.engine.watchfacts import AlertFact, FiringFact
from release_coordinator.signals.firing import LISTED, MOST, read_firing


def alert(name: str, state: str = "firing", **more: Any) -> dict[str, Any]:
    return {"labels": {"alertname": name}, "annotations": {}, "state": state, "value": "1", **more}


def read(*alerts: object, **more: Any) -> FiringFact:
    body = {"status": "success", "data": {"alerts": alerts}, **more}
    return read_firing(200, json.dumps(body).encode())


def test_only_alerts_that_fire_are_told_with_all_their_labels() -> None:
    slow = {"alertname": "Slow", "namespace": "shop"}
    at = "2026-11-23T12:00:00.123456789Z"

    fact = read(
        alert("Pending", "pending"), alert("Gone", "inactive"), alert("", labels=slow, activeAt=at)
    )

    since = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
    assert fact == FiringFact((AlertFact("Slow", slow, since),))


@pytest.mark.parametrize(
    "at", ["", "yesterday", "2026-11-23T12:00:00", "0001-01-01T00:00:00+23:59"]
)
def test_an_alert_that_does_not_say_since_when_fires_all_the_same(at: str) -> None:
    assert read(alert("Slow", activeAt=at)).alerts[0].since is None


def test_nothing_that_fires_is_no_problem() -> None:
    assert read() == FiringFact(())


@pytest.mark.parametrize(
    "broken",
    [
        {},
        "alert",
        alert("A", "resolved"),
        alert("A", labels=None),
        alert("A", labels={"alertname": 1}),
        {"labels": {}},
    ],
)
def test_a_list_of_which_one_cannot_be_read_is_a_problem(broken: object) -> None:
    fact = read(alert("A"), broken)
    assert fact.alerts == ()
    assert "not a list of alerts" in fact.problem


def test_a_part_of_the_alerts_is_a_problem() -> None:
    fact = read(alert("A"), warnings=["ruler away"])
    assert fact.alerts == ()
    assert "may be partial: ruler away" in fact.problem


def test_more_than_anybody_can_judge_are_a_problem() -> None:
    assert len(read(*[alert("A")] * MOST).alerts) == MOST
    fact = read(*[alert("A")] * (MOST + 1))
    assert fact.alerts == ()
    assert "more than 5000 alerts that fire" in fact.problem
    assert read(*[alert("A", "pending")] * LISTED).problem == ""
    fact = read(*[alert("A", "pending")] * (LISTED + 1))
    assert "more than 20000 alerts in all" in fact.problem


def test_labels_that_cannot_be_written_are_not_read() -> None:
    assert "not JSON" in read(alert("A", labels={"alertname": "A", "x": "\ud800"})).problem


def test_a_name_cannot_move_the_cursor_of_who_reads_it() -> None:
    assert read(alert("A\x1b[2JB")).alerts[0].name == "A [2JB"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["firing", "pending"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["alerts", "state", "labels", "alertname", "activeAt"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_comes_there_are_alerts_or_a_problem(data: object) -> None:
    body = json.dumps({"status": "success", "data": data}).encode()
    fact = read_firing(200, body)
    assert not (fact.alerts and fact.problem)
