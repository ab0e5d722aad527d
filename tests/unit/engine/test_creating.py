"""What a rollback gives an inline workload back besides its pods."""

from tests.stories.test_inline import inline

from release_coordinator.api.release import Component, WorkloadKind, WorkloadRef
from release_coordinator.api.snapshot import Snapshot
from release_coordinator.engine import creating
from release_coordinator.engine.runfacts import WorkloadFact

LIVE = {"metadata": {"labels": {"tier": "api"}, "annotations": {}}, "spec": {"replicas": 3}}


def test_of_a_workload_that_was_only_named_nothing_but_its_pods_is_given_back() -> None:
    snapshot = Snapshot(kind=WorkloadKind.DEPLOYMENT, workload="search", uid="7", template={})
    fact = WorkloadFact(
        ref=WorkloadRef(name="search"),
        uid="7",
        resource_version="1",
        images={},
        init=frozenset(),
        template_hash="0",
        labelled_for="",
        rolled_out=True,
        replicas=3,
        ready=3,
        trouble="",
        document=LIVE,
        declared={"metadata": {"labels": {"tier": 0}}, "spec": {"replicas": 0}},
    )

    component = Component.model_validate(inline("1.3.0"))

    assert creating.backwards(component, snapshot, fact) == creating.NOTHING
