"""Jobs of gates in any state, for unit tests: the journal's step and the facts that go with it."""

from typing import Any

from tests.fakes.world import DAWN
from tests.unit.engine.contexts import running

from release_coordinator.api.attempt import Step, StepState
from release_coordinator.engine import jobs, names
from release_coordinator.engine.context import Context
from release_coordinator.engine.gates.verdict import GateVerdict
from release_coordinator.engine.outcome import Do, Note
from release_coordinator.engine.runfacts import JobFact, JobPhase, JobPodsWant, JobWant, PodFact


def ended(step_id: str, words: str = "", *, state: StepState = StepState.SUCCEEDED) -> Step:
    """A step whose Job's end is journalled."""
    return running(step_id, message=words).model_copy(update={"state": state, "finished_at": DAWN})


def failed(step_id: str, words: str) -> Step:
    """A step whose Job has failed."""
    return ended(step_id, words, state=StepState.FAILED)


def at_work(ctx: Context, job: jobs.JobStep, trouble: str = "") -> dict[Any, Any]:
    """Facts of a Job that runs, with what its pod says keeps it."""
    name = jobs.name_of(ctx, job)
    owner = ("5b1f0f4e", "1", names.content_hash(job.template))
    fact = JobFact(name, "u", "1", JobPhase.RUNNING, timed_out=False, message="", owner=owner)
    pods = (PodFact("p", "", frozenset(), trouble, ""),)
    return {JobWant(name): fact, JobPodsWant(name): pods}


def begun(verdict: GateVerdict) -> str:
    """Id of the step that the verdict wants to begin, or of the Job it wants to create."""
    move = verdict.next_move
    if isinstance(move, Note):
        assert move.status.attempt is not None
        return move.status.attempt.steps[-1].id
    return str(getattr(move.action, "name", "")) if isinstance(move, Do) else ""
