"""A baseline from before tells of the version that ran, and of none that was taken back."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.fakes.story import Story, following, in_phase
from tests.releases import bookshop

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.engine.watchfacts import SeriesFact
from release_coordinator.signals.port import Endpoint

RATIO = {"ratioToBaseline": 2}
COMPARISON = {"comparison": {"minEffect": 2}}
GOOD = 0.02


class Asked:
    """A source that is asked for series, and remembers for which."""

    def __init__(self, story: Story) -> None:
        self.windows: list[tuple[datetime, datetime]] = []
        self.problem = ""
        story.world.metrics.series = self.series  # type: ignore[method-assign]

    async def series(
        self,
        endpoint: Endpoint,  # noqa: ARG002
        promql: str,  # noqa: ARG002
        start: datetime,
        end: datetime,
        step: float,
    ) -> SeriesFact:
        """As many values as the window has."""
        self.windows.append((start, end))
        if self.problem:
            return SeriesFact((), self.problem)
        return SeriesFact((GOOD,) * (1 + int((end - start).total_seconds() / step)))


def metric(breach: dict[str, Any]) -> dict[str, Any]:
    return {"name": "latency", "query": "latency", "breach": breach}


async def begin(breach: dict[str, Any]) -> tuple[Story, Asked]:
    """A release whose limit depends on what was before."""
    story = await Story.begin("A limit that depends on what was before")
    asked = Asked(story)
    body = bookshop()
    body["spec"]["watch"] |= {"metrics": [metric(breach)]}
    await story.apply(body)
    await story.run(in_phase(Phase.WATCHING))
    return story, asked


def attempt_of(release: ReleaseObject) -> Attempt:
    assert release.status.attempt is not None
    return release.status.attempt


@pytest.mark.parametrize("breach", [RATIO, COMPARISON], ids=["ratio", "comparison"])
async def test_a_retry_is_not_compared_with_the_version_that_was_taken_back(
    breach: dict[str, Any],
) -> None:
    story, asked = await begin(breach)
    await story.annotate("rollback", "1")
    await story.run()
    ended = (await story.release()).status.history[0].ended_at
    begun = len(asked.windows)

    await story.annotate("retry", "1")
    await story.run(in_phase(Phase.WATCHING))

    release = await story.release()
    assert attempt_of(release).number == 2
    assert asked.windows[begun:]
    # Rates look back for a minute.
    assert min(start for start, _ in asked.windows[begun:]) >= ended + timedelta(minutes=1)
    assert attempt_of(release).measurements[0].baseline == GOOD


async def test_a_release_waits_for_a_baseline_after_a_rollback_and_says_so() -> None:
    story, _ = await begin(RATIO)
    await story.annotate("rollback", "1")
    await story.run()
    ended = (await story.release()).status.history[0].ended_at

    await story.annotate("retry", "1")
    await story.run(lambda release: attempt_of(release).steps[-1:] != [])
    await story.run(lambda release: "waits for the window" in release.status.message)

    message = (await story.release()).status.message
    assert f"which begins at {ended + timedelta(minutes=1):%Y-%m-%dT%H:%M:%S}" in message


async def test_a_baseline_that_does_not_come_in_time_ends_the_attempt_before_any_change() -> None:
    story = await Story.begin("More patience than is allowed")
    asked = Asked(story)
    body = bookshop()
    body["spec"]["watch"] |= {"metrics": [metric(RATIO)], "unknownLimit": "30s"}
    await story.apply(body)
    await story.run(in_phase(Phase.WATCHING))
    await story.annotate("rollback", "1")
    await story.run()
    begun = len(asked.windows)

    await story.annotate("retry", "1")
    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.FAILED
    end = attempt_of(release).end
    assert end is not None
    assert end.reason is Reason.METRIC_UNKNOWN
    assert "waits for the window of its baseline" in end.message
    assert asked.windows[begun:] == []


async def test_a_rehearsal_gives_no_baseline() -> None:
    story = await Story.begin("Rehearsed, then released")
    story.world.latency = lambda: GOOD
    await story.apply(bookshop())
    await story.run()
    asked = Asked(story)
    body = following("1.4.0")
    body["spec"] |= {"rehearsal": True}
    body["spec"]["watch"] |= {"metrics": [metric(RATIO)]}

    await story.apply(body)
    await story.run()

    release = await story.release()
    rehearsed = release.status.history[1]
    assert release.status.phase is Phase.COMPLETED
    assert rehearsed.outcome is Phase.ROLLED_BACK
    assert len(asked.windows) >= 2
    assert asked.windows[-1][0] >= rehearsed.ended_at


async def test_attempts_that_changed_nothing_shorten_no_baseline() -> None:
    story = await Story.begin("No baseline, and nothing changed")
    asked = Asked(story)
    asked.problem = "Prometheus is down"
    body = bookshop()
    body["spec"]["watch"] |= {"metrics": [metric(RATIO)]}
    await story.apply(body)
    await story.run()
    assert (await story.release()).status.history[0].outcome is Phase.FAILED

    asked.problem = ""
    await story.annotate("retry", "1")
    await story.run(in_phase(Phase.WATCHING))

    start, end = asked.windows[-1]
    assert end - start > timedelta(minutes=9)
