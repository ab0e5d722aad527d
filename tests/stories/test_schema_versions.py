"""The database is asked what it has: before and after, in doubt, and on the way back."""

from typing import Any

import pytest
from tests.fakes.story import Story, in_phase, two_migrations
from tests.fakes.world import NAMESPACE
from tests.releases import Body, bookshop

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.cluster.port import JOB, POD
from release_coordinator.engine import names

UP, DOWN = "migrate/0007-add-isbn", "undo/migrate/0007-add-isbn"
SLOW = "1.4.0"
CURRENT = {"current": {"image": "example/bookshop-migrate:1.3.0", "args": ["current"]}}


def asked(**changes: Any) -> Body:
    """The bookshop's Release; both sides say what the schema version is."""
    body = bookshop()
    body["spec"]["database"] = CURRENT
    (migration,) = body["spec"]["migrations"]
    migration |= {"schemaVersion": "0007", **changes}
    return body


def two() -> Body:
    """1.4.0, which is slow, with two migrations."""
    body = two_migrations(SLOW)
    body["spec"]["database"] = CURRENT
    for migration, version in zip(body["spec"]["migrations"], ("0008", "0009"), strict=True):
        migration["schemaVersion"] = version
    return body


async def begin(title: str, schema: str = "0006", version: str = "1.2.0") -> Story:
    """The bookshop with a database that knows its version."""
    story = await Story.begin(title, version)
    database, script = story.world.controllers.database, story.world.script
    database.version = schema
    order = ("0006", "0007", "0008", "0009")
    for name in ("0007-add-isbn", "0008-add-stock", "0009-fill-stock"):
        script.schema[f"migrate/{name}"] = name[:4]
        script.schema[f"undo/migrate/{name}"] = order[order.index(name[:4]) - 1]
    return story


def migrates(story: Story, version: str, who: str = "ops") -> None:
    """Somebody migrates by hand."""
    story.transcript.person(f"{who}: migrates the database to {version}")
    story.world.controllers.database.version = version


async def hold_of(story: Story) -> tuple[str, Reason, str]:
    """Id, reason and message of the present hold."""
    release = await story.release()
    attempt = release.status.attempt
    assert attempt is not None
    assert attempt.hold is not None, release.status.message
    return attempt.hold.id, attempt.hold.reason, attempt.hold.message


async def delete_job(story: Story, step: str) -> None:
    """Somebody deletes the Job of a step."""
    story.transcript.person(f"kubectl delete job (of {step})")
    for job in await story.world.user.list(JOB, NAMESPACE):
        if job["metadata"]["annotations"][names.ANNOTATION_STEP] == step:
            await story.delete_object(JOB, job["metadata"]["name"])


async def running(story: Story, step: str) -> None:
    """Let everything happen until a step's Job may run."""

    def runs(_: object) -> bool:
        return any(
            body["kind"] == "Job"
            and body["metadata"]["annotations"][names.ANNOTATION_STEP] == step
            and not body["spec"]["suspend"]
            for body in story.world.cluster.everything()
        )

    await story.run(runs)


async def test_the_database_is_asked_before_and_after_and_has_the_last_word() -> None:
    story = await begin("The database says what it has: there, and back again", "0007", "1.3.0")
    await story.apply(two())

    await story.run()

    await story.check("schema_there_and_back")
    assert story.world.controllers.database.version == "0007"
    assert (
        story.ran("undo/migrate/0008-add-stock") == story.ran("undo/migrate/0009-fill-stock") == 1
    )


async def test_a_migration_whose_job_succeeds_without_effect_has_failed() -> None:
    story = await begin("The Job of the migration succeeds, and the database says 0006")
    del story.world.script.schema[UP]
    await story.apply(asked())

    await story.run()

    await story.check("schema_without_effect")
    assert (await story.release()).status.phase is Phase.FAILED


async def test_of_two_migrations_the_one_without_effect_is_not_reverted() -> None:
    story = await begin("The second of two migrations had no effect", "0007", "1.3.0")
    del story.world.script.schema["migrate/0009-fill-stock"]
    await story.apply(two())

    await story.run()

    await story.check("schema_second_without_effect")
    assert story.ran("undo/migrate/0009-fill-stock") == 0
    assert story.world.controllers.database.version == "0007"


@pytest.mark.parametrize("worked", [True, False], ids=["worked", "had_not"])
async def test_what_became_of_a_deleted_job_is_asked_of_the_database(*, worked: bool) -> None:
    did = "had done its work" if worked else "had not done its work"
    story = await begin(f"The migration's Job is deleted; it {did}; the database knows")
    await story.apply(asked())
    await running(story, UP)
    if worked:
        await story.world.controllers.step()
    await delete_job(story, UP)

    await story.run()

    await story.check(f"schema_job_deleted_{'worked' if worked else 'had_not'}")
    assert story.ran(UP) == (1 if worked else 0)


