"""When a StatefulSet is rolled out, as its status says it."""

from typing import Any

from release_coordinator.cluster.workloads import fact_of


def a_set(**status: Any) -> dict[str, Any]:
    counts = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
    revisions = {"currentRevision": "old", "updateRevision": "old", "observedGeneration": 3}
    return {
        "kind": "StatefulSet",
        "metadata": {"name": "db", "uid": "u", "resourceVersion": "1", "generation": 3},
        "spec": {"replicas": 2, "template": {}},
        "status": {**counts, **revisions, **status},
    }


def test_it_is_rolled_out_when_all_pods_have_the_wanted_revision() -> None:
    assert fact_of(a_set()).rolled_out


def test_half_an_update_that_was_taken_back_is_not_rolled_out() -> None:
    """The revisions are equal at once; a pod of the other one is still there, and ready."""
    assert not fact_of(a_set(updatedReplicas=1)).rolled_out


def test_what_the_controller_has_not_seen_says_nothing_of_its_order() -> None:
    assert fact_of(a_set(observedGeneration=2)).ordered == ("", "")
    assert fact_of(a_set()).ordered == ("old", "old")
