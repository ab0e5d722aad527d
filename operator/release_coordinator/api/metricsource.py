"""`MetricSource`: a Prometheus-compatible endpoint, written by the platform team.

Releases never carry URLs, so that writing a Release is not a way to make the operator call any
address (server-side request forgery). Who may ask, and what every query is narrowed to, is said
here too. Read by `evidence.metricsources`; its health is written by `sourcehealth`.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from .base import Duration, Generation, Key, Measured, Model, ObjectName, ShortText, Time
from .conditions import Condition
from .job import rules

# Printable ASCII without credentials ('@'), query ('?') and fragment ('#').
URL_PATTERN = r'^https?://[A-Za-z0-9._:\[\]-]+(/[!-"$->@-~]*)?$'
BY_TYPE: JsonDict = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
LABEL_PATTERN = r"^[a-zA-Z_][a-zA-Z0-9_]*$"


class SecretKey(Model):
    """A key of a Secret in the operator's own namespace."""

    name: ObjectName = Field(description="Name of the Secret.")
    key: Key = Field(description="Key in it.")


class BasicAuth(Model):
    """User name and password (RFC 7617)."""

    username: SecretKey
    password: SecretKey


class Auth(Model):
    """How the operator proves who it is; either of the two."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("has(self.bearer) != has(self.basic)", "set either bearer or basic")
        )
    )

    bearer: SecretKey | None = None
    basic: BasicAuth | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.bearer is None) == (self.basic is None):
            raise PydanticCustomError("one_auth", "names no credentials, or two kinds")
        return self


class TLS(Model):
    """How the endpoint proves who it is."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "has(self.certificate) == has(self.privateKey)",
                "set both certificate and privateKey, or neither",
            )
        )
    )

    ca: SecretKey | None = None
    """Certificates of the authorities in PEM; those of the system if empty."""
    server_name: Annotated[str, Field(min_length=1, max_length=253)] | None = Field(
        None, description="Name that its certificate must have, if not that of the URL."
    )
    certificate: SecretKey | None = None
    """Certificate that the operator shows, in PEM."""
    private_key: SecretKey | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.certificate is None) != (self.private_key is None):
            raise PydanticCustomError("whole_pair", "names a certificate or a private key alone")
        return self


class AddressKind(StrEnum):
    """Addresses that no metric source lives at, unless its author says so."""

    LOOPBACK = "Loopback"  # the operator's own pod
    LINK_LOCAL = "LinkLocal"  # among them the metadata services of clouds
    API_SERVER = "APIServer"  # the Kubernetes API


class MetricSourceSpec(Model):
    """Where queries go, who may ask, and what they are narrowed to."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "!has(self.tls) || self.url.startsWith('https://')",
                "tls needs a url that begins with https://",
            )
        )
    )

    url: Annotated[str, Field(min_length=8, max_length=512, pattern=URL_PATTERN)] = Field(
        description="Base URL, without /api/v1/query and without credentials."
    )
    timeout: Duration = Field("5s", description="Time for one answer.")
    auth: Auth | None = None
    tls: TLS | None = None
    namespaces: list[Annotated[str, Field(min_length=1, max_length=63)]] = Field(
        [],
        max_length=256,
        json_schema_extra={"x-kubernetes-list-type": "set"},
        description="Namespaces whose Releases may ask; all if empty.",
    )
    matchers: dict[
        Annotated[str, Field(max_length=63, pattern=LABEL_PATTERN)],
        Annotated[str, Field(max_length=253)],
    ] = Field(
        {},
        max_length=8,
        description=(
            "Label -> value that every selector of every query is forced to; $(namespace) is the "
            "namespace of the Release."
        ),
    )
    allow: list[AddressKind] = Field(
        [],
        max_length=3,
        json_schema_extra={"x-kubernetes-list-type": "set"},
        description="Kinds of addresses that are asked although no source should live there.",
    )
    max_answer_kib: Annotated[int, Field(ge=1, le=16384)] = Field(
        4096,
        description=(
            "Longest answer that is read, in KiB; with one number it is never more than 256, "
            "with one series never more than 1024."
        ),
    )
    concurrency: Annotated[int, Field(ge=1, le=64)] = Field(
        8, description="Queries under way at the same time; others wait."
    )

    @model_validator(mode="after")
    def _is_encrypted(self) -> Self:
        if self.tls is not None and not self.url.startswith("https://"):
            raise PydanticCustomError("tls_without_https", "has tls, but no url with https://")
        return self


class MetricSourceStatus(Model):
    """How the source is, as the operator sees it."""

    observed_generation: Generation = Field(
        -1, description="Generation of the spec that was tried; -1: not looked at yet."
    )
    conditions: list[Condition] = Field(
        [], max_length=4, json_schema_extra=BY_TYPE, description="Ready, and why not."
    )
    last_success: Time | None = Field(
        None, description="When it answered last; written when that is news, not every time."
    )
    latency_seconds: Measured | None = Field(None, description="How long that answer took.")
    message: ShortText = Field("", description="What is wrong, or empty.")