@pytest.mark.parametrize("worked", [True, False], ids=["worked", "had_not"])
async def test_what_became_of_a_killed_program_is_asked_of_the_database(*, worked: bool) -> None:
    story = await begin("The migration's pod is killed")
    story.world.script.killed[UP] = worked
    await story.apply(asked())

    await story.run()

    phase = (await story.release()).status.phase
    assert phase is (Phase.COMPLETED if worked else Phase.FAILED)
    assert story.ran(UP) == (1 if worked else 0)


async def test_a_program_that_is_killed_is_for_a_person_where_nobody_can_be_asked() -> None:
    story = await begin("The migration's pod is killed, and the database cannot be asked")
    story.world.script.killed[UP] = True
    await story.apply(bookshop())

    await story.run()

    await story.check("migration_killed")
    assert (await hold_of(story))[1] is Reason.MIGRATION_OUTCOME_UNKNOWN


async def test_a_migration_that_was_suspended_by_somebody_is_asked_about() -> None:
    story = await begin("Somebody suspends the Job of the migration")
    await story.apply(asked())
    await running(story, UP)
    await story.world.controllers.step()
    story.transcript.person("kubectl patch job: suspend the migration")
    for job in await story.world.user.list(JOB, NAMESPACE):
        if job["metadata"]["annotations"][names.ANNOTATION_STEP] == UP:
            await story.patch(JOB, job["metadata"]["name"], {"spec": {"suspend": True}})

    await story.run()

    assert (await story.release()).status.phase is Phase.COMPLETED
    assert story.ran(UP) == 1


async def test_a_pod_that_outlives_its_job_is_waited_for() -> None:
    story = await begin("The Job of the migration is deleted, and its pod runs on for a while")
    await story.apply(asked())
    await running(story, UP)
    (name,) = [
        job["metadata"]["name"]
        for job in await story.world.user.list(JOB, NAMESPACE)
        if job["metadata"]["annotations"][names.ANNOTATION_STEP] == UP
    ]
    labels = {"batch.kubernetes.io/job-name": name}
    pod = {"metadata": {"name": "orphan", "namespace": NAMESPACE, "labels": labels}, "spec": {}}
    await story.world.user.create(POD, pod)
    await delete_job(story, UP)
    began = story.world.time.now()
    await story.run(lambda _: (story.world.time.now() - began).total_seconds() > 60)
    assert "Pod orphan may still be running" in (await story.release()).status.message

    story.transcript.world("the pod has done its work and is gone")
    story.world.controllers.database.version = "0007"
    await story.delete_object(POD, "orphan")
    await story.run()

    await story.check("schema_pod_outlives_job")
    assert (await story.release()).status.phase is Phase.COMPLETED


async def test_a_pod_that_never_ends_is_for_a_person() -> None:
    story = await begin("The node of the migration's pod is lost")
    await story.apply(asked())
    await running(story, UP)
    (name,) = [
        job["metadata"]["name"]
        for job in await story.world.user.list(JOB, NAMESPACE)
        if job["metadata"]["annotations"][names.ANNOTATION_STEP] == UP
    ]
    labels = {"batch.kubernetes.io/job-name": name}
    pod = {"metadata": {"name": "lost", "namespace": NAMESPACE, "labels": labels}, "spec": {}}
    await story.world.user.create(POD, pod)
    await delete_job(story, UP)

    await story.run()

    _, reason, message = await hold_of(story)
    assert reason is Reason.MIGRATION_OUTCOME_UNKNOWN
    assert "Pod lost may still be running: end it, or see its node." in message
    assert not story.ran(f"schema/{UP}")


async def test_an_answer_that_fits_nothing_is_for_a_person() -> None:
    story = await begin("The migration's Job is gone, and the database says something else")
    await story.apply(asked())
    await running(story, UP)
    await delete_job(story, UP)
    migrates(story, "0042", "somebody")
    await story.run()

    hold, reason, message = await hold_of(story)
    assert reason is Reason.MIGRATION_OUTCOME_UNKNOWN
    assert "0042" in message
    await story.annotate("resume", hold)
    await story.run()

    await story.check("schema_answer_fits_nothing")


