"""What nodes, quotas and Deployments say of room: reckoned as the API server reckons."""

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.releases import Body

from release_coordinator.cluster.capacity import (
    counts_for_rollout,
    nodes_fact,
    pod_resources,
    quota_fact,
    surge_fact,
    surge_pods,
)
from release_coordinator.engine.evidence import QuotaFact, SurgeFact


def node(name: str, ready: str | None = "True", **spec: Any) -> Body:
    conditions = [{"type": "DiskPressure", "status": "False"}]
    if ready is not None:
        conditions.append({"type": "Ready", "status": ready})
    return {"metadata": {"name": name}, "spec": spec, "status": {"conditions": conditions}}


def test_nodes_are_ready_or_not_and_cordoned_ones_do_not_count() -> None:
    fact = nodes_fact(
        [
            node("b"),
            node("a"),
            node("down", "False"),
            node("lost", "Unknown"),
            node("new", None),
            node("cordoned", unschedulable=True),
            node("in-repair", "False", unschedulable=True),
        ]
    )
    assert fact.ready == ("a", "b")
    assert fact.unready == ("down", "lost", "new")


@pytest.mark.parametrize(
    ("spec", "counts"),
    [
        ({}, True),
        ({"scopes": ["NotTerminating"]}, True),
        ({"scopeSelector": {"matchExpressions": [{"scopeName": "NotTerminating"}]}}, True),
        ({"scopes": ["Terminating"]}, False),
        ({"scopes": ["BestEffort", "NotTerminating"]}, False),
        ({"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass"}]}}, False),
    ],
)
def test_a_quota_counts_if_it_counts_every_pod_of_a_deployment(spec: Body, counts: bool) -> None:  # noqa: FBT001
    assert counts_for_rollout({"spec": spec}) is counts


def quota(hard: Body, used: Body | None, counted: Body | None = None) -> Body:
    status = {} if used is None else {"hard": counted or hard, "used": used}
    return {"metadata": {"name": "compute"}, "spec": {"hard": hard}, "status": status}


def test_what_is_left_is_the_limit_less_what_is_used_in_exact_numbers() -> None:
    fact = quota_fact(
        quota(
            {"requests.cpu": "1", "limits.memory": "1Gi", "pods": "10", "cpu": "0.3"},
            {"requests.cpu": "700m", "limits.memory": "512Mi", "pods": "12", "cpu": "200m"},
        )
    )
    assert fact.problem == ""
    assert fact.left == {"requests.cpu": 0.3, "limits.memory": 2**29, "pods": 0, "cpu": 0.1}


@pytest.mark.parametrize(
    "body",
    [
        quota({"pods": "1"}, None),
        quota({"pods": "1"}, {}),
        quota({"pods": "1", "cpu": "1"}, {"pods": "0"}, counted={"pods": "1"}),
        quota({"pods": "9"}, {"pods": "0"}, counted={"pods": "1"}),
    ],
)
def test_a_quota_that_was_not_counted_since_it_was_changed_is_not_known(body: Body) -> None:
    fact = quota_fact(body)
    assert fact.left == {}
    assert "ResourceQuota compute is not counted yet" in fact.problem


@pytest.mark.parametrize(
    ("replicas", "surge", "pods"),
    [
        (4, "25%", 1),
        (5, "25%", 2),
        (1, "25%", 1),
        (0, "25%", 0),
        (3, "0%", 0),
        (3, "100%", 3),
        (3, "200%", 3),
        (3, 0, 0),
        (3, 2, 2),
        (3, 7, 3),
        (0, 1, 0),
    ],
)
def test_the_surge_is_rounded_up_and_never_more_than_all_pods(
    replicas: int, surge: int | str, pods: int
) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge}}
    assert surge_pods(replicas, strategy) == pods


def test_a_recreated_workload_has_no_surge_and_an_undeclared_one_a_quarter() -> None:
    assert surge_pods(8, {"type": "Recreate"}) == 0
    assert surge_pods(8, {}) == 2
    assert surge_pods(8, {"type": "RollingUpdate", "rollingUpdate": None}) == 2


def container(cpu: str | None = None, limit: str | None = None, **more: Any) -> Body:
    named = {"requests": {"cpu": cpu} if cpu else {}, "limits": {"cpu": limit} if limit else {}}
    return {"name": "c", "resources": named, **more}


def sidecar(cpu: str) -> Body:
    return container(cpu, restartPolicy="Always")


@pytest.mark.parametrize(
    ("pod", "asked"),
    [
        ({"containers": [container("100m"), container("200m")]}, "0.3"),
        ({"containers": [container("100m")], "initContainers": [container("1")]}, "1"),
        ({"containers": [container("2")], "initContainers": [container("1")]}, "2"),
        ({"containers": [container("100m")], "initContainers": [sidecar("50m")]}, "0.15"),
        # The later init container runs beside the sidecar, the earlier one does not.
        (
            {
                "containers": [container("100m")],
                "initContainers": [container("1"), sidecar("300m"), container("900m")],
            },
            "1.2",
        ),
        ({"containers": [container(None, "400m")]}, "0.4"),
        ({"containers": [container("100m", "400m")]}, "0.1"),
        ({"containers": [container("1")], "resources": {"requests": {"cpu": "3"}}}, "3"),
        ({"containers": [container("1")], "resources": {"limits": {"cpu": "3"}}}, "1"),
        ({"containers": [container()], "resources": {"limits": {"cpu": "3"}}}, "3"),
    ],
)
def test_a_pod_asks_for_what_the_api_server_would_count(pod: Body, asked: str) -> None:
    assert pod_resources(pod)["requests.cpu"] == Decimal(asked)


