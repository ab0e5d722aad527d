"""Image and chart on a real cluster: one pod leads, and asks for nothing it may not have."""

import json
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tools import install
from tools.cluster import engine
from tools.cluster.clusters import Cluster
from tools.cluster.progress import Progress
from tools.image import TAG

SELECTOR = "--selector=app.kubernetes.io/name=release-coordinator"

pytestmark = pytest.mark.e2e


@dataclass
class Installed:
    """An installation that shares its cluster with others."""

    cluster: Cluster
    name: str
    image: dict[str, str]

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl in the operator's namespace."""
        return install.kubectl(self.cluster.kubeconfig, "-n", self.name, *arguments)

    def set(self, **values: str) -> None:
        """Upgrade with other values, and wait until one of the new pods leads."""
        given = {**self.image, "resyncSeconds": "10", **values}
        install.chart(self.cluster.kubeconfig, given, self.name)
        names = {pod["metadata"]["name"] for pod in self.pods()}
        wait_for("a new pod leads", 20, lambda: self.leader() in names)

    def pods(self) -> list[dict[str, Any]]:
        """Return the pods that are not on their way out."""
        pods = json.loads(self.kubectl("get", "pods", SELECTOR, "-o", "json"))["items"]
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    def leader(self) -> str:
        """Return the name of the pod that holds the Lease."""
        holder = self.kubectl(
            "get", "lease", "release-coordinator", "-o", "jsonpath={.spec.holderIdentity}"
        )
        return holder.rpartition("_")[0]

    def ask(self, pod: str, path: str) -> str:
        """Get a page of a pod's own endpoints through the API server."""
        return self.kubectl(
            "get", "--raw", f"/api/v1/namespaces/{self.name}/pods/{pod}/proxy{path}"
        )

    def complaints(self) -> list[str]:
        """Return what the pods logged above the level of news."""
        lines = self.kubectl("logs", SELECTOR, "--tail=-1").splitlines()
        logged = [json.loads(line) for line in lines if line.startswith("{")]
        return [line["message"] for line in logged if line["level"] in {"WARNING", "ERROR"}]


@pytest.fixture(scope="module")
def installed(kind_cluster: Cluster) -> Iterator[Installed]:
    image = install.deliver(kind_cluster, Progress())
    running = Installed(kind_cluster, f"install-{secrets.token_hex(3)}", image)
    running.set()
    yield running
    install.remove(kind_cluster.kubeconfig, running.name)


def wait_for(what: str, seconds: float, happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.5)


def test_the_pod_leads_and_gets_on_without_a_complaint(installed: Installed) -> None:
    (pod,) = installed.pods()
    name = pod["metadata"]["name"]
    time.sleep(12)  # longer than a resync: every kind of request was made

    report = json.loads(installed.ask(name, "/readyz"))
    metrics = installed.ask(name, "/metrics")

    assert installed.leader() == name
    assert report["ok"]
    assert report["role"] == "leader"
    assert 'leader_election_master_status{name="release"} 1.0' in metrics
    assert 'code="403"' not in metrics
    assert installed.complaints() == []


def test_another_pod_takes_over_when_the_leader_is_killed(installed: Installed) -> None:
    installed.set(replicas="2")
    names = {pod["metadata"]["name"] for pod in installed.pods()}
    leader = installed.leader()
    (standby,) = names - {leader}

    assert json.loads(installed.ask(standby, "/readyz"))["role"] == "standby"

    installed.kubectl("delete", "pod", leader, "--grace-period=0", "--force")

    # The standby, or the pod that replaces the killed one: whichever asks first.
    wait_for("another pod leads", 30, lambda: installed.leader() not in {"", leader})
    successor = installed.leader()
    wait_for("it works", 10, lambda: '"role": "leader"' in installed.ask(successor, "/readyz"))


def test_roles_of_single_namespaces_are_enough(installed: Installed) -> None:
    installed.set(namespaces=f"{{default,{installed.name}}}")
    (pod,) = installed.pods()
    time.sleep(12)

    metrics = installed.ask(pod["metadata"]["name"], "/metrics")

    assert 'code="403"' not in metrics
    assert installed.complaints() == []


def test_the_image_runs_as_nobody_on_a_read_only_root() -> None:
    running = engine.ensure(Progress())
    code = "import getpass, os; print(os.getuid(), getpass.getuser(), os.access('/', os.W_OK))"
    run = ("run", "--rm", "--network=none", "--read-only")

    said = running.run(*run, "--entrypoint=python3", TAG, "-c", code)

    assert said.split() == ["65532", "release-coordinator", "False"]


def test_nonsense_in_the_settings_ends_with_a_sentence() -> None:
    running = engine.ensure(Progress())
    command = running.docker(
        "run", "--rm", "--network=none", "--env=RELEASE_COORDINATOR_WORKERS=none", TAG
    )
    done = subprocess.run(
        command, env=running.full_env, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "RELEASE_COORDINATOR_WORKERS is 'none'" in done.stderr
