"""Control by people: suspend and resume, abort, rollback with a reason, deletion, old journals."""

import pytest
from tests.fakes.story import RELEASE_REF, Story, following, in_phase, told
from tests.fakes.world import NAMESPACE
from tests.releases import Body, bookshop

from release_coordinator.api.attempt import StepState
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import ConditionType, Phase, Reason, Status
from release_coordinator.api.control import RollbackCause, Suspend
from release_coordinator.cluster.port import JOB, RECORD, RELEASE, Kind
from release_coordinator.errors import Denied

DAY = 86400
UP = "migrate/0007-add-isbn"
UNDO = "undo/rollout/"


def steps(release: ReleaseObject) -> list[str]:
    """Ids of what was begun."""
    attempt = release.status.attempt
    return [step.id for step in attempt.steps] if attempt else []


def status_of(release: ReleaseObject, kind: ConditionType) -> Status:
    """Status of a condition."""
    return next(c.status for c in release.status.conditions if c.type == kind)


def irreversible() -> Body:
    """A Release whose migration stays."""
    body = bookshop()
    body["spec"]["migrations"][0] |= {"reversibility": "Irreversible"}
    body["spec"]["migrations"][0].pop("down")
    return body


async def test_a_suspended_release_ends_its_migration_and_begins_nothing() -> None:
    story = await Story.begin("Ada suspends the release while its migration runs, and resumes it")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.MIGRATING))

    await story.suspend("Forward")
    await story.run()
    await story.world.advance(DAY)
    await story.restart()
    await story.run()

    suspended = await story.release()
    assert suspended.status.phase is Phase.SUSPENDED
    assert story.ran(UP) == 1
    assert steps(suspended)[-1] == UP
    assert status_of(suspended, ConditionType.READY) is Status.FALSE
    assert status_of(suspended, ConditionType.STALLED) is Status.TRUE
    await story.suspend(None, by="olga")
    await story.run()
    await story.check("suspended_in_migrating")


async def test_who_suspends_in_git_and_by_order_has_to_end_both() -> None:
    story = await Story.begin("Git suspends the release; ada orders more, and takes it back")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.WATCHING))
    await story.suspend("Forward", in_spec=True)
    await story.suspend("All")
    await story.annotate("rollback", "1")
    await story.run()
    all_suspended = await story.release()

    await story.suspend(None)
    await story.run()

    assert all_suspended.status.phase is Phase.SUSPENDED
    assert all_suspended.status.suspension is not None
    assert all_suspended.status.suspension.mode is Suspend.ALL
    back = await story.release()
    assert back.status.phase is Phase.ROLLED_BACK, "Git suspends the way forward alone"
    assert back.status.suspension is not None
    assert back.status.suspension.mode is Suspend.FORWARD
    await story.suspend(None, in_spec=True)
    await story.run()
    assert (await story.release()).status.suspension is None


async def test_time_under_suspension_does_not_count_as_watched() -> None:
    story = await Story.begin("Suspended five minutes into a watch of ten, for an hour")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.WATCHING))
    begun = story.world.time.now()
    await until(story, 300)
    await story.suspend("Forward")
    await until(story, 3600)
    halfway = await story.release()
    queries = story.world.metrics.queries

    await story.suspend(None)
    await story.run()

    assert halfway.status.phase is Phase.SUSPENDED
    assert queries > 200, "it is measured all the time"
    ended = await story.release()
    assert ended.status.phase is Phase.COMPLETED
    assert ended.status.attempt is not None
    assert ended.status.attempt.end is not None
    watched = (ended.status.attempt.end.at - begun).total_seconds()
    assert 3600 + 600 <= watched <= 3600 + 600 + 30


async def until(story: Story, seconds: float) -> None:
    """Let the operator work for so long."""
    end = story.world.time.now().timestamp() + seconds
    await story.run(lambda _: story.world.time.now().timestamp() >= end)


async def test_a_breach_rolls_back_what_is_suspended() -> None:
    story = await Story.begin("A breach in a watch that is suspended: the way back is open")
    await story.apply(following("1.4.0"))
    await story.run(lambda release: "rollout/frontend" in steps(release))
    await story.suspend("Forward")
    await story.run()
    await story.suspend(None)
    await story.run(in_phase(Phase.WATCHING))
    await story.suspend("Forward")

    await story.run()

    await story.check("breach_while_suspended")


