"""What a rollback that failed has left behind, and the next attempt meets."""

from tests.fakes.story import Story, in_phase
from tests.releases import bookshop

from release_coordinator.api.conditions import Phase


async def test_code_that_an_earlier_rollback_left_goes_back_before_the_schema_does() -> None:
    """Found by the search: the second attempt rolled nothing out, so it took no code back."""
    story = await Story.begin("A retry after a failed rollback is taken back while it migrates")
    script = story.world.script
    script.failing_steps["verify/smoke/checkout"] = "POST /checkout: 500"
    await story.apply(bookshop())
    await story.run(in_phase(Phase.VERIFYING))
    script.never_ready.add("example/bookshop-frontend:1.2.0")
    await story.run()
    assert (await story.release()).status.phase is Phase.ROLLBACK_FAILED

    script.never_ready.clear()
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
