"""Everything one decision may use, in one frozen value, and the changes it may make to it.

Built by `engine.decide`; handed to every gate and phase. The change functions return a `Note`
with a changed copy of the status: nothing is written here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn

from release_coordinator.api.attempt import (
    HOLDS_LIMIT,
    Attempt,
    Gate,
    Hold,
    PreviousComponent,
    Revision,
    Step,
    StepState,
    Trigger,
)
from release_coordinator.api.base import parse_duration
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Reason
from release_coordinator.api.policy import TypeRequirements
from release_coordinator.api.release import ReleaseType
from release_coordinator.api.status import ReleaseStatus

from . import policy, versions
from .observation import Observation
from .outcome import Note, Wait
from .plan import Plan


def shorten(text: str, limit: int = 256) -> str:
    """The text on one line, cut to a number of characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


@dataclass(frozen=True, slots=True)
class Context:
    """Input of one decision within an attempt."""

    release: ReleaseObject
    status: ReleaseStatus
    attempt: Attempt
    plan: Plan
    revision: Revision | None
    """Recorded plan and way back; None until it is recorded."""
    seen: Observation
    now: datetime
    fresh: bool = False
    """Whether gates must take no answer from the watch where it counts: before the first change."""

    @property
    def kind(self) -> ReleaseType:
        """Type of the release; by the numbers of its version where no step tells it."""
        return self.attempt.type or versions.type_of_numbers(self.plan.spec.version)

    @property
    def required(self) -> TypeRequirements:
        """What the policy requires of this type of release."""
        return policy.of_attempt(self.plan.requirements, self.attempt)

    def step(self, step_id: str) -> Step | None:
        """The journal's entry of a step, None if it was not begun."""
        return next((step for step in self.attempt.steps if step.id == step_id), None)

    def succeeded(self, step_id: str) -> bool:
        """Whether a step has succeeded."""
        step = self.step(step_id)
        return step is not None and step.state is StepState.SUCCEEDED

    def previous(self, component: str) -> PreviousComponent:
        """What a component ran before the attempt. Raises LookupError before it is recorded."""
        entries = self.revision.previous if self.revision else []
        return next((e for e in entries if e.name == component), None) or _no_previous(component)

    def begun(self, prefix: str) -> bool:
        """Whether any step of this prefix was begun."""
        return any(step.id.startswith(prefix) for step in self.attempt.steps)

    def deadline(self, step: Step, duration: str, grace: float = 0) -> datetime:
        """When a step's time is over, measured from its start; a clock put forward takes none."""
        lost = self.seen.lost_since(step.started_at)
        return step.started_at + timedelta(seconds=parse_duration(duration) + grace) + lost

    def note(self, attempt: Attempt) -> Note:
        """Journal a changed attempt."""
        return Note(self.status.model_copy(update={"attempt": attempt}))

    def with_attempt(self, **changes: object) -> Attempt:
        """The attempt with some fields changed."""
        return self.attempt.model_copy(update=changes)

    def begin(self, step_id: str, message: str = "", **also: object) -> Note:
        """Journal the intent of a step, and other fields of the attempt with it."""
        step = Step(
            id=step_id,
            state=StepState.RUNNING,
            started_at=self.now,
            message=shorten(message),
        )
        return self.note(self.with_attempt(steps=[*self.attempt.steps, step], **also))

    def change(self, step_id: str, **changes: object) -> Note:
        """Journal something learned about a step."""
        return self.note(self.with_attempt(steps=self._changed(step_id, changes)))

    def _changed(self, step_id: str, changes: Mapping[str, object]) -> list[Step]:
        return [
            step.model_copy(update=changes) if step.id == step_id else step
            for step in self.attempt.steps
        ]

    def wait(self, step: Step, trouble: str, until: datetime) -> Note | Wait:
        """Wait in a step; what keeps it is journalled when it is news."""
        if trouble[:256] != step.message:
            return self.change(step.id, message=trouble[:256])
        return Wait(until)

    def succeed(self, step_id: str, message: str = "", **also: object) -> Note:
        """Journal the evidence that a step is done, and other fields of the attempt with it."""
        done = {
            "state": StepState.SUCCEEDED,
            "finished_at": self.now,
            "message": shorten(message, 128),
        }
        return self.note(self.with_attempt(steps=self._changed(step_id, done), **also))

    def fail(self, step_id: str, message: str) -> Note:
        """Journal the evidence that a step has failed for good."""
        return self.change(
            step_id, state=StepState.FAILED, finished_at=self.now, message=shorten(message)
        )

    def hold(
        self,
        reason: Reason,
        message: str,
        step_id: str | None = None,
        *,
        subject: str | None = None,
    ) -> Note:
        """Stop until a person decides; `subject` is what it is about of all that is watched."""
        note = hold(self.status, self.attempt, self.now, reason, message, step_id)
        held = note.status.attempt
        if subject is None or held is None or held.hold is None:
            return note
        entry = held.hold.model_copy(update={"subject": subject})
        return self.note(held.model_copy(update={"hold": entry}))

    def trigger(self, reason: Reason, message: str, **said: Any) -> Note:
        """Turn the attempt into a rollback; `said` is by whom and why, if a person ordered it."""
        trigger = Trigger(reason=reason, message=shorten(message, 512), at=self.now, **said)
        return self.note(self.with_attempt(trigger=trigger, hold=None, put_back=[]))

    def gates(self, gates: list[Gate]) -> Note:
        """Journal what the gates say."""
        return self.note(self.with_attempt(gates=gates))


def _no_previous(component: str) -> NoReturn:
    raise LookupError(f"no previous revision of component {component} is recorded")


def hold(
    status: ReleaseStatus,
    attempt: Attempt,
    now: datetime,
    reason: Reason,
    message: str,
    step_id: str | None = None,
) -> Note:
    """Stop an attempt until a person decides."""
    count = attempt.holds + 1
    entry = Hold(
        id=f"{attempt.number}.{count}",
        reason=reason,
        message=shorten(message, 512),
        since=now,
        step=step_id,
    )
    kept = entry.model_copy(update={"message": shorten(message)})
    log = [*attempt.held, kept][-HOLDS_LIMIT:]
    held = attempt.model_copy(update={"holds": count, "hold": entry, "held": log})
    return Note(status.model_copy(update={"attempt": held}))


def all_passed(gates: list[Gate]) -> bool:
    """Whether there are gates and none of them holds the release up."""
    return bool(gates) and all(gate.opens for gate in gates)