async def test_a_breach_waits_where_all_is_suspended() -> None:
    story = await Story.begin("A breach while all is suspended: it waits for a person")
    await story.apply(following("1.4.0"))
    await story.run(in_phase(Phase.WATCHING))
    await story.suspend("All")
    await story.run()

    waiting = await story.release()
    assert waiting.status.phase is Phase.SUSPENDED
    assert waiting.status.attempt is not None
    assert waiting.status.attempt.trigger is not None
    assert not any(step.startswith(UNDO) for step in steps(waiting))
    await story.suspend(None)
    await story.run()
    await story.check("breach_while_all_is_suspended")


async def test_a_suspended_release_begins_no_attempt() -> None:
    story = await Story.begin("Suspended from the start, and again before the next version")
    body = bookshop()
    body["spec"]["suspend"] = "Forward"
    await story.apply(body)
    await story.run()
    assert (await story.release()).status.attempt is None
    await story.suspend(None, in_spec=True)
    await story.run()
    await story.suspend("All", in_spec=True)
    body = following("1.4.0")
    body["spec"]["suspend"] = "All"
    await story.apply(body)

    await story.run()

    await story.check("suspended_before_the_start")


async def test_an_order_to_resume_a_hold_waits_for_the_end_of_a_suspension() -> None:
    story = await Story.begin("Held, suspended, and asked to go on")
    story.world.latency = lambda: None
    body = bookshop()
    body["spec"]["watch"]["metrics"][0]["breach"] = {"above": 0.5}
    await story.apply(body)
    await story.run(in_phase(Phase.HELD))
    story.world.latency = lambda: 0.02
    await story.suspend("Forward")
    await story.annotate("resume", "1.1")
    await story.run()

    held = await story.release()
    assert held.status.phase is Phase.HELD
    assert "obeyed when the suspension ends" in held.status.message
    await story.suspend(None)
    await story.run()
    assert (await story.release()).status.phase is Phase.COMPLETED


async def test_an_abort_before_the_first_change_ends_the_attempt() -> None:
    story = await Story.begin("Called off while a gate is shut")
    await story.write_changelog("# Changelog\n")
    await story.apply(bookshop())
    await story.look()

    await story.annotate("abort", "1")
    await story.run()

    await story.check("aborted_in_gating")


async def test_an_abort_after_the_first_change_rolls_back() -> None:
    story = await Story.begin("Called off while the first component rolls out, and then again")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.ROLLING_OUT))

    await story.annotate("abort", "1")
    await story.run()

    await story.check("aborted_in_rollout")


async def test_an_abort_on_the_way_back_has_no_effect_and_says_so() -> None:
    story = await Story.begin("Called off while it is taken back already")
    await story.apply(following("1.4.0"))
    await story.run(in_phase(Phase.ROLLING_BACK))
    await story.annotate("abort", "1")

    await story.run(told("no effect, it is rolled back already"))
    await story.run()

    release = await story.release()
    assert release.status.attempt is not None
    assert release.status.attempt.end is not None
    assert release.status.attempt.end.reason is Reason.METRIC_BREACH


async def test_a_rollback_keeps_its_reason_and_who_ordered_it() -> None:
    story = await Story.begin("Sam of security takes a version back")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.WATCHING))
    await story.world.annotate("rollback-reason", "Security: session tokens in the log", "sam")
    await story.annotate("rollback", "1")
    await story.run()

    trigger = (await story.release()).status.attempt
    assert trigger is not None
    assert trigger.trigger is not None
    assert trigger.trigger.cause is RollbackCause.SECURITY
    assert trigger.trigger.comment == "session tokens in the log"
    await story.check("rollback_with_reason")


async def test_a_completed_attempt_is_not_rolled_back_by_an_order() -> None:
    story = await Story.begin("An order to roll back comes after the end")
    await story.apply(bookshop())
    await story.run()
    await story.annotate("rollback", "1")

    await story.run()

    await story.check("rollback_after_the_end")


async def test_an_order_that_stays_in_git_is_not_obeyed_again() -> None:
    story = await Story.begin("abort=1 stays on the Release; the next version has attempt 2")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.ROLLING_OUT))
    await story.annotate("abort", "1")
    await story.run()
    story.world.slow_image = ":none"
    await story.apply(following("1.4.0"))

    await story.run(told("abort=1 does not name attempt 2"))
    await story.run()

    assert (await story.release()).status.phase is Phase.COMPLETED


@pytest.mark.parametrize("phase", [Phase.MIGRATING, Phase.ROLLING_OUT, Phase.ROLLING_BACK])
async def test_an_orphaned_release_leaves_everything_as_it_is(phase: Phase) -> None:
    story = await Story.begin(f"deletionPolicy: Orphan, and the Release is deleted in {phase}")
    body = following("1.4.0") if phase is Phase.ROLLING_BACK else bookshop()
    body["spec"]["deletionPolicy"] = "Orphan"
    await story.apply(body)
    await story.run(in_phase(phase))

    await story.delete()
    await story.run()

    await story.check(f"orphaned_in_{phase.lower()}")


