"""R2.6 on a real API server: what CI writes is read with the chart's rights, nothing else is."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client
from tests.fakes.stage import NAMESPACE
from tests.fakes.world import ScriptedMetrics, ScriptedProber
from tests.releases import Body, bookshop
from tests.unit.engine.contexts import context
from tools import helm

from release_coordinator.api.attempt import Gate, GateState, Role
from release_coordinator.cluster.client import KubernetesCluster
from release_coordinator.cluster.port import Kind, Ref
from release_coordinator.cluster.store import Store
from release_coordinator.engine.evidence import AdmissionFact, ObjectFact, ObjectWant
from release_coordinator.engine.gates import ci
from release_coordinator.engine.observation import NotSeen
from release_coordinator.errors import NotFound, Transient
from release_coordinator.evidence import registry
from release_coordinator.evidence.sources import Sources

pytestmark = pytest.mark.api

RUN = Kind("tekton.dev", "v1", "pipelineruns", "PipelineRun")
CRD = Kind(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    namespaced=False,
)
ROLE = Kind("rbac.authorization.k8s.io", "v1", "roles", "Role")
BINDING = Kind("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
ACCOUNT = Kind("", "v1", "serviceaccounts", "ServiceAccount")
SECRET = Kind("", "v1", "secrets", "Secret")
READABLE = {
    "gates.readResources[0].apiGroups": "{tekton.dev}",
    "gates.readResources[0].resources": "{pipelineruns}",
}


@dataclass
class Pipeline:
    """A namespace with pipeline runs, and the operator's own eyes on it."""

    admin: KubernetesCluster
    namespace: str
    operator: KubernetesCluster

    async def create(self, kind: Kind, name: str, **content: Any) -> Body:
        """Create an object of the namespace."""
        labels = content.pop("labels", {})
        metadata = {"name": name, "namespace": self.namespace, "labels": labels}
        return await self.admin.create(kind, {"metadata": metadata, **content})

    async def allow(self, values: dict[str, str]) -> None:
        """Give the operator what the chart gives it with these values, and wait until it has it."""
        rules = {"rules": _rules(values)}
        await self.admin.patch(Ref(ROLE, self.namespace, "operator"), rules)
        async with asyncio.timeout(30):
            while (await self.look(RUN.api_version, RUN.kind, "x")).forbidden:  # noqa: ASYNC110 - rights have no watch
                await asyncio.sleep(0.1)

    async def run(self, name: str, status: str, version: str = "1.3.0") -> None:
        """CI writes the result of a run."""
        condition = {"type": "Succeeded", "status": status, "reason": "Tests", "message": "3 of 4"}
        labels = {"app.kubernetes.io/version": version}
        await self.create(RUN, name, labels=labels, status={"conditions": [condition]})

    async def look(self, api_version: str, kind: str, name: str) -> ObjectFact:
        """Look an object up as the operator does."""
        signals = ScriptedMetrics(lambda: None), ScriptedProber()
        sources = Sources(self.operator, Store(), *signals, lambda: AdmissionFact(""))
        want = ObjectWant(api_version, kind, name)
        fact: ObjectFact = await registry.answer(sources, self.namespace, want)
        return fact

    async def gate(self, name: str, **way: str) -> Gate:
        """The verdict on one pipeline run."""
        named = {"apiVersion": RUN.api_version, "kind": RUN.kind, "name": name}
        body = bookshop()
        check = {**named, **(way or {"condition": "Succeeded"})}
        body["spec"]["ci"] = [{"name": "build", "object": check}]
        facts: dict[Any, Any] = {}
        while True:
            try:
                return ci.evaluate(context(body, facts=facts)).gate
            except NotSeen as question:
                for want in question.wants:
                    assert isinstance(want, ObjectWant)
                    facts[want] = await self.look(want.api_version, want.kind, want.name)


def _rules(values: dict[str, str]) -> list[Body]:
    """The operator's rights in a namespace, as the chart renders them."""
    rendered = yaml.safe_load_all(helm.template({**values, "namespaces": "{shop}"}))
    roles = [one for one in rendered if one and one["kind"] == "Role"]
    (role,) = [one for one in roles if one["metadata"]["namespace"] == "shop"]
    rules: list[Body] = role["rules"]
    return rules


