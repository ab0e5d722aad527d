"""R2.15: nodes are ready, quotas leave room for the surge, and nothing critical fires."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.releases import Body, bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import Gate, GateState, Role
from release_coordinator.api.release import WorkloadRef
from release_coordinator.engine.evidence import (
    AlertRuleFact,
    AlertRulesFact,
    AlertRulesWant,
    NodesFact,
    NodesWant,
    QuotaFact,
    QuotasWant,
    SurgeFact,
    SurgeWant,
)
from release_coordinator.engine.gates import infrastructure
from release_coordinator.engine.observation import NotSeen

MIB = 2**20
BACKEND, FRONTEND = (
    SurgeWant(WorkloadRef(name="bookshop-backend")),
    SurgeWant(WorkloadRef(name="bookshop-frontend")),
)
HEALTHY: dict[Any, Any] = {
    NodesWant(): NodesFact(("n1", "n2"), ()),
    QuotasWant(): (QuotaFact("compute", {"pods": 5, "requests.cpu": 2.0, "memory": 512 * MIB}),),
    BACKEND: SurgeFact(1, {"requests.cpu": 0.5, "requests.memory": 256 * MIB}),
    FRONTEND: SurgeFact(2, {"requests.cpu": 0.2, "requests.memory": 512 * MIB}),
    AlertRulesWant("default"): AlertRulesFact(()),
}


def judged(facts: dict[Any, Any] | None = None, body: Body | None = None) -> Gate:
    return infrastructure.evaluate(context(body, facts={**HEALTHY, **(facts or {})})).gate


def left(**resources: float) -> dict[Any, Any]:
    amounts = {name.replace("_", "."): amount for name, amount in resources.items()}
    return {QuotasWant(): (QuotaFact("compute", amounts),)}


def firing(*names: str, severity: str = "critical", problem: str = "") -> AlertRulesFact:
    return AlertRulesFact(
        tuple(AlertRuleFact(name, "ok", True, severity) for name in names), problem
    )


def test_a_healthy_cluster_passes_and_says_what_was_looked_at() -> None:
    gate = judged()
    assert (gate.state, gate.owner) == (GateState.PASSED, Role.PLATFORM)
    assert gate.message == (
        "all nodes Ready (2); room in ResourceQuota compute; "
        "no critical alert fires in MetricSource default"
    )


def test_everything_is_asked_for_at_once() -> None:
    with pytest.raises(NotSeen) as question:
        infrastructure.evaluate(context())
    assert set(question.value.wants) == set(HEALTHY)


NODES = [
    (NodesFact(("a",), ("b", "c")), GateState.FAILED, "not Ready: node b, c; repair, cordon"),
    (NodesFact((), ("b",)), GateState.FAILED, "not Ready: node b"),
    (NodesFact((), ()), GateState.FAILED, "no node is Ready and takes new pods"),
    (
        NodesFact((), (), "the operator may not list nodes"),
        GateState.UNKNOWN,
        "the nodes are not known: the operator may not list nodes",
    ),
]


@pytest.mark.parametrize(("fact", "state", "words"), NODES)
def test_nodes_that_are_not_ready_are_named(fact: NodesFact, state: GateState, words: str) -> None:
    gate = judged({NodesWant(): fact})
    assert (gate.state, gate.owner) == (state, Role.PLATFORM)
    assert words in gate.message


def test_a_hundred_nodes_that_are_not_ready_leave_room_for_the_advice() -> None:
    names = tuple(f"ip-10-0-0-{number}.eu-central-1.compute.internal" for number in range(100))
    gate = judged({NodesWant(): NodesFact((), names)})
    assert "and 95 more; repair, cordon or remove what is not Ready" in gate.message


@pytest.mark.parametrize(
    ("quota", "words"),
    [
        (
            left(requests_cpu=0.2),
            (
                "ResourceQuota compute: requests.cpu 200m left, the rollout of backend needs "
                "500m beside what runs: raise the quota or free room"
            ),
        ),
        (left(cpu=0.2), "cpu 200m left, the rollout of backend needs 500m"),
        (left(memory=300 * MIB), "memory 300Mi left, the rollout of frontend needs 512Mi"),
        (left(pods=1), "pods 1 left, the rollout of frontend needs 2"),
        ({QuotasWant(): (QuotaFact("objects", {"count/pods": 0}),)}, "count/pods 0 left"),
    ],
)
def test_a_quota_without_room_for_the_surge_fails_with_both_amounts(
    quota: dict[Any, Any], words: str
) -> None:
    gate = judged(quota)
    assert (gate.state, gate.owner) == (GateState.FAILED, Role.PLATFORM)
    assert words in gate.message


@pytest.mark.parametrize(
    "quota",
    [
        left(requests_cpu=0.5, memory=512 * MIB, pods=2),  # exactly enough, one after the other
        left(services=0, limits_cpu=0),  # nothing of it is asked for
        {QuotasWant(): ()},
    ],
)
def test_a_quota_with_room_for_the_largest_surge_passes(quota: dict[Any, Any]) -> None:
    assert judged(quota).state is GateState.PASSED


def test_a_workload_that_is_missing_needs_no_room() -> None:
    gone = {BACKEND: None, FRONTEND: None}
    assert judged({**left(pods=0), **gone}).state is GateState.PASSED


@pytest.mark.parametrize(
    "facts",
    [
        {QuotasWant(): (QuotaFact("compute", {}, "not counted yet"),)},
        {BACKEND: SurgeFact(0, {}, "not counted yet")},
    ],
)
def test_room_that_is_not_known_is_unknown(facts: dict[Any, Any]) -> None:
    gate = judged(facts)
    assert gate.state is GateState.UNKNOWN
    assert "room for the rollout is not known: not counted yet" in gate.message


def test_critical_alerts_that_fire_are_named() -> None:
    gate = judged({AlertRulesWant("default"): firing("NodeDown", "DiskFull", "NodeDown")})
    assert gate.state is GateState.FAILED
    assert "critical alerts fire: DiskFull, NodeDown; end the cause" in gate.message


def test_alerts_of_lesser_severity_and_silent_critical_ones_hold_nothing_up() -> None:
    silent = AlertRuleFact("DiskFull", "ok", firing=False, severity="critical")
    rules = AlertRulesFact((silent, *firing("DiskFull", severity="warning").rules))
    assert judged({AlertRulesWant("default"): rules}).state is GateState.PASSED


def test_a_source_that_does_not_answer_is_unknown() -> None:
    gate = judged({AlertRulesWant("default"): firing(problem="refused the connection")})
    assert gate.state is GateState.UNKNOWN
    assert "critical alerts are not known: refused the connection" in gate.message


def test_the_source_of_the_alerts_goes_before_those_of_the_watch() -> None:
    body = bookshop()
    body["spec"]["alerts"] = {"source": "platform", "rules": ["Down"]}
    gate = judged({AlertRulesWant("platform"): firing("NodeDown")}, body)
    assert "critical alerts fire: NodeDown" in gate.message


def test_without_any_source_it_says_that_alerts_were_not_looked_at() -> None:
    body = bookshop()
    del body["spec"]["watch"]
    gate = judged(body=body)
    assert gate.state is GateState.PASSED
    assert "alerts not looked at: neither spec.alerts nor spec.watch names any" in gate.message


def test_all_that_is_wrong_is_said_at_once_and_a_failure_outweighs_what_is_unknown() -> None:
    gate = judged(
        {
            NodesWant(): NodesFact((), (), "no right"),
            **left(pods=0),
            AlertRulesWant("default"): firing("NodeDown"),
        }
    )
    assert gate.state is GateState.FAILED
    for words in ("pods 0 left", "NodeDown", "the nodes are not known: no right"):
        assert words in gate.message


AMOUNT = st.integers(0, 8).map(lambda quarter: quarter / 4)
SURGE = st.builds(lambda amount: SurgeFact(1, {"requests.cpu": amount}), AMOUNT)


@given(AMOUNT, st.lists(SURGE, max_size=2), AMOUNT)
def test_a_quota_fails_exactly_if_some_surge_is_more_than_what_is_left(
    room: float, surges: list[SurgeFact], more: float
) -> None:
    wants = dict(zip((BACKEND, FRONTEND), [*surges, None, None], strict=False))
    gate = judged({**left(requests_cpu=room), **wants})
    short = any(surge.resources["requests.cpu"] > room for surge in surges)
    assert (gate.state is GateState.FAILED) is short
    if gate.state is GateState.PASSED:
        assert judged({**left(requests_cpu=room + more), **wants}).state is GateState.PASSED


def test_a_component_that_is_switched_needs_room_for_all_its_pods() -> None:
    body = bookshop()
    body["spec"]["components"][0]["strategy"] = {"type": "BlueGreen", "service": "shop"}
    beside = SurgeWant(WorkloadRef(name="bookshop-backend"), beside=True)

    gate = judged({beside: SurgeFact(9, {})}, body)

    assert gate.state is GateState.FAILED
    assert "pods 5 left, the rollout of backend needs 9 beside what runs" in gate.message
