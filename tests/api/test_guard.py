"""The guard on a real API server: each way to weaken the policies is noticed at the next proof.

Other tests of this server need the policies: whatever is taken away here is put back.
"""

import json
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import yaml
from kubernetes import client
from tests.api.conftest import CRDS
from tests.api.people import MERGE, Answer, Outcome
from tests.api.scene import Scene, scene
from tests.releases import Body
from tools import admission as tool
from tools.lab.kubectl import Kubectl

from release_coordinator.clock import SystemClock
from release_coordinator.cluster.client import KubernetesCluster
from release_coordinator.cluster.port import LEASE, Ref
from release_coordinator.cluster.proofs import SECOND, Proofs
from release_coordinator.engine.names import ANNOTATION_CHANGED_BY
from release_coordinator.guard import Guard
from release_coordinator.render.admission import APPROVALS, RELEASES, stamp
from release_coordinator.render.admission import policies as wanted

pytestmark = pytest.mark.api

POLICY, BINDING = "validatingadmissionpolicy", "validatingadmissionpolicybinding"
RULES = {
    body["metadata"]["name"]: body["spec"] for body in wanted() if "Binding" not in body["kind"]
}
LABELS = {"matchLabels": {"sign-off": "not-here"}}


def _rule(name: str, number: int, **changes: str) -> list[Body]:
    """Return the validations of a policy with one of them changed, or left out."""
    rules = [dict(rule) for rule in RULES[name]["validations"]]
    if changes:
        rules[number] |= changes
    else:
        del rules[number]
    return rules


