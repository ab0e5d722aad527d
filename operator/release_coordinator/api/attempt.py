"""The journal of one attempt: `status.attempt`, the operator's only memory.

Written before an effect (intent) and after it (evidence), read back on every pass. Immutable:
the functions of `engine.journal` return changed copies. Sizes are bounded so that a status
stays under 32 KiB.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from .base import Digest, Model, ObjectName, ShortText, Time, Version
from .conditions import Phase, Reason
from .release import ReleaseSpec, ReleaseType

JOURNAL_SCHEMA = 1
"""Raised when an older operator could misread the journal; unknown numbers are held."""


class StepState(StrEnum):
    """State of one step."""

    RUNNING = "Running"  # the intent is recorded; the effect may or may not have happened
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


class Step(Model):
    """One step of an attempt, for example `migrate/0007-add-isbn`."""

    id: Annotated[str, Field(max_length=96)]
    state: StepState
    started_at: Time
    finished_at: Time | None = None
    uid: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="UID of the object the step works on, once it is known."
    )
    hash: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="Hash of the workload's pod template after our change."
    )
    message: ShortText = ""


class GateState(StrEnum):
    """Verdict of a gate."""

    PASSED = "Passed"
    FAILED = "Failed"
    WAITING = "Waiting"
    UNKNOWN = "Unknown"


class Role(StrEnum):
    """Who must act."""

    RELEASE_MANAGER = "Release manager"
    DEVOPS = "DevOps engineer"
    DEVELOPER = "Developer"
    QA = "QA engineer"
    PLATFORM = "Platform team"


class Gate(Model):
    """Result of one gate."""

    name: Annotated[str, Field(max_length=63)]
    state: GateState
    message: Annotated[str, Field(max_length=512)] = ""
    owner: Role


class Verdict(StrEnum):
    """Judgement of a metric; Unknown is never mistaken for Fail."""

    PASS = "Pass"  # noqa: S105 - a verdict, no password
    FAIL = "Fail"
    UNKNOWN = "Unknown"


class Measurement(Model):
    """What is known of one watched metric."""

    metric: Annotated[str, Field(max_length=63)]
    baseline: float | None = Field(None, description="Value before anything was changed.")
    value: float | None = Field(None, description="Last value.")
    verdict: Verdict = Verdict.UNKNOWN
    samples: int = 0
    failures: int = Field(0, description="Breaching samples in a row.")
    unknown_since: Time | None = None
    message: ShortText = ""


class WatchState(Model):
    """Clock of the watch."""

    started_at: Time
    sampled_at: Time | None = None
    unknown_seconds: float = Field(0.0, description="Extends the watch by this much.")


class Hold(Model):
    """A stop that only a person ends."""

    id: Annotated[str, Field(max_length=32)] = Field(
        description="Value of the resume annotation that ends this hold."
    )
    reason: Reason
    message: Annotated[str, Field(max_length=512)]
    since: Time
    step: Annotated[str, Field(max_length=96)] | None = None


class Trigger(Model):
    """Why the attempt is rolled back."""

    reason: Reason
    message: Annotated[str, Field(max_length=512)]
    at: Time


class End(Model):
    """How the attempt ended."""

    outcome: Phase
    reason: Reason
    message: Annotated[str, Field(max_length=512)] = ""
    at: Time


class Attempt(Model):
    """One try to reach one plan."""

    journal_schema: int = JOURNAL_SCHEMA
    number: int
    digest: Digest
    generation: int
    version: Version
    previous_version: Version | None = None
    type: ReleaseType | None = None
    started_at: Time
    frozen: bool = Field(False, description="The plan is recorded; spec edits wait from here on.")
    revision: ObjectName | None = Field(
        None, description="ControllerRevision with plan and target."
    )
    basis: ObjectName | None = Field(
        None,
        description="Revision of an earlier attempt whose rollback failed: its way back still counts.",
    )
    gates: list[Gate] = Field([], max_length=24)
    steps: list[Step] = Field([], max_length=160)
    measurements: list[Measurement] = Field([], max_length=10)
    watch: WatchState | None = None
    holds: int = Field(0, description="Number of holds so far; part of the next hold's id.")
    hold: Hold | None = None
    trigger: Trigger | None = None
    end: End | None = None
    record: ObjectName | None = Field(None, description="ReleaseRecord of this attempt.")
    recorded: bool = Field(False, description="The record is written: the attempt has ended.")


class PreviousComponent(Model):
    """What a component ran before the attempt."""

    name: str
    workload: ObjectName
    uid: str
    images: dict[str, str]


class Revision(Model):
    """Data of the ControllerRevision written before the first change: plan and way back."""

    digest: Digest
    spec: ReleaseSpec
    previous_version: Version | None = None
    previous: list[PreviousComponent]
