"""Somebody else works on the same objects in the middle of an attempt."""

import copy
from collections.abc import Awaitable, Callable

import pytest
from tests.fakes.story import Story, in_phase
from tests.fakes.world import NAMESPACE, deployment
from tests.releases import bookshop

from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.cluster.port import CONTROLLER_REVISION, DEPLOYMENT, Body, Ref
from release_coordinator.engine import names

BACKEND = "bookshop-backend"


async def halfway(title: str) -> Story:
    story = await Story.begin(title)
    await story.apply(bookshop())
    await story.run(in_phase(Phase.WATCHING))
    return story


async def test_a_foreign_change_is_held_and_put_right_on_resume() -> None:
    story = await halfway("Somebody sets another image in the watch: held, resumed")
    await story.set_image(BACKEND, "api", "example/bookshop-backend:1.2.7")
    await story.run()

    await story.annotate("resume", "1.1")
    await story.run()

    await story.check("conflicting_writer_resume")


async def test_a_foreign_change_is_held_and_rolled_back_on_request() -> None:
    story = await halfway("Somebody sets another image in the watch: held, rolled back")
    await story.set_image(BACKEND, "api", "example/bookshop-backend:1.2.7")
    await story.run()

    await story.annotate("rollback", "1")
    await story.run()

    await story.check("conflicting_writer_rollback")


async def test_a_foreign_change_during_the_rollout_is_not_promoted() -> None:
    story = await Story.begin("Somebody sets another image while the backend rolls out")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.ROLLING_OUT))
    await story.set_image(BACKEND, "api", "example/bookshop-backend:1.2.7")

    await story.run()

    await story.check("conflicting_writer_in_rollout")


async def test_scaling_is_not_a_conflict() -> None:
    story = await halfway("An autoscaler changes the number of pods in the watch")
    story.transcript.world("the autoscaler wants 5 pods")
    await story.patch(DEPLOYMENT, BACKEND, {"spec": {"replicas": 5}})

    await story.run()

    await story.check("scaled")


async def gone(story: Story) -> None:
    story.transcript.person(f"kubectl delete deployment {BACKEND}")
    await story.delete_object(DEPLOYMENT, BACKEND)


async def created_anew(story: Story) -> None:
    await gone(story)
    story.transcript.person(f"kubectl create deployment {BACKEND}")
    body = deployment(BACKEND, "api", "1.3.0")
    body["metadata"]["labels"] = {"release-coordinator.io/release": "bookshop"}
    await story.world.user.create(DEPLOYMENT, body)


@pytest.mark.parametrize("deed", [gone, created_anew])
async def test_a_workload_that_is_replaced_is_held(
    deed: Callable[[Story], Awaitable[None]],
) -> None:
    story = await halfway(f"The backend's Deployment is {deed.__name__.replace('_', ' ')}")
    await deed(story)

    await story.run()

    await story.check(f"workload_{deed.__name__}")


async def test_a_revision_that_is_gone_is_held_until_it_is_restored() -> None:
    story = await halfway("The recorded plan is deleted; it is restored from a backup")
    revision = await _recorded(story)
    story.transcript.person("kubectl delete controllerrevision")
    await story.delete_object(CONTROLLER_REVISION, revision["metadata"]["name"])
    await story.restart()
    await story.run()

    story.transcript.person("restores the ControllerRevision")
    for field in ("uid", "resourceVersion", "creationTimestamp"):
        revision["metadata"].pop(field, None)
    await story.world.user.create(CONTROLLER_REVISION, revision)
    await story.annotate("resume", "1.1")
    await story.run()

    await story.check("revision_deleted")


async def test_a_way_back_that_was_changed_is_not_followed() -> None:
    """Its plan is still the one that was approved; what a rollback would restore is not."""
    story = await halfway("Somebody writes other images into the recorded way back")
    revision = await _recorded(story)
    forged = copy.deepcopy(revision)
    forged["data"]["previous"][0]["images"]["api"] = "example/bookshop-backend:0.9.0"
    await _replace(story, forged)
    await story.restart()
    await story.annotate("rollback", "1")
    await story.run()
    release = await story.release()
    assert release.status.attempt is not None
    assert release.status.attempt.hold is not None
    assert release.status.attempt.hold.reason is Reason.REVISION_LOST
    assert "it was changed" in release.status.message

    await _replace(story, revision)
    await story.annotate("resume", release.status.attempt.hold.id)
    await story.run()

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    live = await story.world.user.get(Ref(DEPLOYMENT, NAMESPACE, BACKEND))
    (container,) = live["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "example/bookshop-backend:1.2.0"


async def _recorded(story: Story) -> Body:
    found = await story.world.user.list(CONTROLLER_REVISION, NAMESPACE)
    (revision,) = [one for one in found if names.LABEL_ATTEMPT in one["metadata"]["labels"]]
    return revision


async def _replace(story: Story, revision: Body) -> None:
    await story.delete_object(CONTROLLER_REVISION, revision["metadata"]["name"])
    for field in ("uid", "resourceVersion", "creationTimestamp"):
        revision["metadata"].pop(field, None)
    await story.world.user.create(CONTROLLER_REVISION, revision)
