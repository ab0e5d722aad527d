"""`manifests/install.yaml` on a real API server: accepted, admitted, and no more than it says."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from tools.cluster import binaries
from tools.cluster.clusters import Cluster

INSTALL = Path(__file__).resolve().parents[2] / "manifests" / "install.yaml"
NAMESPACE = "release-coordinator"
OPERATOR = f"system:serviceaccount:{NAMESPACE}:release-coordinator"

pytestmark = pytest.mark.api


class Kubectl:
    """The real client on the light cluster."""

    def __init__(self, kubeconfig: Path) -> None:
        self._command = (str(binaries.path("kubectl")), f"--kubeconfig={kubeconfig}")

    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command."""
        command = [*self._command, *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)

    def may(self, who: str, verb: str, what: str, namespace: str = "default") -> bool:
        """Ask the API server what somebody may do; `what` is `resource.group[#subresource]`."""
        resource, _, subresource = what.partition("#")
        identity = (f"--as={who}", "--as-group=system:authenticated")
        where = ("-n", namespace, f"--subresource={subresource}")
        done = self("auth", "can-i", verb, resource, *where, *identity)
        assert done.stdout.strip() in {"yes", "no"}, done.stderr
        return done.stdout.strip() == "yes"


@pytest.fixture(scope="module")
def kubectl(light_cluster: Cluster) -> Kubectl:
    running = Kubectl(light_cluster.kubeconfig)
    applied = running("apply", "--server-side", "--force-conflicts", "-f", str(INSTALL))
    assert applied.returncode == 0, applied.stderr
    return running


def test_installing_again_changes_nothing(kubectl: Kubectl) -> None:
    difference = kubectl("diff", "--server-side", "--force-conflicts", "-f", str(INSTALL))

    assert difference.returncode == 0, difference.stdout


def test_the_definitions_are_established_and_structural(kubectl: Kubectl) -> None:
    names = [f"{kind}.release-coordinator.io" for kind in ("releases", "releaserecords")]
    kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", *names)

    bodies = json.loads(kubectl("get", "crd", *names, "-o", "json").stdout)["items"]
    conditions = [
        (one["type"], one["status"]) for body in bodies for one in body["status"]["conditions"]
    ]

    assert conditions.count(("Established", "True")) == len(names)
    assert ("NonStructuralSchema", "True") not in conditions


def test_the_restricted_profile_admits_the_pod(kubectl: Kubectl) -> None:
    objects: list[dict[str, Any]] = list(yaml.safe_load_all(INSTALL.read_text(encoding="utf-8")))
    (deployment,) = [one for one in objects if one["kind"] == "Deployment"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "as-the-deployment-makes-it", "namespace": NAMESPACE},
        "spec": deployment["spec"]["template"]["spec"],
    }
    create = ("create", "--dry-run=server", "-f", "-")

    admitted = kubectl(*create, stdin=json.dumps(pod))
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    refused = kubectl(*create, stdin=json.dumps(pod))

    assert admitted.returncode == 0, admitted.stderr
    assert "violates PodSecurity" in refused.stderr


@pytest.mark.parametrize(
    ("verb", "what"),
    [
        ("watch", "releases.release-coordinator.io"),
        ("patch", "releases.release-coordinator.io"),
        ("update", "releases.release-coordinator.io#status"),
        ("create", "releaserecords.release-coordinator.io"),
        ("delete", "releaserecords.release-coordinator.io"),
        ("create", "notifications.release-coordinator.io"),
        ("create", "incidents.release-coordinator.io"),
        ("update", "incidents.release-coordinator.io#status"),
        ("list", "metricsources.release-coordinator.io"),
        ("create", "jobs.batch"),
        ("patch", "deployments.apps"),
        ("create", "controllerrevisions.apps"),
        ("create", "events.events.k8s.io"),
    ],
)
def test_the_operator_may_do_its_work_everywhere(kubectl: Kubectl, verb: str, what: str) -> None:
    assert kubectl.may(OPERATOR, verb, what)


@pytest.mark.parametrize(
    ("verb", "what"),
    [
        ("get", "secrets"),
        ("update", "deployments.apps"),
        ("deletecollection", "deployments.apps"),
        ("update", "pods"),
        ("create", "pods#exec"),
        ("list", "namespaces"),
        ("update", "configmaps"),
        ("create", "serviceaccounts#token"),
        ("update", "releases.release-coordinator.io"),
        ("update", "releaserecords.release-coordinator.io"),
        ("patch", "incidents.release-coordinator.io"),
        ("delete", "incidents.release-coordinator.io"),
        ("create", "rolebindings.rbac.authorization.k8s.io"),
        ("impersonate", "serviceaccounts"),
        ("update", "services"),
        ("list", "secrets"),
    ],
)
def test_the_operator_may_do_nothing_else(kubectl: Kubectl, verb: str, what: str) -> None:
    assert not kubectl.may(OPERATOR, verb, what)


def test_the_operator_may_write_one_lease_only(kubectl: Kubectl) -> None:
    lease = "leases.coordination.k8s.io"

    assert kubectl.may(OPERATOR, "create", lease, NAMESPACE)
    assert kubectl.may(OPERATOR, "update", f"{lease}/release-coordinator", NAMESPACE)
    assert not kubectl.may(OPERATOR, "update", f"{lease}/another", NAMESPACE)


def test_who_may_edit_a_namespace_may_release_but_not_say_how_it_went(kubectl: Kubectl) -> None:
    releases = "releases.release-coordinator.io"
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "a-developer", "namespace": "default"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"kind": "User", "name": "ada", "apiGroup": "rbac.authorization.k8s.io"}],
    }
    kubectl("apply", "-f", "-", stdin=json.dumps(role))

    deadline = time.monotonic() + 30  # a controller collects the rules of aggregated roles
    while not kubectl.may("ada", "create", releases) and time.monotonic() < deadline:
        time.sleep(0.5)

    assert kubectl.may("ada", "create", releases)
    assert kubectl.may("ada", "get", "releaserecords.release-coordinator.io")
    assert not kubectl.may("ada", "update", f"{releases}#status")
    assert not kubectl.may("ada", "create", "releaserecords.release-coordinator.io")
    assert not kubectl.may("ada", "create", releases, "kube-system")
