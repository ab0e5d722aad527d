"""Which of the pods that a selector fits a workload has made itself."""

from typing import Any

import pytest

from release_coordinator.api.release import WorkloadKind, WorkloadRef
from release_coordinator.cluster.workloads import has_made, own_pods
from release_coordinator.engine import names

KINDS = {kind.value: WorkloadRef(kind=kind, name="db") for kind in WorkloadKind}
SETS = ("StatefulSet", "DaemonSet")


def pod(kind: str, name: str, uid: str = "u", **owner: Any) -> dict[str, Any]:
    """A pod as the controller of its owner makes it."""
    said = {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": True}
    labels = {"app": "db", names.LABEL_TEMPLATE: "7d9"}
    return {"metadata": {"name": "p", "labels": labels, "ownerReferences": [{**said, **owner}]}}


def workload(kind: str) -> dict[str, Any]:
    """A workload whose selector has expressions alone: no label to list its pods by."""
    selector = {"matchExpressions": [{"key": "app", "operator": "Exists"}]}
    return {"kind": kind, "metadata": {"name": "db", "uid": "u"}, "spec": {"selector": selector}}


def test_the_pods_of_a_deployment_come_from_replica_sets_named_after_it() -> None:
    mine = pod("ReplicaSet", "db-7d9", "of the ReplicaSet")
    others = [
        pod("ReplicaSet", "db-second-7d9"),
        pod("ReplicaSet", "db"),
        pod("StatefulSet", "db"),
        pod("Job", "db-7d9"),
    ]
    assert own_pods(workload("Deployment"), [mine, *others]) == [mine]


@pytest.mark.parametrize("kind", SETS)
def test_the_pods_of_a_set_name_it_with_its_uid(kind: str) -> None:
    mine = pod(kind, "db")
    others = [
        pod(kind, "db", "of one that had the name before"),
        pod(kind, "other", "v"),
        pod(kind, "db", apiVersion="apps.kruise.io/v1beta1"),
        pod("ReplicaSet", "db-7d9"),
    ]
    assert own_pods(workload(kind), [mine, *others]) == [mine]


@pytest.mark.parametrize("kind", [*WorkloadKind])
def test_a_pod_that_nobody_controls_is_nobodys(kind: WorkloadKind) -> None:
    bare = {"metadata": {"name": "debug", "labels": {"app": "db"}}}
    named = {"Deployment": ("ReplicaSet", "db-7d9")}.get(kind, (kind.value, "db"))
    held = pod(*named, controller=False)
    assert own_pods(workload(kind), [bare, held]) == []
    assert own_pods(workload(kind), [pod(*named)]), "the same, but controlled"


@pytest.mark.parametrize("kind", SETS)
def test_pods_of_a_set_that_is_gone_are_known_by_its_name(kind: str) -> None:
    assert has_made(KINDS[kind], pod(kind, "db", "whatever it was"))
    assert not has_made(KINDS[kind], pod(kind, "other"))
