"""`Incident`: what went wrong with a release, what is done about it, and what was learned.

People write `spec`, with the plugin or as YAML. The operator creates the Incident of an attempt
that went wrong (`engine.incidents`), and writes `status` alone (`engine.incidentreport`).
"""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from .base import (
    Count,
    Generation,
    Model,
    Moment,
    ObjectName,
    ShortText,
    Text,
    Time,
    Uid,
    Version,
)
from .conditions import Condition, Phase, Reason
from .job import rules

NOTES_LIMIT = 64
"""Entries that people may add to a timeline."""
EVENTS_LIMIT = 200
"""Entries of the operator: more than the steps that can fail or be taken back, and all orders."""

RESOLVED = "Resolved"
"""The condition that an incident is resolved; since when it is, or is not any more."""

LongText = Annotated[str, Field(max_length=4096)]
Action = Annotated[str, Field(min_length=1, max_length=512)]
Owner = Annotated[str, Field(max_length=256)]


class IncidentSeverity(StrEnum):
    """How bad an incident is."""

    CRITICAL = "Critical"  # users are harmed, or nobody knows what runs
    HIGH = "High"  # users were affected, and the previous version runs again
    MEDIUM = "Medium"  # a release did not get on; users noticed little or nothing


class IncidentState(StrEnum):
    """How far the work on an incident is."""

    INVESTIGATING = "Investigating"  # the cause is not known yet
    IDENTIFIED = "Identified"  # the cause is known
    MITIGATING = "Mitigating"  # something is done against the effects
    RESOLVED = "Resolved"  # nobody is affected any more; cause and prevention are written down


class IncidentDecision(StrEnum):
    """What was decided about the release."""

    CONTINUE_WITH_FIX = "ContinueWithFix"  # it goes on, with a correction or in spite of it
    PAUSE = "Pause"  # it waits for a person
    ROLLBACK = "Rollback"  # the previous version is restored


class IncidentCause(StrEnum):
    """What the operator has opened an incident for; the worst of all that happened."""

    ROLLED_BACK = "RolledBack"  # the version was taken back
    ROLLBACK_FAILED = "RollbackFailed"  # neither version is known to be whole
    HELD = "Held"  # it was stopped until a person decided
    FAILED = "Failed"  # it ended before anything was changed


class IncidentNote(Model):
    """What somebody did or found, as people write it."""

    at: Moment = Field(description="When it happened.")
    action: Action = Field(description="What was done or found.")
    owner: Owner = Field("", description="Who did it, or who answers for it.")


class IncidentEvent(Model):
    """What happened in the attempt, as the operator saw it."""

    at: Time = Field(description="When it happened.")
    action: ShortText = Field(description="What happened.")
    owner: Owner = Field("", description="Who did it: the operator, or the person who ordered it.")


_SAME = "self.{0} == oldSelf.{0}"
_STAYS = "has(self.{0}) == has(oldSelf.{0}) && (!has(self.{0}) || self.{0} == oldSelf.{0})"
_BLANK = r"(!has(self.{0}) || !self.{0}.matches('[^\\s]'))"


