"""Health, actions and kstatus in any state that a journal can have."""

import pytest
from hypothesis import given
from tests import argocd, kstatus
from tests.kstatus import Kstatus
from tests.unit.gitops.judging import check_actions, check_health
from tests.unit.gitops.states import DECIDED, HELD_AT, held, releases

from release_coordinator.api.conditions import Reason
from release_coordinator.api.schema import crds
from release_coordinator.cluster.port import Body


@given(releases())
def test_the_health_of_any_state_is_that_of_its_conditions(body: Body) -> None:
    check_health(body)


@given(releases())
def test_an_action_is_offered_when_the_operator_would_obey_and_writes_the_same(body: Body) -> None:
    check_actions(body)


@pytest.mark.parametrize("reason", DECIDED)
@pytest.mark.parametrize("step", HELD_AT)
@pytest.mark.parametrize("back", [False, True])
def test_what_is_offered_at_a_hold_is_what_ends_it(
    reason: Reason,
    step: str | None,
    back: bool,  # noqa: FBT001 - a case
) -> None:
    check_actions(held(reason, step, back=back))


@given(releases())
def test_who_waits_by_kstatus_is_never_told_two_things(body: Body) -> None:
    assert kstatus.faults(body) == []


@pytest.mark.parametrize("kind", ["releases", "incidents", "metricsources", "channels"])
def test_nobody_takes_an_object_for_good_that_was_just_stored(kind: str) -> None:
    (version,) = crds()[f"{kind}.yaml"]["spec"]["versions"]
    status = version["schema"]["openAPIV3Schema"]["properties"]["status"]["default"]
    name = crds()[f"{kind}.yaml"]["spec"]["names"]["kind"]
    body = {"metadata": {"name": "new", "generation": 1}, "spec": {}, "status": status}

    assert kstatus.compute(body) is Kstatus.IN_PROGRESS
    assert argocd.health(name)(body)["status"] == "Progressing"
