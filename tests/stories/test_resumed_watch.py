"""What a person says by resuming a watch that was held, and what goes on while it is suspended."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.story import RELEASE_REF, Story, in_phase
from tests.releases import bookshop

from release_coordinator.api.attempt import Attempt, Hold
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.measurement import Measurement
from release_coordinator.cluster.port import RELEASE

AFTER = "AfterRollout"
SLOW_ROLLOUT = 60.0
"""Seconds until a component runs: long enough for several looks."""


def metric(name: str = "errors", **more: Any) -> dict[str, Any]:
    """A metric that is bad above 0.5, at its first bad look."""
    limit = {"breach": {"above": 0.5}, "failureThreshold": 1}
    return {"name": name, "query": name, **limit, **more}


async def watched(
    title: str, *metrics: dict[str, Any], rollout: float = 5.0, **watch: Any
) -> Story:
    """A Release that is watched from its first change on; nothing is bad yet."""
    story = await Story.begin(title)
    story.world.script.rollout_seconds = rollout
    story.world.latency = lambda: 0.0
    body = bookshop()
    spec = {"start": "FirstChange", "duration": "2m", **watch, "metrics": list(metrics)}
    body["spec"]["watch"] = spec
    await story.apply(body)
    return story


def begun(step: str) -> Callable[[ReleaseObject], bool]:
    """Tell when a step was begun."""
    return lambda release: any(one.id == step for one in steps(release))


def steps(release: ReleaseObject) -> list[Any]:
    journal = release.status.attempt
    return journal.steps if journal else []


def attempt(release: ReleaseObject) -> Attempt:
    assert release.status.attempt is not None
    return release.status.attempt


async def held(story: Story) -> Hold:
    """The hold at which the story stands."""
    hold = attempt(await story.release()).hold
    assert hold is not None
    return hold


async def entry(story: Story, name: str = "errors") -> Measurement:
    known = attempt(await story.release()).measurements
    return next(one for one in known if one.metric == name)


async def resume(story: Story) -> None:
    await story.annotate("resume", (await held(story)).id)
    await story.run()


async def test_resuming_one_hold_accepts_nothing_else_that_is_bad() -> None:
    slow = metric(failureThreshold=3)
    story = await watched(
        "Held for one metric while another gets bad: resuming accepts the first alone",
        metric("queue", severity="Hold"),
        slow,
        rollout=SLOW_ROLLOUT,
    )
    await story.run(begun("rollout/backend"))
    story.transcript.world("the queue is at 0.9 and errors at 5")
    story.world.metrics.values["queue"] = lambda: 0.9
    story.world.metrics.values["errors"] = lambda: 5.0
    await story.run()
    assert (await held(story)).subject == "queue"

    await resume(story)

    trigger = attempt(await story.release()).trigger
    assert trigger is not None
    assert trigger.message == "metric errors: 5 is above 0.5"
    assert (await entry(story, "queue")).accepted
    assert not (await entry(story)).accepted
    await story.check("resumed_for_one_subject")


async def test_resuming_goes_on_without_a_metric_that_never_answers() -> None:
    quiet = {"query": "rps", "atLeast": 1}
    story = await watched(
        "Too little traffic to judge anything: a person resumes once, and it goes on without",
        metric(minTraffic=quiet),
        start=AFTER,
    )
    story.world.metrics.values["rps"] = lambda: 0.5
    await story.run()
    hold = await held(story)
    assert (hold.reason, hold.subject) == (Reason.METRIC_UNKNOWN, "errors")

    await resume(story)

    assert (await story.release()).status.phase is Phase.COMPLETED
    await story.check("resumed_without_answers")


async def test_one_resume_goes_on_without_all_that_had_no_answer() -> None:
    story = await watched("The source is gone for good", metric(), metric("queue"), start=AFTER)
    await story.run(in_phase(Phase.WATCHING))
    story.world.latency = lambda: None
    await story.run()

    await resume(story)

    release = await story.release()
    assert release.status.phase is Phase.COMPLETED
    assert attempt(release).holds == 1


async def test_going_on_without_answers_accepts_no_breach() -> None:
    story = await watched("Bad after it was silent", metric(), start=AFTER)
    await story.run(in_phase(Phase.WATCHING))
    story.world.latency = lambda: None
    await story.run()
    story.world.latency = lambda: 0.9

    await resume(story)

    trigger = attempt(await story.release()).trigger
    assert trigger is not None
    assert trigger.reason is Reason.METRIC_BREACH


async def test_resuming_accepts_no_silence_that_is_to_roll_back() -> None:
    strict = metric("queue", onUnknown="Rollback")
    story = await watched("Silent, and strict", metric(), strict, start=AFTER, unknownLimit="1m")
    await story.run(in_phase(Phase.WATCHING))
    story.world.latency = lambda: None
    await story.run()

    trigger = attempt(await story.release()).trigger
    assert trigger is not None
    assert trigger.message.startswith("metric queue gave no usable answer")


async def test_a_breach_is_told_and_accepted_although_no_answer_came_since() -> None:
    story = await watched(
        "A bad look, then silence, while the hold cannot be recorded",
        metric(severity="Hold", failureThreshold=2),
        start=AFTER,
        unknownLimit="30m",
    )
    await story.run(in_phase(Phase.WATCHING))
    story.world.latency = lambda: 0.9
    await story.run(lambda release: _failures(release) == 1)
    # What a process that looked twice, but was stopped before it judged, has left.
    await _journal(story, failures=2, verdict="Unknown", message="Prometheus is down")
    story.world.latency = lambda: None
    await story.run()
    hold = await held(story)
    assert hold.message.startswith(
        "metric errors: 2 bad looks in a row; the last answer: Prometheus is down; resume to"
    )

    await resume(story)

    release = await story.release()
    assert attempt(release).holds == 1
    assert release.status.phase is Phase.COMPLETED


def _failures(release: ReleaseObject) -> int:
    known = release.status.attempt.measurements if release.status.attempt else []
    return max((one.failures for one in known), default=0)


async def _journal(story: Story, **changes: Any) -> None:
    """The entry of the metric as another process of the operator has left it."""
    body = await story.world.user.get(RELEASE_REF)
    body["status"]["attempt"]["measurements"][0] |= changes
    await story.world.cluster.replace_status(RELEASE, body)
    await story.restart()


async def test_a_suspended_rollout_is_watched_on_and_braked() -> None:
    story = await watched(
        "Suspended half way through the rollout, then errors rise: taken back all the same",
        metric(),
        rollout=SLOW_ROLLOUT,
    )
    await story.run(begun("rollout/backend"))
    await story.suspend("Forward")
    rising(story, 100)

    await story.run(lambda release: attempt(release).trigger is not None)
    assert not begun("rollout/frontend")(await story.release())
    await story.suspend(None)
    await story.run()

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    await story.check("suspended_rollout_is_braked")


@pytest.mark.parametrize("mode", ["Forward", "All"])
async def test_what_was_suspended_at_the_end_of_the_rollout_is_watched_on(mode: str) -> None:
    story = await watched("Suspended between rollout and watch", metric(), rollout=30)
    await story.run(begun("rollout/frontend"))
    await story.suspend(mode)
    begin = story.world.time.now()
    rising(story, 60)

    await story.run(lambda release: attempt(release).trigger is not None)

    trigger = attempt(await story.release()).trigger
    assert trigger is not None
    assert trigger.at - begin <= timedelta(seconds=75), "an interval after it"


def rising(story: Story, after: float) -> None:
    """Errors are at 0.9 from so many seconds on."""
    begin = story.world.time.now()
    story.transcript.world(f"errors rise to 0.9 in {after:.0f} seconds")

    def value() -> float:
        return 0.9 if story.world.time.now() - begin >= timedelta(seconds=after) else 0.0

    story.world.latency = value


async def test_a_hold_by_what_is_watched_takes_no_time_from_the_rollout() -> None:
    story = await watched(
        "Held for an hour in the middle of a rollout: it still has all its time afterwards",
        metric(severity="Hold"),
        rollout=SLOW_ROLLOUT,
    )
    await story.run(begun("rollout/backend"))
    story.world.latency = lambda: 0.9
    await story.run()
    assert (await held(story)).step == "rollout/backend"
    await story.world.advance(3600)
    story.world.prober.ok = False
    begin = story.world.time.now()
    later = begin + timedelta(seconds=20)
    story.world.prober.scripted = lambda: story.world.time.now() > later

    await resume(story)

    assert (await story.release()).status.phase is Phase.COMPLETED


async def test_a_release_says_what_did_not_stay_good() -> None:
    story = await watched(
        "One metric never answers, one is bad and only reported, one is good: all of it is said",
        metric(onUnknown="Pass"),
        metric("queue", severity="Report"),
        metric("latency"),
        start=AFTER,
        unknownLimit="1m",
    )
    story.world.metrics.values |= {"queue": lambda: 9.0, "latency": lambda: 0.0}
    story.world.latency = lambda: None

    await story.run()

    release = await story.release()
    said = "stayed good but for metric errors (never answered), metric queue (12 of 12 looks bad"
    assert said in release.status.message
    assert said in next(one.message for one in steps(release) if one.id == "watch")


async def test_nothing_is_said_to_have_stayed_good_where_nothing_was_seen() -> None:
    story = await watched("No answer", metric(onUnknown="Pass"), start=AFTER, unknownLimit="1m")
    story.world.latency = lambda: None

    await story.run()

    message = (await story.release()).status.message
    assert message.endswith("cannot be said to have stayed good: metric errors (never answered).")


async def test_a_breach_that_was_accepted_and_went_away_is_said() -> None:
    story = await watched("Accepted, and good since", metric(severity="Hold"), start=AFTER)
    await story.run(in_phase(Phase.WATCHING))
    story.world.latency = lambda: 0.9
    await story.run()
    story.world.latency = lambda: 0.0

    await resume(story)

    assert "metric errors (1 of 8 looks bad, accepted)" in (await story.release()).status.message
