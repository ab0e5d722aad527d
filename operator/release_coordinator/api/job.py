"""The work a Release lets the operator run as Kubernetes Jobs.

Typed fields instead of a pod template: what is not here cannot be asked for, and `render.job`
forces the restricted Pod Security context around it. Part of `api.release`.
"""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from .base import Duration, Image, Key, Model, Name, ObjectName, Quantity


def rules(*pairs: tuple[str, str]) -> JsonDict:
    """CEL rules (rule, message) as the CRD carries them."""
    return {"x-kubernetes-validations": [{"rule": rule, "message": text} for rule, text in pairs]}


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

    name: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
    value: Annotated[str, Field(max_length=4096)] | None = Field(
        None, description="A literal value. Never a credential: those belong into a Secret."
    )
    value_from: EnvVarSource | None = Field(None, description="A key of a Secret or ConfigMap.")


class Volume(Model):
    """A PersistentVolumeClaim of the namespace, mounted into the Job's container."""

    name: Name
    claim_name: ObjectName = Field(description="Name of the PersistentVolumeClaim.")
    mount_path: Annotated[str, Field(min_length=1, max_length=256, pattern=r"^/[^:]*$")]


class Resources(Model):
    """Requests and limits of the Job's container."""

    cpu_request: Quantity | None = None
    cpu_limit: Quantity | None = None
    memory_request: Quantity | None = None
    memory_limit: Quantity | None = None


class JobTemplate(Model):
    """One container run to completion, once, without retries.

    The operator adds RELEASE_NAME, RELEASE_NAMESPACE, RELEASE_UID, RELEASE_VERSION,
    RELEASE_PREVIOUS_VERSION, RELEASE_ATTEMPT and RELEASE_STEP to its environment.
    """

    image: Image = Field(description="Container image with tag or digest.")
    command: list[Annotated[str, Field(max_length=4096)]] = Field(
        [], max_length=32, description="Entry point; the image's own if empty."
    )
    args: list[Annotated[str, Field(max_length=4096)]] = Field([], max_length=64)
    env: list[EnvVar] = Field([], max_length=64)
    volumes: list[Volume] = Field([], max_length=8)
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

    name: Name
    job: JobTemplate
