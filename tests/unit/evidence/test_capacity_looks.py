"""Nodes, quotas, surges and alert rules are looked up; what is not to be had says why."""

from typing import Any

import pytest
from tests.fakes.world import NAMESPACE, World, deployment

from release_coordinator.api.release import WorkloadRef
from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import (
    DEPLOYMENT,
    METRIC_SOURCE,
    NODE,
    RESOURCE_QUOTA,
    Body,
    Kind,
)
from release_coordinator.engine.evidence import (
    AdmissionFact,
    AlertRuleFact,
    AlertRulesFact,
    AlertRulesWant,
    ApprovalsFact,
    ApprovalsWant,
    ConfigWant,
    NodesFact,
    NodesWant,
    ObjectWant,
    PolicyWant,
    QuotasWant,
    RecordsWant,
    SurgeFact,
    SurgeWant,
    VersionWant,
)
from release_coordinator.errors import Denied, Transient
from release_coordinator.evidence import registry
from release_coordinator.evidence.sources import Sources


@pytest.fixture
def world() -> World:
    return World()


async def ask(world: World, want: Any) -> Any:
    sources = Sources(
        world.cluster, world.operator.store, world.metrics, world.prober, lambda: AdmissionFact("")
    )
    return await registry.answer(sources, NAMESPACE, want)


def refuse(world: World, error: Exception) -> None:
    async def refusal(_call: Call) -> None:
        raise error

    world.cluster.before = refusal


async def create(world: World, kind: Kind, body: Body, status: Body) -> None:
    created = await world.user.create(kind, body)
    await world.user.replace_status(kind, {**created, "status": status})


async def test_nodes_are_listed(world: World) -> None:
    ready = [{"type": "Ready", "status": "True"}]
    await create(world, NODE, {"metadata": {"name": "n1"}}, {"conditions": ready})
    await world.user.create(NODE, {"metadata": {"name": "n2"}})

    assert await ask(world, NodesWant()) == NodesFact(ready=("n1",), unready=("n2",))


async def test_quotas_of_the_namespace_are_listed_but_for_narrower_ones(world: World) -> None:
    for name, spec in (
        ("compute", {"hard": {"pods": "3"}}),
        ("batch", {"hard": {"pods": "1"}, "scopes": ["Terminating"]}),
    ):
        body = {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}
        await create(world, RESOURCE_QUOTA, body, {"hard": spec["hard"], "used": {"pods": "1"}})

    (quota,) = await ask(world, QuotasWant())

    assert (quota.name, quota.left, quota.problem) == ("compute", {"pods": 2}, "")


async def test_the_surge_of_a_workload_is_read_live_until_it_is_watched(world: World) -> None:
    await world.user.create(DEPLOYMENT, deployment("backend", "api", "1.2.0"))

    assert await ask(world, SurgeWant(WorkloadRef(name="backend"))) == SurgeFact(1, {})


async def test_there_is_no_surge_where_there_is_no_workload(world: World) -> None:
    assert await ask(world, SurgeWant(WorkloadRef(name="backend"))) is None


async def test_what_the_operator_may_not_read_is_a_problem_that_says_who_mends_it(
    world: World,
) -> None:
    refuse(world, Denied("forbidden"))

    nodes = await ask(world, NodesWant())
    (quota,) = await ask(world, QuotasWant())
    surge = await ask(world, SurgeWant(WorkloadRef(name="backend")))
    rules = await ask(world, AlertRulesWant("default"))

    mends = "; the platform team must let it"
    assert nodes.problem == f"the operator may not list nodes{mends}"
    assert quota.problem == f"the operator may not list resourcequotas{mends}"
    assert surge.problem == f"the operator may not get deployments{mends}"
    assert rules.problem == f"the operator may not read MetricSources{mends}"


@pytest.mark.parametrize(
    "want",
    [
        NodesWant(),
        QuotasWant(),
        SurgeWant(WorkloadRef(name="backend")),
        AlertRulesWant("default"),
        ObjectWant("tekton.dev/v1", "PipelineRun", "shop-1.3.0"),
        VersionWant(WorkloadRef(name="backend"), 8080, "/version", "2s"),
        RecordsWant("staging", "bookshop"),
        ConfigWant(WorkloadRef(name="backend")),
    ],
)
async def test_an_outage_is_a_problem_of_the_one_fact(world: World, want: Any) -> None:
    refuse(world, Transient("503\nunavailable"))

    fact = await ask(world, want)

    problem = fact[0].problem if isinstance(fact, tuple) else fact.problem
    assert problem.startswith("the API server does not answer: 503 unavailable; it is asked again")


@pytest.mark.parametrize("want", [PolicyWant("bookshop"), ApprovalsWant("bookshop")])
async def test_an_outage_that_hides_what_people_require_or_say_is_left_to_the_queue(
    world: World, want: Any
) -> None:
    refuse(world, Transient("503"))

    with pytest.raises(Transient):
        await ask(world, want)


async def test_policies_and_approvals_that_may_not_be_listed_are_a_problem(world: World) -> None:
    refuse(world, Denied("forbidden"))

    policy = await ask(world, PolicyWant("bookshop"))
    approvals = await ask(world, ApprovalsWant("bookshop", fresh=True))

    mends = "in namespace shop; the platform team installs the chart's roles again"
    assert (policy.name, policy.spec) == (None, None)
    assert policy.problem == f"the operator may not list releasepolicies {mends}"
    assert approvals == ApprovalsFact((), f"the operator may not list approvals {mends}")


async def test_alert_rules_are_those_of_the_named_source(world: World) -> None:
    source = {"metadata": {"name": "default"}, "spec": {"url": "http://prometheus:9090"}}
    await world.user.create(METRIC_SOURCE, source)
    world.metrics.alerts = AlertRulesFact((AlertRuleFact("Down", "ok", False, ""),))

    assert await ask(world, AlertRulesWant("default")) == world.metrics.alerts


async def test_a_source_that_is_not_there_is_a_problem(world: World) -> None:
    fact = await ask(world, AlertRulesWant("default"))

    assert fact.problem == "there is no MetricSource default; the platform team must create it"


async def test_a_source_that_cannot_be_read_is_a_problem(world: World) -> None:
    source = {"metadata": {"name": "default"}, "spec": {"url": "gopher://prometheus"}}
    await world.user.create(METRIC_SOURCE, source)

    fact = await ask(world, AlertRulesWant("default"))

    assert fact.problem.startswith("MetricSource default cannot be read: spec.url")
