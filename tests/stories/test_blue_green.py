"""The new version runs beside the old one, and the Service is switched between the two."""

from collections.abc import Awaitable, Callable

import pytest
from tests.fakes.story import Story, following, in_phase, told
from tests.fakes.switching import BACKEND, add_service, behind, blue_green
from tests.fakes.world import NAMESPACE
from tests.releases import bookshop

from release_coordinator.api.attempt import StepState
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import (
    AUTOSCALER,
    DEPLOYMENT,
    POD,
    SERVICE,
    Body,
    Ref,
)

SELECTOR = {"app": BACKEND}


async def begin(title: str, version: str = "1.2.0") -> Story:
    story = await Story.begin(title, version)
    await add_service(story.world)
    return story


async def selector(story: Story) -> Body:
    body = await story.world.user.get(Ref(SERVICE, NAMESPACE, BACKEND))
    found: Body = body["spec"]["selector"]
    return found


async def deployments(story: Story) -> set[str]:
    return {b["metadata"]["name"] for b in await story.world.user.list(DEPLOYMENT, NAMESPACE)}


def serving(story: Story) -> set[str]:
    """Images that ready pods behind the Service run."""
    pods = behind(story.world.cluster.everything())
    return {pod["spec"]["containers"][0]["image"].rpartition(":")[2] for pod in pods}


def in_step(prefix: str) -> Callable[[ReleaseObject], bool]:
    def seen(release: ReleaseObject) -> bool:
        steps = release.status.attempt.steps if release.status.attempt else []
        return any(s.id.startswith(prefix) and s.state is StepState.RUNNING for s in steps)

    return seen


async def test_a_good_version_is_switched_to_and_takes_the_place_of_the_old_one() -> None:
    story = await begin("1.3.0 of the backend runs beside 1.2.0, and then instead of it")
    await story.apply(blue_green(bookshop()))

    await story.run()

    await story.check("blue_green_success")
    assert (await story.release()).status.phase is Phase.COMPLETED
    assert await selector(story) == SELECTOR
    assert await deployments(story) == {BACKEND, "bookshop-frontend"}
    assert serving(story) == {"1.3.0"}


async def test_during_the_watch_the_old_version_is_still_there() -> None:
    story = await begin("1.3.0 is watched while 1.2.0 waits")
    await story.apply(blue_green(bookshop()))

    await story.run(in_phase(Phase.WATCHING))

    assert serving(story) == {"1.3.0"}
    images = {
        b["spec"]["containers"][0]["image"]
        for b in story.world.cluster.everything()
        if b["kind"] == "Pod" and b["metadata"].get("labels", {}).get("app") == BACKEND
    }
    assert images == {"example/bookshop-backend:1.2.0", "example/bookshop-backend:1.3.0"}


async def test_a_slow_version_is_taken_back_by_one_write() -> None:
    story = await begin("1.4.0 answers five times slower: the Service goes back at once", "1.3.0")
    await story.apply(blue_green(following("1.4.0")))

    await story.run()

    await story.check("blue_green_slow")
    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    assert await selector(story) == SELECTOR
    assert await deployments(story) == {BACKEND, "bookshop-frontend"}
    assert serving(story) == {"1.3.0"}
    assert story.ran("undo/migrate/0008-add-stock") == 1


async def test_a_version_that_never_becomes_ready_gets_no_traffic() -> None:
    story = await begin("1.3.0 ends at once: nobody has asked it anything")
    story.world.script.crashing["example/bookshop-backend:1.3.0"] = "no such table: isbn"
    await story.apply(blue_green(bookshop()))

    await story.run()

    await story.check("blue_green_never_ready")
    attempt = (await story.release()).status.attempt
    assert attempt is not None
    assert not any(step.id.startswith("traffic/switch/") for step in attempt.steps)
    assert await selector(story) == SELECTOR
    assert serving(story) == {"1.2.0"}


async def test_a_good_version_is_not_taken_back_for_want_of_room() -> None:
    story = await begin("1.3.0 has proved good, but its own Deployment gets no pods: a person acts")
    await story.apply(blue_green(bookshop()))
    await story.run(in_step("watch"))
    story.world.script.never_ready.add("example/bookshop-backend:1.3.0")
    await story.run()
    held = (await story.release()).status
    assert held.phase is Phase.HELD, held.message
    assert held.attempt is not None
    assert held.attempt.hold is not None
    assert serving(story) == {"1.3.0"}

    story.world.script.never_ready.clear()
    await story.annotate("resume", held.attempt.hold.id)
    await story.run()

    await story.check("blue_green_no_room")
    assert (await story.release()).status.phase is Phase.COMPLETED
    assert await selector(story) == SELECTOR


