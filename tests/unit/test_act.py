"""Effects on a world that moves on between the decision and the effect."""

import pytest
from tests.fakes.world import NAMESPACE, World
from tests.releases import bookshop

from release_coordinator.act import Actor
from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import JOB, Body, Ref
from release_coordinator.cluster.store import Store
from release_coordinator.engine.action import ResumeJob
from release_coordinator.errors import Conflict

REF = Ref(JOB, NAMESPACE, "migrate")


async def test_a_job_of_which_more_is_known_by_now_is_let_run_at_the_first_try() -> None:
    world, store = World(), Store()
    created = await suspended_job(world)
    told = {**created, "status": {"conditions": [{"type": "Suspended", "status": "True"}]}}
    store.put(JOB, await world.user.replace_status(JOB, told))
    patches: list[str] = []

    async def count(call: Call) -> None:
        patches.append(call.verb)

    world.cluster.before = count
    metadata = created["metadata"]
    action = ResumeJob("migrate", metadata["uid"], metadata["resourceVersion"])
    await Actor(world.cluster, store).act(release(), action)

    assert patches == ["patch"]
    assert (await world.user.get(REF))["spec"]["suspend"] is False


async def test_a_job_that_was_let_run_and_suspended_again_is_not_let_run_once_more() -> None:
    """Found by the search: another operator has let it run, and a person has suspended it."""
    world, store = World(), Store()
    created = await suspended_job(world)
    for suspend in (False, True):
        store.put(JOB, await world.user.patch(REF, {"spec": {"suspend": suspend}}))
    metadata = created["metadata"]
    action = ResumeJob("migrate", metadata["uid"], metadata["resourceVersion"])

    with pytest.raises(Conflict):
        await Actor(world.cluster, store).act(release(), action)

    assert (await world.user.get(REF))["spec"]["suspend"] is True


async def suspended_job(world: World) -> Body:
    container = {"name": "job", "image": "example/migrate:1"}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    body = {
        "metadata": {"name": "migrate", "namespace": NAMESPACE},
        "spec": {"suspend": True, "template": template},
    }
    return await world.user.create(JOB, body)


def release() -> ReleaseObject:
    body = bookshop()
    body["metadata"] |= {"uid": "u", "resourceVersion": "1", "generation": 1}
    return parse_release(body)
