"""How each body of a list of rules is read; the HTTP around it is in the contract test."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.prometheus import rule

from release_coordinator.engine.evidence import AlertRuleFact
from release_coordinator.signals.rules import MOST, read_rules


def answer(*groups: list[dict[str, Any]], **more: Any) -> bytes:
    data = {"groups": [{"name": "g", "rules": group} for group in groups], **more}
    return json.dumps({"status": "success", "data": data}).encode()


def test_rules_of_all_groups_are_read_each_with_its_own_state() -> None:
    down = rule("Down", state="firing", labels={"severity": "critical", "team": "shop"})
    ill = rule("Down", health="err", lastError="many-to-many\nmatching", state="pending")
    young = rule("Young", health="unknown", state="unknown", labels=None)

    fact = read_rules(200, answer([down], [ill, young]))

    assert fact.problem == ""
    assert fact.rules == (
        AlertRuleFact("Down", "ok", firing=True, severity="critical"),
        AlertRuleFact("Down", "err", firing=False, severity="", problem="many-to-many matching"),
        AlertRuleFact("Young", "unknown", firing=False, severity=""),
    )


def test_no_rules_are_an_answer_too() -> None:
    fact = read_rules(200, answer())
    assert (fact.rules, fact.problem) == ((), "")


def test_recording_rules_of_a_server_that_sends_them_too_are_passed_over() -> None:
    record = {"type": "recording", "name": "job:up:sum", "health": "ok", "query": "sum(up)"}
    assert [one.name for one in read_rules(200, answer([record, rule("Down")])).rules] == ["Down"]


@pytest.mark.parametrize(
    "bad",
    [
        rule("Down", state="ablaze"),
        rule("Down", health="fine"),
        rule("Down", labels={"severity": 3}),
        rule("Down", lastError=None),
        rule("Down", type="alert"),
        {"type": "alerting", "name": "Down"},
        "Down",
    ],
)
def test_one_rule_that_cannot_be_read_makes_all_of_them_unknown(bad: Any) -> None:
    fact = read_rules(200, answer([rule("Good")], [bad]))
    assert fact.rules == ()
    assert "JSON that is not a list of alert rules; check that the address" in fact.problem


@pytest.mark.parametrize("data", [{}, {"groups": None}, {"groups": [{}]}, {"groups": {"a": 1}}])
def test_data_of_another_shape_is_a_problem(data: Any) -> None:
    fact = read_rules(200, json.dumps({"status": "success", "data": data}).encode())
    assert "not a list of alert rules" in fact.problem


def test_the_first_page_of_a_list_is_not_taken_for_all_of_it() -> None:
    fact = read_rules(200, answer([rule("Down")], groupNextToken="2"))
    assert (fact.rules, fact.problem[:28]) == ((), "answered with a part of its ")


def test_foreign_text_is_made_safe_to_show() -> None:
    bad = rule("Down\x1b[2J", health="err", lastError="x" * 5_000)
    (fact,) = read_rules(200, answer([bad])).rules
    assert fact.name == "Down [2J"
    assert len(fact.problem) <= 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["alerting", "ok", "firing", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["groups", "rules", "type", "name", "health", "state", "labels"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@given(st.integers(min_value=100, max_value=599), JSON)
def test_every_answer_is_a_list_or_a_problem(status: int, data: object) -> None:
    fact = read_rules(status, json.dumps({"status": "success", "data": data}).encode())
    assert not (fact.rules and fact.problem)
    assert status == 200 or fact.problem


def test_more_rules_than_anybody_can_judge_are_a_problem() -> None:
    recording = {"type": "recording", "name": "r"}
    assert len(read_rules(200, answer([rule("A")] * MOST, [recording])).rules) == MOST
    fact = read_rules(200, answer([rule("A")] * MOST, [rule("A")]))
    assert fact.rules == ()
    assert "more than 20000 alert rules" in fact.problem
    assert "not a list" in read_rules(200, answer(*[[]] * (MOST + 1))).problem