@pytest.fixture(scope="module")
async def admin(light_kubeconfig: Path) -> AsyncIterator[KubernetesCluster]:
    """An administrator of a cluster where pipeline runs are defined."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": RUN.version, "served": True, "storage": True}
    names = {"plural": RUN.plural, "kind": RUN.kind}
    schema = {"schema": {"openAPIV3Schema": anything}}
    spec = {"group": RUN.group, "scope": "Namespaced", "names": names}
    body = {"metadata": {"name": f"{RUN.plural}.{RUN.group}"}}
    async with await KubernetesCluster.connect(light_kubeconfig) as cluster:
        made = await cluster.create(CRD, {**body, "spec": {**spec, "versions": [version | schema]}})
        async with asyncio.timeout(30):
            while not await _served(cluster):  # noqa: ASYNC110 - the port has no watch
                await asyncio.sleep(0.1)
        yield cluster
        await cluster.delete(Ref(CRD, None, made["metadata"]["name"]), uid=made["metadata"]["uid"])


async def _served(cluster: KubernetesCluster) -> bool:
    try:
        await cluster.resource(RUN.api_version, RUN.kind)
        await cluster.list(RUN)
    except (NotFound, Transient):
        return False
    return True


@pytest.fixture
async def pipeline(
    admin: KubernetesCluster,
    connection: client.ApiClient,
    light_kubeconfig: Path,
    tmp_path: Path,
) -> AsyncIterator[Pipeline]:
    """A namespace where the operator has the rights of the chart's default values."""
    name = f"ci-{secrets.token_hex(4)}"
    space = await admin.create(NAMESPACE, {"metadata": {"name": name}})
    made = Pipeline(admin, name, admin)
    await made.create(ACCOUNT, "operator")
    await made.create(ROLE, "operator", rules=_rules({}))
    subject = {"kind": "ServiceAccount", "name": "operator", "namespace": name}
    ref = {"apiGroup": ROLE.group, "kind": "Role", "name": "operator"}
    await made.create(BINDING, "operator", roleRef=ref, subjects=[subject])
    request = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[]))
    answer = client.CoreV1Api(connection).create_namespaced_service_account_token(
        "operator", name, request
    )
    assert answer.status is not None
    own = _with_token(light_kubeconfig, tmp_path / "kubeconfig", str(answer.status.token))
    async with await KubernetesCluster.connect(own) as operator:
        made.operator = operator
        yield made
    await admin.delete(Ref(NAMESPACE, None, name), uid=space["metadata"]["uid"])


def _with_token(source: Path, target: Path, token: str) -> Path:
    config = yaml.safe_load(source.read_text(encoding="utf-8"))
    for user in config["users"]:
        user["user"] = {"token": token}
    target.write_text(yaml.safe_dump(config), encoding="utf-8")
    return target


async def test_without_the_right_the_platform_team_is_told_what_to_add(pipeline: Pipeline) -> None:
    await pipeline.run("shop-1.3.0", "True")

    gate = await pipeline.gate("shop-1.3.0")

    assert (gate.state, gate.owner) == (GateState.UNKNOWN, Role.PLATFORM)
    assert gate.message == (
        "build: the operator may not read pipelineruns.tekton.dev in namespace "
        f"{pipeline.namespace}; the platform team adds it to the chart's value "
        "gates.readResources"
    )


async def test_with_the_charts_right_each_run_is_judged_by_what_it_says(
    pipeline: Pipeline,
) -> None:
    for name, status, version in (
        ("green", "True", "1.3.0"),
        ("red", "False", "1.3.0"),
        ("running", "Unknown", "1.3.0"),
        ("old", "True", "1.2.0"),
    ):
        await pipeline.run(name, status, version)
    await pipeline.allow(READABLE)
    names = ("green", "red", "running", "old", "missing")

    gates = {name: await pipeline.gate(name) for name in names}

    assert {name: gate.state for name, gate in gates.items()} == {
        "green": GateState.PASSED,
        "red": GateState.FAILED,
        "running": GateState.WAITING,
        "old": GateState.FAILED,
        "missing": GateState.WAITING,
    }
    assert "Succeeded is False (Tests: 3 of 4)" in gates["red"].message
    assert "PipelineRun old is for 1.2.0, not 1.3.0" in gates["old"].message
    assert "there is no PipelineRun missing in namespace" in gates["missing"].message


async def test_a_field_of_a_real_object_is_found_by_its_path(pipeline: Pipeline) -> None:
    await pipeline.run("green", "True")
    await pipeline.allow(READABLE)
    path = "$.status.conditions[?@.type=='Succeeded'].status"

    assert (await pipeline.gate("green", jsonPath=path, value="True")).state is GateState.PASSED
    assert (await pipeline.gate("green", jsonPath=path, value="no")).state is GateState.FAILED


async def test_no_kind_leads_to_a_secret_or_out_of_the_namespace(pipeline: Pipeline) -> None:
    await pipeline.create(SECRET, "db", stringData={"password": "hunter2"})
    for api_version, kind in (
        ("v1", "Secret"),
        ("v1", "Namespace"),
        ("v1", "SecretList"),
        ("apps/v1", "Scale"),
        ("tekton.dev/v7", "PipelineRun"),
        ("nobody.example.com/v1", "Thing"),
    ):
        fact = await pipeline.look(api_version, kind, "db")
        assert (fact.body, fact.refused) == (None, True), (api_version, kind)
