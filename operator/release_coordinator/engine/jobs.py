"""One step that is a Job, from intent to evidence.

Two protocols. A plain Job (backup, caches, warm-up, tests) is created running: its name is
deterministic, so a repeated create finds the same Job. A migration is *guarded*: created
suspended, its UID journalled, and only then allowed to run, so that a Job that is gone can never
be mistaken for one that never was. Where a guarded Job did not succeed, `JobStep.in_doubt` finds
out what became of its work, if it can; a Job that may still be running is waited for first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from release_coordinator.api.attempt import Step, StepState
from release_coordinator.api.conditions import Reason
from release_coordinator.api.job import JobTemplate

from . import names
from .action import CreateJob, JobContext, ResumeJob, WithdrawJob
from .context import Context
from .outcome import DONE, Do, Failed, Outcome, Wait
from .runfacts import JobFact, JobPhase

NEVER_STARTED = (
    "ImagePullBackOff",
    "ErrImage",
    "InvalidImageName",
    "CreateContainerConfigError",
    "Unschedulable",
)
"""What a pod says whose program was never started."""
GRACE_SECONDS = 60.0
"""Time the Job controller gets to end a Job whose own deadline has passed."""
POD_SECONDS = 10.0
"""Time between two looks at the pods that a Job has left behind."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A guarded Job did not succeed: what is known of it."""

    what: str
    """What was found, in a sentence."""
    said: bool = False
    """Its program itself has said that it failed."""
    running: bool = False
    """It may still be running, and was waited for long enough."""


@dataclass(frozen=True, slots=True)
class JobStep:
    """What to run for a step and what its failure means."""

    id: str
    template: JobTemplate
    reason: Reason = Reason.JOB_FAILED
    guarded: bool = False
    version: str = ""
    """Version the Job is told it works for; the attempt's own if empty."""
    backup: str = ""
    """Id of the backup the Job is told of."""
    retries: int = 0
    """How often it may be run again when it has failed; a guarded Job never is."""
    answers: bool = False
    """Its last words are an answer: of several lines the last one counts."""
    ttl: int | None = None
    """Seconds it stays after its end; as long as any Job if None."""
    in_doubt: Callable[[Context, Doubt], Outcome] | None = None
    """Finds out what a guarded Job has done that did not succeed; every guarded one has it."""


def name_of(ctx: Context, job: JobStep) -> str:
    """Name of the step's Job."""
    release, step = ctx.release, ctx.step(job.id)
    again = f"/{step.retries}" if step and step.retries else ""
    number = ctx.attempt.number
    return names.job_name(release.name, release.uid, number, job.id + again, job.template)


def run(ctx: Context, job: JobStep) -> Outcome:
    """Bring a Job step one move further."""
    step = ctx.step(job.id)
    if step is None:
        return ctx.begin(job.id)
    if step.state is StepState.SUCCEEDED:
        return DONE
    if step.state is StepState.FAILED:
        return Failed(job.reason, f"{job.id} failed: {step.message}")
    name = name_of(ctx, job)
    fact = ctx.seen.job(name, confirm=step.uid is not None)
    if fact is None:
        return _missing(ctx, job, step, name)
    if fact.owner != owner_of(ctx, job) or (step.uid is not None and fact.uid != step.uid):
        return ctx.hold(
            Reason.NAME_TAKEN,
            f"Job {name} exists but is not the one this step created; look at it, delete it "
            "if it is not needed, then resume",
            job.id,
        )
    return _follow(ctx, job, step, fact)


def settle(ctx: Context, job: JobStep) -> Outcome:
    """Bring a running Job step to its end without starting anything new.

    A guarded Job that was never allowed to run counts as not run.
    """
    step = ctx.step(job.id)
    if step is None or step.state is not StepState.RUNNING:
        return DONE
    if job.guarded and step.uid is None:
        return ctx.fail(job.id, "not run: the attempt was turned back before it started")
    fact = ctx.seen.job(name_of(ctx, job), confirm=True)
    if fact is None or fact.phase is not JobPhase.SUSPENDED:
        return run(ctx, job)
    if fact.touched:
        return _suspended_again(ctx, job, fact)
    if not fact.withdrawn:
        return Do(WithdrawJob(fact.name, fact.uid, fact.resource_version))
    return ctx.fail(job.id, "not run: the attempt was turned back before it started")


def ended(ctx: Context, job: JobStep) -> Outcome:
    """Wait until nothing of a guarded Job runs any more, whatever became of it; DONE then."""
    step = ctx.step(job.id)
    if step is None or step.state is not StepState.RUNNING or step.uid is None:
        return DONE
    name = name_of(ctx, job)
    fact = ctx.seen.job(name, confirm=True)
    runs = fact is not None and fact.phase is JobPhase.RUNNING
    if runs or any(not pod.ended for pod in ctx.seen.job_pods(name)):
        return Wait(ctx.now + timedelta(seconds=POD_SECONDS))
    if fact is not None and fact.uid == step.uid and fact.phase is JobPhase.SUCCEEDED:
        return ctx.succeed(job.id, last_words(ctx, name))
    return DONE


def owner_of(ctx: Context, job: JobStep) -> tuple[str, str, str]:
    """By what a Job of this step is known to be ours."""
    content = names.content_hash(job.template)
    return (ctx.release.uid, str(ctx.attempt.number), content)


def _missing(ctx: Context, job: JobStep, step: Step, name: str) -> Outcome:
    if step.uid is not None:
        what = f"Job {name} of {job.id} is gone before its outcome was seen; it is never run again."
        return _doubted(ctx, job, step, name, what)
    return create(ctx, job)


