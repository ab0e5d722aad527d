"""Who may write a workload into a Release: only who may write that workload beside it."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.releases import Body, bookshop
from tools.cluster.shell import CommandError
from tools.lab.kubectl import Kubectl

from release_coordinator.engine.names import ANNOTATION_CHANGED_BY

pytestmark = pytest.mark.api

NEEDED = "must have the right to create and patch"
LABELS = {"app": "search"}


def component(kind: str = "Deployment", account: str = "default") -> Body:
    template = {
        "metadata": {"labels": LABELS},
        "spec": {"serviceAccountName": account, "containers": [{"name": "search"}]},
    }
    return {
        "name": "search",
        "images": {"search": "example/search:1.3.0"},
        "workload": {
            "kind": kind,
            "name": "search",
            "spec": {"selector": {"matchLabels": LABELS}, "template": template},
        },
    }


def release(who: str, *components: Body, **spec: Any) -> Body:
    body = bookshop()
    body["metadata"] = {"name": "bookshop", "annotations": {ANNOTATION_CHANGED_BY: who}}
    body["spec"]["components"] += components
    body["spec"] |= spec
    return body


class Town:
    """A namespace with one who writes Releases, and one who writes Deployments as well."""

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        self._kubeconfig = kubeconfig
        self.namespace = namespace

    def apply(self, who: str, body: Body, *options: str) -> str:
        """What the API server says, empty if it takes it."""
        kubectl = Kubectl(self._kubeconfig, (f"--as={who}", f"--namespace={self.namespace}"))
        apply = ("apply", "--server-side", "--force-conflicts", "--filename=-", *options)
        try:
            kubectl.run(*apply, stdin=json.dumps(body))
        except CommandError as error:
            return str(error)
        return ""


@pytest.fixture
def town(policies: Path) -> Iterator[Town]:
    root = Kubectl(policies)
    name = f"inline-{secrets.token_hex(4)}"
    root.run("create", "namespace", name)
    here = f"--namespace={name}"
    verbs = "--verb=get,create,patch"
    for role, resource in (
        ("releases", "releases.release-coordinator.io"),
        ("deployments", "deployments.apps"),
    ):
        root.run("create", "role", role, verbs, f"--resource={resource}", here)
    for who, role in (("rel", "releases"), ("dev", "releases"), ("dev", "deployments")):
        binding = ("create", "rolebinding", f"{who}-{role}", f"--role={role}", f"--user={who}")
        root.run(*binding, here)
    yield Town(policies, name)
    root.run("delete", "namespace", name, "--wait=false")


def test_who_may_write_releases_alone_cannot_make_the_operator_run_a_pod(town: Town) -> None:
    assert town.apply("rel", release("rel")) == ""

    assert NEEDED in town.apply("rel", release("rel", component(account="admin")))


def test_who_may_write_deployments_may_write_them_into_a_release(town: Town) -> None:
    assert town.apply("dev", release("dev", component())) == ""
    assert NEEDED in town.apply("dev", release("dev", component("StatefulSet")))
    assert NEEDED in town.apply("dev", release("dev", component("DaemonSet")))


def test_a_version_can_be_released_by_who_leaves_the_workload_as_it_is(town: Town) -> None:
    assert town.apply("dev", release("dev", component())) == ""

    assert town.apply("rel", release("rel", component(), version="1.4.0")) == ""
    assert NEEDED in town.apply("rel", release("rel", component(account="admin")))
