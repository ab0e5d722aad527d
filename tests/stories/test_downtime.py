"""Downtime: what a release, or its way back, costs the users, told at the end and in the record."""

import pytest
from tests.fakes.story import Story, in_phase, told
from tests.releases import bookshop

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.api.measurement import Downtime

BACKEND = "bookshop-backend"
AVAILABLE = {"query": 'min(probe_success{job="shop"})'}


async def recreated(title: str, seconds: float = 12.0) -> Story:
    """The pods of the backend all end before the new ones come up."""
    story = await Story.begin(title)
    story.world.script.recreated.add(BACKEND)
    story.world.script.rollout_seconds = seconds
    return story


def is_down(release: ReleaseObject) -> bool:
    """Tell when nobody serves."""
    attempt = release.status.attempt
    return bool(attempt and attempt.downtime and attempt.downtime.since)


async def downtime_of(story: Story) -> Downtime:
    attempt = (await story.release()).status.attempt
    assert attempt is not None
    assert attempt.downtime is not None
    return attempt.downtime


async def test_a_release_that_ends_all_pods_first_tells_how_long_nobody_served() -> None:
    story = await recreated("Recreate: no pod for twelve seconds")
    await story.apply(bookshop())

    await story.run()

    await story.check("downtime_recreate")


async def test_a_rollback_ends_the_downtime_that_the_new_version_has_begun() -> None:
    story = await recreated("The new version never becomes ready: down until it is taken back")
    story.world.script.never_ready.add("example/bookshop-backend:1.3.0")
    await story.apply(bookshop())

    await story.run()

    await story.check("downtime_until_taken_back")


async def test_a_release_that_replaces_pods_one_by_one_is_never_down() -> None:
    story = await Story.begin("Rolling update")
    await story.apply(bookshop())

    await story.run()

    assert await downtime_of(story) == Downtime()


async def test_downtime_counts_on_when_the_operator_was_dead_and_nothing_is_back() -> None:
    story = await recreated("The operator dies while nobody serves", seconds=60)
    await story.apply(bookshop())
    await story.run(is_down)
    await story.world.advance(30)
    await story.restart()

    await story.run()

    assert await downtime_of(story) == Downtime(seconds=60, component="backend")


async def test_downtime_that_began_while_the_operator_was_dead_counts_from_when_it_is_found() -> (
    None
):
    story = await recreated("The operator dies before the pods end", seconds=60)
    await story.apply(bookshop())
    await story.run(told("Rolling out backend"))
    await story.world.advance(30)
    await story.restart()

    await story.run()

    assert (await downtime_of(story)).seconds == 30


@pytest.mark.parametrize("order", ["hold", "rollback"])
async def test_downtime_counts_while_it_is_held_and_on_the_way_back(order: str) -> None:
    story = await recreated("Somebody changes the image while nobody serves", seconds=60)
    await story.apply(bookshop())
    await story.run(is_down)
    if order == "hold":
        await story.set_image(BACKEND, "api", "example/bookshop-backend:9")
        await story.run(in_phase(Phase.HELD))
    await story.annotate("rollback", "1")

    await story.run()

    assert (await downtime_of(story)).seconds >= 60


async def test_availability_is_measured_from_the_first_change_to_the_end() -> None:
    story = await Story.begin("A metric says how available the application is")
    body = bookshop()
    body["spec"]["watch"] |= {"availability": AVAILABLE, "duration": "2m", "metrics": []}
    body["spec"]["watch"]["pods"] = {}
    await story.apply(body)
    story.world.latency = lambda: 0.9

    await story.run()

    await story.check("downtime_by_availability")