def create(ctx: Context, job: JobStep) -> Do:
    """Create the Job of a step."""
    context = JobContext(
        version=job.version or ctx.attempt.version,
        previous_version=ctx.attempt.previous_version or "",
        attempt=ctx.attempt.number,
        step=job.id,
        backup=job.backup,
    )
    name = name_of(ctx, job)
    return Do(CreateJob(name, job.template, context, suspended=job.guarded, ttl=job.ttl))


def _doubted(
    ctx: Context, job: JobStep, step: Step, name: str, what: str, *, said: bool = False
) -> Outcome:
    """A guarded Job did not succeed: what it has done is found out once nothing of it can run."""
    assert job.in_doubt is not None  # noqa: S101 - every guarded Job has it
    left = sorted(pod.name for pod in ctx.seen.job_pods(name) if not pod.ended)
    if left:
        trouble = f"{what} Pod {', '.join(left)} may still be running"
        until = ctx.deadline(step, job.template.timeout, GRACE_SECONDS)
        if ctx.now < until:
            again = ctx.now + timedelta(seconds=POD_SECONDS)
            return ctx.wait(step, trouble, min(again, until))
        return job.in_doubt(ctx, Doubt(trouble, running=True))
    return job.in_doubt(ctx, Doubt(what, said))


def _follow(ctx: Context, job: JobStep, step: Step, fact: JobFact) -> Outcome:
    if job.guarded and step.uid is None:
        return ctx.change(job.id, uid=fact.uid)
    match fact.phase:
        case JobPhase.SUSPENDED if fact.touched:
            return _suspended_again(ctx, job, fact)
        case JobPhase.SUSPENDED:
            return Do(ResumeJob(fact.name, fact.uid, fact.resource_version))
        case JobPhase.SUCCEEDED:
            words = last_words(ctx, fact.name)
            if step.retries:
                words = f"at try {step.retries + 1} of {job.retries + 1}. {words}".rstrip()
            return ctx.succeed(job.id, _last_line(words) if job.answers else words)
        case JobPhase.FAILED:
            return _failed(ctx, job, step, fact)
        case JobPhase.RUNNING:
            return _await(ctx, job, step, fact)


def _suspended_again(ctx: Context, job: JobStep, fact: JobFact) -> Outcome:
    """Suspending a Job ends its pods: it ran, nobody knows how far, and must not run again."""
    if not job.guarded:
        text = f"Job {fact.name} was suspended by somebody else; let it run, then resume"
        return ctx.hold(Reason.CONFLICTING_WRITER, text, job.id)
    step = ctx.step(job.id)
    assert step is not None  # noqa: S101 - its Job is there
    what = f"Job {fact.name} of {job.id} was suspended after it had begun."
    return _doubted(ctx, job, step, fact.name, what)


def _failed(ctx: Context, job: JobStep, step: Step, fact: JobFact) -> Outcome:
    """One that never started has failed for sure; of any other guarded one the rest is asked."""
    why = why_failed(ctx, job, step, fact)
    if not job.guarded and step.retries < job.retries:
        return ctx.change(job.id, retries=step.retries + 1, started_at=ctx.now, message="")
    if not job.guarded or step.message.startswith(NEVER_STARTED):
        return ctx.fail(job.id, why)
    if ended_from_outside(ctx, fact):
        what = f"{why.rstrip('.')}. It was ended from outside."
        return _doubted(ctx, job, step, fact.name, what)
    return _doubted(ctx, job, step, fact.name, why, said=True)


def ended_from_outside(ctx: Context, fact: JobFact) -> bool:
    """Whether the program of a failed Job has not said so itself: killed, evicted, node lost.

    A migration may have done its work then.
    """
    pods = ctx.seen.job_pods(fact.name)
    killed = fact.timed_out or any(pod.killed for pod in pods)
    return killed or not any(pod.finished for pod in pods)


def _await(ctx: Context, job: JobStep, step: Step, fact: JobFact) -> Outcome:
    trouble = trouble_of(ctx, fact.name)
    until = deadline(ctx, job, step, fact)
    if ctx.now < until:
        return ctx.wait(step, trouble, until)
    text = late(job, fact, trouble)
    if job.guarded:
        text += " See why it is not ended; it is waited for again when you resume"
        return ctx.hold(Reason.JOB_TIMED_OUT, text, job.id)
    return ctx.fail(job.id, text)


def trouble_of(ctx: Context, name: str) -> str:
    """What keeps the pods of a Job from running."""
    return next((pod.trouble for pod in ctx.seen.job_pods(name) if pod.trouble), "")


def deadline(ctx: Context, job: JobStep, step: Step, fact: JobFact) -> datetime:
    """When a Job must have ended by itself, and the Job controller have said so.

    From the Job's own start: an outage of ours must not eat the time of a Job.
    """
    begun = max(step.started_at, fact.since or step.started_at)
    step = step.model_copy(update={"started_at": begun})
    return ctx.deadline(step, job.template.timeout, GRACE_SECONDS)


def late(job: JobStep, fact: JobFact, trouble: str) -> str:
    """What is said of a Job that has not ended in time."""
    return f"Job {fact.name} did not end within {job.template.timeout}. {trouble}".strip()


def _last_line(words: str) -> str:
    """Of what a program said, the last line that says anything."""
    return next((line.strip() for line in reversed(words.splitlines()) if line.strip()), "")


def last_words(ctx: Context, name: str) -> str:
    """What the program of a Job said at its end."""
    return next((pod.finished for pod in ctx.seen.job_pods(name) if pod.finished), "")


def why_failed(ctx: Context, job: JobStep, step: Step, fact: JobFact) -> str:
    """The best reason there is: what the program said, what kept it from starting, the Job's."""
    if fact.timed_out:
        return late(job, fact, step.message)
    said = last_words(ctx, fact.name) or step.message or fact.message
    return f"Job {fact.name}: {said}"
