"""How often the status is written while a release is watched, and what others write meanwhile."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.story import RELEASE_REF, Story, in_phase
from tests.releases import bookshop

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import POD, RELEASE, Body, Kind

INTERVAL = timedelta(seconds=5)


async def watching(duration: str, **metric: Any) -> Story:
    """A release in its watch, looked at every five seconds."""
    story = await Story.begin("Watched closely")
    story.world.latency = lambda: 0.0
    body = bookshop()
    errors = {"name": "errors", "query": "errors", "breach": {"above": 0.5}, **metric}
    body["spec"]["watch"] |= {"duration": duration, "interval": "5s", "metrics": [errors]}
    await story.apply(body)
    await story.run(in_phase(Phase.WATCHING))
    return story


def attempt_of(release: ReleaseObject) -> Attempt:
    assert release.status.attempt is not None
    return release.status.attempt


def counted(story: Story) -> list[Kind]:
    """Grows by one with each write of the Release's status."""
    writes: list[Kind] = []
    replace = story.world.cluster.replace_status

    async def replace_status(kind: Kind, body: Body) -> Body:
        writes.extend([kind] if kind is RELEASE else [])
        return await replace(kind, body)

    story.world.cluster.replace_status = replace_status  # type: ignore[method-assign]
    return writes


async def test_a_breach_that_is_only_reported_is_not_written_at_every_look() -> None:
    story = await watching("10m", severity="Report")
    story.world.latency = lambda: 0.9
    writes = counted(story)

    await story.run()

    (entry,) = attempt_of(await story.release()).measurements
    assert entry.breaches >= 120
    assert len(writes) < 40


async def test_a_breach_that_was_accepted_is_not_written_at_every_look() -> None:
    story = await watching("10m", severity="Hold")
    story.world.latency = lambda: 0.9
    await story.run()
    hold = attempt_of(await story.release()).hold
    assert hold is not None
    writes = counted(story)

    await story.annotate("resume", hold.id)
    await story.run()

    (entry,) = attempt_of(await story.release()).measurements
    assert entry.accepted
    assert entry.breaches >= 120
    assert len(writes) < 40


async def test_bad_looks_that_count_are_written_at_once() -> None:
    story = await watching("10m", failureThreshold=5)
    story.world.latency = lambda: 0.9

    await story.run(lambda release: any(m.failures == 2 for m in attempt_of(release).measurements))

    assert attempt_of(await story.release()).trigger is None


@pytest.mark.parametrize("seconds", [3, 7, 11])
async def test_what_others_write_makes_no_watch_longer(seconds: int) -> None:
    story = await watching("5m")
    begun = story.world.time.now()

    await written_by_others(story, seconds)

    assert story.world.time.now() - begun <= timedelta(minutes=5) + INTERVAL
    (entry,) = attempt_of(await story.release()).measurements
    assert entry.samples >= 55


async def written_by_others(story: Story, seconds: int) -> None:
    """Somebody annotates the Release every so many seconds, until its watch is over."""
    while (await story.release()).status.phase is Phase.WATCHING:
        await passes(story, timedelta(seconds=seconds))
        annotations = {"seen-at": str(story.world.time.now())}
        await story.world.user.patch(RELEASE_REF, {"metadata": {"annotations": annotations}})


async def passes(story: Story, time: timedelta) -> None:
    """Let it pass."""
    until = story.world.time.now() + time
    await story.run(lambda _: story.world.time.now() >= until)


async def test_looks_beside_a_rollout_list_no_pods() -> None:
    story = await Story.begin("A slow rollout that is watched closely")
    story.world.script.rollout_seconds = 300
    story.world.latency = lambda: 0.0
    body = bookshop()
    errors = {"name": "errors", "query": "errors", "breach": {"above": 0.5}}
    watch = {"start": "FirstChange", "interval": "5s", "metrics": [errors]}
    body["spec"]["watch"] |= watch
    await story.apply(body)
    await story.run(is_begun("rollout/backend"))
    lists: list[Call] = []

    async def count(call: Call) -> None:
        lists.extend([call] if call.verb == "list" and call.ref.kind is POD else [])

    story.world.cluster.before = count
    looks = story.world.metrics.queries

    await story.run(is_begun("rollout/frontend"))

    assert story.world.metrics.queries - looks >= 59
    assert len(lists) <= 300 / 20 + 3


def is_begun(step: str) -> Callable[[ReleaseObject], bool]:
    return lambda release: any(
        one.id == step for one in (release.status.attempt.steps if release.status.attempt else [])
    )


async def test_what_is_not_written_yet_is_forgotten_with_the_journal_it_goes_on_from() -> None:
    story = await watching("5m")
    await story.run(lambda _: story.world.metrics.queries > 10)
    before = attempt_of(await story.release())
    body = await story.world.user.get(RELEASE_REF)
    body["status"]["attempt"]["watch"]["startedAt"] = "2026-11-23T12:00:00.000Z"
    await story.world.cluster.replace_status(RELEASE, body)

    await story.look()
    await story.run(lambda release: attempt_of(release).measurements != before.measurements)

    state = attempt_of(await story.release()).watch
    assert state is not None
    assert state.started_at is not None
    assert f"{state.started_at:%H:%M:%S}" == "12:00:00"
