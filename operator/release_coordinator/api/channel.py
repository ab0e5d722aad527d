"""`Channel`: where messages about releases go, and which; written by the platform team.

It is cluster-scoped, and credentials are named, never written: whoever may write a Release cannot
make the operator send anything anywhere. Read by `engine.announcing` (who is told what) and
`controllers.delivery` (how), which writes the status.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from .base import Duration, Generation, Model, Name, ObjectName, ShortText, Time
from .conditions import Condition
from .job import rules
from .metricsource import BY_TYPE, TLS, URL_PATTERN, AddressKind, Auth, SecretKey
from .release import ReleaseType

SET: JsonDict = {"x-kubernetes-list-type": "set"}
EVENT_MAP: JsonDict = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["event"]}
LABEL_KEY_PATTERN = r"^([a-z0-9][-a-z0-9.]{0,251}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
TEXTS_VALID = "TextsValid"
"""The condition beside Ready: whether the templates can be used."""
TITLE_LIMIT = 512
"""Characters of a title template."""
BODY_LIMIT = 4096
"""Characters of a body template."""


class Event(StrEnum):
    """What messages are about."""

    WINDOW_ANNOUNCED = "WindowAnnounced"  # when the version is going to be deployed
    SIGN_OFF_NEEDED = "SignOffNeeded"  # a role must look at the plan and sign it, or reject it
    GATE_FAILED = "GateFailed"  # something stands against the version; who must correct it
    STARTED = "Started"  # the deployment has begun
    STEP_FAILED = "StepFailed"  # a step has failed; what follows is told by another message
    HELD = "Held"  # it stands still; a person must decide
    ROLLBACK_STARTED = "RollbackStarted"  # the previous version is being restored
    ROLLED_BACK = "RolledBack"  # the previous version runs again
    ROLLBACK_FAILED = "RollbackFailed"  # neither version is known to be whole; a person must act
    REHEARSED = "Rehearsed"  # the way back was gone as planned
    COMPLETED = "Completed"  # the version runs and stayed good
    NOTES_PUBLISHED = "NotesPublished"  # the release notes of a version that has completed
    FAILED = "Failed"  # it ended before anything was changed
    INCIDENT_CHANGED = "IncidentChanged"  # opened, or its state, severity or decision has changed


class Audience(StrEnum):
    """Whose words the default texts use."""

    ENGINEERING = "Engineering"  # steps, reasons and commands
    BUSINESS = "Business"  # what it means for those who use the application


class Mode(StrEnum):
    """How a CloudEvent is put into an HTTP request."""

    BINARY = "Binary"  # attributes in headers, data in the body
    STRUCTURED = "Structured"  # one JSON document


class Apprise(Model):
    """A service that apprise knows: Slack, Teams, mail, a webhook and many others."""

    url_from: SecretKey = Field(
        description=(
            "Where its apprise URL is. It contains credentials, so it is in a Secret, in the "
            "operator's own namespace."
        )
    )


class CloudEvents(Model):
    """An HTTP endpoint that takes CloudEvents 1.0."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "!has(self.tls) || self.url.startsWith('https://')",
                "tls needs a url that begins with https://",
            )
        )
    )

    url: Annotated[str, Field(min_length=8, max_length=512, pattern=URL_PATTERN)] = Field(
        description="Where events are posted to; without credentials."
    )
    mode: Mode = Mode.BINARY
    auth: Auth | None = None
    tls: TLS | None = None
    allow: list[AddressKind] = Field(
        [],
        max_length=3,
        json_schema_extra=SET,
        description="Kinds of addresses that are posted to although nobody should live there.",
    )

    @model_validator(mode="after")
    def _is_encrypted(self) -> Self:
        if self.tls is not None and not self.url.startswith("https://"):
            raise PydanticCustomError("tls_without_https", "has tls, but no url with https://")
        return self


class ReleaseFilter(Model):
    """Which Releases."""

    names: list[ObjectName] = Field(
        [], max_length=64, json_schema_extra=SET, description="Their names; all if empty."
    )
    labels: dict[
        Annotated[str, Field(max_length=317, pattern=LABEL_KEY_PATTERN)],
        Annotated[str, Field(max_length=63)],
    ] = Field({}, max_length=8, description="Labels that they all must have.")


class TextTemplate(Model):
    """The text of messages about one event, in Jinja: variables, filters and `if`."""

    event: Event
    title: Annotated[str, Field(max_length=TITLE_LIMIT)] = Field(
        "", description="One line; the default if empty."
    )
    body: Annotated[str, Field(max_length=BODY_LIMIT)] = Field(
        "", description="The message; the default if empty."
    )


class ChannelSpec(Model):
    """Where messages go, and which."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("has(self.apprise) != has(self.cloudEvents)", "set either apprise or cloudEvents")
        )
    )

    apprise: Apprise | None = None
    cloud_events: CloudEvents | None = None
    timeout: Duration = Field("15s", description="Time for one try to send; at most one minute.")
    namespaces: list[Annotated[str, Field(min_length=1, max_length=63)]] = Field(
        [],
        max_length=256,
        json_schema_extra=SET,
        description="Namespaces whose Releases are told of; all if empty.",
    )
    releases: ReleaseFilter = Field(default_factory=ReleaseFilter)
    types: list[ReleaseType] = Field(
        [], max_length=5, json_schema_extra=SET, description="Types of release; all if empty."
    )
    events: list[Event] = Field(
        [], max_length=16, json_schema_extra=SET, description="What is told; all if empty."
    )
    roles: list[Name] = Field(
        [],
        max_length=16,
        json_schema_extra=SET,
        description="Roles whose sign-off is asked for here, like qa; all if empty.",
    )
    audience: Audience = Audience.ENGINEERING
    templates: list[TextTemplate] = Field(
        [],
        max_length=16,
        json_schema_extra=EVENT_MAP,
        description="Texts of your own; for all other events there are default texts.",
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.apprise is None) == (self.cloud_events is None):
            raise PydanticCustomError("one_way", "names neither apprise nor cloudEvents, or both")
        return self

    def template(self, event: Event) -> TextTemplate | None:
        """The text of its own for an event."""
        return next((one for one in self.templates if one.event is event), None)


class ChannelStatus(Model):
    """How the channel is, as the operator sees it."""

    observed_generation: Generation = Field(
        -1, description="Generation of the spec that was looked at; -1: not looked at yet."
    )
    conditions: list[Condition] = Field(
        [],
        max_length=4,
        json_schema_extra=BY_TYPE,
        description="Ready: the last message arrived; TextsValid: its templates can be used.",
    )
    last_success: Time | None = Field(
        None, description="When a message arrived; written when that is news, not every time."
    )
    last_failure: Time | None = Field(None, description="When one did not; written likewise.")
    message: ShortText = Field("", description="What is wrong, or empty.")
