"""What a rollback that failed was to restore binds the next attempt: what the gate asks for it."""

import copy
from collections.abc import Callable

import pytest
from tests.fakes.story import Story, told
from tests.fakes.switching import BACKEND, blue_green
from tests.fakes.world import NAMESPACE, deployment
from tests.releases import Body, bookshop
from tests.stories.test_after_failed_rollback import back, failed

from release_coordinator.api.attempt import PreviousComponent
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.api.release import Component
from release_coordinator.cluster.port import CONTROLLER_REVISION, DEPLOYMENT, SERVICE, Ref
from release_coordinator.engine import inheritance, names
from release_coordinator.engine.context import Context
from release_coordinator.engine.runfacts import WorkloadFact

FORMER = "example/bookshop-backend:1.2.0"
REVERTED = "undo/migrate/0007-add-isbn"


async def image(story: Story, workload: str = BACKEND) -> str:
    """What the pods of a workload are told to run."""
    live = await story.world.user.get(Ref(DEPLOYMENT, NAMESPACE, workload))
    found: str = live["spec"]["template"]["spec"]["containers"][0]["image"]
    return found


async def shut(story: Story, body: Body, *words: str) -> None:
    """The gate says so before the second attempt changes anything."""
    await story.apply(body)
    await story.run(told(words[0]))
    release = await story.release()
    assert release.status.attempt is not None
    assert (release.status.phase, release.status.attempt.number) == (Phase.GATING, 2)
    assert all(one in release.status.message for one in words), release.status.message


def without_backend(body: Body) -> Body:
    """A Release that has dropped a component."""
    spec = body["spec"]
    spec["components"] = [one for one in spec["components"] if one["name"] != "backend"]
    for component in spec["components"]:
        component.pop("dependsOn", None)
    return body


def renamed(body: Body, workload: str = BACKEND) -> Body:
    """A Release whose backend has another name, or another workload."""
    component = body["spec"]["components"][0]
    component["workloadRef"]["name"] = workload
    if workload == BACKEND:
        component["name"] = "api"
        body["spec"]["components"][1]["dependsOn"] = ["api"]
    return body


async def test_what_may_be_bad_is_not_kept_for_a_switch() -> None:
    story = await failed("BlueGreen after a rollback that failed")
    await shut(story, blue_green(bookshop()), "strategy", f"Deployment {BACKEND}", "Rolling")

    await story.apply(bookshop())
    await back(story, 3)

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    assert await image(story) == FORMER


