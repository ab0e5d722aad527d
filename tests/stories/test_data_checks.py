"""Data checks: run again and again beside a release; wrong data turns it back, silence does not."""

from itertools import pairwise
from typing import Any

import pytest
from tests.fakes.story import Story, in_phase
from tests.releases import bookshop

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.measurement import Measurement, Verdict
from release_coordinator.cluster.port import JOB, Ref
from release_coordinator.errors import Denied, Invalid

STEP = "check/orders"
WRONG = "12 orders have no customer"


def checked(duration: str = "2m", **check: Any) -> dict[str, Any]:
    """The bookshop with a data check every half minute, which looks for five seconds."""
    body = bookshop()
    job = {"image": "example/checks:1", "timeout": "1m"}
    entry = {"name": "orders", "job": job, "interval": "30s", **check}
    watch = {"duration": duration, "start": "FirstChange", "dataChecks": [entry]}
    body["spec"]["watch"] |= watch
    return body


async def begun(title: str, **check: Any) -> Story:
    story = await Story.begin(title)
    await story.apply(checked(**check))
    return story


def entry_of(release: ReleaseObject) -> Measurement:
    assert release.status.attempt is not None
    (entry,) = [one for one in release.status.attempt.measurements if one.metric == STEP]
    return entry


def runs(count: int) -> Any:
    """Tell when a run was begun."""

    def reached(release: ReleaseObject) -> bool:
        attempt = release.status.attempt
        known = attempt.measurements if attempt else []
        return any(one.metric == STEP and one.runs >= count for one in known)

    return reached


async def test_a_data_check_runs_again_and_again_until_the_watch_is_over() -> None:
    story = await begun("A data check that stays well")

    await story.run()

    await story.check("data_check_passes")


async def test_wrong_data_turns_the_release_back() -> None:
    story = await begun("The data are wrong at the third look: rolled back")
    story.world.script.failing_steps[f"{STEP}/3"] = WRONG

    await story.run()

    await story.check("data_check_fails")


async def test_wrong_data_stops_a_rollout_half_way() -> None:
    title = "The data are wrong while components are rolled out"
    story = await begun(title, interval="10s")
    story.world.script.failing_steps[f"{STEP}/1"] = WRONG

    await story.run()

    await story.check("data_check_fails_in_rollout")


async def test_a_run_whose_image_cannot_be_pulled_is_never_wrong_data() -> None:
    story = await begun("The image of a data check cannot be pulled: held, not rolled back")
    for run in range(1, 9):
        blocked = ("ErrImagePull", "no such tag")
        story.world.script.blocked_steps[f"{STEP}/{run}"] = blocked

    await story.run()

    await story.check("data_check_image_missing")


async def test_a_check_without_its_image_is_mended_by_who_owns_its_job() -> None:
    story = await begun("No image, and that is to roll back", onUnknown="Rollback")
    for run in range(1, 9):
        blocked = ("ErrImagePull", "no such tag")
        story.world.script.blocked_steps[f"{STEP}/{run}"] = blocked

    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.ROLLED_BACK
    assert "Developer: correct its query, or the Job of the check." in release.status.message


@pytest.mark.parametrize("how", ["hangs", "is killed", "is deleted", "is suspended"])
async def test_a_run_that_did_not_end_by_itself_tells_nothing(how: str) -> None:
    story = await begun("A run that did not end by itself")
    script = story.world.script
    if how == "hangs":
        script.hanging_steps.add(f"{STEP}/1")
    if how == "is killed":
        script.killed[f"{STEP}/1"] = False
    await story.run(runs(1))
    (job,) = [one for one in await story.world.user.list(JOB, "shop") if _is_run(one)]
    ref = Ref(JOB, "shop", job["metadata"]["name"])
    if how == "is deleted":
        await story.world.user.delete(ref, uid=job["metadata"]["uid"])
    if how == "is suspended":
        await story.world.user.patch(ref, {"spec": {"suspend": True}})

    await story.run(lambda release: bool(entry_of(release).unknown_since))

    entry = entry_of(await story.release())
    assert (entry.verdict, entry.run, entry.breaches) == (Verdict.UNKNOWN, None, 0)
    assert entry.message.startswith("run 1 tells nothing: Job bookshop-1-check-orders-1-")
    await story.run()
    release = await story.release()
    assert release.status.phase is Phase.COMPLETED
    assert entry_of(release).verdict is Verdict.PASS


@pytest.mark.parametrize("error", [Denied("exceeded quota: jobs"), Invalid("no, says a webhook")])
async def test_a_refused_run_tells_nothing_and_fails_no_step(error: Exception) -> None:
    story = await begun("The API server refuses the Job of a run", onUnknown="Pass")

    def refuse(kind: Any, old: Any, new: dict[str, Any]) -> None:
        annotations = new["metadata"].get("annotations", {})
        if kind is JOB and old is None and STEP in annotations["release-coordinator.io/step"]:
            raise error

    story.world.admission = refuse
    await story.run(lambda release: bool(_known(release) and entry_of(release).unknown_since))

    assert str(error)[:12] in entry_of(await story.release()).message
    await story.run()
    assert (await story.release()).status.phase is Phase.COMPLETED


async def test_one_run_of_a_check_at_a_time_and_the_next_an_interval_after_its_end() -> None:
    story = await begun("The times of the runs")
    begins = []
    for number in (1, 2, 3):
        await story.run(runs(number))
        begins.append(story.world.time.now())
        jobs = [one for one in await story.world.user.list(JOB, "shop") if _is_run(one)]
        assert sum(not one.get("status", {}).get("conditions") for one in jobs) == 1

    assert [(b - a).total_seconds() for a, b in pairwise(begins)] == [35, 35]


async def test_a_restart_repeats_no_run() -> None:
    story = await begun("The operator dies while a run is under way")
    await story.run(runs(2))
    await story.restart()

    await story.run(runs(3))

    assert [story.ran(f"{STEP}/{number}") for number in (1, 2)] == [1, 1]


async def test_no_run_begins_while_the_release_is_suspended_and_metrics_are_watched_on() -> None:
    story = await begun("Suspended in the watch", duration="10m")
    await story.run(in_phase(Phase.WATCHING))
    await story.run(runs(3))
    await story.suspend("Forward")
    await story.world.advance(600)
    story.world.latency = lambda: 9.0
    await story.run()

    release = await story.release()
    assert entry_of(release).runs == 3
    assert release.status.phase is Phase.ROLLED_BACK
    attempt = release.status.attempt
    assert attempt is not None
    assert attempt.trigger is not None
    assert attempt.trigger.reason is Reason.METRIC_BREACH


async def test_runs_leave_no_more_than_a_handful_of_jobs_behind() -> None:
    story = await begun("A fast check", interval="1s")
    await story.run(runs(2))
    (job, *_) = [one for one in await story.world.user.list(JOB, "shop") if _is_run(one)]

    assert job["spec"]["ttlSecondsAfterFinished"] == 600


def _is_run(job: dict[str, Any]) -> bool:
    return str(job["metadata"]["annotations"]["release-coordinator.io/step"]).startswith(STEP)


def _known(release: ReleaseObject) -> bool:
    attempt = release.status.attempt
    return attempt is not None and any(one.metric == STEP for one in attempt.measurements)
