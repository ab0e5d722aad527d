"""Migrations that are kept from running for long: what was asked before them is asked again."""

from datetime import timedelta

import pytest
from tests.fakes.story import Story
from tests.fakes.world import NAMESPACE
from tests.stories.test_schema_versions import (
    DOWN,
    UP,
    asked,
    begin,
    hold_of,
    migrates,
    running,
    two,
)

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.cluster.port import JOB, LEASE, Body, Kind
from release_coordinator.engine import names, schema
from release_coordinator.errors import Denied, NotFound

FIRST_DOWN, SECOND_DOWN = "undo/migrate/0009-fill-stock", "undo/migrate/0008-add-stock"
FIRST_UP, SECOND_UP = "migrate/0008-add-stock", "migrate/0009-fill-stock"
HOUR = 3600.0


def deny(story: Story, step: str) -> None:
    """A ResourceQuota leaves no room for the Job of a step."""
    story.transcript.world(f"a ResourceQuota leaves no room for the Job of {step}")

    def admission(kind: Kind, old: Body | None, new: Body) -> None:
        if kind == JOB and old is None:
            annotations = new["metadata"]["annotations"]
            if annotations[names.ANNOTATION_STEP] == step:
                raise Denied("jobs is forbidden: exceeded quota: jobs")

    story.world.admission = admission


def allow(story: Story) -> None:
    """There is room again."""
    story.world.admission = lambda *_: None


async def passing(story: Story, seconds: float) -> None:
    """So much time passes, while the operator works."""
    end = story.world.time.now() + timedelta(seconds=seconds)
    await story.run(lambda _: story.world.time.now() >= end)
    story.world.time.value = max(end, story.world.time.value)


async def test_what_was_migrated_while_a_release_was_suspended_is_not_migrated_again() -> None:
    story = await begin("Suspended before the first migration; somebody migrates", "0007", "1.3.0")
    await story.apply(two())
    await story.run(lambda release: "schema/before" in steps(release))
    await story.suspend("Forward")
    await story.run()
    migrates(story, "0008")
    await passing(story, HOUR)

    await story.suspend(None)
    await story.run()

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    assert story.ran("schema/before") == story.ran("schema/before/2") == 1
    assert story.ran(FIRST_UP) == story.ran(SECOND_DOWN) == 0
    assert story.ran(SECOND_UP) == story.ran(FIRST_DOWN) == 1
    assert story.world.controllers.database.version == "0008"


async def test_a_migration_that_somebody_has_done_while_it_was_denied_is_called_off() -> None:
    story = await begin("The first migration is denied; somebody migrates", "0007", "1.3.0")
    await story.apply(two())
    deny(story, FIRST_UP)
    await story.run()
    hold, _, _ = await hold_of(story)
    migrates(story, "0008")
    await passing(story, HOUR)

    await story.annotate("resume", hold)
    await story.run()

    attempt = (await story.release()).status.attempt
    assert attempt is not None
    (called_off,) = (step for step in attempt.steps if step.id == FIRST_UP)
    assert called_off.message == "not run: the database has it already"
    assert story.ran(SECOND_UP) == 1
    assert story.world.controllers.database.version == "0008"


async def test_a_migration_that_is_kept_waiting_again_and_again_starts_over() -> None:
    story = await begin("The first migration is denied three times", "0007", "1.3.0")
    await story.apply(two())
    deny(story, FIRST_UP)
    for _ in range(3):
        await story.run()
        hold, _, _ = await hold_of(story)
        await passing(story, HOUR)
        await story.annotate("resume", hold)
    allow(story)
    await story.run()

    status = (await story.release()).status
    assert [(entry.attempt, entry.outcome) for entry in status.history] == [
        (2, Phase.ROLLED_BACK),
        (1, Phase.SUPERSEDED),
    ]
    assert story.ran(FIRST_UP) == story.ran(SECOND_UP) == 1


def steps(release: ReleaseObject) -> list[str]:
    """Ids of what was begun."""
    attempt = release.status.attempt
    return [step.id for step in attempt.steps] if attempt else []


@pytest.mark.parametrize("step", [FIRST_DOWN, SECOND_DOWN])
async def test_what_was_migrated_while_a_way_back_was_denied_is_not_reverted(step: str) -> None:
    story = await begin(f"{step} is denied for an hour, and somebody migrates", "0007", "1.3.0")
    await story.apply(two())
    deny(story, step)
    await story.run()
    hold, reason, _ = await hold_of(story)
    assert reason is Reason.API_DENIED
    await passing(story, HOUR)
    migrates(story, "0011")
    allow(story)

    await story.annotate("resume", hold)
    await story.run()

    _, reason, message = await hold_of(story)
    assert reason is Reason.SCHEMA_CHANGED, message
    assert "0011" in message
    assert not story.ran(step)
    assert story.world.controllers.database.version == "0011"


