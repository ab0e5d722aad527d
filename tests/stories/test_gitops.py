"""A GitOps tool writes the workloads of a Release: in the middle of an attempt, and at rest."""

import pytest
from tests.fakes.selfheal import SelfHeal
from tests.fakes.story import Story, in_phase
from tests.fakes.world import NAMESPACE
from tests.releases import bookshop

from release_coordinator.api.conditions import ConditionType, Phase, Reason, Status
from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import DEPLOYMENT, EVENT, RELEASE, Ref

BACKEND = "bookshop-backend"
OLD, NEW = "example/bookshop-backend:1.2.0", "example/bookshop-backend:1.3.0"


async def image_of(story: Story, workload: str = BACKEND) -> str:
    live = await story.world.user.get(Ref(DEPLOYMENT, NAMESPACE, workload))
    return str(live["spec"]["template"]["spec"]["containers"][0]["image"])


async def set_by(story: Story, manager: str, image: str) -> None:
    """A field manager writes the image by force."""
    story.transcript.world(f"{manager} sets the image of {BACKEND} to {image}")
    cluster = story.world.cluster.as_manager(manager)
    container = {"name": "api", "image": image}
    live = await cluster.get(Ref(DEPLOYMENT, NAMESPACE, BACKEND))
    template = live["spec"]["template"]
    template["spec"]["containers"] = [template["spec"]["containers"][0] | container]
    await cluster.patch(Ref(DEPLOYMENT, NAMESPACE, BACKEND), {"spec": {"template": template}})


def ready(story_release: object) -> tuple[Status, str, str]:
    """The condition Ready."""
    found = {one.type: one for one in story_release.status.conditions}  # type: ignore[attr-defined]
    one = found[ConditionType.READY]
    return one.status, one.reason, one.message


async def told(story: Story, reason: Reason) -> list[str]:
    """Events of a reason."""
    events = await story.world.user.list(EVENT, NAMESPACE)
    return [one["note"] for one in events if one["reason"] == reason]


async def test_an_image_that_is_set_back_once_is_applied_again() -> None:
    story = await Story.begin("Argo CD heals the backend's image once, while it rolls out")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.ROLLING_OUT))
    await set_by(story, "argocd-controller", OLD)

    await story.run()

    await story.check("gitops_set_back_once")


async def test_an_image_that_is_set_back_in_the_watch_is_applied_again() -> None:
    story = await Story.begin("Argo CD heals the backend's image once in the watch")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.WATCHING))
    await set_by(story, "argocd-controller", OLD)

    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.COMPLETED
    assert await image_of(story) == NEW
    assert await told(story, Reason.PUT_BACK)


async def test_a_fight_is_held_with_the_mend() -> None:
    story = await Story.begin("Argo CD heals the backend's image for ever")
    heal = SelfHeal(story.world, BACKEND, OLD)
    await story.apply(bookshop())

    await story.run()

    assert heal.writes == 3
    await story.check("gitops_fight")


async def test_after_the_mend_the_attempt_goes_on() -> None:
    story = await Story.begin("A fight that is mended")
    heal = SelfHeal(story.world, BACKEND, OLD)
    await story.apply(bookshop())
    await story.run(in_phase(Phase.HELD))
    heal.stop()

    await story.annotate("resume", "1.1")
    await story.run()

    assert (await story.release()).status.phase is Phase.COMPLETED
    assert await image_of(story) == NEW


async def test_a_fight_on_the_way_back_is_held() -> None:
    """Git has the new image: self-heal brings the version back that was taken back."""
    story = await Story.begin("Argo CD undoes a rollback for ever")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.WATCHING))
    SelfHeal(story.world, BACKEND, NEW)
    await story.annotate("rollback", "1")

    await story.run()

    await story.check("gitops_fight_back")


async def test_a_rollback_that_is_undone_once_is_done_again() -> None:
    story = await Story.begin("Argo CD undoes a rollback once")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.WATCHING))
    SelfHeal(story.world, BACKEND, NEW, times=1)
    await story.annotate("rollback", "1")

    await story.run()

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    assert await image_of(story) == OLD


async def test_what_is_set_back_slowly_is_applied_again_but_not_for_ever() -> None:
    """Flux heals every ten minutes: never three times within five, and a long watch is long."""
    story = await Story.begin("Flux heals the backend's image every ten minutes")
    body = bookshop()
    body["spec"]["watch"]["duration"] = "6h"
    heal = SelfHeal(story.world, BACKEND, OLD, manager="kustomize-controller", interval=600.0)
    await story.apply(body)

    await story.run()

    release = await story.release()
    assert release.status.attempt is not None
    assert release.status.attempt.hold is not None
    assert release.status.attempt.hold.reason is Reason.GITOPS_CONFLICT
    assert "Flux (kustomize-controller)" in release.status.message
    assert "kustomize.toolkit.fluxcd.io/ssa" in release.status.message
    assert heal.writes == 17


async def test_a_crash_forgets_no_fight() -> None:
    story = await Story.begin("The operator is started anew after each time")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.WATCHING))
    for _ in range(3):
        await set_by(story, "argocd-controller", OLD)
        await story.restart()
        await story.look()

    release = await story.release()

    assert release.status.attempt is not None
    assert release.status.attempt.hold is not None
    assert release.status.attempt.hold.reason is Reason.GITOPS_CONFLICT


