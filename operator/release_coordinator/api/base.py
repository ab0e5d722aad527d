"""The base model and the bounded field types every API type is made of.

Strictness belongs to the CRD: the API server refuses bad objects at admission. Reading is
lenient (unknown fields are ignored) so that a newer or older schema never stops the operator.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """A frozen API type with camelCase names on the wire."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True
    )

    def to_wire(self) -> dict[str, Any]:
        """The JSON object as the API server stores it: no nulls, no fields left unset."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


_DURATION = re.compile(r"(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")
DURATION_PATTERN = r"^([0-9]{1,4}h)?([0-9]{1,5}m)?([0-9]{1,6}s)?$"


def parse_duration(text: str) -> float:
    """Seconds of a duration such as `1h30m`, `10m` or `45s`.

    Raises:
        ValueError: the text is empty or has another form.
    """
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"{text!r} is no duration; write it like 90s, 10m or 1h30m")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return float(hours * 3600 + minutes * 60 + seconds)


def _check_duration(text: str) -> str:
    parse_duration(text)
    return text


def _read_time(value: object) -> object:
    if not isinstance(value, str):
        return value
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:  # at either end of the calendar: it could not be written again
        raise ValueError(f"{value!r} is no moment in UTC") from error


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as journals and conditions keep it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Time = Annotated[
    datetime,
    BeforeValidator(_read_time),
    PlainSerializer(format_time, return_type=str),
    Field(json_schema_extra={"format": "date-time", "maxLength": 40}),
]
"""A moment in UTC."""


def to_milliseconds(moment: datetime) -> datetime:
    """The moment as it is after it was stored: see `format_time`."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


MOMENT_PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$"
)


def parse_moment(text: str) -> datetime:
    """The moment of an RFC 3339 text. Raises ValueError for a date that does not exist."""
    return datetime.fromisoformat(text)


def _check_moment(text: str) -> str:
    parse_moment(text)
    return text


Moment = Annotated[
    str,
    Field(max_length=35, pattern=MOMENT_PATTERN, json_schema_extra={"format": "date-time"}),
    AfterValidator(_check_moment),
]
"""A moment as people write it, with its offset: 2026-12-01T20:00:00+01:00."""

Duration = Annotated[
    str,
    Field(min_length=2, max_length=20, pattern=DURATION_PATTERN),
    AfterValidator(_check_duration),
]
"""Hours, minutes and seconds: `10m`, `1h30m`, `45s`."""

NAME_PATTERN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
Name = Annotated[str, Field(min_length=1, max_length=63, pattern=NAME_PATTERN)]
"""A DNS label (RFC 1123)."""

OBJECT_NAME_PATTERN = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern=OBJECT_NAME_PATTERN)]
"""The name of a Kubernetes object in the same namespace (DNS subdomain)."""

KEY_PATTERN = r"^[-._a-zA-Z0-9]+$"
Key = Annotated[str, Field(min_length=1, max_length=253, pattern=KEY_PATTERN)]
"""A key of a ConfigMap or Secret."""

IMAGE_PATTERN = r"^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*$"
Image = Annotated[str, Field(min_length=1, max_length=512, pattern=IMAGE_PATTERN)]
"""A container image with a tag or digest."""

SnapshotName = Annotated[str, Field(max_length=63, pattern=OBJECT_NAME_PATTERN)]
"""The name of a ControllerRevision that keeps what a component ran."""

INCIDENT_NAME = 63
IncidentName = Annotated[
    str, Field(min_length=1, max_length=INCIDENT_NAME, pattern=OBJECT_NAME_PATTERN)
]
"""The name of an Incident in the same namespace."""

# Printable ASCII without '#', spelled out: classes such as \s mean more to pydantic than to the
# API server, and what the server admits must be readable here.
PATH_PATTERN = r'^/[!-"$-~]*$'
HttpPath = Annotated[str, Field(min_length=1, max_length=256, pattern=PATH_PATTERN)]
Port = Annotated[int, Field(ge=1, le=65535)]
Uid = Annotated[str, Field(max_length=64)]
Text = Annotated[str, Field(max_length=1024)]
ShortText = Annotated[str, Field(max_length=256)]

EXACT = 2**53 - 1
"""The largest integer that JSON carries exactly everywhere."""

Count = Annotated[int, Field(ge=0, le=EXACT)]
Generation = Annotated[int, Field(ge=-1, le=EXACT)]
"""`metadata.generation` of an object, or -1 if it was never looked at."""

Measured = Annotated[float, Field(json_schema_extra={"format": "double"})]
"""A number the operator reports. No limits: a strange value must not make a report impossible."""

SEMVER_PATTERN = (
    r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(-(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
    r"(\.(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$"
)
Version = Annotated[str, Field(max_length=128, pattern=SEMVER_PATTERN)]
"""SemVer 2 without a leading `v`."""

DIGEST_PATTERN = r"^sha256:[0-9a-f]{64}$"
Digest = Annotated[str, Field(max_length=71, pattern=DIGEST_PATTERN)]
QUANTITY_PATTERN = r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$"
Quantity = Annotated[str, Field(min_length=1, max_length=32, pattern=QUANTITY_PATTERN)]
"""A Kubernetes resource quantity such as `100m` or `64Mi`."""
