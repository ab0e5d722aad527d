"""Somebody else writes what a BlueGreen component runs, or a refusal stops it in the middle."""

from typing import Any

import pytest
from tests.fakes.story import RELEASE_REF, Story
from tests.fakes.switching import BACKEND, blue_green
from tests.fakes.world import NAMESPACE
from tests.releases import bookshop
from tests.stories.test_blue_green import SELECTOR, begin, deployments, in_step, selector, serving

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.cluster.port import (
    CONTROLLER_REVISION,
    DEPLOYMENT,
    RELEASE,
    SERVICE,
    Kind,
    Ref,
)
from release_coordinator.engine.outcome import DONE
from release_coordinator.engine.phases import rolling_out
from release_coordinator.errors import Denied

NEW = "example/bookshop-backend:1.3.0"
FOREIGN = "example/bookshop-backend:9.9.9"
DOWN = "undo/migrate/0007-add-isbn"


async def attempt_of(story: Story) -> Attempt:
    attempt = (await story.release()).status.attempt
    assert attempt is not None
    return attempt


async def resume(story: Story, reason: Reason) -> None:
    """A person resumes what is held for this reason."""
    held = (await attempt_of(story)).hold
    assert held is not None
    assert held.reason is reason, held.message
    await story.annotate("resume", held.id)


async def switching(step: str) -> Story:
    story = await begin(f"1.3.0 of the backend is switched to, until {step}")
    await story.apply(blue_green(bookshop()))
    await story.run(in_step(step))
    return story


async def going_back(since: str, step: str) -> Story:
    story = await switching(since)
    await story.annotate("rollback", "1")
    await story.run(in_step(step))
    return story


async def replace_own(story: Story) -> None:
    """Somebody deletes the component's own Deployment and creates it again."""
    ref = Ref(DEPLOYMENT, NAMESPACE, BACKEND)
    live = await story.world.user.get(ref)
    await story.delete_object(DEPLOYMENT, BACKEND)
    kept = ("name", "namespace", "labels", "annotations")
    live["metadata"] = {key: live["metadata"][key] for key in kept if key in live["metadata"]}
    live.pop("status", None)
    await story.world.user.create(DEPLOYMENT, live)


async def is_back(story: Story) -> None:
    """The attempt ended with the previous version, and nothing else is left."""
    status = (await story.release()).status
    assert status.phase is Phase.ROLLED_BACK, status.message
    assert await selector(story) == SELECTOR
    assert await deployments(story) == {BACKEND, "bookshop-frontend"}
    assert serving(story) == {"1.2.0"}
    assert story.ran(DOWN) == 1


async def test_a_rollback_never_succeeds_while_the_new_version_serves() -> None:
    story = await switching("watch")
    await replace_own(story)
    await story.run()
    await resume(story, Reason.WORKLOAD_REPLACED)
    await story.run()

    await story.annotate("rollback", "1")
    await story.run()

    assert (await story.release()).status.phase is Phase.HELD
    assert story.ran(DOWN) == 0


async def test_what_a_service_was_found_with_outlives_a_resume() -> None:
    story = await begin("the operator may not write the Service at first")
    denied = ["services"]

    def admission(kind: Kind, old: Any, new: Any) -> None:
        if denied and kind.plural in denied and old is not None and new is not None:
            raise Denied("services is forbidden")

    story.world.admission = admission
    await story.apply(blue_green(bookshop()))
    await story.run()
    await story.set_image(BACKEND, "api", FOREIGN)
    await story.run()

    denied.clear()
    await resume(story, Reason.API_DENIED)
    await story.run()

    assert "was changed by somebody else" in (await story.release()).status.message
    await story.set_image(BACKEND, "api", "example/bookshop-backend:1.2.0")
    await story.run()
    await resume(story, Reason.CONFLICTING_WRITER)
    await story.run()
    status = (await story.release()).status
    assert status.phase is Phase.COMPLETED, status.message