@pytest.mark.parametrize("step", ["promote/", "retire/"])
async def test_a_rollback_after_the_watch_restores_the_old_version_first(step: str) -> None:
    story = await begin("somebody takes 1.3.0 back while it takes its place")
    await story.apply(blue_green(bookshop()))
    await story.run(in_step(step))

    await story.annotate("rollback", "1")
    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.ROLLED_BACK, release.status.message
    assert await selector(story) == SELECTOR
    assert await deployments(story) == {BACKEND, "bookshop-frontend"}
    assert serving(story) == {"1.2.0"}


@pytest.mark.parametrize("step", ["rollout/backend", "refresh/", "rollout/frontend", "verify/"])
async def test_a_rollback_before_that_leaves_nothing_behind(step: str) -> None:
    story = await begin("somebody takes 1.3.0 back early")
    await story.apply(blue_green(bookshop()))
    await story.run(in_step(step))

    await story.annotate("rollback", "1")
    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.ROLLED_BACK, release.status.message
    assert await selector(story) == SELECTOR
    assert await deployments(story) == {BACKEND, "bookshop-frontend"}
    assert serving(story) == {"1.2.0"}


async def test_a_selector_that_somebody_else_changes_stops_the_attempt() -> None:
    story = await begin("a GitOps tool puts the selector back while 1.3.0 is watched")
    await story.apply(blue_green(bookshop()))
    await story.run(in_step("watch"))
    pinned = await selector(story)
    cut = {key: None for key in pinned if key not in SELECTOR}
    story.transcript.person("argocd: Service bookshop-backend, spec.selector as in Git")
    await story.patch(SERVICE, BACKEND, {"spec": {"selector": cut}})

    await story.run()

    held = (await story.release()).status
    assert held.attempt is not None
    assert held.attempt.hold is not None
    assert held.attempt.hold.reason is Reason.CONFLICTING_WRITER
    story.transcript.person("kubectl patch: Service bookshop-backend, spec.selector as it was")
    await story.patch(SERVICE, BACKEND, {"spec": {"selector": pinned}})
    await story.annotate("resume", held.attempt.hold.id)
    await story.run()
    await story.check("blue_green_foreign_selector")
    assert (await story.release()).status.phase is Phase.COMPLETED


async def test_the_new_version_deleted_by_somebody_leads_back_to_the_old_one() -> None:
    story = await begin("somebody deletes the Deployment of 1.3.0 while it serves")
    await story.apply(blue_green(bookshop()))
    await story.run(in_step("watch"))
    (twin,) = await deployments(story) - {BACKEND, "bookshop-frontend"}

    await story.delete_object(DEPLOYMENT, twin)
    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.ROLLED_BACK, release.status.message
    assert await selector(story) == SELECTOR
    assert serving(story) == {"1.2.0"}


async def test_the_old_version_changed_by_somebody_stops_the_attempt() -> None:
    story = await begin("somebody sets an image of the waiting version")
    await story.apply(blue_green(bookshop()))
    await story.run(in_step("watch"))

    await story.set_image(BACKEND, "api", "example/bookshop-backend:9.9.9")
    await story.run()

    held = (await story.release()).status
    assert held.phase is Phase.HELD
    assert "changed by somebody else" in held.message
    assert serving(story) == {"1.3.0"}
    await story.annotate("rollback", "1")
    await story.run()
    release = await story.release()
    assert release.status.phase is Phase.ROLLED_BACK, release.status.message
    assert serving(story) == {"1.2.0"}


async def test_a_release_that_is_deleted_while_switched_goes_back() -> None:
    story = await begin("the Release is deleted while 1.3.0 is watched")
    await story.apply(blue_green(bookshop()))
    await story.run(in_step("watch"))

    await story.delete()
    await story.run()

    assert await selector(story) == SELECTOR
    assert await deployments(story) == {BACKEND, "bookshop-frontend"}
    assert serving(story) == {"1.2.0"}


async def refused(story: Story, body: Body, words: str) -> None:
    """The gate says so before anything is changed."""
    await story.apply(body)
    await story.run(told(words))
    release = await story.release()
    assert release.status.phase is Phase.GATING
    assert words in release.status.message


