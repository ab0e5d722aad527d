"""How many pods of a workload are ready, and since when; when a Job has ended."""

from datetime import UTC, datetime
from typing import Any

import pytest

from release_coordinator.cluster.facts import job_fact
from release_coordinator.cluster.workloads import fact_of

MOMENT = "2026-11-23T12:00:00Z"
THEN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
METADATA = {"name": "x", "uid": "1", "resourceVersion": "1"}


def workload(kind: str, **status: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": METADATA, "spec": {"template": {}}, "status": status}


@pytest.mark.parametrize(
    ("kind", "status", "ready"),
    [
        ("Deployment", {"readyReplicas": 2, "availableReplicas": 1}, 2),
        ("StatefulSet", {"readyReplicas": 2}, 2),
        ("DaemonSet", {"numberReady": 3, "numberAvailable": 1}, 3),
        ("Deployment", {"replicas": 2}, 0),
    ],
)
def test_ready_pods_are_counted_as_their_controller_counts_them(
    kind: str, status: dict[str, Any], ready: int
) -> None:
    assert fact_of(workload(kind, **status)).ready == ready


def test_since_when_a_deployment_is_available_is_known_only_while_it_is() -> None:
    available = {"type": "Available", "status": "True", "lastTransitionTime": MOMENT}
    gone = {**available, "status": "False"}

    assert fact_of(workload("Deployment", conditions=[available])).available_since == THEN
    assert fact_of(workload("Deployment", conditions=[gone])).available_since is None
    assert fact_of(workload("StatefulSet")).available_since is None


@pytest.mark.parametrize(
    "status",
    [
        {"completionTime": MOMENT, "conditions": [{"type": "Complete", "status": "True"}]},
        {"conditions": [{"type": "Failed", "status": "True", "lastTransitionTime": MOMENT}]},
    ],
)
def test_a_job_says_when_it_has_ended(status: dict[str, Any]) -> None:
    assert job_fact({"metadata": METADATA, "status": status}).ended == THEN
    assert job_fact({"metadata": METADATA, "status": {}}).ended is None
