"""Smoke tests that do not fail every time: run again as often as declared, never endlessly."""

from typing import Any

import pytest
from tests.fakes.story import Story
from tests.fakes.world import NAMESPACE
from tests.releases import bookshop

from release_coordinator.api.attempt import Attempt, StepState
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.cluster.port import JOB
from release_coordinator.engine import names

STEP = "verify/smoke/checkout"


def flaky(retries: int) -> dict[str, Any]:
    body = bookshop()
    body["spec"]["verify"]["smokeTests"][0]["retries"] = retries
    return body


async def after(failures: int, retries: int) -> tuple[Story, Attempt]:
    """The release, with a test that fails so often before it succeeds."""
    story = await Story.begin(f"A smoke test fails {failures} times; {retries} retries")
    story.world.script.flaky_steps[STEP] = failures
    await story.apply(flaky(retries))
    await story.run()
    attempt = (await story.release()).status.attempt
    assert attempt is not None
    return story, attempt


@pytest.mark.parametrize("failures", [1, 2])
async def test_a_test_that_succeeds_within_its_retries_counts(failures: int) -> None:
    _, attempt = await after(failures, retries=2)
    step = next(step for step in attempt.steps if step.id == STEP)

    assert attempt.end is not None
    assert attempt.end.outcome is Phase.COMPLETED
    assert step.state is StepState.SUCCEEDED
    assert step.message == f"at try {failures + 1} of 3."


async def test_a_test_that_fails_at_every_try_takes_the_version_back() -> None:
    story, attempt = await after(99, retries=2)

    assert attempt.end is not None
    assert attempt.end.outcome is Phase.ROLLED_BACK
    assert attempt.trigger is not None
    assert attempt.trigger.reason is Reason.SMOKE_TEST_FAILED
    assert await tries(story) == 3


async def test_a_suspended_release_does_not_run_its_test_again() -> None:
    story = await Story.begin("Suspended while a smoke test fails that may be run again")
    story.world.script.flaky_steps[STEP] = 1
    await story.apply(flaky(2))
    await story.run(begun)
    await story.suspend("Forward")

    await story.run()

    assert await tries(story) == 1
    await story.suspend(None)
    await story.run()
    assert await tries(story) == 2
    assert (await story.release()).status.phase is Phase.COMPLETED


def begun(release: ReleaseObject) -> bool:
    """Whether the test was begun."""
    attempt = release.status.attempt
    return attempt is not None and any(step.id == STEP for step in attempt.steps)


async def tries(story: Story) -> int:
    """How many Jobs the test has had."""
    jobs = await story.world.user.list(JOB, NAMESPACE)
    return [job["metadata"]["annotations"][names.ANNOTATION_STEP] for job in jobs].count(STEP)
