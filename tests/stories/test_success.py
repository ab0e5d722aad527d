"""Releases that end as planned, and the one the product exists for."""

from tests.fakes.story import Story
from tests.releases import bookshop


async def test_a_release_goes_through_all_phases() -> None:
    story = await Story.begin("1.3.0 goes through gates, migration, rollout, tests and watch")
    await story.apply(bookshop())

    await story.run()

    await story.check("success")
