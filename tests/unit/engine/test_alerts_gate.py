"""R2.9: the named alert rules are loaded and healthy, and none fires."""

import pytest
from tests.releases import bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import Gate, GateState, Role
from release_coordinator.engine.evidence import AlertRuleFact, AlertRulesFact, AlertRulesWant
from release_coordinator.engine.gates import alerts

UNREACHABLE = "Metric source http://prometheus:9090 refused the connection; check its address."


def rule(
    name: str, health: str = "ok", *, firing: bool = False, problem: str = ""
) -> AlertRuleFact:
    return AlertRuleFact(name, health, firing, "critical", problem)


def judged(*loaded: AlertRuleFact, problem: str = "", names: tuple[str, ...] = ("Down",)) -> Gate:
    body = bookshop()
    body["spec"]["alerts"] = {"source": "shop", "rules": list(names)}
    facts = {AlertRulesWant("shop"): AlertRulesFact(loaded, problem)}
    return alerts.evaluate(context(body, facts=facts)).gate


def test_rules_that_are_loaded_and_healthy_and_silent_pass() -> None:
    gate = judged(rule("Slow"), rule("Down"), rule("Other", firing=True), names=("Down", "Slow"))
    assert gate.state is GateState.PASSED
    assert gate.message == (
        "MetricSource shop has loaded and evaluates, and does not fire: Down, Slow"
    )
    assert gate.evidence == "MetricSource shop"


def test_without_declared_rules_it_fails_and_says_what_to_add() -> None:
    gate = alerts.evaluate(context()).gate
    assert (gate.state, gate.owner) == (GateState.FAILED, Role.DEVOPS)
    assert "spec.alerts is missing; name in spec.alerts.rules the alert rules" in gate.message


@pytest.mark.parametrize(
    ("loaded", "words"),
    [
        ((), "not loaded: Down; add it to the alert rules of MetricSource shop"),
        ((rule("down"),), "not loaded: Down"),
        (
            (rule("Down", "err", problem="many-to-many matching"),),
            "cannot be evaluated: Down (many-to-many matching); correct the rule",
        ),
        ((rule("Down", "err"),), "Down (without words)"),
        ((rule("Down", firing=True),), "fires now: Down; end what it warns of"),
        # Rules of one name in several groups: one is enough.
        ((rule("Down"), rule("Down", "err", problem="bad")), "cannot be evaluated: Down (bad)"),
        ((rule("Down"), rule("Down", firing=True)), "fires now: Down"),
        ((rule("Down", "unknown"), rule("Down", "err", problem="bad")), "cannot be evaluated"),
    ],
)
def test_a_rule_that_is_missing_or_ill_or_fires_fails(
    loaded: tuple[AlertRuleFact, ...], words: str
) -> None:
    gate = judged(*loaded)
    assert (gate.state, gate.owner) == (GateState.FAILED, Role.DEVOPS)
    assert words in gate.message


def test_all_that_is_wrong_is_said_at_once() -> None:
    ill = rule("Ill", "err", problem="x" * 400)
    gate = judged(ill, rule("Loud", firing=True), names=("Gone", "Ill", "Loud"))
    for words in ("not loaded: Gone", "cannot be evaluated: Ill", "fires now: Loud", "goes on"):
        assert words in gate.message


def test_a_rule_that_was_not_evaluated_yet_is_waited_for() -> None:
    gate = judged(rule("Down", "unknown"))
    assert gate.state is GateState.WAITING
    assert "loaded but not evaluated yet: Down" in gate.message


def test_a_source_that_does_not_answer_is_unknown_and_for_the_platform_team() -> None:
    gate = judged(problem=UNREACHABLE)
    assert (gate.state, gate.owner) == (GateState.UNKNOWN, Role.PLATFORM)
    assert UNREACHABLE in gate.message