async def test_another_image_of_the_tool_is_held_at_once() -> None:
    """Neither the old nor the new version: nobody knows what that is."""
    story = await Story.begin("Argo CD brings a third version in the middle")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.WATCHING))
    await set_by(story, "argocd-controller", "example/bookshop-backend:1.1.0")

    await story.run()

    release = await story.release()
    assert release.status.attempt is not None
    assert release.status.attempt.hold is not None
    assert release.status.attempt.hold.reason is Reason.CONFLICTING_WRITER
    assert "Argo CD (argocd-controller)" in release.status.message


@pytest.mark.parametrize(
    ("manager", "reason"),
    [("argocd-controller", Reason.GITOPS_CONFLICT), ("kubectl-set", Reason.DRIFTED)],
)
async def test_a_completed_release_whose_image_is_set_back_is_not_ready(
    manager: str, reason: Reason
) -> None:
    story = await Story.begin(f"{manager} sets the image back after the release")
    await story.apply(bookshop())
    await story.run()
    story.transcript.world("an hour passes")
    await story.world.advance(3600)
    await set_by(story, manager, OLD)
    await story.run()
    await story.world.advance(11)
    story.world.wake()
    await story.look()

    release = await story.release()
    status, why, message = ready(release)
    assert (status, why) == (Status.FALSE, reason)
    assert release.status.phase is Phase.COMPLETED
    assert "instead of" in message
    assert manager in message
    assert len(await told(story, reason)) == 1
    if reason is Reason.GITOPS_CONFLICT:
        await story.check("gitops_drift")


async def test_a_drift_that_is_mended_is_forgotten() -> None:
    story = await Story.begin("The image comes back")
    await story.apply(bookshop())
    await story.run()
    await story.world.advance(60)
    await set_by(story, "kubectl-set", OLD)
    await story.world.advance(11)
    story.world.wake()
    await story.look()
    assert ready(await story.release())[0] is Status.FALSE

    await set_by(story, "kubectl-set", NEW)
    await story.look()

    assert ready(await story.release())[0] is Status.TRUE


async def test_a_drift_that_only_an_old_watch_knows_of_is_not_told() -> None:
    story = await Story.begin("The watch breaks off before the image comes back")
    await story.apply(bookshop())
    await story.run()
    await story.world.advance(60)
    before = (await story.release()).resource_version
    await set_by(story, "kubectl-set", OLD)
    story.world.operator.stop()
    await set_by(story, "kubectl-set", NEW)
    await story.world.advance(11)
    story.world.wake()

    await story.look()

    assert (await story.release()).resource_version == before


async def test_a_rollback_that_is_undone_at_rest_is_told() -> None:
    story = await Story.begin("Argo CD undoes a rollback long after")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.WATCHING))
    await story.annotate("rollback", "1")
    await story.run()
    await story.world.advance(60)
    await set_by(story, "argocd-controller", NEW)
    await story.world.advance(11)
    story.world.wake()
    await story.look()

    release = await story.release()

    assert release.status.phase is Phase.ROLLED_BACK
    assert ready(release)[1] == Reason.GITOPS_CONFLICT


async def test_a_sync_that_brings_the_next_release_too_is_no_drift() -> None:
    """Argo CD applies the Deployment, then the Release of the same commit."""
    story = await Story.begin("A commit has both the image and the version")
    await story.apply(bookshop())
    await story.run()
    await story.world.advance(60)
    before = (await story.release()).resource_version

    await set_by(story, "argocd-controller", "example/bookshop-backend:1.4.0")
    await story.look()

    assert (await story.release()).resource_version == before


async def test_a_release_at_rest_costs_neither_request_nor_write() -> None:
    story = await Story.begin("Nothing happens after a release")
    await story.apply(bookshop())
    await story.run()
    calls: list[str] = []

    async def count(call: object) -> None:
        calls.append(str(call))

    story.world.cluster.before = count
    await story.patch(DEPLOYMENT, BACKEND, {"spec": {"replicas": 3}})
    await story.patch(RELEASE, "bookshop", {"metadata": {"labels": {"team": "shop"}}})
    await story.look()

    assert calls == []


async def test_what_is_set_back_before_it_was_noted_is_counted_too() -> None:
    """The tool is faster than we: our write shows no effect, and that is not a webhook's work."""
    story = await Story.begin("The image is set back between our write and our next look")
    rival = story.world.cluster.as_manager("argocd-controller")
    ref = Ref(DEPLOYMENT, NAMESPACE, BACKEND)
    writes: list[str] = []

    async def heal(call: Call) -> None:
        image = str(call.body)
        if call.verb == "patch" and call.ref == ref and NEW in image and len(writes) < 2:
            writes.append(image)
            live = await rival.get(ref)
            live["spec"]["template"]["spec"]["containers"][0]["image"] = OLD
            await rival.patch(ref, {"spec": {"template": live["spec"]["template"]}})

    told_before = story.world.cluster.after
    assert told_before is not None

    async def after(call: Call) -> None:
        await told_before(call)
        await heal(call)

    story.world.cluster.after = after
    await story.apply(bookshop())
    await story.run()

    release = await story.release()
    assert len(writes) == 2
    assert release.status.phase is Phase.COMPLETED, release.status.message
    assert len(await told(story, Reason.PUT_BACK)) == 2
