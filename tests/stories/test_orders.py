"""What people want in the middle: another plan, an end, a second try."""

import pytest
from tests.fakes.story import Story, following, in_phase
from tests.fakes.world import NAMESPACE
from tests.releases import bookshop

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import RECORD


async def test_a_dependency_cycle_is_told_and_mended() -> None:
    story = await Story.begin("The components depend on each other; the author mends it")
    body = bookshop()
    body["spec"]["components"][0]["dependsOn"] = ["frontend"]
    await story.apply(body, "backend and frontend depend on each other")
    await story.run()
    assert (await story.release()).status.observed_generation == 1

    await story.apply(bookshop(), "mended")
    await story.run()

    await story.check("dependency_cycle")


async def test_an_edit_during_an_attempt_is_queued() -> None:
    story = await Story.begin("1.4.1 is asked for while 1.3.0 rolls out: one after the other")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.ROLLING_OUT))

    await story.apply(following("1.4.0"))
    story.world.slow_image = ":none"
    await story.run(lambda release: release.status.version == "1.4.0")
    await story.run()

    await story.check("edited_in_the_middle")


async def test_an_edit_in_gating_supersedes() -> None:
    story = await Story.begin("The version does not fit its images; the author corrects it")
    wrong = bookshop()
    wrong["spec"]["version"] = "1.4.0"
    await story.apply(wrong)
    await story.look()

    await story.apply(bookshop())
    await story.run()

    await story.check("edited_in_gating")


async def test_a_retry_is_obeyed_once() -> None:
    story = await Story.begin("The smoke test was flaky: the same plan again, once")
    story.world.script.failing_steps["verify/smoke/checkout"] = "connection reset"
    await story.apply(bookshop())
    await story.run()

    await story.annotate("retry", "1")
    await story.run()
    story.transcript.world("nothing happens for a day")
    await story.world.advance(86400)
    await story.restart()
    await story.run()

    await story.check("retry")
    assert len(await story.world.user.list(RECORD, NAMESPACE)) == 2


async def test_a_rollback_on_request() -> None:
    story = await Story.begin("A person sees what no metric sees, and rolls back in the watch")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.WATCHING))

    await story.annotate("rollback", "1")
    await story.run()

    await story.check("manual_rollback")


async def test_an_order_for_another_attempt_is_not_obeyed() -> None:
    story = await Story.begin("Annotations name the attempt; those of another one do nothing")
    await story.apply(bookshop())
    await story.annotate("rollback", "7")
    await story.annotate("retry", "7")
    await story.annotate("resume", "1.1")

    await story.run()

    await story.check("order_for_another_attempt")


@pytest.mark.parametrize("phase", [Phase.GATING, Phase.MIGRATING, Phase.ROLLING_OUT])
async def test_a_deleted_release_leaves_the_application_whole(phase: Phase) -> None:
    story = await Story.begin(f"The Release is deleted in phase {phase}")
    if phase is Phase.GATING:
        await story.write_changelog("# Changelog\n")
    await story.apply(bookshop())
    await (story.look() if phase is Phase.GATING else story.run(in_phase(phase)))

    await story.delete()
    await story.run()

    await story.check(f"deleted_in_{phase.lower()}")


async def test_a_deleted_release_that_is_held_leaves_everything_as_it_is() -> None:
    story = await Story.begin("The Release is deleted while it is held")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.WATCHING))
    await story.set_image("bookshop-backend", "api", "example/bookshop-backend:1.2.7")
    await story.run()

    await story.delete()
    await story.run()

    await story.check("deleted_while_held")


async def test_a_completed_release_can_be_deleted() -> None:
    story = await Story.begin("The Release is deleted long after it was completed")
    await story.apply(bookshop())
    await story.run()

    await story.delete()
    await story.run()

    await story.check("deleted_when_completed")


async def test_what_was_remembered_of_a_release_goes_with_it() -> None:
    story = await Story.begin("The operator keeps nothing of Releases that are gone")
    memory = story.world.operator._reconciler._memory
    await story.apply(bookshop())
    await story.run()
    assert memory.written

    await story.delete()
    await story.run()

    assert memory.written == memory.unwritten == {}
