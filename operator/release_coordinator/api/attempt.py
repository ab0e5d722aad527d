"""The journal of one attempt: `status.attempt`, the operator's only memory.

Written before an effect (intent) and after it (evidence), read back on every pass. Immutable:
the functions of `engine.journal` return changed copies. Sizes are bounded so that a status
stays under 32 KiB.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from .base import (
    Count,
    Digest,
    Generation,
    Measured,
    Model,
    Name,
    ObjectName,
    ShortText,
    SnapshotName,
    Time,
    Uid,
    Version,
)
from .checklist import Enforcement
from .conditions import Phase, Reason
from .control import Order, Person, RollbackCause
from .measurement import Downtime as Downtime  # noqa: PLC0414 - part of the journal
from .measurement import Measurement as Measurement  # noqa: PLC0414 - part of the journal
from .measurement import Verdict as Verdict  # noqa: PLC0414 - part of the journal
from .measurement import WatchState as WatchState  # noqa: PLC0414 - part of the journal
from .policy import Requirements
from .release import HealthProbe, ReleaseSpec, ReleaseType, WorkloadKind, WorkloadRef
from .watch import METRICS_LIMIT, SIGNS_LIMIT

JOURNAL_SCHEMA = 1
"""Raised when an older operator could misread the journal; unknown numbers are held."""


PUT_BACK_LIMIT = 16
"""Images that are applied again in one attempt because somebody had set them back."""
ORDERS_LIMIT = 8
"""Orders that are kept, the newest."""
HOLDS_LIMIT = 8
"""Holds that are kept, the newest."""

Sentence = Annotated[str, Field(max_length=512)]


class StepState(StrEnum):
    """State of one step."""

    RUNNING = "Running"  # the intent is recorded; the effect may or may not have happened
    SUCCEEDED = "Succeeded"  # ended as it should
    FAILED = "Failed"  # ended otherwise; message says how


StepId = Annotated[str, Field(max_length=96)]


class Step(Model):
    """One step of an attempt, for example `migrate/0007-add-isbn`."""

    id: StepId = Field(description="Phase and subject, like migrate/0007-add-isbn.")
    state: StepState
    started_at: Time = Field(description="When the intent was recorded.")
    finished_at: Time | None = Field(None, description="When the outcome was recorded.")
    uid: Uid | None = Field(
        None, description="UID of the object the step works on, once it is known."
    )
    hash: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="Hash of the workload's pod template after our change."
    )
    message: ShortText = Field("", description="What was found or why it failed.")
    retries: Annotated[int, Field(ge=0, le=4)] = Field(
        0, description="How often it was run again after it had failed."
    )


class GateState(StrEnum):
    """Verdict of a gate."""

    PASSED = "Passed"  # nothing stands against the version
    FAILED = "Failed"  # message says what must change and who changes it
    WAITING = "Waiting"  # message says what it waits for
    UNKNOWN = "Unknown"  # could not be found out; asked again later


class Role(StrEnum):
    """Who must act."""

    RELEASE_MANAGER = "Release manager"  # decides whether and when
    DEVOPS = "DevOps engineer"  # owns pipeline, cluster objects and the way back
    DEVELOPER = "Developer"  # owns code, migrations and changelog
    QA = "QA engineer"  # owns tests and their evidence
    SECURITY = "Security engineer"  # signs that nothing exposes the application
    PRODUCT_OWNER = "Product owner"  # accepts the version for the business
    PLATFORM = "Platform team"  # owns cluster, metrics and the operator


class Waiver(Model):
    """Who let a release past a gate that does not pass, and why."""

    by: Annotated[str, Field(max_length=256)] = Field(description="User name.")
    comment: ShortText = Field("", description="Why, as the person wrote.")
    approval: ObjectName = Field(description="Name of the Approval.")


class Gate(Model):
    """Result of one gate."""

    name: Annotated[str, Field(max_length=80)] = Field(
        description="Name of the gate; a sign-off is SignOff/<role>."
    )
    state: GateState
    message: Sentence = Field("", description="What was found, or what is missing.")
    owner: Annotated[str, Field(max_length=63)] = Field(description="Role that must act.")
    evidence: ShortText = Field("", description="Object, job or person that the verdict is from.")
    content: Digest | None = Field(
        None, description="Digest of the text that it let pass, where it judges a text."
    )
    next_check: Time | None = Field(
        None, description="When it is looked at again, where that moment is known beforehand."
    )
    enforcement: Enforcement = Enforcement.REQUIRED
    waiver: Waiver | None = None
    shut_since: Time | None = Field(
        None, description="Since when it holds the attempt up; empty while it does not."
    )
    waited_seconds: Measured | None = Field(
        None,
        description="How long it held the attempt up, until now or `shutSince`; empty if never.",
    )

    @property
    def opens(self) -> bool:
        """Whether it holds nothing up."""
        passed = self.state is GateState.PASSED
        return passed or self.waiver is not None or self.enforcement is not Enforcement.REQUIRED

    def timed(self, before: "Gate | None", moment: datetime) -> "Gate":
        """The same verdict at a moment, with the time for which the gate has been shut by then."""
        known = before.until(moment) if before else None
        waited = known.waited_seconds if known else None
        if self.opens:
            return self.model_copy(update={"shut_since": None, "waited_seconds": waited})
        if before is not None and before.shut_since is not None:
            since, waited = before.shut_since, before.waited_seconds
        else:
            since = moment
        return self.model_copy(update={"shut_since": since, "waited_seconds": waited})

    def until(self, moment: datetime) -> "Gate":
        """The same, with the time for which it is shut counted until a moment, and closed."""
        if self.shut_since is None:
            return self
        seconds = max(0.0, (moment - self.shut_since).total_seconds())
        waited = round((self.waited_seconds or 0.0) + seconds, 3)
        return self.model_copy(update={"shut_since": None, "waited_seconds": waited})


class Hold(Model):
    """A stop that only a person ends."""

    id: Annotated[str, Field(max_length=32)] = Field(
        description="Value of the resume annotation that ends this hold."
    )
    reason: Reason
    message: Sentence = Field(description="What happened and what the person can do.")
    since: Time = Field(description="When it was stopped.")
    step: StepId | None = Field(None, description="Step at which it stopped.")
    subject: Annotated[str, Field(max_length=80)] | None = Field(
        None, description="What of all that is watched it is about, by its name there."
    )


class PutBack(Model):
    """An image that somebody else had set back in the middle, and that was applied again."""

    step: StepId = Field(description="Step that had set it.")
    at: Time = Field(description="When that was seen.")
    by: Annotated[str, Field(max_length=64)] = Field(
        "", description="Field manager that has set it back; empty if that is not known."
    )


class Trigger(Model):
    """Why the attempt is rolled back."""

    reason: Reason
    message: Sentence = Field(description="What was found.")
    at: Time = Field(description="When it was decided.")
    by: Person | None = Field(None, description="Who ordered it; empty if nobody did.")
    cause: RollbackCause | None = Field(None, description="What kind of trouble the person named.")
    comment: ShortText = Field("", description="Why, as the person wrote.")


class End(Model):
    """How the attempt ended."""

    outcome: Phase
    reason: Reason
    message: Sentence = Field("", description="Why, for people.")
    at: Time = Field(description="When it ended.")


class PolicyRef(Model):
    """The policy that applies to an attempt."""

    name: ObjectName | None = Field(None, description="ReleasePolicy; empty for the built-in one.")
    relaxed: list[Sentence] = Field(
        [], max_length=8, description="Where it asks for less than the built-in policy."
    )


class Attempt(Model):
    """One try to reach one plan."""

    journal_schema: Count = Field(JOURNAL_SCHEMA, description="How this journal is to be read.")
    number: Count = Field(description="Counts the attempts of this Release.")
    digest: Digest = Field(description="Digest of the plan it wants to reach.")
    spec_digest: Digest = Field(description="Digest of the spec alone, without what is required.")
    generation: Generation = Field(description="Generation of the spec the plan was made from.")
    version: Version = Field(description="Version it wants to reach.")
    previous_version: Version | None = Field(None, description="Version that ran before.")
    type: ReleaseType | None = None
    started_at: Time = Field(description="When the attempt began.")
    frozen: bool = Field(False, description="The plan is recorded; spec edits wait from here on.")
    revision: ObjectName | None = Field(
        None, description="ControllerRevision with plan and target."
    )
    revision_digest: Digest | None = Field(
        None, description="Digest of all that is recorded there, the way back included."
    )
    basis: ObjectName | None = Field(
        None,
        description=(
            "Revision of an earlier attempt whose rollback failed: its way back still counts."
        ),
    )
    basis_digest: Digest | None = Field(None, description="The same of that revision.")
    in_place: list[Name] = Field(
        [],
        max_length=16,
        description="Migrations of the plan that the last good version has brought already.",
    )
    inherited: list[Name] = Field(
        [],
        max_length=32,
        description="Migrations that an earlier attempt's failed rollback left applied.",
    )
    policy: PolicyRef = Field(default_factory=PolicyRef)
    gates: list[Gate] = Field([], max_length=32, description="The last verdict of each gate.")
    steps: list[Step] = Field(
        [], max_length=176, description="What was begun and what came of it, in order."
    )
    measurements: list[Measurement] = Field(
        [],
        max_length=METRICS_LIMIT + SIGNS_LIMIT,
        description="What that which is watched shows.",
    )
    watch: WatchState | None = None
    downtime: Downtime | None = None
    restarts: Count = Field(
        0, description="How often in a row a gate had shut before the first change."
    )
    rehearsal: bool = Field(
        False,
        description="It turns back by itself when the version has proved itself.",
    )
    rehearsed: Count | None = Field(
        None, description="Attempt that has rehearsed the way back of this plan."
    )
    orders: list[Order] = Field(
        [], max_length=ORDERS_LIMIT, description="Orders that were obeyed, oldest first."
    )
    holds: Count = Field(0, description="Number of holds so far; part of the next hold's id.")
    hold: Hold | None = None
    held: list[Hold] = Field(
        [], max_length=HOLDS_LIMIT, description="All holds so far, the present one included."
    )
    put_back: list[PutBack] = Field(
        [],
        max_length=PUT_BACK_LIMIT,
        description="What others have set back since it began, was resumed or turned.",
    )
    trigger: Trigger | None = None
    end: End | None = None
    kept: dict[Name, SnapshotName] = Field(
        {}, max_length=16, description="What each component ran when the version proved good."
    )
    record: ObjectName | None = Field(None, description="ReleaseRecord of this attempt.")
    recorded: bool = Field(False, description="The record is written: the attempt has ended.")
    pruned: bool = Field(
        False, description="What no rollback needs any more was deleted after the attempt."
    )


class PreviousComponent(Model):
    """What a component ran before the attempt."""

    name: str
    kind: WorkloadKind = WorkloadKind.DEPLOYMENT
    workload: ObjectName
    uid: str
    images: dict[str, str]
    absent: bool = False
    """It did not exist: a rollback removes what the attempt has created."""
    snapshot: ObjectName | None = None
    """ControllerRevision with all of it; None if only the images are known."""
    health: HealthProbe | None = None
    """Endpoint at which that version is known to answer; a new one need not be served by it."""

    @property
    def ref(self) -> WorkloadRef:
        """The workload it was recorded of."""
        return WorkloadRef(kind=self.kind, name=self.workload)


class Revision(Model):
    """Data of the ControllerRevision written before the first change: plan and way back."""

    digest: Digest
    spec: ReleaseSpec
    requirements: Requirements = Field(default_factory=Requirements)
    previous_version: Version | None = None
    previous: list[PreviousComponent]