async def test_a_journal_that_has_lost_what_was_found_stops_the_way_back() -> None:
    story = await switching("watch")
    live = await story.world.user.get(RELEASE_REF)
    for step in live["status"]["attempt"]["steps"]:
        if step["id"].startswith("traffic/pin/"):
            del step["hash"]
    await story.world.user.replace_status(RELEASE, live)
    await story.restart()
    await story.annotate("rollback", "1")
    await story.run()
    status = (await story.release()).status
    assert "the journal has lost what it was before" in status.message
    assert story.ran(DOWN) == 0

    pinned = await selector(story)
    cut = {key: None for key in pinned if key not in SELECTOR}
    await story.patch(SERVICE, BACKEND, {"spec": {"selector": cut}})
    await resume(story, Reason.CONFLICTING_WRITER)
    await story.run()

    await is_back(story)


@pytest.mark.parametrize("step", ["undo/retire/", "undo/migrate/"])
async def test_what_runs_again_is_looked_at_until_the_end(step: str) -> None:
    story = await going_back("watch", step)

    await story.set_image(BACKEND, "api", NEW)
    if step == "undo/retire/":
        await story.run(in_step("undo/migrate/"))
        assert serving(story) == {"1.2.0"}
        # The Service was not left pinned to pods that go until the second Deployment had gone.
        steps = {s.id: s for s in (await attempt_of(story)).steps}
        ended = steps["undo/retire/backend"].finished_at
        assert ended is not None
        assert steps["undo/rollout/backend"].started_at < ended
    await story.run()

    await is_back(story)


@pytest.mark.parametrize("since", ["watch", "promote/"])
async def test_a_resume_on_the_way_back_rolls_the_previous_version_out_again(since: str) -> None:
    story = await going_back(since, "undo/retire/")
    if since == "watch":  # once it is put right without a word
        await story.set_image(BACKEND, "api", NEW)
        await story.run(in_step("undo/migrate/"))
    await story.set_image(BACKEND, "api", FOREIGN)
    await story.run()
    assert story.ran(DOWN) == (1 if since == "watch" else 0)
    assert serving(story), "held, but not without anybody who serves"

    await resume(story, Reason.CONFLICTING_WRITER)
    await story.run()

    await is_back(story)


async def test_what_was_promoted_and_then_written_does_not_prove_good() -> None:
    story = await switching("retire/")

    await story.set_image(BACKEND, "api", FOREIGN)
    await story.run()

    assert serving(story), "held, but not without anybody who serves"
    await resume(story, Reason.CONFLICTING_WRITER)
    await story.run()
    status = (await story.release()).status
    assert status.phase is Phase.COMPLETED, status.message
    assert await selector(story) == SELECTOR
    assert await deployments(story) == {BACKEND, "bookshop-frontend"}
    assert serving(story) == {"1.3.0"}


async def test_what_was_promoted_and_then_written_can_be_taken_back() -> None:
    story = await switching("retire/")
    await story.set_image(BACKEND, "api", FOREIGN)
    await story.run()

    await story.annotate("rollback", "1")
    await story.run()

    await is_back(story)


@pytest.mark.parametrize("step", ["retire/", "watch"])
async def test_only_what_was_rolled_out_is_kept_as_good(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rolling_out, "drift", lambda *_: DONE)
    story = await begin("nobody notices that somebody else has written the backend")
    await story.apply(blue_green(bookshop()) if step == "retire/" else bookshop())
    await story.run(in_step(step))

    await story.set_image(BACKEND, "api", FOREIGN)
    await story.run()

    status = (await story.release()).status
    assert status.phase is Phase.COMPLETED, status.message
    assert status.current is not None
    assert set(status.current.snapshots) == {"frontend"}
    for body in await story.world.user.list(CONTROLLER_REVISION, NAMESPACE):
        assert FOREIGN not in str(body)


async def test_a_second_deployment_that_could_not_be_scaled_at_first_gets_its_pods() -> None:
    story = await begin("a quota leaves no room for the second Deployment at first")

    def admission(kind: Kind, old: Any, new: Any) -> None:
        name = new["metadata"]["name"] if new else ""
        grows = old is not None and new is not None and new["spec"].get("replicas")
        if kind == DEPLOYMENT and name.startswith(f"{BACKEND}-") and grows:
            raise Denied("forbidden: exceeded quota")

    story.world.admission = admission
    await story.apply(blue_green(bookshop()))
    await story.run()
    assert (await story.release()).status.phase is Phase.HELD

    story.world.admission = lambda *_: None
    await resume(story, Reason.API_DENIED)
    await story.run()

    status = (await story.release()).status
    assert status.phase is Phase.COMPLETED, status.message
    assert serving(story) == {"1.3.0"}
