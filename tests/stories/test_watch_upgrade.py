"""Attempts that another version of the operator has begun, with a spec that would not pass now."""

from typing import Any

import pytest
from tests.fakes.story import Story, in_phase
from tests.releases import bookshop

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.api.measurement import Verdict
from release_coordinator.engine import watchfaults

NO_PROMQL = "sum(errors) default 0"
UNFILLABLE = 'errors{image="$(image)"}'
UNREADABLE = 'errors{job="$(release)'


async def begun_before(monkeypatch: pytest.MonkeyPatch, query: str) -> Story:
    """A release in its watch, begun by a version that found nothing wrong with its query."""
    story = await Story.begin("Begun by a former version")
    body = bookshop()
    metric: dict[str, Any] = {"name": "errors", "query": query, "breach": {"above": 0.5}}
    body["spec"]["watch"]["metrics"] = [metric]
    with monkeypatch.context() as former:
        former.setattr(watchfaults, "faults", lambda _: [])
        await story.apply(body)
        await story.run(in_phase(Phase.WATCHING))
    return story


def attempt_of(release: ReleaseObject) -> Attempt:
    assert release.status.attempt is not None
    return release.status.attempt


async def test_a_query_that_is_no_promql_for_this_version_bars_no_way_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = await begun_before(monkeypatch, NO_PROMQL)
    story.world.latency = lambda: 0.9
    await story.run(lambda release: attempt_of(release).trigger is not None)

    await story.restart()
    await story.run()

    assert (await story.release()).status.phase is Phase.ROLLED_BACK


async def test_a_query_that_is_no_promql_for_this_version_is_watched_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = await begun_before(monkeypatch, NO_PROMQL)

    await story.restart()
    await story.run()

    assert (await story.release()).status.phase is Phase.COMPLETED


@pytest.mark.parametrize(
    ("query", "words"),
    [(UNFILLABLE, "has no value for 'image'"), (UNREADABLE, "has a string")],
)
async def test_a_query_that_cannot_be_filled_is_unknown_and_a_person_decides(
    monkeypatch: pytest.MonkeyPatch, query: str, words: str
) -> None:
    story = await begun_before(monkeypatch, query)

    await story.restart()
    await story.run()

    release = await story.release()
    (entry,) = attempt_of(release).measurements
    assert release.status.phase is Phase.HELD
    assert entry.verdict is Verdict.UNKNOWN
    assert words in entry.message
    assert "the author corrects it in the spec of the next release" in entry.message