async def test_a_database_that_does_not_answer_is_asked_again_then_a_person() -> None:
    story = await begin("The migration's Job is gone, and the database does not answer")
    await story.apply(asked())
    await running(story, UP)
    await delete_job(story, UP)
    refused = "connection refused"
    for suffix in ("", "/2", "/3"):
        story.world.script.failing_steps[f"schema/{UP}{suffix}"] = refused
    await story.run()

    hold, reason, message = await hold_of(story)
    assert reason is Reason.MIGRATION_OUTCOME_UNKNOWN
    assert refused in message
    await story.annotate("rollback", "1")
    await story.run()

    await story.check("schema_no_answer")
    assert hold == "1.1"


async def test_a_database_that_answers_late_needs_no_person() -> None:
    story = await begin("The migration's Job is gone, and the database answers the second time")
    await story.apply(asked())
    await running(story, UP)
    await story.world.controllers.step()
    await delete_job(story, UP)
    story.world.script.failing_steps[f"schema/{UP}"] = "connection refused"

    await story.run()

    assert (await story.release()).status.phase is Phase.COMPLETED


async def test_a_program_that_says_it_failed_is_believed_if_the_database_agrees() -> None:
    story = await begin("The migration says that it failed, and the database agrees")
    story.world.script.failing_steps[UP] = 'relation "book" does not exist'
    await story.apply(asked())

    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.FAILED
    assert 'relation "book" does not exist' in release.status.message


async def test_a_program_that_says_it_failed_where_the_database_disagrees_is_for_a_person() -> None:
    story = await begin("The migration says that it failed, and the database says 0007")
    story.world.script.failing_steps[UP] = "lost the connection at commit"
    await story.apply(asked())
    await running(story, UP)
    story.world.controllers.database.version = "0007"
    await story.run()

    hold, reason, message = await hold_of(story)
    assert reason is Reason.MIGRATION_OUTCOME_UNKNOWN
    assert "lost the connection at commit" in message
    await story.annotate("resume", hold)
    await story.run()

    await story.check("schema_failed_but_applied")
    assert (await story.release()).status.phase is Phase.COMPLETED


async def further(title: str) -> Story:
    """A slow version is taken back, and somebody has migrated further meanwhile."""
    story = await begin(title, "0007", "1.3.0")
    await story.apply(two())
    await story.run(in_phase(Phase.WATCHING))
    migrates(story, "0011")
    await story.run()
    _, reason, _ = await hold_of(story)
    assert reason is Reason.SCHEMA_CHANGED
    return story


async def test_what_somebody_migrated_further_is_not_reverted() -> None:
    story = await further("Somebody has migrated further: nothing is reverted, the schema stays")
    hold, _, _ = await hold_of(story)

    await story.annotate("rollback", hold)
    await story.run()

    await story.check("schema_changed_left")
    assert story.world.controllers.database.version == "0011"
    assert not story.ran("undo/migrate/0009-fill-stock")


async def test_the_way_back_goes_on_when_the_database_is_as_it_was_left() -> None:
    story = await further("Somebody has migrated further, and takes that back")
    hold, _, _ = await hold_of(story)
    await story.annotate("resume", hold)
    await story.run()
    again, _, _ = await hold_of(story)
    assert again != hold

    migrates(story, "0009")
    await story.annotate("resume", again)
    await story.run()

    await story.check("schema_changed_resumed")
    assert story.world.controllers.database.version == "0007"


async def test_a_schema_that_somebody_has_taken_back_is_not_reverted_again() -> None:
    story = await begin("Somebody takes the schema back by hand", "0007", "1.3.0")
    await story.apply(two())
    await story.run(in_phase(Phase.WATCHING))
    migrates(story, "0007")

    await story.run()

    await story.check("schema_taken_back_by_hand")
    assert not story.ran("undo/migrate/0009-fill-stock")


async def test_a_way_back_without_effect_is_a_failed_rollback() -> None:
    story = await begin("The down-migrations succeed, and the database says 0008", "0007", "1.3.0")
    del story.world.script.schema["undo/migrate/0008-add-stock"]
    await story.apply(two())

    await story.run()

    await story.check("schema_down_without_effect")
    assert (await story.release()).status.phase is Phase.ROLLBACK_FAILED


@pytest.mark.parametrize("worked", [True, False], ids=["worked", "had_not"])
async def test_what_became_of_a_killed_way_back_is_asked_of_the_database(*, worked: bool) -> None:
    story = await begin("The pod of a down-migration is killed", "0007", "1.3.0")
    step = "undo/migrate/0009-fill-stock"
    story.world.script.killed[step] = worked
    await story.apply(two())

    await story.run()

    phase = (await story.release()).status.phase
    assert phase is (Phase.ROLLED_BACK if worked else Phase.ROLLBACK_FAILED)
    assert story.ran(step) == (1 if worked else 0)
    assert story.ran("undo/migrate/0008-add-stock") == (1 if worked else 0)