class IncidentSpec(Model):
    """What people say of an incident."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                f"self.state != 'Resolved' || !{_BLANK.format('rootCause')}",
                (
                    "an incident is Resolved only with its root cause: write rootCause, or run "
                    "kubectl release incident resolve NAME --root-cause TEXT --prevention TEXT"
                ),
            ),
            (
                f"self.state != 'Resolved' || !{_BLANK.format('prevention')}",
                (
                    "an incident is Resolved only with what prevents it from now on: write "
                    "prevention, or run kubectl release incident resolve NAME --root-cause TEXT "
                    "--prevention TEXT"
                ),
            ),
            (
                " && ".join((_SAME.format("release"), _STAYS.format("releaseUid"))),
                "an incident stays with its release; open another one for another release",
            ),
            (
                _STAYS.format("attempt"),
                "an incident stays with its attempt; open another one for another attempt",
            ),
            (
                (
                    "!has(oldSelf.timeline) || (has(self.timeline) && "
                    "self.timeline.size() >= oldSelf.timeline.size() && "
                    "oldSelf.timeline.all(o, self.timeline.exists(n, n == o)))"
                ),
                (
                    "entries of the timeline are added, never changed or removed; add one that "
                    "corrects the other"
                ),
            ),
        )
    )

    release: ObjectName = Field(description="Name of the Release, in the same namespace.")
    release_uid: Uid | None = Field(
        None, description="UID of the Release, if it is known which one of that name it was."
    )
    attempt: Count | None = Field(None, description="Number of the attempt it is about.")
    title: Annotated[str, Field(min_length=1, max_length=256)] = Field(
        description="What it is about, in one line."
    )
    severity: IncidentSeverity | None = Field(
        None, description="How bad it is; as the ReleasePolicy says if empty."
    )
    impact: Text = Field("", description="Who notices what, and how many.")
    state: IncidentState = IncidentState.INVESTIGATING
    decision: IncidentDecision | None = Field(
        None, description="What was decided; what happened to the release says it if empty."
    )
    detected_at: Moment | None = Field(
        None, description="When it was noticed; when the operator noticed it if empty."
    )
    timeline: list[IncidentNote] = Field(
        [], max_length=NOTES_LIMIT, description="What people did and found; only added to."
    )
    root_cause: LongText = Field("", description="Why it happened.")
    prevention: LongText = Field("", description="What keeps it from happening again.")
    fix: LongText = Field("", description="What is corrected before the version comes again.")


class FollowUpState(StrEnum):
    """How far the fix for the next release is."""

    NOT_NEEDED = "NotNeeded"  # the version went through in the end, or another took its place
    OPEN = "Open"  # no Release names the incident in spec.fixes yet
    PLANNED = "Planned"  # the Release names it in spec.fixes
    DONE = "Done"  # a version that names it has completed


class FollowUp(Model):
    """The fix that the next release brings."""

    state: FollowUpState
    version: Version | None = Field(None, description="Version that brings it.")
    message: ShortText = Field("", description="What is left to do.")


class IncidentStatus(Model):
    """What the operator knows of an incident."""

    observed_generation: Generation = Field(
        -1, description="Generation of the spec this status is about; -1: not looked at yet."
    )
    severity: IncidentSeverity | None = Field(None, description="How bad it is, in effect.")
    decision: IncidentDecision | None = Field(None, description="What was decided, in effect.")
    cause: IncidentCause | None = Field(
        None, description="What the operator opened it for; empty if only people know."
    )
    detected_at: Time | None = Field(None, description="When it was noticed.")
    resolved_at: Time | None = Field(None, description="When it was found Resolved.")
    version: Version | None = Field(None, description="Version that was to be reached.")
    previous_version: Version | None = Field(None, description="Version that ran before.")
    outcome: Phase | None = Field(None, description="How the attempt ended; empty before that.")
    reason: Reason | None = Field(None, description="What went wrong, in one word.")
    message: Annotated[str, Field(max_length=512)] = Field(
        "", description="What went wrong, for people."
    )
    failed_step: Annotated[str, Field(max_length=96)] | None = Field(
        None, description="Step that failed last, or at which it was stopped."
    )
    timeline: list[IncidentEvent] = Field(
        [], max_length=EVENTS_LIMIT, description="What happened in the attempt, oldest first."
    )
    record: ObjectName | None = Field(
        None, description="ReleaseRecord of the attempt; from then on nothing is added."
    )
    chart: ShortText = Field("", description="Command that draws what was watched.")
    follow_up: FollowUp | None = Field(
        None, description="The fix for the next release; empty as long as the attempt goes on."
    )
    conditions: list[Condition] = Field(
        [],
        max_length=4,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        description="Resolved: the work on it has ended. Ready: nothing is left to do.",
    )
