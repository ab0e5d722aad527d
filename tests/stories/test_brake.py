"""The early brake: what is watched from the first change on stops a bad rollout half way."""

import asyncio
from datetime import timedelta
from typing import Any

from tests.fakes.story import Story, in_phase
from tests.releases import bookshop

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.measurement import Measurement, Verdict

SLOW_ROLLOUT = 60.0
"""Seconds until a component runs: long enough for several looks."""
TRAFFIC = "sum(requests)"


async def begun(title: str, metric: dict[str, Any] | None = None, **watch: str) -> Story:
    """A Release that is watched from its first change on, and takes its time to roll out."""
    story = await Story.begin(title)
    story.world.script.rollout_seconds = SLOW_ROLLOUT
    body = bookshop()
    spec = body["spec"]["watch"]
    spec |= {"start": "FirstChange", "duration": "2m", **watch}
    spec["metrics"] = [
        {"name": "errors", "query": "errors", "breach": {"above": 0.5}, **failing(1)}
    ]
    spec["metrics"][0] |= metric or {}
    await story.apply(body)
    return story


async def rolling_out(title: str, metric: dict[str, Any] | None = None, **watch: str) -> Story:
    """The same, while its first component rolls out."""
    story = await begun(title, metric, **watch)
    await story.run(lambda release: has(release, "rollout/backend"))
    return story


def bad(story: Story, first: float, last: float = 86_400) -> None:
    """The metric is beyond its limit from one second from now until another."""
    begin = story.world.time.now()
    until = "" if last > 3600 else f", until {last:.0f} seconds from now"
    story.transcript.world(f"errors rise to 0.9 in {first:.0f} seconds{until}")

    def value() -> float:
        passed = story.world.time.now() - begin
        return 0.9 if timedelta(seconds=first) <= passed < timedelta(seconds=last) else 0.02

    story.world.latency = value


def attempt(release: ReleaseObject) -> Attempt:
    """The journal."""
    assert release.status.attempt is not None
    return release.status.attempt


def has(release: ReleaseObject, step: str) -> bool:
    """Whether a step was begun."""
    journal = release.status.attempt
    return journal is not None and any(one.id == step for one in journal.steps)


async def measured(story: Story) -> Measurement:
    """What the journal says of the metric."""
    return attempt(await story.release()).measurements[0]


async def test_a_breach_in_the_first_component_keeps_the_second_from_being_begun() -> None:
    story = await rolling_out("A breach while the first component rolls out: the second is not")
    bad(story, 20)

    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.ROLLED_BACK
    assert not has(release, "rollout/frontend")
    await story.check("brake_first_component")


async def test_one_bad_look_of_two_that_are_needed_does_not_brake() -> None:
    story = await rolling_out("One bad look where two are needed: it goes on", failing(2))
    bad(story, 20, 40)

    await story.run()

    assert (await story.release()).status.phase is Phase.COMPLETED
    assert (await measured(story)).breaches == 1
    await story.check("brake_one_bad_look")


async def test_two_bad_looks_that_are_needed_brake_at_the_second() -> None:
    story = await rolling_out(
        "Two bad looks where two are needed: stopped at the second", failing(2)
    )
    bad(story, 20)

    await story.run()

    entry = await measured(story)
    assert (entry.failures, entry.samples) == (2, 3)
    assert not has(await story.release(), "rollout/frontend")
    await story.check("brake_two_bad_looks")


def failing(times: int) -> dict[str, Any]:
    """A metric that has to be bad so often in a row."""
    return {"failureThreshold": times}


async def test_a_slow_answer_does_not_delay_the_rollout_and_brakes_when_it_comes() -> None:
    story = await rolling_out(
        "The source is slow: the rollout goes on, and its answer still counts"
    )
    answered = story.world.metrics.kept_back = asyncio.Event()
    bad(story, 0)
    story.transcript.world("the source takes its time to answer")

    await story.run(lambda release: has(release, "rollout/frontend"))

    assert story.world.metrics.queries == 1, "it is asked once, however often passes want it"
    story.transcript.world("the source answers")
    answered.set()
    await story.world.operator.woken.wait()
    await story.run()
    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    await story.check("brake_slow_answer")


async def test_a_whole_rollout_passes_while_an_answer_is_awaited() -> None:
    story = await rolling_out("The source never answers during the rollout: as if it were fast")
    answered = story.world.metrics.kept_back = asyncio.Event()
    begin = story.world.time.now()

    await story.run(in_phase(Phase.WATCHING))

    assert story.world.time.now() - begin == timedelta(seconds=2 * SLOW_ROLLOUT + 10)
    answered.set()


async def test_a_breach_that_holds_is_accepted_by_a_person_and_only_reported_then() -> None:
    story = await rolling_out(
        "A breach that holds, in the middle of the rollout: a person accepts it",
        {"severity": "Hold"},
    )
    bad(story, 20)
    await story.run()
    hold = attempt(await story.release()).hold
    assert hold is not None
    assert hold.reason is Reason.METRIC_BREACH
    assert not has(await story.release(), "rollout/frontend")

    await story.annotate("resume", hold.id)
    await story.run()

    assert (await story.release()).status.phase is Phase.COMPLETED
    entry = await measured(story)
    assert entry.accepted
    assert entry.verdict is Verdict.FAIL
    await story.check("brake_held_and_accepted")


async def test_nothing_is_judged_before_the_initial_delay_is_over() -> None:
    story = await rolling_out(
        "Bad at first, as expected: nothing is judged before the initial delay is over",
        initialDelay="40s",
    )
    bad(story, 0, 50)

    await story.run()

    assert (await story.release()).status.phase is Phase.COMPLETED
    assert (await measured(story)).breaches == 0
    await story.check("brake_initial_delay")


async def test_a_breach_after_the_initial_delay_brakes() -> None:
    story = await rolling_out("Still bad after the initial delay: stopped", initialDelay="30s")
    bad(story, 0)
    begin = story.world.time.now()

    await story.run()

    trigger = attempt(await story.release()).trigger
    assert trigger is not None
    assert trigger.at - begin == timedelta(seconds=45), "one interval after the delay"


async def test_a_new_version_without_traffic_is_not_judged() -> None:
    story = await rolling_out(
        "Nobody uses the new version yet: what it says proves nothing",
        {"minTraffic": {"query": TRAFFIC, "atLeast": 10}},
    )
    begin = story.world.time.now()
    used = begin + timedelta(seconds=SLOW_ROLLOUT + 20)
    story.world.metrics.values[TRAFFIC] = lambda: 50 if story.world.time.now() >= used else 3
    story.transcript.world("errors of the new version are 0.9 with 3 requests")
    bad(story, 0, SLOW_ROLLOUT + 20)
    await story.run(lambda release: has(release, "rollout/frontend"))
    entry = await measured(story)
    assert entry.verdict is Verdict.UNKNOWN
    assert entry.message == "0.9 proves nothing: minTraffic is 3, less than 10"
    assert (entry.samples, entry.breaches) == (0, 0)

    await story.run()

    assert (await story.release()).status.phase is Phase.COMPLETED
    await story.check("brake_without_traffic")
