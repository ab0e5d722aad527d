"""The work a Release lets the operator run as Kubernetes Jobs.

Typed fields instead of a pod template: what is not here cannot be asked for, and `render.job`
forces the restricted Pod Security context around it. Part of `api.release`.
"""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from .base import Duration, Image, Key, Model, Name, ObjectName, Quantity

LIST_MAP: JsonDict = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
"""A list whose entries are told apart by their name, by server-side apply too."""


def rules(*pairs: tuple[str, str]) -> JsonDict:
    """CEL rules (rule, message) as the CRD carries them."""
    return {"x-kubernetes-validations": [{"rule": rule, "message": text} for rule, text in pairs]}


VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
MOUNT_PATTERN = r"^/[!-9;-~]*$"  # printable ASCII without ':'


class KeySelector(Model):
    """One key of a ConfigMap or Secret of the Release's namespace."""

    name: ObjectName = Field(description="Name of the ConfigMap or Secret.")
    key: Key = Field(description="Key in its data.")


class EnvVarSource(Model):
    """Where the value of a variable comes from; exactly one field is set."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "has(self.secretKeyRef) != has(self.configMapKeyRef)",
                "set exactly one of secretKeyRef and configMapKeyRef",
            )
        )
    )

    secret_key_ref: KeySelector | None = Field(None, description="A key of a Secret.")
    config_map_key_ref: KeySelector | None = Field(None, description="A key of a ConfigMap.")


class EnvVar(Model):
    """An environment variable of the Job's container."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("has(self.value) != has(self.valueFrom)", "set exactly one of value and valueFrom"),
            (
                "!self.name.startsWith('RELEASE_')",
                "names beginning with RELEASE_ are set by the operator; choose another name",
            ),
        )
    )

    name: Annotated[str, Field(min_length=1, max_length=63, pattern=VARIABLE_PATTERN)] = Field(
        description="Name of the variable. Names beginning with RELEASE_ are the operator's."
    )
    value: Annotated[str, Field(max_length=4096)] | None = Field(
        None, description="A literal value. Never a credential: those belong into a Secret."
    )
    value_from: EnvVarSource | None = Field(None, description="A key of a Secret or ConfigMap.")


class Volume(Model):
    """A PersistentVolumeClaim of the namespace, mounted into the Job's container."""

    name: Name = Field(description="Name of the volume, unique in this Job.")
    claim_name: ObjectName = Field(description="Name of the PersistentVolumeClaim.")
    mount_path: Annotated[str, Field(min_length=1, max_length=256, pattern=MOUNT_PATTERN)] = Field(
        description="Directory in the container."
    )


class Resources(Model):
    """Requests and limits of the Job's container."""

    cpu_request: Quantity | None = Field(None, description="CPU it is sure to get, like 100m.")
    cpu_limit: Quantity | None = Field(None, description="CPU it gets at most, like 1.")
    memory_request: Quantity | None = Field(
        None, description="Memory it is sure to get, like 64Mi."
    )
    memory_limit: Quantity | None = Field(
        None, description="Memory above which it is ended, like 256Mi."
    )


TEXT_LIMIT = 2080
"""Characters of one Job's command, arguments and variables. Seventy-six Jobs are possible, and the
plan must fit into one object beside what the operator records about it."""

_REFERENCES = (
    f"e.?valueFrom.?{source}.?{part}.orValue('').size()"
    for source in ("secretKeyRef", "configMapKeyRef")
    for part in ("name", "key")
)
_TEXT_SIZE = " + ".join(
    # A list behind `orValue` loses its maxItems, and the server would refuse the rule's cost.
    f"(has(self.{field}) ? self.{field}.map(e, {size}).sum() : 0)"
    for field, size in (
        ("command", "e.size()"),
        ("args", "e.size()"),
        ("env", " + ".join(("e.name.size()", "e.?value.orValue('').size()", *_REFERENCES))),
    )
)


class JobTemplate(Model):
    """One container run to completion, once, without retries.

    The operator adds RELEASE_NAME, RELEASE_NAMESPACE, RELEASE_UID, RELEASE_VERSION,
    RELEASE_PREVIOUS_VERSION, RELEASE_ATTEMPT and RELEASE_STEP to its environment, and
    RELEASE_BACKUP_ID where it verifies a backup.
    """

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                f"{_TEXT_SIZE} <= {TEXT_LIMIT}",
                (
                    f"command, args and env have at most {TEXT_LIMIT} characters together; "
                    "put longer texts into the image"
                ),
            )
        )
    )

    image: Image = Field(description="Container image with tag or digest.")
    command: list[Annotated[str, Field(max_length=4096)]] = Field(
        [], max_length=32, description="Entry point; the image's own if empty."
    )
    args: list[Annotated[str, Field(max_length=4096)]] = Field(
        [], max_length=64, description="Arguments of the entry point."
    )
    env: list[EnvVar] = Field(
        [], max_length=32, json_schema_extra=LIST_MAP, description="Environment variables."
    )
    volumes: list[Volume] = Field(
        [], max_length=2, json_schema_extra=LIST_MAP, description="Volumes, for a backup's target."
    )
    resources: Resources = Field(default_factory=Resources)
    timeout: Duration = Field("10m", description="The Job is ended and failed after this time.")
    run_as_user: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(
        None, description="Numeric user, if the image does not name one. Root is not possible."
    )
    fs_group: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(
        None, description="Group that owns the mounted volumes."
    )


class NamedJob(Model):
    """A Job with the name people know it by."""

    name: Name = Field(description="Name of the step, unique in its list.")
    job: JobTemplate
