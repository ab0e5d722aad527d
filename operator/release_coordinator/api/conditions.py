"""The vocabulary: condition types, phases and reasons, each with its meaning.

Everything the operator says in a status, an Event or a metric label uses a word from here.
Conditions are reports: `engine.summary` writes them, nothing reads them back.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from .base import Generation, Model, Text, Time


class Phase(StrEnum):
    """Where a Release is; shown in `status.phase`."""

    PENDING = "Pending"  # not looked at yet, or the spec is not valid
    GATING = "Gating"  # gates are evaluated; nothing was changed
    PREPARING = "Preparing"  # previous revision recorded, baseline measured, backup taken
    MIGRATING = "Migrating"  # database migrations run
    ROLLING_OUT = "RollingOut"  # components get the new version, dependencies first
    REFRESHING = "Refreshing"  # caches are cleared and warmed
    VERIFYING = "Verifying"  # health endpoints and smoke tests
    WATCHING = "Watching"  # metrics are compared with their limits
    COMPLETED = "Completed"  # the version runs and stayed good
    ROLLING_BACK = "RollingBack"  # the previous version is being restored
    ROLLED_BACK = "RolledBack"  # the previous version runs again
    ROLLBACK_FAILED = "RollbackFailed"  # neither version is known to be whole; a person must act
    HELD = "Held"  # stopped at a safe point; a person must decide
    FAILED = "Failed"  # ended before anything was changed
    SUPERSEDED = "Superseded"  # another plan took its place before anything was changed


class ConditionType(StrEnum):
    """Types in `status.conditions`; all are present on every write."""

    READY = "Ready"  # the wanted version runs and was verified and watched
    RECONCILING = "Reconciling"  # an attempt is under way (kstatus)
    STALLED = "Stalled"  # no progress without a person (kstatus)
    VALID = "Valid"  # the spec can be turned into a plan
    GATES_PASSED = "GatesPassed"
    PREPARED = "Prepared"
    MIGRATED = "Migrated"
    ROLLED_OUT = "RolledOut"
    VERIFIED = "Verified"
    WATCHED = "Watched"
    ROLLED_BACK = "RolledBack"


class Reason(StrEnum):
    """Reasons of conditions, Events, holds and failures."""

    # the spec
    VALID = "Valid"
    INVALID_SPEC = "InvalidSpec"  # message names field, fault and what to write instead
    # the course of an attempt
    ATTEMPT_STARTED = "AttemptStarted"
    GATES_PASSED = "GatesPassed"
    GATES_NOT_PASSED = "GatesNotPassed"  # message names the gates, what is missing, who acts
    IN_PROGRESS = "InProgress"
    NOT_STARTED = "NotStarted"
    NOT_NEEDED = "NotNeeded"  # the plan has nothing to do in this phase
    SUCCEEDED = "Succeeded"
    STEP_STARTED = "StepStarted"
    STEP_SUCCEEDED = "StepSucceeded"
    COMPLETED = "Completed"
    SUPERSEDED = "Superseded"
    SPEC_CHANGE_QUEUED = "SpecChangeQueued"  # an edit waits until the running attempt has ended
    DELETED = "Deleted"
    # failures that end or turn an attempt
    JOB_FAILED = "JobFailed"
    JOB_TIMED_OUT = "JobTimedOut"
    BACKUP_FAILED = "BackupFailed"
    MIGRATION_FAILED = "MigrationFailed"
    PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"
    SMOKE_TEST_FAILED = "SmokeTestFailed"
    METRIC_BREACH = "MetricBreach"
    METRIC_UNKNOWN = "MetricUnknown"
    MANUAL_ROLLBACK = "ManualRollback"
    STEP_FAILED = "StepFailed"
    # rollback
    ROLLBACK_STARTED = "RollbackStarted"
    ROLLED_BACK = "RolledBack"
    ROLLBACK_FAILED = "RollbackFailed"
    # holds: a person must decide
    HELD = "Held"
    RESUMED = "Resumed"
    CONFLICTING_WRITER = "ConflictingWriter"  # somebody else changed a workload in the middle
    WORKLOAD_REPLACED = "WorkloadReplaced"  # deleted or created anew in the middle
    MIGRATION_OUTCOME_UNKNOWN = "MigrationOutcomeUnknown"  # never run again on a guess
    IRREVERSIBLE_MIGRATION = "IrreversibleMigration"  # a rollback would go past it
    NAME_TAKEN = "NameTaken"  # an object of our name is not ours
    REVISION_LOST = "RevisionLost"  # the recorded plan and previous revision are gone
    JOURNAL_UNREADABLE = "JournalUnreadable"  # written by another version of the operator
    API_DENIED = "APIDenied"  # the API server refuses a call; check the operator's rights
    API_REJECTED = "APIRejected"  # the API server refuses an object's content


class Status(StrEnum):
    """Status of a condition."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(Model):
    """A Kubernetes condition (metav1.Condition)."""

    type: Annotated[str, Field(max_length=63)] = Field(description="What it is about.")
    status: Status
    reason: Annotated[str, Field(max_length=63)] = Field(description="Why, in one word.")
    message: Text = Field("", description="Why, for people.")
    last_transition_time: Time = Field(description="When status last changed.")
    observed_generation: Generation = Field(
        0, description="Generation of the spec the condition is about."
    )
