"""Programs and people may say a lot: the journal keeps what it has room for.

The world of the stories refuses a status or a record that breaks its own bounds.
"""

import pytest
from tests.fakes.story import Story
from tests.releases import bookshop
from tests.stories.test_schema_versions import DOWN, UP, asked, begin, two

from release_coordinator.api.conditions import Phase

LONG = "word " * 800
"""About as much as a kubelet keeps of what a program has said last."""
VERSION = "v" * 118
"""About as long as a schema version may be."""


async def test_two_long_schema_versions_have_room_in_one_sentence() -> None:
    story = await begin("The migration has no effect, and the versions are long", VERSION + "a")
    del story.world.script.schema[UP]
    await story.apply(asked(schemaVersion=VERSION + "b"))

    await story.run()

    status = (await story.release()).status
    assert status.phase is Phase.FAILED
    assert status.attempt is not None
    (step,) = (step for step in status.attempt.steps if step.id == UP)
    assert step.message.startswith("the Job succeeded, but the database says its schema is at vvv")


@pytest.mark.parametrize(
    "step", [UP, DOWN, "verify/smoke/checkout", "schema/before", "schema/after", "schema/back/0"]
)
async def test_a_program_that_says_a_lot_is_cut_short(step: str) -> None:
    story = await begin(f"{step} fails with four thousand characters")
    story.world.script.failing_steps[step] = LONG
    body = asked()
    body["spec"]["watch"]["metrics"][0]["breach"] = {"above": 0.001}
    await story.apply(body)

    await story.run()

    assert (await story.release()).status.attempt is not None


async def test_a_person_who_says_a_lot_is_cut_short() -> None:
    story = await Story.begin("An order with four thousand characters of reasons")
    await story.apply(bookshop())
    await story.run(lambda release: release.status.phase is Phase.WATCHING)
    await story.annotate("rollback-reason", f"Security: {LONG}")
    await story.world.annotate("rollback", "1", by="x" * 1000)

    await story.run()

    assert (await story.release()).status.phase is Phase.ROLLED_BACK


async def test_a_database_that_says_a_lot_is_cut_short() -> None:
    story = await begin("The database answers with four thousand characters", LONG, "1.3.0")
    await story.apply(two())

    await story.run()

    assert (await story.release()).status.attempt is not None