@pytest.mark.parametrize("until", [Phase.MIGRATING, Phase.VERIFYING])
async def test_an_attempt_begun_before_the_gate_asked_goes_back_all_the_same(
    until: Phase, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await failed("An older operator has begun the attempt")
    with monkeypatch.context() as patched:
        patched.setattr(inheritance, "obstacles", lambda _: [])
        await story.apply(blue_green(bookshop()))
        await story.run(_second(until))

    await story.annotate("rollback", "2")
    await story.run()

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    assert await image(story) == FORMER
    service = await story.world.user.get(Ref(SERVICE, NAMESPACE, BACKEND))
    assert service["spec"]["selector"] == {"app": BACKEND}
    lines = story.transcript.text().splitlines()
    taken = max(n for n, line in enumerate(lines) if "undo/rollout/backend Succeeded" in line)
    down = next(n for n, line in enumerate(lines) if f"creates Job {REVERTED}" in line)
    assert taken <= down


async def test_a_component_that_nothing_would_take_back_is_not_dropped() -> None:
    story = await failed("The spec drops the component that a failed rollback has left")
    await shut(story, without_backend(bookshop()), "component backend", f"api={FORMER}")

    await story.set_image(BACKEND, "api", FORMER)
    await story.run(_second(Phase.VERIFYING))

    assert await image(story) == FORMER


async def test_a_component_does_not_leave_its_workload_behind() -> None:
    story = await failed("The backend moves to another Deployment")
    other = deployment("bookshop-api", "api", "1.2.5")
    await story.world.user.create(DEPLOYMENT, other)
    await story.world.advance(60)
    body = renamed(bookshop(), "bookshop-api")
    await shut(story, body, "component backend", f"Deployment {BACKEND}")

    await story.set_image(BACKEND, "api", FORMER)
    await back(story, 2)

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    after = await story.world.user.get(Ref(DEPLOYMENT, NAMESPACE, "bookshop-api"))
    assert after["spec"]["template"] == other["spec"]["template"]


async def test_what_was_kept_of_another_workload_is_not_put_onto_this_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = await failed("An older operator has let the backend move")
    other = deployment("bookshop-api", "api", "1.2.5")
    await story.world.user.create(DEPLOYMENT, other)
    await story.world.advance(60)
    with monkeypatch.context() as patched:
        patched.setattr(inheritance, "obstacles", lambda _: [])
        patched.setattr(inheritance, "of", _by_name)
        await story.apply(renamed(bookshop(), "bookshop-api"))
        await story.run(_second(Phase.VERIFYING))

    await story.annotate("rollback", "2")
    await story.run()

    release = await story.release()
    assert release.status.attempt is not None
    step = next(s for s in release.status.attempt.steps if s.id == "undo/rollout/backend")
    assert step.message.endswith("is of another workload")
    after = await story.world.user.get(Ref(DEPLOYMENT, NAMESPACE, "bookshop-api"))
    assert after["spec"]["template"]["metadata"] == other["spec"]["template"]["metadata"]
    assert await image(story, "bookshop-api") == FORMER


async def test_a_component_may_get_another_name() -> None:
    story = await failed("The backend is called api now; its Deployment is the same")
    await story.apply(renamed(bookshop()))
    await back(story, 2)

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    assert await image(story) == FORMER


async def test_a_service_that_is_still_pinned_is_told_when_nothing_is_switched_any_more() -> None:
    story = await failed("BlueGreen, and the rollback fails", blue_green(bookshop()))
    name = f"Service {BACKEND}"
    await shut(story, bookshop(), "earlier attempt could not end", name, f"Deployment {BACKEND}")


@pytest.mark.parametrize("image_instead", ["", "example/bookshop-backend:0.9.0"])
async def test_a_way_back_that_is_gone_is_not_replaced_by_what_has_failed(
    image_instead: str,
) -> None:
    story = await failed("The recorded way back is deleted, or another is put in its place")
    (revision,) = [
        one
        for one in await story.world.user.list(CONTROLLER_REVISION, NAMESPACE)
        if names.LABEL_ATTEMPT in one["metadata"]["labels"]
    ]
    name = revision["metadata"]["name"]
    for field in ("uid", "resourceVersion", "creationTimestamp"):
        revision["metadata"].pop(field, None)
    await story.delete_object(CONTROLLER_REVISION, name)
    if image_instead:
        other = copy.deepcopy(revision)
        other["data"]["previous"][0]["images"]["api"] = image_instead
        await story.world.user.create(CONTROLLER_REVISION, other)
    await story.restart()
    await story.annotate("retry", "1")
    await story.run(told("is gone or was changed"))
    assert (await story.release()).status.phase is Phase.GATING

    if image_instead:
        await story.delete_object(CONTROLLER_REVISION, name)
    await story.world.user.create(CONTROLLER_REVISION, revision)
    await back(story, 2)

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    assert await image(story) == FORMER


def _by_name(ctx: Context, component: Component, _fact: WorkloadFact) -> PreviousComponent | None:
    revision = ctx.seen.revision(ctx.attempt.basis) if ctx.attempt.basis else None
    entries = revision.previous if revision else []
    return next((entry for entry in entries if entry.name == component.name), None)


def _second(phase: Phase) -> Callable[[ReleaseObject], bool]:
    def reached(release: ReleaseObject) -> bool:
        attempt = release.status.attempt
        return attempt is not None and attempt.number > 1 and release.status.phase is phase

    return reached