def test_a_pod_that_names_nothing_counts_for_nothing() -> None:
    assert pod_resources({"containers": [{"name": "c"}]}) == {}


def deployment(replicas: int, surge: int | str, cpu: int, memory: int) -> Body:
    resources = {"requests": {"cpu": f"{cpu}m"}, "limits": {"memory": f"{memory}Mi"}}
    return {
        "kind": "Deployment",
        "spec": {
            "replicas": replicas,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge}},
            "template": {"spec": {"containers": [{"name": "c", "resources": resources}]}},
        },
    }


def test_the_surge_of_a_deployment_is_that_of_all_its_surge_pods() -> None:
    fact = surge_fact(deployment(replicas=6, surge="50%", cpu=100, memory=64))
    assert fact.pods == 3
    assert fact.resources == {
        "requests.cpu": 0.3,
        "requests.memory": 3 * 64 * 2**20,
        "limits.memory": 3 * 64 * 2**20,
    }


def test_a_version_that_runs_beside_needs_all_pods_once_more_and_the_surge() -> None:
    fact = surge_fact(deployment(replicas=6, surge="50%", cpu=100, memory=64), beside=True)
    assert fact.pods == 6 + 3


COUNT = st.integers(0, 2000)
SURGE = st.integers(0, 300) | st.integers(0, 300).map("{}%".format)


@given(COUNT, COUNT, SURGE, st.integers(0, 5000), st.integers(0, 5000))
def test_a_surge_is_never_negative_and_grows_with_the_replicas(
    one: int, other: int, surge: int | str, cpu: int, memory: int
) -> None:
    fewer, more = (
        surge_fact(deployment(replicas, surge, cpu, memory)) for replicas in sorted((one, other))
    )
    assert 0 <= fewer.pods <= more.pods <= max(one, other)
    for resource, amount in fewer.resources.items():
        assert 0 <= amount <= more.resources[resource]


QUANTITY = st.builds(
    "{}{}".format,
    st.integers(0, 10**9),
    st.sampled_from(["", "m", "k", "M", "G", "Ki", "Mi", "Gi"]),
)


@given(st.dictionaries(st.sampled_from(["pods", "requests.cpu", "memory"]), QUANTITY), st.data())
def test_what_is_left_is_never_negative_and_never_more_than_the_limit(
    hard: dict[str, str], data: st.DataObject
) -> None:
    used = {resource: data.draw(QUANTITY) for resource in hard}
    fact = quota_fact(quota(hard, used))
    nothing = quota_fact(quota(hard, dict.fromkeys(hard, "0")))
    assert fact.left.keys() == hard.keys()
    for resource, left in fact.left.items():
        assert 0 <= left <= nothing.left[resource]


ODD = ["1e9999999", "1e9999999G", "1e999999999999", "NaN", "sNaN", "inf", "-Infinity", "", "1e3Ki"]
ANYTHING: st.SearchStrategy[Any] = (
    st.sampled_from([*ODD, None, True, 1.5, [], {}]) | st.text(max_size=8) | st.integers()
)


@given(ANYTHING, ANYTHING, ANYTHING)
def test_whatever_an_amount_says_it_is_reckoned_with_or_a_problem(
    one: object, other: object, surge: object
) -> None:
    spec = deployment(3, "25%", 1, 1)["spec"]
    spec["strategy"]["rollingUpdate"]["maxSurge"] = surge if isinstance(surge, str) else 1
    containers = [{"resources": {"requests": {"cpu": one}, "limits": {"memory": other}}}]
    spec["template"]["spec"]["containers"] = containers * 3
    facts: list[QuotaFact | SurgeFact] = [
        quota_fact(quota({"cpu": one}, {"cpu": other})),
        surge_fact({"kind": "Deployment", "metadata": {"name": "shop"}, "spec": spec}),
    ]
    for fact in facts:
        amounts = fact.left if isinstance(fact, QuotaFact) else fact.resources
        assert bool(fact.problem) != bool(amounts)
        assert all(math.isfinite(amount) for amount in amounts.values())


@pytest.mark.parametrize("said", ["NaN", "inf", "much", "1e9999999G"])
def test_an_amount_that_is_none_names_its_object_and_what_to_write(said: str) -> None:
    mends = f"is {said}; write an amount like 500m or 2Gi"
    body = deployment(1, 1, 1, 1) | {"metadata": {"name": "shop"}}
    container = body["spec"]["template"]["spec"]["containers"][0]
    container["resources"] = {"requests": {"memory": said}}

    assert surge_fact(body).problem == f"Deployment shop: memory {mends}"
    assert quota_fact(quota({"cpu": said}, {})).problem == f"ResourceQuota compute: cpu {mends}"


def test_more_than_the_api_server_reckons_with_is_what_it_takes_it_for() -> None:
    fact = quota_fact(quota({"requests.memory": "1e9999999"}, {"requests.memory": "0"}))

    assert fact.left == {"requests.memory": float(2**63 - 1)}
