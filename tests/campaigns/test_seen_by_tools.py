"""Argo CD and whoever waits by kstatus, in every state that releases really come to."""

import json

import pytest
from tests.campaigns.workloads import WORKLOADS, Workload
from tests.fakes.world import World
from tests.unit.gitops.judging import check_actions, check_health

from release_coordinator.api.schema import FIRST_STATUS
from release_coordinator.cluster.port import Body

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=lambda one: one.name)
async def test_whatever_a_release_comes_to(workload: Workload) -> None:
    world = World(workload.script())
    met: dict[str, Body] = {}

    def see(_event: str, body: Body) -> None:
        if body["kind"] == "Release":
            seen = {"status": FIRST_STATUS} | body  # the API server fills it in
            met.setdefault(_essence(seen), json.loads(json.dumps(seen)))

    world.cluster.subscribe(see)
    await world.setup()
    await workload.play(world)

    assert len(met) > 1
    for body in met.values():
        check_health(body)
        check_actions(body)


def _essence(body: Body) -> str:
    """What two states of a Release must have in common to be looked at once."""
    status = body.get("status", {})
    attempt = status.get("attempt", {})
    steps = [(one["id"], one["state"]) for one in attempt.get("steps", ())]
    conditions = [(one["type"], one["status"]) for one in status.get("conditions", ())]
    kept = ("frozen", "trigger", "hold", "end", "recorded", "number")
    metadata = ("generation", "annotations", "deletionTimestamp")
    return json.dumps(
        [
            [body["metadata"].get(key) for key in metadata],
            [status.get(key) for key in ("observedGeneration", "phase", "message")],
            [attempt.get(key) for key in kept],
            steps[-1:],
            conditions,
        ]
    )
