"""A run of a data check, move by move: what is a verdict on the data, and what tells nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.world import DAWN
from tests.unit.engine.contexts import running
from tests.unit.engine.signs import BACKEND, ctx_with, entry_after, rolled_out, subject, watching

from release_coordinator.api.attempt import End, Measurement, WatchState
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.control import Suspend, Suspension
from release_coordinator.api.measurement import Downtime, Run, Verdict
from release_coordinator.engine import closing, jobs, suspension, tracking
from release_coordinator.engine.action import CreateJob
from release_coordinator.engine.context import Context
from release_coordinator.engine.observation import Observation
from release_coordinator.engine.outcome import Do, Note, Wait
from release_coordinator.engine.reading import Finding
from release_coordinator.engine.runfacts import JobFact, JobPhase, JobPodsWant, JobWant, PodFact
from release_coordinator.engine.signs import checks

JOB = {"image": "example/checks:1", "timeout": "1m"}
UNDER_WAY = Measurement(metric="check/orders", runs=2, run=Run(since=DAWN, uid="7"))
STEP = "check/orders/2"


def checking(
    at: float, entry: Measurement | None = UNDER_WAY, *, interval: str = "30s", **job: Any
) -> Context:
    """So many seconds after the first change; a fact of the Job of run 2 if it is under way."""
    check = {"name": "orders", "job": JOB, "interval": interval}
    entries = (entry,) if entry else ()
    ctx = watching({"dataChecks": [check]}, rolled_out(BACKEND), at=at, entries=entries)
    return ctx_with(ctx, Observation(facts(ctx, **job)))


def facts(ctx: Context, **said: Any) -> dict[Any, Any]:
    watch = ctx.plan.spec.watch
    assert watch is not None
    step = jobs.JobStep(STEP, watch.data_checks[0].job)
    name, pods = jobs.name_of(ctx, step), said.pop("pods", ())
    fields = {"phase": JobPhase.RUNNING, "timed_out": False, "message": "", "uid": "7", **said}
    owner = fields.pop("owner", jobs.owner_of(ctx, step))
    there = fields.pop("there", True)
    fact = JobFact(name=name, resource_version="1", owner=owner, **fields) if there else None
    known: dict[Any, Any] = {JobWant(name, confirm=flag): fact for flag in (False, True)}
    return {**known, JobPodsWant(name): pods}


def pod(**said: Any) -> PodFact:
    fields = {"name": "p", "ip": "", "images": frozenset(), "trouble": "", "finished": "", **said}
    return PodFact(**fields)


def looked(ctx: Context) -> Any:
    return subject(ctx).look(ctx, ctx.now)


def entry_of(note: Any) -> Measurement:
    assert isinstance(note, Note)
    assert note.status.attempt is not None
    return tracking.known(note.status.attempt, "check/orders")


def test_the_intent_of_a_run_is_journalled_before_its_job_is_created() -> None:
    begun = entry_of(looked(checking(30, None)))

    assert (begun.runs, begun.run) == (1, Run(since=DAWN + timedelta(seconds=30)))


def test_the_job_of_a_run_is_created_under_a_name_of_its_own() -> None:
    fresh = UNDER_WAY.model_copy(update={"run": Run(since=DAWN)})

    created = looked(checking(30, fresh, there=False))

    assert isinstance(created, Do)
    assert isinstance(created.action, CreateJob)
    assert created.action.name.startswith("bookshop-1-check-orders-2-")
    assert (created.action.context.step, created.action.suspended) == (STEP, False)


def test_a_run_that_is_there_is_remembered_and_waited_for() -> None:
    fresh = UNDER_WAY.model_copy(update={"run": Run(since=DAWN)})

    assert entry_of(looked(checking(30, fresh))) == UNDER_WAY
    assert looked(checking(30)) == Wait(DAWN + timedelta(seconds=60 + jobs.GRACE_SECONDS))


WRONG = pod(finished="exit code 1: 12 orders have no customer")


@pytest.mark.parametrize(
    ("job", "verdict", "words"),
    [
        (
            {"phase": JobPhase.SUCCEEDED, "pods": (pod(finished="9 rows"),)},
            "Pass",
            "passed: 9 rows",
        ),
        ({"phase": JobPhase.SUCCEEDED}, "Pass", "run 2 passed"),
        ({"phase": JobPhase.FAILED, "pods": (WRONG,)}, "Fail", "12 orders have no customer"),
        ({"phase": JobPhase.FAILED, "pods": ()}, "Unknown", "tells nothing"),
        ({"phase": JobPhase.FAILED, "timed_out": True, "pods": (WRONG,)}, "Unknown", "within 1m"),
        ({"phase": JobPhase.FAILED, "pods": (replace(WRONG, killed=True),)}, "Unknown", "nothing"),
        ({"there": False}, "Unknown", "is gone before its outcome was seen"),
        ({"uid": "8"}, "Unknown", "is not the one of this run"),
        ({"owner": ("another", "1", "0")}, "Unknown", "is not the one of this run"),
    ],
)
def test_only_a_program_that_says_so_makes_a_check_fail(
    job: dict[str, Any], verdict: str, words: str
) -> None:
    found = looked(checking(30, **job))

    assert isinstance(found, Finding)
    assert (found.verdict, words in found.message) == (verdict, True), found.message


@pytest.mark.parametrize("phase", [JobPhase.RUNNING, JobPhase.SUSPENDED])
def test_a_run_that_nobody_ends_tells_nothing(phase: JobPhase) -> None:
    found = looked(checking(121, phase=phase))

    assert isinstance(found, Finding)
    assert found.verdict is Verdict.UNKNOWN


def test_what_keeps_a_run_from_starting_is_still_known_when_its_pod_is_gone() -> None:
    stuck = "ImagePullBackOff: image example/checks:1 cannot be pulled"
    told = entry_of(looked(checking(30, pods=(pod(trouble=stuck),))))
    assert told.run is not None
    assert told.run.message == stuck

    found = looked(checking(61, told, phase=JobPhase.FAILED, timed_out=True))

    assert isinstance(found, Finding)
    assert (found.verdict, stuck in found.message) == (Verdict.UNKNOWN, True)


def suspended(ctx: Context) -> Context:
    stopped = Suspension(mode=Suspend.FORWARD, by="ada", since=DAWN)
    return replace(ctx, status=ctx.status.model_copy(update={"suspension": stopped}))


def test_while_suspended_a_run_goes_to_its_end_and_none_begins() -> None:
    assert looked(suspended(checking(30, None))) is None
    ended = looked(suspended(checking(30, phase=JobPhase.SUCCEEDED)))
    assert isinstance(ended, Finding)


def test_a_run_is_withheld_from_a_suspended_release_like_a_step() -> None:
    ctx = checking(30, None)

    assert suspension.withholds(suspended(ctx), looked(ctx))


@pytest.mark.parametrize(("said", "seconds", "ttl"), [("1s", 10, 600), ("2m", 120, 2400)])
def test_a_fast_check_leaves_a_bounded_number_of_jobs(said: str, seconds: float, ttl: int) -> None:
    fresh = UNDER_WAY.model_copy(update={"run": Run(since=DAWN)})
    ctx = checking(30, fresh, interval=said, there=False)

    created = looked(ctx)

    assert subject(ctx).interval == seconds
    assert isinstance(created, Do)
    assert isinstance(created.action, CreateJob)
    assert created.action.ttl == ttl


@pytest.mark.parametrize(("ended", "watched"), [(100.0, 100.0), (40.0, 60.0)])
def test_the_time_of_a_run_counts_as_watched_and_an_outage_of_ours_does_not(
    ended: float, watched: float
) -> None:
    """It ran from 10 to `ended`; the look is at 100, more than two intervals after the last."""
    begin, end = DAWN + timedelta(seconds=10), DAWN + timedelta(seconds=ended)
    entry = UNDER_WAY.model_copy(update={"sampled_at": DAWN})
    ctx = checking(100, entry, phase=JobPhase.SUCCEEDED, since=begin, ended=end)
    state = WatchState(changed_at=DAWN, started_at=DAWN)
    ctx = replace(ctx, attempt=ctx.with_attempt(watch=state))

    after = entry_after(ctx, looked(ctx))

    assert (after.watched_seconds, after.run, after.runs) == (watched, None, 2)


def test_a_refused_job_is_told_of_its_run_alone() -> None:
    ctx = checking(30, there=False)
    fresh = ctx.with_attempt(measurements=[UNDER_WAY.model_copy(update={"run": Run(since=DAWN)})])
    ctx = replace(ctx, attempt=fresh, status=ctx.note(fresh).status)
    created = looked(ctx)
    assert isinstance(created, Do)
    assert isinstance(created.action, CreateJob)

    note = checks.refused(ctx.status, created.action, "exceeded quota")

    told = entry_of(note)
    assert told.run is not None
    assert told.run.message == "the API server did not take it: exceeded quota"
    assert note is not None
    assert checks.refused(note.status, created.action, "exceeded quota") is None
    other = replace(created.action, context=replace(created.action.context, step="verify/x"))
    assert checks.refused(ctx.status, other, "no") is None


def test_what_is_down_at_the_end_counts_until_then() -> None:
    ctx = checking(50, None)
    down = Downtime(seconds=2, since=DAWN + timedelta(seconds=40), component="backend")
    attempt = ctx.with_attempt(downtime=down, steps=[running(BACKEND)])

    note = closing.end(ctx.status, attempt, Phase.HELD, Reason.DELETED, "left", ctx.now)

    ended = note.status.attempt
    assert ended is not None
    assert ended.downtime == Downtime(seconds=12, component="backend")
    assert isinstance(ended.end, End)
    assert ended.end.message == "left; downtime: 12.0 s without a ready pod (backend)"
