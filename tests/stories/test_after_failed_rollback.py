"""What a rollback that failed has left behind, and the next attempt meets."""

from typing import Any

import pytest
from tests.fakes.story import Story, in_phase
from tests.fakes.switching import BACKEND, add_service
from tests.fakes.world import NAMESPACE, deployment
from tests.releases import Body, bookshop
from tests.stories.test_inline import SEARCH, with_search

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import DEPLOYMENT, Ref
from release_coordinator.errors import NotFound


async def failed(title: str, body: Body | None = None) -> Story:
    """Smoke tests of 1.3.0 fail, and then the pods of the former frontend do not get ready."""
    story = await Story.begin(title)
    await add_service(story.world)
    script = story.world.script
    script.failing_steps["verify/smoke/checkout"] = "POST /checkout: 500"
    await story.apply(body or bookshop())
    await story.run(in_phase(Phase.VERIFYING))
    script.never_ready.add("example/bookshop-frontend:1.2.0")
    await story.run()
    assert (await story.release()).status.phase is Phase.ROLLBACK_FAILED
    script.never_ready.clear()
    return story


async def back(story: Story, attempt: int) -> None:
    """The attempt fails too; past what an earlier one has migrated only a person leads back."""
    await story.run()
    assert (await story.release()).status.phase is Phase.HELD
    await story.annotate("rollback", str(attempt))
    await story.run()


async def test_code_that_an_earlier_rollback_left_goes_back_before_the_schema_does() -> None:
    """Found by the search: the second attempt rolled nothing out, so it took no code back."""
    story = await failed("A retry after a failed rollback is taken back while it migrates")

    await story.annotate("retry", "1")
    await story.run(in_phase(Phase.MIGRATING))
    await story.annotate("rollback", "2")
    await story.run()

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    await story.check("rollback_failed_then_retried")
    lines = story.transcript.text().splitlines()
    back = next(n for n, line in enumerate(lines) if "undo/rollout/backend Succeeded" in line)
    down = next(n for n, line in enumerate(lines) if "creates Job undo/migrate" in line)
    assert back <= down, "no pod of 1.3.0 is left when its migration is reverted"


async def test_a_workload_that_was_only_named_before_goes_back_as_it_was() -> None:
    """What the first attempt kept knows pods alone; what else there is was found by the second."""
    story = await failed("The backend is declared inline after a rollback that failed")
    backend = Ref(DEPLOYMENT, NAMESPACE, BACKEND)
    await story.patch(DEPLOYMENT, BACKEND, {"metadata": {"annotations": {"team": "shop"}}})
    before = await story.world.user.get(backend)

    await story.apply(_inline(bookshop(), before, replicas=3))
    await back(story, 2)

    release = await story.release()
    assert release.status.phase is Phase.ROLLED_BACK
    after = await story.world.user.get(backend)
    assert _images(before) == ["example/bookshop-backend:1.3.0"]
    assert _images(after) == ["example/bookshop-backend:1.2.0"]
    assert _rest(after) == _rest(before)
    assert after["metadata"]["annotations"]["team"] == "shop"


async def test_what_somebody_else_has_made_since_is_not_deleted() -> None:
    story = await failed("The search that 1.3.0 created went, and a person made one", _search())
    person = deployment("bookshop-search", "search", "1.2.9")
    made = await story.world.user.create(DEPLOYMENT, person)

    await story.annotate("retry", "1")
    await story.run(in_phase(Phase.VERIFYING))
    assert _images(await story.world.user.get(SEARCH)) == ["example/bookshop-search:1.3.0"]
    await back(story, 2)

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    left = await story.world.user.get(SEARCH)
    assert left["metadata"]["uid"] == made["metadata"]["uid"]
    assert _images(left) == ["example/bookshop-search:1.2.9"]


async def test_what_was_taken_over_is_still_the_way_back_of_the_third_attempt() -> None:
    story = await failed("The second rollback fails as well", _search_first())
    await story.delete_object(DEPLOYMENT, "bookshop-search")
    person = deployment("bookshop-search", "search", "1.2.9")
    await story.world.user.create(DEPLOYMENT, person)
    await story.annotate("retry", "1")
    await story.run(in_phase(Phase.VERIFYING))
    story.world.script.never_ready.add("example/bookshop-frontend:1.2.0")
    await back(story, 2)
    assert (await story.release()).status.phase is Phase.ROLLBACK_FAILED
    assert _images(await story.world.user.get(SEARCH)) == ["example/bookshop-search:1.3.0"]
    story.world.script.never_ready.clear()

    await story.annotate("retry", "2")
    await back(story, 3)

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    assert _images(await story.world.user.get(SEARCH)) == ["example/bookshop-search:1.2.9"]


async def test_what_the_first_attempt_has_created_is_removed_by_the_second() -> None:
    story = await failed("The search that 1.3.0 created is still there", _search_first())
    assert _images(await story.world.user.get(SEARCH)) == ["example/bookshop-search:1.3.0"]

    await story.annotate("retry", "1")
    await back(story, 2)

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    with pytest.raises(NotFound):
        await story.world.user.get(SEARCH)


def _search() -> Body:
    return with_search(bookshop())


def _search_first() -> Body:
    """The search is taken back after the frontend."""
    body = _search()
    body["spec"]["components"][1]["dependsOn"] = ["search"]
    return body


def _inline(body: Body, live: Body, **spec: Any) -> Body:
    """The Release with a backend that carries its workload."""
    component = body["spec"]["components"][0]
    name = component.pop("workloadRef")["name"]
    selector = live["spec"]["selector"]
    template = {
        "metadata": {"labels": selector["matchLabels"]},
        "spec": {"containers": [{"name": one} for one in component["images"]]},
    }
    component["workload"] = {
        "name": name,
        "metadata": {"labels": {"tier": "api"}},
        "spec": {"selector": selector, "template": template, **spec},
    }
    return body


def _images(body: Body) -> list[str]:
    return [one["image"] for one in body["spec"]["template"]["spec"]["containers"]]


def _rest(body: Body) -> Body:
    labels = {k: v for k, v in body["metadata"].get("labels", {}).items() if "/" not in k}
    return {**body["spec"], "template": None, "labels": labels}
