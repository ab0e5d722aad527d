"""Without a backup that is proved and young enough, nothing is changed."""

from typing import Any

from tests.fakes.story import Story, in_phase, told
from tests.fakes.world import NAMESPACE
from tests.releases import Body, bookshop

from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.cluster.port import JOB, RECORD
from release_coordinator.engine import names

BACKUP, VERIFY, UP = "prepare/backup", "prepare/verify-backup", "migrate/0007-add-isbn"
ID = "shop-20261123T120100Z-a1"


def backed_up(**more: Any) -> Body:
    """The bookshop's Release with a backup that a Job verifies."""
    body = bookshop()
    verify = {"image": "example/backup:1", "args": ["verify"]}
    body["spec"]["backup"] = {"job": {"image": "example/backup:1"}, "verify": verify, **more}
    return body


async def begin(title: str) -> Story:
    """The bookshop; its backup Job says an id."""
    story = await Story.begin(title)
    story.world.script.said[BACKUP] = f"wrote 4711 bytes\n{ID}"
    return story


async def environment(story: Story, step: str) -> dict[str, str]:
    """What the Job of a step is told."""
    for job in await story.world.user.list(JOB, NAMESPACE):
        if job["metadata"]["annotations"][names.ANNOTATION_STEP] == step:
            (container,) = job["spec"]["template"]["spec"]["containers"]
            return {entry["name"]: entry["value"] for entry in container["env"]}
    raise AssertionError(f"there is no Job of {step}")


async def test_a_backup_is_verified_under_its_id_which_is_kept() -> None:
    story = await begin("The backup is taken, verified, and named in the record")
    await story.apply(backed_up())

    await story.run()

    await story.check("backup_verified")
    assert (await environment(story, VERIFY))["RELEASE_BACKUP_ID"] == ID
    assert "RELEASE_BACKUP_ID" not in await environment(story, UP)
    (record,) = await story.world.user.list(RECORD, NAMESPACE)
    assert record["spec"]["backup"] == ID


async def test_a_backup_that_fails_stops_before_any_change() -> None:
    story = await begin("The backup fails")
    story.world.script.failing_steps[BACKUP] = "No space left on device"
    await story.apply(backed_up())

    await story.run()

    await story.check("backup_fails")
    assert not story.ran(UP)


async def test_a_backup_that_cannot_be_restored_stops_before_any_change() -> None:
    story = await begin("The backup cannot be restored")
    story.world.script.failing_steps[VERIFY] = "3 books, not 8"
    await story.apply(backed_up())

    await story.run()

    await story.check("backup_not_restorable")
    release = await story.release()
    assert release.status.attempt is not None
    assert release.status.attempt.end is not None
    assert release.status.attempt.end.reason is Reason.BACKUP_FAILED
    assert not story.ran(UP)


async def test_a_backup_without_an_id_cannot_be_verified() -> None:
    story = await begin("The backup Job says no id")
    del story.world.script.said[BACKUP]
    await story.apply(backed_up())

    await story.run()

    await story.check("backup_without_id")
    assert not story.ran(VERIFY)
    assert not story.ran(UP)


async def test_a_backup_id_that_the_journal_cannot_keep_is_refused() -> None:
    story = await begin("The backup Job says a long text")
    story.world.script.said[BACKUP] = "x" * 200
    await story.apply(backed_up())

    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.FAILED
    assert "longer than 127 characters" in release.status.message


async def test_a_backup_that_is_too_old_for_the_first_change_is_taken_again() -> None:
    story = await begin("The backup is two hours old when the window opens again")
    await story.apply(backed_up(maxAge="1h"))
    await story.run(told("Verifying the backup"))
    story.transcript.world("the operator is down for two hours")
    await story.world.advance(7200)

    await story.run()

    await story.check("backup_too_old")
    assert story.ran(BACKUP) == 2
    assert story.ran(UP) == 1
    assert (await story.release()).status.phase is Phase.COMPLETED


async def test_a_backup_that_is_always_too_old_is_not_taken_for_ever() -> None:
    story = await begin("The backup may be one second old, and verifying it takes five")
    await story.apply(backed_up(maxAge="1s"))

    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.FAILED
    assert "the backup was too old before the first change, 3 times in a row" in (
        release.status.message
    )
    assert release.status.attempt is not None
    assert release.status.attempt.end is not None
    assert release.status.attempt.end.reason is Reason.BACKUP_EXPIRED
    assert story.ran(BACKUP) == 3
    assert not story.ran(UP)


async def test_the_age_of_a_backup_does_not_matter_once_something_is_changed() -> None:
    story = await begin("The backup grows old in the watch")
    await story.apply(backed_up(maxAge="1m"))
    await story.run(in_phase(Phase.WATCHING))

    await story.run()

    assert (await story.release()).status.phase is Phase.COMPLETED
    assert story.ran(BACKUP) == 1


async def test_a_failed_way_back_names_the_backup() -> None:
    story = await begin("The way back fails; the message names the backup")
    body = backed_up()
    body["spec"]["watch"]["metrics"][0]["breach"] = {"above": 0.001}
    story.world.script.failing_steps[f"undo/{UP}"] = "column is in use"
    await story.apply(body)

    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.ROLLBACK_FAILED
    assert f"Backup from before the first change: {ID}" in release.status.message
