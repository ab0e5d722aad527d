"""R4.2: data checks, Jobs that are run again and again while the release is watched.

A run is a plain Job. Its intent is journalled, then it is created under a name of its own, then
its end is the finding; the next one begins an interval later. Only a program that has said itself
that something is wrong makes a check fail: a run that ended otherwise, or never started, tells
nothing of the data. What runs when the attempt turns back or ends is left to its own timeout, as
other plain Jobs are.
"""

from collections.abc import Callable
from datetime import datetime

from release_coordinator.api.attempt import Step, StepState
from release_coordinator.api.base import parse_duration
from release_coordinator.api.conditions import Reason
from release_coordinator.api.control import RollbackCause
from release_coordinator.api.measurement import Measurement, Run, Verdict
from release_coordinator.api.status import ReleaseStatus
from release_coordinator.api.watch import DataCheck, Watch
from release_coordinator.engine import jobs, suspension, tracking
from release_coordinator.engine.action import Action, CreateJob
from release_coordinator.engine.context import Context, shorten
from release_coordinator.engine.outcome import Do, Note, Wait
from release_coordinator.engine.reading import Finding
from release_coordinator.engine.runfacts import JobFact, JobPhase
from release_coordinator.engine.subject import Subject

PREFIX = "check/"
SHORTEST = 10.0
"""Seconds between the end of a run and the next one, at least."""
KEPT_RUNS, KEPT_SECONDS, KEPT_AT_MOST = 20, 600.0, 7 * 24 * 3600.0
"""A Job of a run stays for so many intervals, but for no less and no more than so many seconds. So
never more than sixty Jobs of one check are there, however long the watch is."""
NOT_CREATED = "the API server did not take it: "
SUSPENDED = "somebody has suspended it"


def subjects(watch: Watch) -> list[Subject]:
    """One subject per data check."""
    return [
        Subject(
            name=PREFIX + check.name,
            what=f"data check {check.name}",
            reason=Reason.DATA_CHECK_FAILED,
            look=_look_at(check),
            interval=_interval(check),
            severity=check.severity,
            on_unknown=check.on_unknown,
            cause=RollbackCause.DATA_CORRUPTION,
            keeps_history=False,
        )
        for check in watch.data_checks
    ]


def _interval(check: DataCheck) -> float:
    return max(SHORTEST, parse_duration(check.interval))


def _look_at(check: DataCheck) -> Callable[[Context, datetime], Finding | Note | Do | Wait | None]:
    def look(ctx: Context, _due: datetime) -> Finding | Note | Do | Wait | None:
        entry = tracking.known(ctx.attempt, PREFIX + check.name)
        if entry.run is not None:
            return _follow(ctx, check, entry, entry.run)
        if suspension.stops(ctx):
            return None
        begun = {"runs": entry.runs + 1, "run": Run(since=ctx.now)}
        return tracking.noted(ctx, entry.model_copy(update=begun))

    return look


def _step(check: DataCheck, entry: Measurement) -> jobs.JobStep:
    ttl = min(KEPT_AT_MOST, max(KEPT_SECONDS, KEPT_RUNS * _interval(check)))
    return jobs.JobStep(f"{PREFIX}{check.name}/{entry.runs}", check.job, ttl=int(ttl))


def _follow(
    ctx: Context, check: DataCheck, entry: Measurement, run: Run
) -> Finding | Note | Do | Wait:
    """Bring the run that is under way one move further."""
    job = _step(check, entry)
    name = jobs.name_of(ctx, job)
    if run.message.startswith(NOT_CREATED):
        return _unknown(entry, f"Job {name} could not be created: {run.message}")
    fact = ctx.seen.job(name, confirm=run.uid is not None)
    if fact is None and run.uid is None:
        return jobs.create(ctx, job)
    if fact is None:
        return _unknown(entry, f"Job {name} is gone before its outcome was seen")
    if fact.owner != jobs.owner_of(ctx, job) or run.uid not in {None, fact.uid}:
        return _unknown(entry, f"Job {name} exists but is not the one of this run; delete it")
    if run.uid is None:
        return _changed(ctx, entry, run, uid=fact.uid)
    if fact.phase is JobPhase.SUCCEEDED:
        words = jobs.last_words(ctx, name)
        text = f"run {entry.runs} passed{words and f': {words}'}"
        return Finding(Verdict.PASS, text, took=_took(ctx, fact))
    if fact.phase is JobPhase.FAILED:
        return _failed(ctx, job, entry, run, fact)
    return _await(ctx, job, entry, run, fact)


def _failed(
    ctx: Context, job: jobs.JobStep, entry: Measurement, run: Run, fact: JobFact
) -> Finding:
    why = jobs.why_failed(ctx, job, _as_step(job, run), fact)
    never_started = run.message.startswith(jobs.NEVER_STARTED)
    if fact.timed_out or never_started or jobs.ended_from_outside(ctx, fact):
        return _unknown(entry, why)
    return Finding(Verdict.FAIL, f"run {entry.runs}: {why}", took=_took(ctx, fact))


def _await(
    ctx: Context, job: jobs.JobStep, entry: Measurement, run: Run, fact: JobFact
) -> Finding | Note | Wait:
    held = fact.phase is JobPhase.SUSPENDED
    trouble = SUSPENDED if held else jobs.trouble_of(ctx, fact.name)
    until = jobs.deadline(ctx, job, _as_step(job, run), fact)
    if ctx.now >= until:
        return _unknown(entry, jobs.late(job, fact, trouble))
    if shorten(trouble) != run.message:
        return _changed(ctx, entry, run, message=shorten(trouble))
    return Wait(until)


def _unknown(entry: Measurement, why: str) -> Finding:
    return Finding(Verdict.UNKNOWN, f"run {entry.runs} tells nothing: {why}")


def _took(ctx: Context, fact: JobFact) -> float:
    """Seconds that the Job took; an outage of ours is none of them where its end is known."""
    if fact.since is None:
        return 0.0
    return max(0.0, (min(fact.ended or ctx.now, ctx.now) - fact.since).total_seconds())


def _as_step(job: jobs.JobStep, run: Run) -> Step:
    """The run as the functions of `jobs` know it; it is no step of the story."""
    return Step(
        id=job.id,
        state=StepState.RUNNING,
        started_at=run.since,
        uid=run.uid,
        message=run.message,
    )


def _changed(ctx: Context, entry: Measurement, run: Run, **changes: object) -> Note:
    return tracking.noted(ctx, entry.model_copy(update={"run": run.model_copy(update=changes)}))


def refused(status: ReleaseStatus, action: Action, message: str) -> Note | None:
    """The API server does not take the Job of a run, so the run tells nothing; None: no run."""
    attempt = status.attempt
    if attempt is None or not isinstance(action, CreateJob):
        return None
    name, _, number = action.context.step.rpartition("/")
    said = shorten(NOT_CREATED + message)
    measurements = [
        entry.model_copy(update={"run": entry.run.model_copy(update={"message": said})})
        if entry.run is not None and (entry.metric, str(entry.runs)) == (name, number)
        else entry
        for entry in attempt.measurements
    ]
    if measurements == attempt.measurements:
        return None
    changed = attempt.model_copy(update={"measurements": measurements})
    return Note(status.model_copy(update={"attempt": changed}))
