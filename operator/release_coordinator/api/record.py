"""`ReleaseRecord`: the release log, one immutable object per ended attempt."""

from pydantic import Field

from .attempt import Gate, Measurement, Step, Trigger
from .base import Digest, Model, ObjectName, Text, Time, Version
from .conditions import Phase, Reason
from .release import ReleaseSpec, ReleaseType


class RecordSpec(Model):
    """Everything that happened in one attempt."""

    release: ObjectName
    release_uid: str = Field(max_length=64)
    attempt: int
    version: Version
    previous_version: Version | None = None
    type: ReleaseType | None = None
    digest: Digest
    plan: ReleaseSpec | None = Field(
        None,
        description="The plan as it was run; empty if the attempt ended before it was recorded.",
    )
    outcome: Phase
    reason: Reason
    message: Text = ""
    started_at: Time
    ended_at: Time
    duration_seconds: float
    gates: list[Gate] = Field([], max_length=24)
    timeline: list[Step] = Field([], max_length=160)
    measurements: list[Measurement] = Field([], max_length=10)
    rollback: Trigger | None = None