async def test_a_service_that_does_not_exist_is_told_by_the_gate() -> None:
    story = await Story.begin("no Service")
    await refused(story, blue_green(bookshop()), f"there is no Service {BACKEND}")


async def test_a_service_that_selects_other_pods_too_is_told_by_the_gate() -> None:
    story = await begin("one Service for everything")
    pod = {
        "metadata": {"name": "debug", "namespace": NAMESPACE, "labels": SELECTOR},
        "spec": {"containers": []},
    }
    await story.world.user.create(POD, pod)
    await refused(story, blue_green(bookshop()), "also selects pods that are not of Deployment")


async def test_a_service_of_other_pods_is_told_by_the_gate() -> None:
    story = await Story.begin("the wrong Service")
    await add_service(story.world, BACKEND, app="bookshop-frontend")
    await refused(story, blue_green(bookshop()), "does not select the pods of Deployment")


async def test_a_selector_left_by_an_attempt_that_could_not_end_is_told_by_the_gate() -> None:
    story = await Story.begin("left over")
    left = {"app": BACKEND, "release-coordinator.io/slot": "0123456789"}
    await add_service(story.world, BACKEND, **left)
    await refused(story, blue_green(bookshop()), "an earlier attempt could not end")


async def test_an_autoscaler_is_told_by_the_gate() -> None:
    story = await begin("scaled automatically")
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": BACKEND}
    metadata = {"name": "backend", "namespace": NAMESPACE}
    scaler = {"metadata": metadata, "spec": {"scaleTargetRef": target, "maxReplicas": 9}}
    await story.world.user.create(AUTOSCALER, scaler)
    await refused(story, blue_green(bookshop()), "HorizontalPodAutoscaler backend scales")


async def test_two_components_with_one_service_are_told_by_the_gate() -> None:
    story = await begin("one Service for two")
    body = blue_green(bookshop())
    body["spec"]["components"][1]["strategy"] = {"type": "BlueGreen", "service": BACKEND}
    await refused(story, body, f"both name Service {BACKEND}")


async def twin_of(story: Story) -> str:
    (name,) = await deployments(story) - {BACKEND, "bookshop-frontend"}
    return name


def scaled_at(story: Story, look: int) -> Callable[[Call], Awaitable[None]]:
    """Somebody scales the old version just before this look at it, the new one being healthy."""
    looks: list[Call] = []

    async def before(call: Call) -> None:
        twins = [b for b in story.world.cluster.everything() if b["kind"] == "Deployment"]
        ready = [b for b in twins if b["metadata"]["name"].startswith(f"{BACKEND}-")]
        if call.verb != "get" or call.ref.name != BACKEND or call.ref.kind is not DEPLOYMENT:
            return
        if any(b.get("status", {}).get("availableReplicas") for b in ready):
            looks.append(call)
            if len(looks) == look:
                await story.patch(DEPLOYMENT, BACKEND, {"spec": {"replicas": 20}})

    return before


@pytest.mark.parametrize("look", [1, 2])
async def test_traffic_goes_to_as_many_pods_as_the_old_version_has_by_then(look: int) -> None:
    story = await begin("the old version is scaled up while 1.3.0 comes up beside it")
    story.world.cluster.before = scaled_at(story, look)
    await story.apply(blue_green(bookshop()))

    await story.run(lambda _: serving(story) == {"1.3.0"})

    twin = await story.world.user.get(Ref(DEPLOYMENT, NAMESPACE, await twin_of(story)))
    assert twin["spec"]["replicas"] == 20
    assert twin["status"]["availableReplicas"] == 20
    await story.run()
    assert (await story.release()).status.phase is Phase.COMPLETED


async def test_the_old_version_gets_the_traffic_back_when_the_new_one_is_scaled_to_zero() -> None:
    story = await begin("somebody scales 1.3.0 to zero while it serves")
    await story.apply(blue_green(bookshop()))
    await story.run(in_step("watch"))

    await story.patch(DEPLOYMENT, await twin_of(story), {"spec": {"replicas": 0}})
    await story.run(in_step("undo/retire/"))

    assert serving(story) == {"1.2.0"}
    await story.run()
    status = (await story.release()).status
    assert status.phase is Phase.ROLLED_BACK
    assert "was scaled to zero" in status.message
    assert await selector(story) == SELECTOR


