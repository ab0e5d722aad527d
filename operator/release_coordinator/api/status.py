"""`Release.status`: the journal (read back) and the report (never read back)."""

from typing import Annotated, Any

from pydantic import Field

from .attempt import Attempt
from .base import (
    Count,
    Digest,
    Generation,
    Model,
    Name,
    ObjectName,
    SnapshotName,
    Text,
    Time,
    Uid,
    Version,
)
from .conditions import Condition, Phase
from .control import Suspension
from .measurement import History
from .record import RecordRef
from .workload import WorkloadRef


class RevisionRef(Model):
    """A version that ran, and where its images are recorded."""

    version: Version = Field(description="The version.")
    digest: Digest | None = Field(
        None, description="Digest of the plan that brought it; empty if never released by us."
    )
    spec_digest: Digest | None = Field(None, description="Digest of that plan's spec alone.")
    revision: ObjectName | None = Field(
        None, description="ControllerRevision that describes it; empty if never released by us."
    )
    since: Time | None = Field(None, description="Since when it counts as good.")
    snapshots: dict[Name, SnapshotName] = Field(
        {}, max_length=16, description="ControllerRevisions with what each component ran."
    )


class HistoryEntry(Model):
    """One ended attempt; the details are in its ReleaseRecord."""

    attempt: Count = Field(description="Number of the attempt.")
    version: Version = Field(description="Version it tried to reach.")
    outcome: Phase
    ended_at: Time = Field(description="When it ended.")
    record: ObjectName | None = Field(None, description="Its ReleaseRecord.")
    digest: Digest | None = Field(None, description="Digest of that record.")


PRUNED_LIMIT = 16
"""Records that are kept beyond what the policy says, at most."""


class PrunedRecords(Model):
    """How far the release log was shortened, so that what was deleted since can be told from it."""

    through: Count = Field(description="Attempt up to which records were deleted.")
    digest: Digest | None = Field(
        None, description="Digest of the last of them, which the oldest of the others names."
    )
    at: Time = Field(description="When that was decided.")
    kept: list[RecordRef] = Field(
        [], max_length=PRUNED_LIMIT, description="Records up to there that are still needed."
    )


class StagingSeen(Model):
    """The newest export of staging that was believed, so that no older one takes its place."""

    release_uid: Uid = Field(description="UID of the staging Release.")
    attempt: Count = Field(description="Its newest attempt with a record at that time.")
    digest: Digest | None = Field(None, description="Digest of that record.")
    exported_at: Time = Field(description="When it was exported.")


class ComponentStatus(Model):
    """What the operator did to one component in this attempt."""

    name: Name = Field(description="Name of the component.")
    version: Annotated[str, Field(max_length=128)] = Field(
        description="Version the component was last told to run."
    )
    state: Annotated[str, Field(max_length=32)] = Field(description="What was done to it.")


Reported = Annotated[str, Field(max_length=512)]
"""An image as it was found: whoever wrote it need not keep to our rules."""


class Drift(Model):
    """A workload that no longer runs what the last attempt has left: somebody has written it."""

    workload: WorkloadRef
    container: Name = Field(description="Container that runs another image.")
    image: Reported = Field(description="Image that it is told to run.")
    wanted: Reported = Field(description="Image that the last attempt has left.")
    by: Annotated[str, Field(max_length=64)] = Field(
        "", description="Field manager that has written it; empty if that is not known."
    )
    others: Count = Field(0, description="Containers besides that run another image.")
    since: Time = Field(description="When it was found.")


class ReleaseStatus(Model):
    """Status of a Release."""

    observed_generation: Generation = Field(
        -1, description="Generation of the spec this status is about; -1: not looked at yet."
    )
    phase: Phase = Phase.PENDING
    message: Text = Field("", description="What the operator waits for and who must act.")
    version: Version | None = Field(None, description="Version of the present attempt.")
    digest: Digest | None = Field(None, description="Digest of the present attempt's plan.")
    conditions: list[Condition] = Field(
        [],
        max_length=16,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        description="Report of each phase, and Ready, Reconciling and Stalled for tools.",
    )
    current: RevisionRef | None = Field(None, description="Last known good version.")
    components: list[ComponentStatus] = Field(
        [], max_length=16, description="What was done to each component."
    )
    attempt: Attempt | None = None
    suspension: Suspension | None = None
    drift: Drift | None = None
    history: list[HistoryEntry] = Field(
        [], max_length=10, description="The last attempts that ended, newest first."
    )
    pruned_records: PrunedRecords | None = None

    def to_wire(self) -> dict[str, Any]:
        """The same, with no null in a list either.

        Tools that write objects back as a whole, like actions in Argo CD, would lose it, and so
        change what is nobody's but the operator's.
        """
        wire = super().to_wire()
        for entry in wire.get("attempt", {}).get("measurements", ()):
            if "history" in entry:
                entry["history"] = History.without_nulls(entry["history"])
        return wire

    staging: StagingSeen | None = None