async def test_a_way_back_that_was_denied_goes_on_when_the_database_is_as_it_was_left() -> None:
    story = await begin("The first down-migration is denied for an hour", "0007", "1.3.0")
    await story.apply(two())
    deny(story, FIRST_DOWN)
    await story.run()
    hold, _, _ = await hold_of(story)
    await passing(story, HOUR)
    allow(story)

    await story.annotate("resume", hold)
    await story.run()

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    assert story.ran(FIRST_DOWN) == story.ran(SECOND_DOWN) == 1
    assert story.world.controllers.database.version == "0007"


async def test_consent_that_was_taken_back_while_a_way_back_was_denied_counts() -> None:
    story = await begin("The approval for data loss is taken back while the Job is denied")
    body = asked(downLosesData=True)
    body["spec"]["watch"]["metrics"][0]["breach"] = {"above": 0.001}
    await story.apply(body)
    await story.run(lambda release: release.status.phase is Phase.MIGRATING)
    await story.say("olga", "Approved", role="data-loss")
    deny(story, "undo/migrate/0007-add-isbn")
    await story.run()
    hold, reason, _ = await hold_of(story)
    assert reason is Reason.API_DENIED
    await story.say("olga", "Revoked", role="data-loss")
    allow(story)

    await story.annotate("resume", hold)
    await story.run()

    _, reason, _ = await hold_of(story)
    assert reason is Reason.DATA_LOSS
    assert not story.ran("undo/migrate/0007-add-isbn")


async def test_a_question_that_could_not_be_put_any_more_is_answered_by_a_person() -> None:
    story = await begin("The database never answers, and is asked ten times", "0007", "1.3.0")
    script = story.world.script
    script.killed["migrate/0008-add-stock"] = True
    for question in ("migrate/0008-add-stock", "after", "back/2"):
        for number in ("", "/2", "/3"):
            script.failing_steps[f"schema/{question}{number}"] = "connection refused"
    await story.apply(two())
    held: list[str | None] = []
    for _ in range(4):
        await story.run()
        attempt = (await story.release()).status.attempt
        assert attempt is not None
        assert attempt.hold is not None
        held.append(attempt.hold.step)
        await story.annotate("resume", attempt.hold.id)
    await story.run()

    assert held == [
        "migrate/0008-add-stock",
        "schema/after/3",
        "schema/back/2/3",
        "schema/restored",
    ]
    attempt = (await story.release()).status.attempt
    assert attempt is not None
    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    assert [s.message for s in attempt.steps if s.id == held[-1]] == [schema.BY_A_PERSON]
    assert story.ran(FIRST_DOWN) == story.ran(SECOND_DOWN) == 1


def deny_locks(story: Story) -> None:
    """The operator may not create Leases any more."""

    def admission(kind: Kind, old: Body | None, _new: Body) -> None:
        if kind == LEASE and old is None:
            raise Denied("leases is forbidden")

    story.world.admission = admission


def ended(release: ReleaseObject) -> bool:
    """Whether the attempt has ended."""
    attempt = release.status.attempt
    return attempt is not None and attempt.end is not None


@pytest.mark.parametrize("step", [UP, DOWN])
async def test_a_release_that_is_deleted_while_held_waits_for_its_migration(step: str) -> None:
    story = await begin(f"Held while {step} runs, and then deleted")
    body = asked()
    body["spec"]["watch"]["metrics"][0]["breach"] = {"above": 0.001}
    story.world.script.hanging_steps.add(step)
    await story.apply(body)
    await running(story, step)
    if step == UP:
        deny_locks(story)
        for lease in await story.world.user.list(LEASE, NAMESPACE):
            await story.delete_object(LEASE, lease["metadata"]["name"])
    else:
        await story.set_image("bookshop-backend", "api", "example/bookshop-backend:9.9.9")
    await story.run(lambda release: release.status.phase is Phase.HELD)
    began = story.world.time.now()

    await story.delete()
    await story.run(ended)

    # The program hangs until its Job's deadline.
    assert story.world.time.now() - began > timedelta(minutes=4)
    jobs = await story.world.user.list(JOB, NAMESPACE)
    (mine,) = (j for j in jobs if j["metadata"]["annotations"][names.ANNOTATION_STEP] == step)
    assert mine["status"]["conditions"], "it is over"
    await story.run()
    with pytest.raises(NotFound):
        await story.release()
