"""The workload of a component: one that exists, or one that the Release carries with it.

Part of `api.release`. What an inline workload may say is checked by `engine.inline`, and by the
API server itself before anything is changed (gate RollbackTarget).
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from .base import Model, ObjectName

KEYS_LIMIT = 16
"""Labels, and annotations, of an inline workload."""
INLINE_LIMIT = 32 * 1024
"""Bytes of all inline workloads of a Release as canonical JSON. The plan must fit into one object
beside what the operator records about it."""


class WorkloadKind(StrEnum):
    """Kinds of workload a component can be."""

    DEPLOYMENT = "Deployment"  # apps/v1
    STATEFUL_SET = "StatefulSet"  # apps/v1, with updateStrategy RollingUpdate
    DAEMON_SET = "DaemonSet"  # apps/v1, with updateStrategy RollingUpdate


class WorkloadRef(Model):
    """An existing workload of the Release's namespace."""

    kind: WorkloadKind = WorkloadKind.DEPLOYMENT
    name: ObjectName = Field(description="Name of the workload.")

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


Labels = Annotated[dict[str, Annotated[str, Field(max_length=63)]], Field(max_length=KEYS_LIMIT)]
Annotations = Annotated[
    dict[str, Annotated[str, Field(max_length=1024)]], Field(max_length=KEYS_LIMIT)
]


class InlineMetadata(Model):
    """Labels and annotations of the workload itself; those of its pods are in its template."""

    labels: Labels = Field({}, description="Labels of the workload.")
    annotations: Annotations = Field({}, description="Annotations of the workload.")


class InlineWorkload(Model):
    """A workload that the operator creates and changes: Git holds only the Release."""

    kind: WorkloadKind = WorkloadKind.DEPLOYMENT
    name: ObjectName = Field(description="Name of the workload.")
    metadata: InlineMetadata = Field(default_factory=InlineMetadata)
    spec: dict[str, Any] = Field(
        json_schema_extra={"x-kubernetes-preserve-unknown-fields": True},
        description=(
            "The spec of the kind as Kubernetes has it (apps/v1). Containers named in images get "
            "their image from there. Without replicas their number is left to others."
        ),
    )

    @property
    def ref(self) -> WorkloadRef:
        """Its kind and name."""
        return WorkloadRef(kind=self.kind, name=self.name)
