"""What a Release names as evidence for its gates, beyond what the operator sees by itself.

Part of `api.release`. References are names in the Release's own namespace; Secrets can not be
named, because the operator never reads them.
"""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from .base import (
    Duration,
    HttpPath,
    Key,
    Model,
    Moment,
    Name,
    ObjectName,
    Port,
    ShortText,
    parse_moment,
)
from .job import JobTemplate, rules

API_VERSION_PATTERN = r"^([a-z0-9.-]+/)?v[0-9]+((alpha|beta)[0-9]+)?$"
KIND_PATTERN = r"^[A-Z][A-Za-z0-9]*$"
SCHEMA_VERSION_PATTERN = r"^[!-~]+$"  # printable ASCII without spaces


class VersionEndpoint(Model):
    """An HTTP endpoint where each pod of the component says which version it is.

    The answer is the version as plain text, or JSON with a member `version`.
    """

    path: HttpPath = Field("/version", description="Path of the endpoint.")
    port: Port = Field(description="Port of the container, by number.")
    timeout: Duration = Field("2s", description="Time for one answer.")


class DocumentRef(Model):
    """A document in a ConfigMap of the Release's namespace."""

    config_map: ObjectName = Field(description="Name of the ConfigMap.")
    key: Key = Field(description="Key in its data.")


class Documents(Model):
    """Documents that belong to the version."""

    changelog: DocumentRef | None = Field(
        None, description="Keep a Changelog; must have a dated, non-empty section of the version."
    )
    release_notes: DocumentRef | None = Field(
        None,
        description="Markdown with the sections of the release notes template that apply.",
    )
    migration_guide: DocumentRef | None = Field(
        None, description="Markdown with a section of the version; needed if something breaks."
    )
    commits: DocumentRef | None = Field(
        None,
        description=(
            "Written by CI: what `git log` says since the previous version. Release notes are "
            "drafted from it."
        ),
    )
    version_manifest: DocumentRef | None = Field(
        None,
        description="Written by CI: YAML or JSON that maps each component to its version.",
    )


class ObjectCheck(Model):
    """A field or condition of an object that CI writes, like a PipelineRun or a Workflow.

    If the object carries the label app.kubernetes.io/version, it must say the version of the
    Release: evidence for another version is none.
    """

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "has(self.condition) != has(self.jsonPath)",
                "set exactly one of condition and jsonPath",
            ),
            (
                "has(self.jsonPath) == has(self.value)",
                "set value together with jsonPath: what the field must say",
            ),
            ("self.kind != 'Secret'", "the operator reads no Secrets; name another kind"),
        )
    )

    api_version: Annotated[
        str, Field(min_length=2, max_length=128, pattern=API_VERSION_PATTERN)
    ] = Field(description="Group and version, like tekton.dev/v1.")
    kind: Annotated[str, Field(min_length=1, max_length=63, pattern=KIND_PATTERN)] = Field(
        description="Kind, like PipelineRun."
    )
    name: ObjectName = Field(description="Name of the object.")
    condition: Annotated[str, Field(min_length=1, max_length=63)] | None = Field(
        None, description="Type of a condition that must be True, like Succeeded."
    )
    json_path: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(
        None, description="JSONPath (RFC 9535) of one field, like $.status.phase."
    )
    value: ShortText | None = Field(None, description="What that field must say.")


class ConfigMapCheck(Model):
    """A key of a ConfigMap that CI writes.

    If the ConfigMap carries the label app.kubernetes.io/version, it must say the version of the
    Release.
    """

    name: ObjectName = Field(description="Name of the ConfigMap.")
    key: Key = Field(description="Key in its data.")
    value: Annotated[str, Field(min_length=1, max_length=256)] = Field(
        "success", description="What it must say."
    )


class CICheck(Model):
    """One sign that the pipeline of the version is green."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "[has(self.object), has(self.configMap), has(self.job)].filter(x, x).size() == 1",
                "set exactly one of object, configMap and job",
            )
        )
    )

    name: Name = Field(description="Name of the check, unique in its list.")
    object: ObjectCheck | None = Field(None, description="A field or condition of an object.")
    config_map: ConfigMapCheck | None = Field(None, description="A key of a ConfigMap.")
    job: JobTemplate | None = Field(None, description="A Job that is run now and must succeed.")


class AlertRules(Model):
    """The alert rules that guard the application in production."""

    source: ObjectName = Field("default", description="Name of a MetricSource.")
    rules: list[Annotated[str, Field(min_length=1, max_length=128)]] = Field(
        min_length=1,
        max_length=32,
        json_schema_extra={"x-kubernetes-list-type": "set"},
        description="Names of alert rules; each must be loaded and healthy, and not firing.",
    )


SchemaVersion = Annotated[str, Field(min_length=1, max_length=120, pattern=SCHEMA_VERSION_PATTERN)]
"""What the database says its schema is, in the words of its migration tool."""


class Database(Model):
    """The database that the migrations change."""

    current: JobTemplate | None = Field(
        None,
        description=(
            "Job that writes the present schema version as the last line of its termination "
            "message."
        ),
    )


class Schedule(Model):
    """When the release manager wants the deployment to begin."""

    not_before: Moment | None = Field(
        None, description="Deployment begins no earlier, like 2026-12-01T20:00:00Z."
    )

    def opens_at(self) -> datetime | None:
        """The moment, if one is named."""
        return parse_moment(self.not_before) if self.not_before else None
