"""`Release.status`: the journal (read back) and the report (never read back)."""

from typing import Annotated

from pydantic import Field

from .attempt import Attempt
from .base import Digest, Model, ObjectName, Text, Time, Version
from .conditions import Condition, Phase


class RevisionRef(Model):
    """A version that ran, and where its images are recorded."""

    version: Version
    revision: ObjectName | None = Field(
        None, description="ControllerRevision that describes it; empty if never released by us."
    )
    since: Time | None = None


class HistoryEntry(Model):
    """One ended attempt; the details are in its ReleaseRecord."""

    attempt: int
    version: Version
    outcome: Phase
    ended_at: Time
    record: ObjectName | None = None


class ComponentStatus(Model):
    """What the operator did to one component in this attempt."""

    name: str
    version: str = Field(description="Version the component was last told to run.")
    state: Annotated[str, Field(max_length=32)]


class ReleaseStatus(Model):
    """Status of a Release."""

    observed_generation: int = -1
    phase: Phase = Phase.PENDING
    message: Text = ""
    version: Version | None = Field(None, description="Version of the present attempt.")
    digest: Digest | None = Field(None, description="Digest of the present attempt's plan.")
    conditions: list[Condition] = Field(
        [],
        max_length=16,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
    current: RevisionRef | None = Field(None, description="Last known good version.")
    components: list[ComponentStatus] = Field([], max_length=16)
    attempt: Attempt | None = None
    history: list[HistoryEntry] = Field([], max_length=10)