@pytest.mark.parametrize("order", [None, "rollback"])
async def test_a_finalizer_of_somebody_else_on_the_second_deployment_is_waited_for(
    order: str | None,
) -> None:
    story = await begin("somebody keeps the second Deployment with a finalizer")
    await story.apply(blue_green(bookshop()))
    await story.run(in_step("watch"))
    twin = await twin_of(story)
    await story.patch(DEPLOYMENT, twin, {"metadata": {"finalizers": ["example.com/backup"]}})
    if order:
        await story.annotate(order, "1")
    await story.run(told("is being deleted; what keeps it is in its metadata.finalizers"))

    await story.patch(DEPLOYMENT, twin, {"metadata": {"finalizers": None}})
    await story.run()

    status = (await story.release()).status
    assert status.phase is (Phase.ROLLED_BACK if order else Phase.COMPLETED), status.message
    assert await deployments(story) == {BACKEND, "bookshop-frontend"}
    assert await selector(story) == SELECTOR


RESTARTED: Body = {
    "spec": {
        "template": {
            "metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "12:00"}},
        }
    }
}
FORMER: Body = {"spec": {"template": {"metadata": {"annotations": None}}}}


async def restarted(step: str = "rollout/backend") -> Story:
    """Held: the old version was restarted while the new one did not become ready beside it."""
    story = await begin("the old version is restarted while 1.3.0 comes up beside it")
    story.world.script.never_ready.add("example/bookshop-backend:1.3.0")
    await story.apply(blue_green(bookshop()))
    await story.run(in_step(step))
    story.transcript.person("kubectl rollout restart deployment/bookshop-backend")
    await story.patch(DEPLOYMENT, BACKEND, RESTARTED)
    await story.run()
    return story


async def test_an_old_version_that_is_restarted_goes_on_serving() -> None:
    story = await restarted()
    await story.world.advance(60)

    status = (await story.release()).status
    assert status.phase is Phase.HELD, status.message
    assert "kubectl rollout undo" in status.message
    assert serving(story) == {"1.2.0"}
    assert await selector(story) == SELECTOR
    assert await deployments(story) == {BACKEND, "bookshop-frontend"}
    await story.patch(DEPLOYMENT, BACKEND, FORMER)
    await story.world.advance(60)
    assert status.attempt is not None
    assert status.attempt.hold is not None
    story.world.script.never_ready.clear()
    await story.annotate("resume", status.attempt.hold.id)
    await story.run()

    await story.check("blue_green_restarted")
    assert (await story.release()).status.phase is Phase.COMPLETED
    assert await selector(story) == SELECTOR
    assert serving(story) == {"1.3.0"}


async def test_an_old_version_that_was_restarted_can_be_rolled_back_to() -> None:
    story = await restarted()

    await story.annotate("rollback", "1")
    await story.run()

    status = (await story.release()).status
    assert status.phase is Phase.ROLLED_BACK, status.message
    assert await selector(story) == SELECTOR
    assert await deployments(story) == {BACKEND, "bookshop-frontend"}
    assert serving(story) == {"1.2.0"}


async def test_another_service_of_the_same_pods_is_told_by_the_gate() -> None:
    story = await begin("a second Service would bring requests to 1.3.0 as soon as it has pods")
    spec = {"selector": SELECTOR, "ports": [{"port": 80}]}
    more: Body = {"type": "ExternalName"}
    for name, also in (("backend-internal", {}), ("external", more)):
        metadata = {"name": name, "namespace": NAMESPACE}
        await story.world.user.create(SERVICE, {"metadata": metadata, "spec": {**spec, **also}})
    await refused(story, blue_green(bookshop()), "other Services also select the pods of")
    assert "(backend-internal)" in (await story.release()).status.message

    said = {"metadata": {"annotations": {"release-coordinator.io/both-versions": "true"}}}
    await story.patch(SERVICE, "backend-internal", said)
    await story.run()

    assert (await story.release()).status.phase is Phase.COMPLETED


async def test_a_rollback_of_a_restarted_version_opens_the_service_first() -> None:
    story = await begin("1.3.0 is taken back in the moment in which 1.2.0 is restarted")
    story.world.script.never_ready.add("example/bookshop-backend:1.3.0")
    await story.apply(blue_green(bookshop()))
    await story.run(in_step("rollout/backend"))
    await story.annotate("rollback", "1")
    await story.patch(DEPLOYMENT, BACKEND, RESTARTED)

    await story.run(in_step("undo/rollout/backend"))

    assert await selector(story) == SELECTOR
    assert serving(story) == {"1.2.0"}
    await story.run()
    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    assert serving(story) == {"1.2.0"}