WEAKER: dict[str, tuple[str, Body]] = {
    "failurePolicy": (POLICY, {"failurePolicy": "Ignore"}),
    "matchConditions": (POLICY, {"matchConditions": [{"name": "no", "expression": "false"}]}),
    "matchConstraints.namespaceSelector.matchLabels": (
        POLICY,
        {"matchConstraints": {"namespaceSelector": LABELS}},
    ),
    "matchConstraints.objectSelector.matchLabels": (
        POLICY,
        {"matchConstraints": {"objectSelector": LABELS}},
    ),
    "matchConstraints.matchPolicy": (POLICY, {"matchConstraints": {"matchPolicy": "Exact"}}),
    "matchConstraints.excludeResourceRules": (
        POLICY,
        {
            "matchConstraints": {
                "excludeResourceRules": RULES[APPROVALS]["matchConstraints"]["resourceRules"]
            }
        },
    ),
    "paramKind": (POLICY, {"paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}}),
    "validationActions": (BINDING, {"validationActions": ["Warn", "Audit"]}),
    "paramRef": (
        BINDING,
        {"paramRef": {"name": "none", "namespace": "default", "parameterNotFoundAction": "Allow"}},
    ),
    "matchResources": (BINDING, {"matchResources": {"namespaceSelector": LABELS}}),
}
RULES_LESS = [(name, number) for name in RULES for number in range(len(RULES[name]["validations"]))]


@pytest.fixture(scope="module")
def kubectl(policies: Path) -> Kubectl:
    return Kubectl(policies)


@pytest.fixture(scope="module")
def town(
    connection: client.ApiClient, policies: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    with scene(connection, policies, tmp_path_factory.mktemp("keys")) as made:
        yield made


@pytest.fixture
async def guard(policies: Path) -> AsyncIterator[Guard]:
    async with await KubernetesCluster.connect(policies) as cluster:
        yield Guard(cluster, clock=SystemClock())


@pytest.fixture
def restored(kubectl: Kubectl) -> Iterator[Kubectl]:
    """Put the policies back after a test; by replacing, because applying keeps what was added."""
    yield kubectl
    for body in [*wanted(), *stamp()]:
        kubectl.run("replace", "--force", "--filename=-", stdin=json.dumps(body))
    tool.await_enforced(kubectl)


def alter(kubectl: Kubectl, kind: str, name: str, spec: Body) -> None:
    patch = json.dumps({"spec": spec})
    kubectl.run("patch", kind, name, "--type=merge", f"--patch={patch}")


async def test_with_all_policies_forgeries_are_proved_to_be_refused(guard: Guard) -> None:
    assert await guard.prove(), guard.state()
    assert guard.state().since is not None


@pytest.fixture
def lease(kubectl: Kubectl) -> Iterator[Ref]:
    """The Lease of a leader election in which nothing is noted."""
    ref = Ref(LEASE, "default", "guard-under-test")
    kubectl.run("delete", "lease", ref.name, "--ignore-not-found")
    body = {
        "apiVersion": LEASE.api_version,
        "kind": LEASE.kind,
        "metadata": {"name": ref.name, "namespace": ref.namespace},
    }
    kubectl.run("create", "--filename=-", stdin=json.dumps(body))
    yield ref
    kubectl.run("delete", "lease", ref.name)


async def since(kubeconfig: Path, lease: Ref) -> datetime:
    """Since when an operator that starts now believes Approvals."""
    async with await KubernetesCluster.connect(kubeconfig) as cluster:
        guard = Guard(cluster, clock=SystemClock(), proofs=Proofs(cluster, lease))
        assert await guard.prove(), guard.state()
        said = guard.state().since
        assert said is not None
        return said


async def refused(kubeconfig: Path) -> None:
    """Return when forgeries are refused again; nothing is noted."""
    async with await KubernetesCluster.connect(kubeconfig) as cluster:
        guard, until = Guard(cluster, clock=SystemClock()), time.monotonic() + 30
        while not await guard.prove():
            assert time.monotonic() < until, guard.state()


async def server_time(kubeconfig: Path, lease: Ref) -> datetime:
    """By the API server's clock; what has happened until now happened before it."""
    async with await KubernetesCluster.connect(kubeconfig) as cluster:
        return await Proofs(cluster, lease).time()


async def test_unchanged_policies_vouch_since_they_were_created_and_installed_again(
    policies: Path, restored: Kubectl, lease: Ref
) -> None:
    for body in wanted():
        restored.run("replace", "--force", "--filename=-", stdin=json.dumps(body))
    tool.install(policies)
    created = [
        datetime.fromisoformat(json.loads(text)["metadata"]["creationTimestamp"])
        for text in (
            restored.run("get", body["kind"], body["metadata"]["name"], "--output=json")
            for body in wanted()
        )
    ]
    first = await since(policies, lease)
    tool.install(policies)
    restored.run("annotate", BINDING, APPROVALS, "owner=chart")

    assert first == max(created) + SECOND
    assert await since(policies, lease) == first


@pytest.mark.parametrize(
    ("kind", "name", "weaker", "mended"),
    [
        (POLICY, APPROVALS, {"failurePolicy": "Ignore"}, {"failurePolicy": "Fail"}),
        (POLICY, RELEASES, WEAKER["matchConditions"][1], {"matchConditions": None}),
        (BINDING, APPROVALS, WEAKER["matchResources"][1], {"matchResources": None}),
        (
            BINDING,
            RELEASES,
            {"validationActions": ["Audit"]},
            {"validationActions": ["Deny", "Audit"]},
        ),
    ],
    ids=["changed-policy", "added-condition", "added-selector", "changed-binding"],
)
async def test_a_new_operator_knows_that_policies_were_weaker(
    restored: Kubectl, lease: Ref, kind: str, name: str, weaker: Body, mended: Body
) -> None:
    alter(restored, kind, name, weaker)
    alter(restored, kind, name, mended)
    whole = await server_time(restored.kubeconfig, lease)
    await refused(restored.kubeconfig)

    told = await since(restored.kubeconfig, lease)

    assert told >= whole
    assert await since(restored.kubeconfig, lease) == told


@pytest.mark.parametrize("path", WEAKER)
async def test_what_weakens_a_policy_is_noticed(guard: Guard, restored: Kubectl, path: str) -> None:
    kind, spec = WEAKER[path]
    alter(restored, kind, APPROVALS, spec)

    assert not await guard.prove()
    assert f"spec.{path};" in guard.state().problem


@pytest.mark.parametrize(("name", "number"), RULES_LESS)
async def test_a_rule_that_is_missing_or_always_true_is_noticed(
    guard: Guard, restored: Kubectl, name: str, number: int
) -> None:
    for rules in (_rule(name, number), _rule(name, number, expression="true")):
        alter(restored, POLICY, name, {"validations": rules})

        assert not await guard.prove()
        assert f"ValidatingAdmissionPolicy {name} is not as" in guard.state().problem
        assert "spec.validations;" in guard.state().problem


@pytest.mark.parametrize("name", [APPROVALS, RELEASES])
@pytest.mark.parametrize("kind", [POLICY, BINDING])
async def test_a_deleted_object_is_noticed_and_its_return_too(
    guard: Guard, restored: Kubectl, kind: str, name: str
) -> None:
    assert await guard.prove(), guard.state()
    before = guard.state().since

    restored.run("delete", kind, name)

    assert not await guard.prove()
    assert "there is no ValidatingAdmissionPolicy" in guard.state().problem
    tool.install(restored.kubeconfig)
    assert await guard.prove(), guard.state()
    after = guard.state().since
    assert before is not None
    assert after is not None
    assert after > before  # what was signed meanwhile may be forged


async def test_the_operators_own_rights_are_enough_and_less_is_named(
    town: Scene, kubectl: Kubectl, tmp_path: Path
) -> None:
    login: Body = yaml.safe_load(kubectl.kubeconfig.read_text(encoding="utf-8"))
    for account in ("operator", "robot"):
        token = kubectl.run("create", "token", account, f"--namespace={town.namespace}").strip()
        login["users"][0]["user"] = {"token": token}
        file = tmp_path / account
        file.write_text(yaml.safe_dump(login), encoding="utf-8")
    watched = Guards(tmp_path, town.namespace)
    subject = f"--serviceaccount={town.namespace}:operator"
    binding = f"{town.namespace}-operator"
    kubectl.run(
        "create", "clusterrolebinding", binding, "--clusterrole=release-coordinator", subject
    )
    try:
        enough = await watched.prove("operator")
    finally:
        kubectl.run("delete", "clusterrolebinding", binding)

    assert enough == ""
    assert "the operator may not read ValidatingAdmissionPolicy" in await watched.prove("robot")


class Guards:
    """Guards by the kubeconfig they use."""

    def __init__(self, folder: Path, namespace: str) -> None:
        self._folder = folder
        self._namespace = namespace

    async def prove(self, account: str) -> str:
        """Return the problem after one try, empty for a proof."""
        async with await KubernetesCluster.connect(self._folder / account) as cluster:
            guard = Guard(cluster, [self._namespace], clock=SystemClock())
            await guard.prove()
            return guard.state().problem


def test_without_the_stamp_who_changes_a_release_writes_his_name_himself(
    town: Scene, restored: Kubectl
) -> None:
    """As on Kubernetes before 1.36."""
    restored.run("delete", "mutatingadmissionpolicybinding", RELEASES)
    ada, path = town["ada"], town.own()
    until = time.monotonic() + 30
    while _stamped(ada.ask("PATCH", path, {"spec": {"version": "1.3.2"}}, MERGE, dryRun="All")):
        assert time.monotonic() < until, "it is stamped for ever"
        time.sleep(0.1)
    spec = {"spec": {"version": "1.3.1"}}
    named = {"metadata": {"annotations": {ANNOTATION_CHANGED_BY: "ada"}}}

    silent = ada.ask("PATCH", path, spec, MERGE, dryRun="All")
    signed = ada.ask("PATCH", path, {**spec, **named}, MERGE, dryRun="All")
    removed = ada.ask("PATCH", path, {"metadata": {"annotations": None}}, MERGE, dryRun="All")
    held = town["operator"].ask(
        "PATCH", path, {"metadata": {"finalizers": None}}, MERGE, dryRun="All"
    )

    assert silent.outcome is removed.outcome is Outcome.POLICY
    assert f"annotation {ANNOTATION_CHANGED_BY}" in silent.message
    assert "set it to ada" in silent.message
    assert signed.outcome is held.outcome is Outcome.ADMITTED


def test_an_approval_does_not_change_even_under_a_definition_without_that_rule(
    town: Scene, restored: Kubectl
) -> None:
    file = CRDS / "approvals.yaml"
    body = yaml.safe_load(file.read_text(encoding="utf-8"))
    schema = body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    rules = schema["properties"]["spec"]["x-kubernetes-validations"]
    rules[:] = [rule for rule in rules if "oldSelf" not in rule["rule"]]
    apply = ("apply", "--server-side", "--force-conflicts", "--filename")
    path = town.path("approvals", town.word["metadata"]["name"])

    def tried() -> Answer:
        return town["root"].ask("PATCH", path, {"spec": {"comment": "oh"}}, MERGE, dryRun="All")

    assert tried().outcome is Outcome.DEFINITION
    restored.run(*apply, "-", stdin=json.dumps(body))
    try:
        until = time.monotonic() + 30
        while (answer := tried()).outcome is Outcome.DEFINITION:
            assert time.monotonic() < until, "the definition keeps its rule"
            time.sleep(0.1)
    finally:
        restored.run(*apply, str(file))

    assert answer.outcome is Outcome.POLICY
    assert "an Approval never changes" in answer.message


def _stamped(answer: Answer) -> bool:
    return answer.outcome is Outcome.ADMITTED
