"""Which objects are read as evidence of CI, and what is said of those that are not."""

from typing import Any

import pytest
from tests.fakes.world import NAMESPACE, ScriptedMetrics, ScriptedProber

from release_coordinator.cluster.memory import Call, MemoryCluster
from release_coordinator.cluster.port import CONFIG_MAP, Body, Kind
from release_coordinator.cluster.store import Store
from release_coordinator.engine.evidence import AdmissionFact, ObjectFact, ObjectWant
from release_coordinator.errors import Denied, Transient
from release_coordinator.evidence import objects
from release_coordinator.evidence.sources import Sources

RUN = Kind("tekton.dev", "v1", "pipelineruns", "PipelineRun")
SECRETS = Kind("", "v1", "secrets", "Secret")
WANT = ObjectWant("tekton.dev/v1", "PipelineRun", "shop-1.3.0")


def sources(cluster: MemoryCluster, store: Store | None = None) -> Sources:
    metrics, prober = ScriptedMetrics(lambda: None), ScriptedProber()
    return Sources(cluster, store or Store(), metrics, prober, lambda: AdmissionFact(""))


async def cluster_with(kind: Kind, name: str, **content: Any) -> MemoryCluster:
    cluster = MemoryCluster(namespaces=(NAMESPACE,))
    await cluster.create(kind, {"metadata": {"name": name, "namespace": NAMESPACE}, **content})
    return cluster


async def seen(cluster: MemoryCluster, want: ObjectWant) -> ObjectFact:
    return await objects.look(sources(cluster), NAMESPACE, want)


async def test_an_object_of_a_kind_that_only_the_server_knows_is_read() -> None:
    fact = await seen(await cluster_with(RUN, WANT.name, spec={"a": 1}), WANT)
    assert fact.body is not None
    assert (fact.body["spec"], fact.problem) == ({"a": 1}, "")


async def test_a_config_map_that_is_watched_costs_no_request() -> None:
    cluster, store = MemoryCluster(namespaces=(NAMESPACE,)), Store()
    metadata = {"name": "ci", "namespace": NAMESPACE, "uid": "u", "resourceVersion": "7"}
    body: Body = {"metadata": metadata, "data": {"status": "success"}}
    store.put(CONFIG_MAP, body)
    cluster.before = _refuse(Transient("no request is expected"))
    want = ObjectWant("v1", "ConfigMap", "ci")
    fact = await objects.look(sources(cluster, store), NAMESPACE, want)
    assert fact == ObjectFact(body)


async def test_an_object_that_is_not_there_is_told() -> None:
    cluster = await cluster_with(RUN, "another")
    fact = await seen(cluster, WANT)
    assert fact == ObjectFact(None, "there is no PipelineRun shop-1.3.0 in namespace shop")


async def test_a_kind_that_the_server_does_not_serve_is_refused() -> None:
    fact = await seen(MemoryCluster(namespaces=(NAMESPACE,)), WANT)
    assert fact.refused
    assert (
        "serves no kind PipelineRun in tekton.dev/v1; correct apiVersion and kind" in fact.problem
    )


@pytest.mark.parametrize("api_version", ["v1", "tekton.dev/v1"])
async def test_a_secret_is_never_asked_for(api_version: str) -> None:
    cluster = await cluster_with(SECRETS, "bookshop-db")
    asked: list[Call] = []

    async def note(call: Call) -> None:
        asked.append(call)

    cluster.before = note
    fact = await seen(cluster, ObjectWant(api_version, "Secret", "bookshop-db"))
    assert fact == ObjectFact(
        None, "the operator reads no Secrets; name an object of another kind", refused=True
    )
    assert not asked


async def test_an_object_outside_of_the_namespace_is_refused() -> None:
    fact = await seen(MemoryCluster(namespaces=(NAMESPACE,)), ObjectWant("v1", "Namespace", "shop"))
    assert fact.refused
    assert "Namespace is a kind of the whole cluster" in fact.problem


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        (
            "get",
            (
                "the operator may not read pipelineruns.tekton.dev in namespace shop; the platform "
                "team adds it to the chart's value gates.readResources"
            ),
        ),
        ("discover", "the operator may not ask which kinds tekton.dev/v1 has; the platform team"),
    ],
)
async def test_a_missing_right_is_a_matter_for_the_platform_team(verb: str, words: str) -> None:
    cluster = await cluster_with(RUN, WANT.name)
    cluster.before = _refuse(Denied("403"), verb)
    fact = await seen(cluster, WANT)
    assert (fact.body, fact.forbidden, fact.refused) == (None, True, False)
    assert words in fact.problem


async def test_a_name_that_would_address_something_else_is_refused() -> None:
    cluster = await cluster_with(RUN, WANT.name)
    fact = await seen(cluster, ObjectWant("tekton.dev/v1", "PipelineRun", ".."))
    assert fact.refused
    wrong = await seen(cluster, ObjectWant("../v1", "PipelineRun", "a"))
    assert wrong.refused


async def test_an_outage_is_left_to_the_queue() -> None:
    cluster = await cluster_with(RUN, WANT.name)
    cluster.before = _refuse(Transient("503"))
    with pytest.raises(Transient):
        await seen(cluster, WANT)


def _refuse(error: Exception, verb: str = "") -> Any:
    async def hook(call: Call) -> None:
        if call.verb.startswith(verb):
            raise error

    return hook
