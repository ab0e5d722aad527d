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
    SUSPENDED = "Suspended"  # a person has stopped it: nothing more begins
    FAILED = "Failed"  # ended before anything was changed
    SUPERSEDED = "Superseded"  # another plan took its place before anything was changed


class ConditionType(StrEnum):
    """Types in `status.conditions`; all are present on every write."""

    READY = "Ready"  # the wanted version runs and was verified and watched
    RECONCILING = "Reconciling"  # an attempt is under way (kstatus)
    STALLED = "Stalled"  # no progress without a person (kstatus)
    VALID = "Valid"  # the spec can be turned into a plan
    GATES_PASSED = "GatesPassed"  # every gate lets the version pass
    PREPARED = "Prepared"  # the way back is recorded, the baseline measured, the backup taken
    MIGRATED = "Migrated"  # the database has the schema of the version
    ROLLED_OUT = "RolledOut"  # every component runs the version
    VERIFIED = "Verified"  # health endpoints answer and smoke tests passed
    WATCHED = "Watched"  # the metrics stayed within their limits
    ROLLED_BACK = "RolledBack"  # the previous version runs again


class Reason(StrEnum):
    """Reasons of conditions, Events, holds and failures."""

    # the spec
    VALID = "Valid"  # the spec can be turned into a plan
    INVALID_SPEC = "InvalidSpec"  # message names field, fault and what to write instead
    # the course of an attempt
    ATTEMPT_STARTED = "AttemptStarted"  # a new plan is pursued
    GATES_PASSED = "GatesPassed"  # nothing stands against the version
    GATES_NOT_PASSED = "GatesNotPassed"  # message names the gates, what is missing, who acts
    IN_PROGRESS = "InProgress"  # begun and not ended
    NOT_STARTED = "NotStarted"  # an earlier phase has not ended
    NOT_NEEDED = "NotNeeded"  # the plan has nothing to do in this phase
    SUCCEEDED = "Succeeded"  # ended as it should
    STEP_SUCCEEDED = "StepSucceeded"  # the step's outcome is recorded
    COMPLETED = "Completed"  # the version runs and stayed good
    SUPERSEDED = "Superseded"  # another plan took its place
    DELETED = "Deleted"  # the Release was deleted
    # failures that end or turn an attempt
    JOB_FAILED = "JobFailed"  # the Job ended without success; its log says why
    JOB_TIMED_OUT = "JobTimedOut"  # the Job did not end within its timeout
    BACKUP_FAILED = "BackupFailed"  # without a backup nothing is changed
    BACKUP_EXPIRED = "BackupExpired"  # older than maxAge when the first change was due
    MIGRATION_FAILED = "MigrationFailed"  # the migration's Job failed
    PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"  # the rollout takes too long
    SMOKE_TEST_FAILED = "SmokeTestFailed"  # the released application does not work
    METRIC_BREACH = "MetricBreach"  # a watched metric is beyond its limit
    METRIC_UNKNOWN = "MetricUnknown"  # what is watched gave no usable answer for too long
    ALERT_FIRING = "AlertFiring"  # an alert of the application fires
    PODS_FAILING = "PodsFailing"  # pods of the new version restart, crash or are not ready
    ERRORS_LOGGED = "ErrorsLogged"  # the new version logs what it must not
    DATA_CHECK_FAILED = "DataCheckFailed"  # a Job found that data is wrong
    MANUAL_ROLLBACK = "ManualRollback"  # a person asked for it
    ABORTED = "Aborted"  # a person has called it off
    STEP_FAILED = "StepFailed"  # message names the step and what was found
    # rollback
    ROLLBACK_STARTED = "RollbackStarted"  # message says why
    ROLLED_BACK = "RolledBack"  # the previous version runs again
    ROLLBACK_FAILED = "RollbackFailed"  # the previous version could not be restored
    REHEARSAL = "Rehearsal"  # the version has proved itself; now the way back does
    REHEARSED = "Rehearsed"  # the way back was gone as planned; the next attempt goes forward
    # holds: a person must decide
    HELD = "Held"  # message says what to decide and how to go on
    RESUMED = "Resumed"  # a person ended the hold or the suspension
    SUSPENDED = "Suspended"  # a person has stopped it; message says who and since when
    CONFLICTING_WRITER = "ConflictingWriter"  # somebody else changed a workload in the middle
    GITOPS_CONFLICT = "GitOpsConflict"  # a tool sets back what we set; message says the mend
    PUT_BACK = "PutBack"  # somebody has set an image back in the middle; it was applied again
    DRIFTED = "Drifted"  # a workload no longer runs what its release has left
    WORKLOAD_REPLACED = "WorkloadReplaced"  # deleted or created anew in the middle
    MIGRATION_OUTCOME_UNKNOWN = "MigrationOutcomeUnknown"  # never run again on a guess
    IRREVERSIBLE_MIGRATION = "IrreversibleMigration"  # a rollback would go past it
    SCHEMA_CHANGED = "SchemaChanged"  # the database is not as this attempt left it
    DATA_LOSS = "DataLoss"  # a down-migration would destroy data; nobody has approved that
    NAME_TAKEN = "NameTaken"  # an object of our name is not ours
    REVISION_LOST = "RevisionLost"  # the recorded plan and previous revision are gone
    JOURNAL_BEHIND = "JournalBehind"  # the cluster knows later attempts than the status
    JOURNAL_UNREADABLE = "JournalUnreadable"  # written by another version of the operator
    API_DENIED = "APIDenied"  # the API server refuses a call; check the operator's rights
    API_REJECTED = "APIRejected"  # the API server refuses an object's content
    # metric sources
    ANSWERING = "Answering"  # it answers queries
    UNREACHABLE = "Unreachable"  # no connection, or no answer in time
    REFUSED = "Refused"  # it answers that it cannot or must not; check credentials and its health
    MISCONFIGURED = "Misconfigured"  # the object or the Secrets it names must be corrected
    # channels
    DELIVERING = "Delivering"  # the last message arrived
    NOT_USED = "NotUsed"  # nothing was sent yet
    NOT_DELIVERED = "NotDelivered"  # the last message did not arrive; it is sent again
    BAD_TEMPLATE = "BadTemplate"  # a template cannot be used; its default text is


class Status(StrEnum):
    """Status of a condition."""

    TRUE = "True"  # it is so
    FALSE = "False"  # it is not so; reason and message say why
    UNKNOWN = "Unknown"  # it was not found out yet, or does not apply


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
