"""`spec.rehearsal`: forward, back, and forward again, and what production makes of that."""

from tests.fakes.story import Story, in_phase, told
from tests.releases import Body, bookshop
from tests.stories.test_control import irreversible, steps, until
from tests.stories.test_staging_evidence import production_asks

from release_coordinator.api.attempt import GateState
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.engine.gates import rehearsal, staging, staging_tests


def rehearsing(body: Body) -> Body:
    """The Release with a rehearsal."""
    body["spec"]["rehearsal"] = True
    return body


def is_second(release: ReleaseObject) -> bool:
    """Tell when the second attempt has begun."""
    return release.status.attempt is not None and release.status.attempt.number > 1


async def test_a_rehearsal_goes_there_and_back_and_there_again() -> None:
    story = await Story.begin("Staging rehearses the way back by itself")
    asked = (staging.evaluate, staging_tests.evaluate, rehearsal.evaluate)
    await story.apply(rehearsing(bookshop()))
    await story.run(is_second)
    halfway = await production_asks(story, *asked)

    await story.run(in_phase(Phase.COMPLETED))

    at_last = await production_asks(story, *asked)
    assert [gate.state for gate in halfway[-1:]] == [GateState.PASSED]
    assert {gate.state for gate in at_last} == {GateState.PASSED}, at_last
    await story.check("rehearsal")


async def test_a_rehearsal_that_fails_is_a_failure() -> None:
    story = await Story.begin("The way back fails in a rehearsal")
    story.world.script.failing_steps["undo/migrate/0007-add-isbn"] = "column is in use"
    await story.apply(rehearsing(bookshop()))

    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.ROLLBACK_FAILED
    (gate,) = await production_asks(story, rehearsal.evaluate)
    assert gate.state is GateState.FAILED


async def test_a_plan_that_cannot_go_back_is_not_rehearsed() -> None:
    story = await Story.begin("A rehearsal of a plan with an irreversible migration")
    await story.apply(rehearsing(irreversible()))

    await story.run(told("cannot be rehearsed"))

    release = await story.release()
    assert release.status.phase is Phase.GATING
    assert steps(release) == ["gates"]


async def test_what_was_rehearsed_once_is_not_rehearsed_again() -> None:
    story = await Story.begin("After the rehearsal the smoke test fails; it is tried again")
    await story.apply(rehearsing(bookshop()))
    await story.run(is_second)
    story.world.script.failing_steps["verify/smoke/checkout"] = "connection reset"
    await story.run()
    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    story.world.script.failing_steps.clear()

    await story.annotate("retry", "2")
    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.COMPLETED
    assert release.status.attempt is not None
    assert (release.status.attempt.number, release.status.attempt.rehearsed) == (3, 1)


async def test_a_rehearsal_that_is_suspended_does_not_turn_back() -> None:
    story = await Story.begin("A rehearsal is suspended in its watch")
    await story.apply(rehearsing(bookshop()))
    await story.run(in_phase(Phase.WATCHING))
    await story.suspend("Forward")
    await until(story, 3600)
    waiting = await story.release()
    await story.suspend(None)

    await story.run()

    assert waiting.status.attempt is not None
    assert waiting.status.attempt.trigger is None
    assert [entry.outcome for entry in (await story.release()).status.history] == [
        Phase.COMPLETED,
        Phase.ROLLED_BACK,
    ]
