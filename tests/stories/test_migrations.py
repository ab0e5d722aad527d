"""Migrations that fail, and migrations of which nobody knows what became of them."""

from tests.fakes.story import Story, in_phase, two_migrations
from tests.fakes.world import NAMESPACE
from tests.releases import bookshop

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import JOB


async def test_a_failing_first_migration_ends_the_attempt_with_nothing_to_undo() -> None:
    story = await Story.begin("The first migration fails: the attempt ends, no code was changed")
    words = 'relation "book" does not exist'
    story.world.script.failing_steps["migrate/0007-add-isbn"] = words
    await story.apply(bookshop())

    await story.run()

    await story.check("first_migration_fails")


async def test_a_failing_second_migration_reverts_the_first() -> None:
    story = await Story.begin("The second of two migrations fails: the first is reverted", "1.3.0")
    story.world.script.failing_steps["migrate/0009-fill-stock"] = "division by zero"
    await story.apply(two_migrations("1.4.0"))

    await story.run()

    await story.check("second_migration_fails")
    assert story.ran("undo/migrate/0008-add-stock") == 1
    assert story.ran("undo/migrate/0009-fill-stock") == 0


async def test_a_failing_down_migration_ends_in_rollback_failed() -> None:
    story = await Story.begin("1.4.0 is slow and its migration cannot be reverted", "1.3.0")
    story.world.script.failing_steps["undo/migrate/0009-fill-stock"] = "column is in use"
    await story.apply(two_migrations("1.4.0"))

    await story.run()

    await story.check("down_migration_fails")
    assert story.ran("undo/migrate/0008-add-stock") == 0


async def test_a_migration_whose_image_is_missing_fails_at_its_deadline() -> None:
    story = await Story.begin("The migration's image cannot be pulled")
    story.world.script.blocked_steps["migrate/0007-add-isbn"] = ("ErrImagePull", "not found")
    await story.apply(bookshop())

    await story.run()

    await story.check("migration_image_missing")
    assert not story.ran("migrate/0007-add-isbn")


async def test_a_migration_that_hangs_fails_at_its_deadline() -> None:
    story = await Story.begin("The migration waits for a lock until its time is over")
    story.world.script.hanging_steps.add("migrate/0007-add-isbn")
    await story.apply(bookshop())

    await story.run()

    await story.check("migration_hangs")


async def migration_job_deleted(title: str, *, worked: bool) -> Story:
    story = await Story.begin(title)
    await story.apply(bookshop())
    await story.run(in_phase(Phase.MIGRATING))
    if worked:
        await story.world.controllers.step()
    story.transcript.person("kubectl delete job (the migration)")
    (job,) = await story.world.user.list(JOB, NAMESPACE)
    await story.delete_object(JOB, job["metadata"]["name"])
    await story.run()
    return story


async def test_a_migration_whose_job_was_deleted_is_applied_if_a_person_says_so() -> None:
    story = await migration_job_deleted(
        "The migration's Job is deleted; it had done its work", worked=True
    )

    await story.annotate("resume", "1.1")
    await story.run()

    await story.check("migration_job_deleted_resume")
    assert story.ran("migrate/0007-add-isbn") == 1


async def test_a_migration_whose_job_was_deleted_is_left_if_a_person_says_so() -> None:
    story = await migration_job_deleted(
        "The migration's Job is deleted; its work was not done", worked=False
    )

    await story.annotate("rollback", "1")
    await story.run()

    await story.check("migration_job_deleted_rollback")
    assert story.ran("migrate/0007-add-isbn") == 0
