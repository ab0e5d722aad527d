"""`Notification`: one message to one Channel, kept until it was delivered and for a while after.

The outbox. Made by `controllers.messages` from what is stored, sent by `controllers.delivery`; its
name and id follow from what it tells, so that the same news is one object and one id for ever.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from .base import Count, Model, ObjectName, ShortText, Text, Time, Uid
from .channel import Event
from .revert import Revert

ID_LIMIT = 63
NOTES_LIMIT = 3072
"""Characters of release notes that a message has room for."""
Word = Annotated[str, Field(max_length=128)]


class Facts(Model):
    """What the message is about: the variables of templates. What does not apply is empty."""

    version: Word = Field("", description="Version that is released.")
    previous_version: Word = Field("", description="Version that ran before.")
    type: Word = Field("", description="Type of the release, like Minor.")
    role: Word = Field("", description="Role that must act.")
    gate: Word = Field("", description="Gate that it is about.")
    step: Word = Field("", description="Step that it is about, in words.")
    reason: Word = Field("", description="Reason, in one word.")
    message: Text = Field("", description="What was found, for engineers.")
    command: Annotated[str, Field(max_length=512)] = Field("", description="What to enter next.")
    opens_at: Word = Field("", description="When the deployment may begin, in UTC.")
    by: ShortText = Field("", description="Who ordered it.")
    notes: Annotated[str, Field(max_length=NOTES_LIMIT)] = Field(
        "", description="Release notes, in Markdown; their beginning if they are long."
    )
    incident: Word = Field("", description="Name of the incident.")
    severity: Word = Field("", description="Severity of the incident.")
    state: Word = Field("", description="State of the incident.")
    decision: Word = Field("", description="What was decided about the release, by the incident.")
    impact: Text = Field("", description="What the incident means for users.")


class NotificationSpec(Model):
    """What is told to whom."""

    id: Annotated[str, Field(min_length=1, max_length=ID_LIMIT)] = Field(
        description="Id of the message; the same however often it is sent."
    )
    release: ObjectName = Field(description="Name of the Release.")
    release_uid: Uid = Field(description="UID of the Release.")
    attempt: Count = Field(description="Number of the attempt.")
    event: Event
    channel: ObjectName = Field(description="Name of the Channel.")
    channel_uid: Uid = Field(description="UID of the Channel.")
    time: Time = Field(description="When it happened.")
    data: Facts = Field(default_factory=Facts)
    revert: Revert | None = None


class DeliveryPhase(StrEnum):
    """Where a message is."""

    PENDING = "Pending"  # to be sent, or sent again
    SENDING = "Sending"  # a try is under way, or was when the operator ended
    DELIVERED = "Delivered"  # the channel took it
    FAILED = "Failed"  # given up; lastError says why


class NotificationStatus(Model):
    """What became of it."""

    phase: DeliveryPhase = DeliveryPhase.PENDING
    tries: Count = Field(0, description="How often it was sent.")
    last_try: Time | None = Field(None, description="When it was last sent.")
    next_try: Time | None = Field(None, description="When it is sent again.")
    last_error: Text = Field("", description="Why the last try failed, and who mends that.")
    delivered_at: Time | None = Field(None, description="When the channel took it.")

    @property
    def ended(self) -> bool:
        """Whether nothing more is done about it."""
        return self.phase in {DeliveryPhase.DELIVERED, DeliveryPhase.FAILED}
