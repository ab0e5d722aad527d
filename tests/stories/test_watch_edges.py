"""The watch where time, outages and other looks could mislead it."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.fakes.story import Story, in_phase
from tests.releases import bookshop

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.api.measurement import Measurement
from release_coordinator.cluster.port import JOB, Body, Kind
from release_coordinator.engine.watchfacts import SeriesFact
from release_coordinator.errors import Transient

ERRORS: dict[str, Any] = {
    "name": "errors",
    "query": "errors",
    "breach": {"above": 0.5},
    "failureThreshold": 1,
}
GOOD, BAD = 0.0, 0.9
QUICK, SLOW = 5.0, 60.0
"""Seconds that a component takes to roll out."""


async def begin(
    title: str, watch: Mapping[str, Any], *metrics: Mapping[str, Any], rollout: float = QUICK
) -> Story:
    """A release that is watched for two minutes, from the first change on."""
    story = await Story.begin(title)
    story.world.script.rollout_seconds = rollout
    story.world.latency = lambda: GOOD
    body = bookshop()
    watched = {"duration": "2m", "start": "FirstChange", **watch}
    body["spec"]["watch"] = {**watched, "metrics": list(metrics) or [ERRORS]}
    await story.apply(body)
    return story


def bad_from(story: Story, first: float, last: float = float("inf")) -> datetime:
    """The metric is bad from one second to another, counted from now."""
    begun = story.world.time.now()

    def value() -> float:
        return BAD if first <= (story.world.time.now() - begun).total_seconds() < last else GOOD

    story.world.latency = value
    return begun


def attempt_of(release: ReleaseObject) -> Attempt:
    assert release.status.attempt is not None
    return release.status.attempt


def entry_of(release: ReleaseObject, name: str = "errors") -> Measurement:
    return next(m for m in attempt_of(release).measurements if m.metric == name)


def rolls_out(release: ReleaseObject) -> bool:
    attempt = release.status.attempt
    return attempt is not None and any(step.id == "rollout/backend" for step in attempt.steps)


def turned(release: ReleaseObject) -> bool:
    return attempt_of(release).trigger is not None


async def test_a_breach_waits_for_no_data_check_whose_job_cannot_be_created() -> None:
    check = {"name": "orders", "interval": "20s", "job": {"image": "example/check:1"}}
    story = await begin("No Job of a data check", {"dataChecks": [check]}, rollout=SLOW)
    await story.run(rolls_out)

    def busy(kind: Kind, old: Body | None, new: Body) -> None:
        step = new["metadata"].get("annotations", {}).get("release-coordinator.io/step", "")
        if kind is JOB and old is None and step.startswith("check/"):
            raise Transient("failed calling webhook: timeout")

    story.world.admission = busy
    begun = bad_from(story, 20)

    await story.run(turned)

    assert story.world.time.now() - begun < timedelta(minutes=1)


@pytest.mark.parametrize("policy", ["Rollback", "Hold"])
async def test_an_outage_of_the_operator_is_none_of_the_source(policy: str) -> None:
    metric = {**ERRORS, "onUnknown": policy}
    story = await begin("The operator was away", {"start": "AfterRollout"}, metric)
    await story.run(in_phase(Phase.WATCHING))
    story.world.latency = lambda: None
    await story.run(
        lambda release: watched(release) and entry_of(release).unknown_since is not None
    )
    await story.world.advance(360)
    story.world.metrics.kept_back = asyncio.Event()  # it takes longer to answer than a pass waits

    await story.restart()
    await story.run()

    attempt = attempt_of(await story.release())
    assert attempt.trigger is None
    assert attempt.hold is None, "nobody has asked the source since"


async def test_after_a_night_the_value_of_now_is_not_compared_with_that_of_the_evening() -> None:
    held = {**ERRORS, "severity": "Hold"}
    rate: dict[str, Any] = {"name": "rate", "query": "rate", "breach": {"ratioToBaseline": 2}}
    rate |= {"baseline": {"taken": "Yesterday"}, "failureThreshold": 1}
    story = await Story.begin("Held over night")
    story.world.script.rollout_seconds = QUICK
    await story.world.advance(10 * 3600)
    body = bookshop()
    body["spec"]["watch"] = {"duration": "10m", "start": "AfterRollout", "metrics": [held, rate]}

    def visits(moment: datetime) -> float:
        return 100.0 if 8 <= moment.hour < 20 else 10.0

    async def series(_e: Any, _q: str, _s: datetime, end: datetime, _step: float) -> SeriesFact:
        return SeriesFact((visits(end),) * 20)

    story.world.metrics.series = series  # type: ignore[method-assign, assignment]
    story.world.metrics.values["rate"] = lambda: visits(story.world.time.now())
    story.world.latency = lambda: GOOD
    await story.apply(body)
    await story.run(in_phase(Phase.WATCHING))
    story.world.latency = lambda: BAD
    await story.run()
    hold = attempt_of(await story.release()).hold
    assert hold is not None
    await story.world.advance(11 * 3600)
    story.world.latency = lambda: GOOD

    await story.annotate("resume", hold.id)
    await story.run()

    assert (await story.release()).status.phase is Phase.COMPLETED


async def test_two_operators_whose_clocks_differ_a_little_look_once() -> None:
    metric = {**ERRORS, "failureThreshold": 2}
    watch = {"start": "AfterRollout", "duration": "10m", "interval": "1m"}
    story = await begin("A clock that is two seconds behind", watch, metric)
    await story.run(in_phase(Phase.WATCHING))
    await story.run(lambda release: watched(release) and entry_of(release).samples > 0)
    bad_from(story, 50, 65)
    await story.run(lambda release: entry_of(release).failures == 1)
    story.world.time.value -= timedelta(seconds=2)

    await story.restart()
    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.COMPLETED
    assert entry_of(release).breaches == 1


def watched(release: ReleaseObject) -> bool:
    return bool(attempt_of(release).measurements)


async def test_the_initial_delay_counts_for_a_watch_after_the_rollout_too() -> None:
    story = await begin("Cold caches", {"start": "AfterRollout", "initialDelay": "5m"})
    await story.run(rolls_out)
    bad_from(story, 0, 240)

    await story.run()

    assert (await story.release()).status.phase is Phase.COMPLETED


async def test_good_looks_of_the_rollout_end_no_watch_early() -> None:
    metric = {**ERRORS, "successThreshold": 8}
    story = await begin("Good while it was rolled out", {"duration": "30m"}, metric, rollout=120)
    await story.run(in_phase(Phase.WATCHING))
    begun = story.world.time.now()

    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.COMPLETED
    assert timedelta(seconds=7 * 15) <= story.world.time.now() - begun < timedelta(minutes=5)


async def test_a_watch_lasts_until_there_are_as_many_looks_as_a_breach_needs() -> None:
    metric = {**ERRORS, "minSamples": 10}
    story = await begin("Few looks", {"start": "AfterRollout", "duration": "1m"}, metric)
    await story.run(in_phase(Phase.WATCHING))

    await story.run()

    assert entry_of(await story.release()).samples == 10


async def test_a_bad_last_look_is_repeated_soon_however_long_the_interval() -> None:
    metric = {**ERRORS, "failureThreshold": 2}
    watch = {"start": "AfterRollout", "duration": "5m", "interval": "1h"}
    story = await begin("One look in the watch", watch, metric)
    await story.run(in_phase(Phase.WATCHING))
    begun = bad_from(story, 0)

    await story.run(turned)

    assert story.world.time.now() - begun <= timedelta(minutes=10)