async def test_a_database_that_has_the_migration_already_is_not_migrated_again() -> None:
    story = await begin("The database is at 0008 before the release", "0008", "1.3.0")
    await story.apply(two())

    await story.run()

    await story.check("schema_there_already")
    assert not story.ran("migrate/0008-add-stock")
    assert not story.ran("undo/migrate/0008-add-stock")
    assert story.world.controllers.database.version == "0008"


async def losing(title: str) -> Story:
    """The way back of a slow version destroys data."""
    story = await begin(title)
    body = asked(downLosesData=True)
    body["spec"]["watch"]["metrics"][0]["breach"] = {"above": 0.001}
    body["spec"]["backup"] = {"job": {"image": "example/backup:1"}}
    story.world.script.said["prepare/backup"] = "shop-20261123T120000Z"
    await story.apply(body)
    return story


async def test_data_is_not_lost_without_an_approval_and_the_code_goes_back_alone() -> None:
    story = await losing("The way back destroys data: the schema stays")
    await story.run()
    hold, reason, message = await hold_of(story)
    assert reason is Reason.DATA_LOSS
    assert "shop-20261123T120000Z" in message

    await story.annotate("rollback", hold)
    await story.run()

    await story.check("data_loss_left")
    assert not story.ran(DOWN)


async def test_an_approval_for_data_loss_opens_the_way_back_that_waits() -> None:
    story = await losing("The way back destroys data: role data-loss approves")
    await story.run()
    await story.say("ada", "Approved", role="data-loss", comment="I wrote it")
    await story.run()
    assert "who changed the spec last does not sign it off" not in (await hold_of(story))[2]
    assert not story.ran(DOWN)

    await story.say("olga", "Approved", role="data-loss", comment="test orders only")
    await story.run()

    await story.check("data_loss_approved")
    assert story.ran(DOWN) == 1


async def test_an_approval_for_data_loss_can_be_given_before() -> None:
    story = await losing("The way back destroys data: approved before")
    await story.run(in_phase(Phase.MIGRATING))
    await story.say("olga", "Approved", role="data-loss")

    await story.run()

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    assert story.ran(DOWN) == 1


async def test_an_order_to_roll_back_is_no_consent_to_lose_data() -> None:
    story = await losing("A person orders the rollback, and is asked about the data")
    await story.run(in_phase(Phase.ROLLING_OUT))
    await story.annotate("rollback", "1")

    await story.run()

    hold, reason, _ = await hold_of(story)
    assert reason is Reason.DATA_LOSS
    assert not story.ran(DOWN)
    await story.annotate("rollback", hold)
    await story.run()
    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    assert not story.ran(DOWN)


async def test_an_approval_that_cannot_be_believed_loses_no_data() -> None:
    story = await losing("The way back destroys data, and forged approvals are not refused")
    await story.run(in_phase(Phase.MIGRATING))
    await story.say("olga", "Approved", role="data-loss")
    story.world.unproved = "admission policies are missing"

    await story.run()

    _, reason, message = await hold_of(story)
    assert reason is Reason.DATA_LOSS
    assert "admission policies are missing" in message
    assert not story.ran(DOWN)


async def test_the_schema_is_not_reverted_while_a_program_of_the_new_version_runs() -> None:
    story = await begin("A rollback is ordered in the middle of a long smoke test")
    smoke = "verify/smoke/checkout"
    story.world.script.hanging_steps.add(smoke)
    await story.apply(asked())
    await running(story, smoke)
    await story.annotate("rollback", "1")
    ended: list[int] = []

    def reverting(release: ReleaseObject) -> bool:
        attempt = release.status.attempt
        assert attempt is not None
        begun = any(step.id == DOWN for step in attempt.steps)
        if begun and not ended:
            ended.append(
                sum(
                    1
                    for body in story.world.cluster.everything()
                    if body["kind"] == "Job"
                    and body["metadata"]["annotations"][names.ANNOTATION_STEP] == smoke
                    and body.get("status", {}).get("conditions")
                )
            )
        return False

    await story.run(reverting)

    assert ended == [1]
    assert (await story.release()).status.phase is Phase.ROLLED_BACK


async def test_a_migration_that_only_expands_stays_and_what_is_above_it_is_reverted() -> None:
    story = await begin("The first of two migrations only expands", "0007", "1.3.0")
    body = two()
    body["spec"]["migrations"][0]["reversibility"] = "ExpandOnly"
    del body["spec"]["migrations"][0]["down"]
    await story.apply(body)

    await story.run()

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    assert story.world.controllers.database.version == "0008"
    assert story.ran("undo/migrate/0009-fill-stock") == 1
    assert story.ran("schema/restored") == 1