async def test_a_deletion_while_all_is_suspended_leaves_everything_as_it_is() -> None:
    story = await Story.begin("All is suspended, and the Release is deleted")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.ROLLING_OUT))
    await story.suspend("All")
    await story.delete()

    await story.run()

    await story.check("deleted_while_all_is_suspended")


async def test_a_namespace_that_is_deleted_is_not_held_up() -> None:
    story = await Story.begin("The namespace is deleted in the middle: nothing can be created")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.REFRESHING))
    story.transcript.person("kubectl delete namespace shop")

    def terminating(kind: Kind, old: Body | None, _new: Body) -> None:
        if old is None and kind in {JOB, RECORD}:
            raise Denied(
                'create /apis/...: 403 jobs.batch "x" is forbidden: unable to create new content '
                "in namespace shop because it is being terminated"
            )

    story.world.admission = terminating
    await story.delete()
    await story.run()

    await story.check("namespace_terminating")
    assert await story.world.user.list(RECORD, NAMESPACE) == []


async def test_a_status_from_a_backup_is_noticed_before_an_attempt_begins() -> None:
    story = await Story.begin("The Release's status is restored from before its first attempt")
    await story.apply(bookshop())
    await story.run()
    story.transcript.person("restores the status of the Release from a backup")
    live = await story.world.user.get(RELEASE_REF)
    live["status"] = {}
    await story.world.user.replace_status(RELEASE, live)

    await story.restart()
    await story.run(in_phase(Phase.HELD))
    held = await story.release()
    await story.annotate("resume", "2.1")
    await story.run()

    assert held.status.attempt is not None
    assert held.status.attempt.number == 2
    assert held.status.attempt.steps == []
    await story.check("journal_behind")


async def behind(title: str) -> Story:
    """1.3.0 was released, then its status was lost: the next attempt is held."""
    story = await Story.begin(title)
    await story.apply(bookshop())
    await story.run()
    live = await story.world.user.get(RELEASE_REF)
    live["status"] = {}
    await story.world.user.replace_status(RELEASE, live)
    await story.restart()
    await story.run(in_phase(Phase.HELD))
    return story


@pytest.mark.parametrize("edit", ["spec", "policy", "retry", "abort", "rollback"])
async def test_only_resuming_ends_the_hold_of_a_status_that_is_too_old(edit: str) -> None:
    story = await behind(f"The status is older than the cluster, and then: {edit}")
    story.world.slow_image = ":none"
    if edit == "spec":
        await story.apply(following("1.4.0"))
    elif edit == "policy":
        await story.require(suites=["smoke"])
    else:
        await story.annotate(edit, "2")

    await story.run()

    held = (await story.release()).status
    assert held.phase is Phase.HELD
    assert held.attempt is not None
    assert held.attempt.hold is not None
    assert (held.attempt.number, held.attempt.hold.reason) == (2, Reason.JOURNAL_BEHIND)
    assert (f"{edit}=2: first compare" in held.message) is (edit not in {"spec", "policy"})

    await story.annotate("resume", "2.1")
    await story.run()

    status = (await story.release()).status
    assert status.attempt is not None
    # An edit, and a retry at once, give way to an attempt of their own.
    expected = {"abort": Phase.FAILED, "rollback": Phase.FAILED}
    assert status.phase is expected.get(edit, Phase.COMPLETED)
    if edit == "spec":
        assert status.version == "1.4.0"
        assert "not obeyed" not in status.message
        records = await story.world.user.list(RECORD, NAMESPACE)
        (gave_way,) = (body["spec"] for body in records if body["spec"]["attempt"] == 2)
        assert [order["what"] for order in gave_way["orders"]] == ["Resume"]


async def test_a_suspended_step_that_was_begun_is_let_run() -> None:
    story = await Story.begin("Suspended between the intent and the effect of a migration")
    await story.apply(bookshop())
    await story.run(lambda release: UP in steps(release))
    await story.suspend("All")

    await story.run()

    release = await story.release()
    assert release.status.attempt is not None
    assert release.status.attempt.steps[-1].state is StepState.SUCCEEDED
    jobs = await story.world.user.list(JOB, NAMESPACE)
    assert not any(job["spec"]["suspend"] for job in jobs), "no Job of ours is ever suspended"
