"""`ReleaseRecord`: the release log, one immutable object per ended attempt."""

from pydantic import Field

from .attempt import HOLDS_LIMIT, ORDERS_LIMIT, Gate, Hold, PolicyRef, Step, Trigger
from .base import (
    Count,
    Digest,
    IncidentName,
    Measured,
    Model,
    ObjectName,
    ShortText,
    Text,
    Time,
    Uid,
    Version,
)
from .conditions import Phase, Reason
from .control import Order
from .measurement import Downtime, Measurement
from .notes import PublishedNotes
from .policy import Requirements
from .release import FIXES_LIMIT, ReleaseSpec, ReleaseType
from .watch import METRICS_LIMIT, SIGNS_LIMIT


class RecordRef(Model):
    """A record, as the one after it names it."""

    name: ObjectName = Field(description="Name of the ReleaseRecord.")
    attempt: Count = Field(description="Number of its attempt.")
    digest: Digest | None = Field(
        None, description="Digest of all that it says; empty if that was not known any more."
    )


class RecordSpec(Model):
    """Everything that happened in one attempt."""

    release: ObjectName = Field(description="Name of the Release.")
    release_uid: Uid = Field(description="UID of the Release.")
    attempt: Count = Field(description="Number of the attempt.")
    version: Version = Field(description="Version it tried to reach.")
    previous_version: Version | None = Field(None, description="Version that ran before.")
    type: ReleaseType | None = None
    digest: Digest = Field(description="Digest of the plan.")
    artifact_digest: Digest | None = Field(
        None, description="Digest of what is deployed alone: equal in staging and production."
    )
    policy: PolicyRef = Field(default_factory=PolicyRef)
    requirements: Requirements | None = Field(
        None, description="What the policy required; empty as for plan."
    )
    plan: ReleaseSpec | None = Field(
        None,
        description="The plan as it was run; empty if the attempt ended before it was recorded.",
    )
    outcome: Phase
    reason: Reason
    message: Text = Field("", description="Why it ended so, for people.")
    started_at: Time = Field(description="When the attempt began.")
    ended_at: Time = Field(description="When it ended.")
    changed_at: Time | None = Field(
        None, description="When the first change began; empty if nothing was changed."
    )
    duration_seconds: Measured = Field(description="Time between the two.")
    gates: list[Gate] = Field([], max_length=32, description="The last verdict of each gate.")
    timeline: list[Step] = Field([], max_length=160, description="Every step, in order.")
    measurements: list[Measurement] = Field(
        [],
        max_length=METRICS_LIMIT + SIGNS_LIMIT,
        description="What that which was watched has shown.",
    )
    downtime: Downtime | None = None
    backup: ShortText | None = Field(
        None, description="Id of the backup that was taken before the first change."
    )
    rollback: Trigger | None = None
    notes: PublishedNotes | None = None
    orders: list[Order] = Field(
        [], max_length=ORDERS_LIMIT, description="Orders of people that were obeyed, oldest first."
    )
    holds: Count = Field(0, description="How often a person had to decide before it went on.")
    held: list[Hold] = Field(
        [], max_length=HOLDS_LIMIT, description="Each of these stops, the last ones."
    )
    fixes: list[IncidentName] = Field(
        [], max_length=FIXES_LIMIT, description="Incidents of which the plan brought the fix."
    )
    rehearsal: bool = Field(False, description="It was to turn back by itself.")
    revision: ObjectName | None = Field(
        None, description="ControllerRevision that kept the plan and the way back."
    )
    incident: ObjectName | None = Field(
        None, description="Name of the Incident of this attempt, if one was opened."
    )
    previous: RecordRef | None = Field(
        None, description="The record before this one; empty for the first of a Release."
    )
    record_digest: Digest | None = Field(
        None,
        description=(
            "SHA-256 over everything else that this record says; empty from an operator that "
            "chained none."
        ),
    )
