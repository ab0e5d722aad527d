"""A clock that is set in the middle of a release: neither deadlines nor the watch lose by it."""

from datetime import timedelta

import pytest
from tests.fakes.story import Story, following, in_phase
from tests.releases import bookshop

from release_coordinator.api.conditions import Phase

HOUR = 3600.0


@pytest.mark.parametrize("phase", [Phase.MIGRATING, Phase.ROLLING_OUT, Phase.WATCHING])
async def test_a_clock_that_is_put_forward_takes_no_time_from_what_is_under_way(
    phase: Phase,
) -> None:
    story = await Story.begin(f"The clock is put forward by an hour while it is {phase}")
    await story.apply(bookshop())
    await story.run(in_phase(phase))
    before = await story.release()
    story.world.time.put_forward(HOUR)
    story.world.operator.queued.add(("shop", "bookshop"))
    await story.run()

    release = await story.release()
    assert before.status.phase is phase
    assert release.status.phase is Phase.COMPLETED
    attempt = release.status.attempt
    assert attempt is not None
    assert attempt.watch is not None
    assert attempt.watch.started_at is not None
    assert attempt.end is not None
    watched = attempt.end.at - attempt.watch.started_at
    # A sample that is late by less than an interval is no gap.
    lost = timedelta(seconds=HOUR - 15 if phase is Phase.WATCHING else 0)
    assert watched >= timedelta(minutes=10) + lost


async def test_a_clock_that_is_put_back_leaves_no_release_unwatched() -> None:
    story = await Story.begin("The clock is put back by an hour, then the release is slow", "1.3.0")
    await story.apply(following("1.4.0"))
    await story.run(in_phase(Phase.WATCHING))
    story.world.time.value -= timedelta(seconds=HOUR)
    story.world.operator.timers.clear()
    story.world.operator.queued.add(("shop", "bookshop"))
    start = story.world.time.value
    await story.run(in_phase(Phase.ROLLING_BACK))

    assert (await story.release()).status.phase is Phase.ROLLING_BACK
    assert story.world.time.value - start <= timedelta(minutes=1)
