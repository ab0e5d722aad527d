"""`ReleaseRecord`: the release log, one immutable object per ended attempt."""

from pydantic import Field

from .attempt import ORDERS_LIMIT, Gate, PolicyRef, Step, Trigger
from .base import (
    Count,
    Digest,
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
from .release import ReleaseSpec, ReleaseType
from .watch import METRICS_LIMIT, SIGNS_LIMIT


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
