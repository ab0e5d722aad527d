"""What a component ran: the data of the ControllerRevision that a rollback restores it from.

Written before the first change, and again when a version has proved good; immutable, like every
ControllerRevision. The configuration that the pods use is kept as immutable copies beside it.
"""

from enum import StrEnum
from typing import Any

from pydantic import Field

from .base import Model, ObjectName
from .release import WorkloadKind, WorkloadRef


class ConfigKind(StrEnum):
    """Kinds of object that pods take their configuration from."""

    CONFIG_MAP = "ConfigMap"  # copied with its content
    SECRET = "Secret"  # noqa: S105 - a kind of object
    """Copied where the platform team allows it."""


Source = tuple[ConfigKind, str]
"""Kind and name of an object that configures pods."""


class ConfigRef(Model):
    """A ConfigMap or Secret that a pod template names."""

    kind: ConfigKind
    name: ObjectName
    version: str = ""
    """Differs when its content does; empty if it could not be read, or was not there."""
    kept_as: ObjectName | None = None
    """Name of the immutable copy; None if there is none."""


class Snapshot(Model):
    """A component's workload with all that its pods need to be the same again."""

    kind: WorkloadKind
    workload: ObjectName
    uid: str
    template: dict[str, Any]
    """The pod template, as the API server had stored it."""
    document: dict[str, Any] | None = None
    """Of an inline workload: its labels, annotations and spec without the template."""
    declared: dict[str, Any] | None = None
    """Outline of what of that a Release had declared; None: nothing."""
    config: list[ConfigRef] = Field(default_factory=list)

    @property
    def ref(self) -> WorkloadRef:
        """The workload it was taken of."""
        return WorkloadRef(kind=self.kind, name=self.workload)
