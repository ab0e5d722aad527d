"""Which version the pods of a workload say they are."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.world import NAMESPACE, ScriptedMetrics, ScriptedProber, deployment

from release_coordinator.api.release import WorkloadRef
from release_coordinator.cluster.memory import Call, MemoryCluster
from release_coordinator.cluster.port import DEPLOYMENT, POD
from release_coordinator.cluster.store import Store
from release_coordinator.engine import names
from release_coordinator.engine.evidence import AdmissionFact, VersionFact, VersionWant
from release_coordinator.errors import Denied, Transient
from release_coordinator.evidence import versions
from release_coordinator.evidence.sources import Sources
from release_coordinator.signals.port import FetchResult

WANT = VersionWant(WorkloadRef(name="bookshop-backend"), 8080, "/version", "2s")


@dataclass
class Answers(ScriptedProber):
    """What the pods say, by their address."""

    said: dict[str, FetchResult] = field(default_factory=dict)
    asked: list[tuple[str, int, str, float]] = field(default_factory=list)

    async def fetch(self, address: str, port: int, path: str, timeout: float) -> FetchResult:  # noqa: ASYNC109
        """The answer of the pod."""
        self.asked.append((address, port, path, timeout))
        return self.said[address]


async def world(*texts: str, namespace: str = NAMESPACE, replicas: int = 2) -> Any:
    """A Deployment with a pod for each text; an empty text is no answer."""
    cluster, answers = MemoryCluster(namespaces=(namespace,)), Answers()
    body = deployment("bookshop-backend", "api", "1.3.0")
    body["metadata"]["namespace"] = namespace
    body["spec"]["replicas"] = replicas
    await cluster.create(DEPLOYMENT, body)
    for index, text in enumerate(texts):
        address = f"10.0.0.{index}"
        await _pod(cluster, namespace, f"backend-{index}", {"podIP": address, "phase": "Running"})
        answers.said[address] = FetchResult(text or None, f"http://{address}:8080/version said")
    return cluster, answers


async def _pod(cluster: MemoryCluster, namespace: str, name: str, status: Any) -> None:
    labels = {"app": "bookshop-backend", names.LABEL_TEMPLATE: "1"}
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "bookshop-backend-1"}
    owners = [{**owner, "uid": "r", "controller": True}]
    metadata = {"name": name, "namespace": namespace, "labels": labels, "ownerReferences": owners}
    stored = await cluster.create(POD, {"metadata": metadata, "spec": {}})
    await cluster.replace_status(POD, {**stored, "status": status})


async def seen(cluster: MemoryCluster, answers: Answers, want: VersionWant = WANT) -> VersionFact:
    metrics: Callable[[], float | None] = lambda: None  # noqa: E731 - a script
    sources = Sources(
        cluster, Store(), ScriptedMetrics(metrics), answers, lambda: AdmissionFact("")
    )
    return await versions.look(sources, NAMESPACE, want)


async def test_each_version_is_told_once_and_in_order() -> None:
    cluster, answers = await world("1.3.0", ' {"version": "v1.2.0", "commit": "a"}', "v1.3.0\n")
    assert await seen(cluster, answers) == VersionFact(("1.2.0", "1.3.0"))
    assert answers.asked[0] == ("10.0.0.0", 8080, "/version", 2.0)


async def test_pods_of_another_namespace_are_asked_if_it_is_named() -> None:
    cluster, answers = await world("1.3.0", namespace="shop-staging")
    want = VersionWant(WorkloadRef(name="bookshop-backend"), 8080, "/version", "2s", "shop-staging")
    assert await seen(cluster, answers, want) == VersionFact(("1.3.0",))


async def test_a_pod_that_does_not_answer_is_named() -> None:
    cluster, answers = await world("1.3.0", "")
    fact = await seen(cluster, answers)
    assert fact.versions == ("1.3.0",)
    assert fact.problem == "Pod backend-1: http://10.0.0.1:8080/version said"


@pytest.mark.parametrize(
    "text",
    [
        "latest",
        "1.3",
        "1.3.0 and more",
        "1.3.0\nReady: True",
        "<html>1.3.0</html>",
        "{}",
        '{"version": 1}',
        '{"version": {"version": "1.3.0"}}',
        '{"version": "1.3.0"',
        "{" * 4000,
        '["1.3.0"]',
        "1.3.0-" + "a" * 200,
        "1.٣.0",
    ],
)
async def test_an_answer_that_is_no_version_is_not_repeated(text: str) -> None:
    cluster, answers = await world(text)
    fact = await seen(cluster, answers)
    assert fact.versions == ()
    assert fact.problem == (
        "Pod backend-0, port 8080, /version: the answer is no SemVer version; answer it as plain "
        'text, or as JSON with a member "version"'
    )


@given(st.text(max_size=60))
def test_whatever_is_read_is_a_version(text: str) -> None:
    version = versions.read_version(text)
    assert version is None or version.isascii()
    assert version is None or not set(version) & set(" \n\x1b<>\"'")


async def test_a_workload_that_is_scaled_to_zero_says_nothing() -> None:
    cluster, answers = await world(replicas=0)
    assert await seen(cluster, answers) == VersionFact(())


async def test_a_workload_without_pods_is_a_problem() -> None:
    cluster, answers = await world()
    fact = await seen(cluster, answers)
    assert fact.problem == "Deployment bookshop-backend in namespace shop has no running pod to ask"


async def test_pods_that_are_over_or_have_no_address_are_not_asked() -> None:
    cluster, answers = await world("1.3.0")
    await _pod(cluster, NAMESPACE, "evicted", {"podIP": "10.0.0.9", "phase": "Failed"})
    await _pod(cluster, NAMESPACE, "pending", {"phase": "Pending"})
    assert await seen(cluster, answers) == VersionFact(("1.3.0",))


async def test_a_workload_that_is_not_there_is_told() -> None:
    cluster, answers = await world()
    fact = await seen(
        cluster, answers, VersionWant(WorkloadRef(name="bookshop-api"), 8080, "/version", "2s")
    )
    assert fact.problem == "there is no Deployment bookshop-api in namespace shop"


@pytest.mark.parametrize("verb", ["get", "list"])
async def test_a_missing_right_is_a_matter_for_the_platform_team(verb: str) -> None:
    cluster, answers = await world("1.3.0")

    async def deny(call: Call) -> None:
        if call.verb == verb:
            raise Denied("403")

    cluster.before = deny
    fact = await seen(cluster, answers)
    assert fact.versions == ()
    assert "the platform team adds it to the chart's value namespaces" in fact.problem


async def test_an_outage_is_left_to_the_queue() -> None:
    cluster, answers = await world("1.3.0")

    async def down(_call: Call) -> None:
        raise Transient("503")

    cluster.before = down
    with pytest.raises(Transient):
        await seen(cluster, answers)
