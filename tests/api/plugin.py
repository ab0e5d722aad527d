"""The plugin at work in a namespace of a real API server."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from tests.fakes.world import deployment
from tests.releases import Body
from tools.lab.kubectl import Kubectl

from release_coordinator.cli import main as cli

INSTALL = Path(__file__).resolve().parents[2] / "manifests" / "install.yaml"
RELEASE = "releases.release-coordinator.io"
APPROVAL = "approvals.release-coordinator.io"
POLICY = "releasepolicies.release-coordinator.io"


class Place:
    """A namespace, and the plugin in it with somebody's rights."""

    def __init__(self, kubeconfig: Path, namespace: str, folder: Path) -> None:
        self.kubectl = Kubectl(kubeconfig, (f"--namespace={namespace}",))
        self.namespace = namespace
        self.folder = folder

    def file(self, *bodies: Body) -> str:
        """Write manifests into a file, without a namespace of their own."""
        for body in bodies:
            body["metadata"].pop("namespace", None)
        file = self.folder / "release.yaml"
        file.write_text(yaml.safe_dump_all(bodies), encoding="utf-8")
        return str(file)

    def run(self, verb: str, *options: str) -> int:
        """Call the plugin about the bookshop; return its exit code."""
        login = f"--kubeconfig={self.kubectl.kubeconfig}"
        return cli.run([verb, "bookshop", f"--namespace={self.namespace}", login, *options])

    def of(self, kubeconfig: Path) -> "Place":
        """The same place for somebody else."""
        return Place(kubeconfig, self.namespace, self.folder)

    def bind(self, who: str, *roles: str) -> None:
        """Give `--user=name` or `--serviceaccount=namespace:name` ClusterRoles here."""
        for role in roles:
            name = f"{role}-{secrets.token_hex(2)}"
            self.kubectl.run("create", "rolebinding", name, f"--clusterrole={role}", who)

    def may(self, verb: str, what: str) -> None:
        """Wait until this right has arrived; an aggregated one comes when a controller does."""
        until = time.monotonic() + 60
        while not self.kubectl.succeeds("auth", "can-i", "--quiet", verb, what):
            assert time.monotonic() < until, f"the right to {verb} {what} does not arrive"
            time.sleep(0.2)

    def machine(self, *roles: str) -> "Place":
        """The same place for a ServiceAccount with these ClusterRoles."""
        self.kubectl.run("create", "serviceaccount", "robot")
        self.bind(f"--serviceaccount={self.namespace}:robot", *roles)
        token = self.kubectl.run("create", "token", "robot").strip()
        login: Body = yaml.safe_load(self.kubectl.kubeconfig.read_text(encoding="utf-8"))
        login["users"] = [{"name": one["name"], "user": {"token": token}} for one in login["users"]]
        file = self.folder / "robot.kubeconfig"
        file.write_text(yaml.safe_dump(login), encoding="utf-8")
        made = self.of(file)
        made.may("get", RELEASE)
        return made


def _give_roles(kubectl: Kubectl) -> None:
    """The chart's roles for people, as they are installed."""
    objects = yaml.safe_load_all(INSTALL.read_text(encoding="utf-8"))
    roles = [one for one in objects if one and one["kind"] == "ClusterRole"]
    kubectl.run(
        "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=yaml.dump_all(roles)
    )


@contextmanager
def opened(kubeconfig: Path, folder: Path) -> Iterator[Place]:
    """A namespace in which the bookshop runs 1.2.0, and no operator."""
    _give_roles(Kubectl(kubeconfig))
    place = Place(kubeconfig, f"plugin-{secrets.token_hex(4)}", folder)
    place.kubectl.run("create", "namespace", place.namespace)
    for name, container in (("bookshop-backend", "api"), ("bookshop-frontend", "web")):
        body: Body = {"apiVersion": "apps/v1", "kind": "Deployment"} | deployment(
            name, container, "1.2.0"
        )
        body["metadata"]["namespace"] = place.namespace
        place.kubectl.apply(body)
    try:
        yield place
    finally:
        place.kubectl.run("delete", "namespace", place.namespace, "--wait=false")
