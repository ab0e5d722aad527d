"""Facts about what runs, and what asks for them: Jobs, pods, workloads, endpoints, documents.

Part of the questions and answers of `engine.observation`; made by `look` and `cluster`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from release_coordinator.api.release import WorkloadRef
from release_coordinator.api.snapshot import Source


class JobPhase(StrEnum):
    """What a Job says of itself."""

    SUSPENDED = "Suspended"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class JobFact:
    """A Job of ours, or one that took its name."""

    name: str
    uid: str
    resource_version: str
    phase: JobPhase
    timed_out: bool
    message: str
    owner: tuple[str, str, str]
    """Release UID, attempt number and content hash from its labels and annotations."""
    withdrawn: bool = False
    """Marked as never to run."""
    touched: bool = False
    """Its spec was changed since it was created: it was let run, or somebody meddled."""
    since: datetime | None = None
    """When it began to run, or else was created."""
    ended: datetime | None = None
    """When it ended, as far as its controller says."""


@dataclass(frozen=True, slots=True)
class PodFact:
    """A pod: enough to say why it does not run."""

    name: str
    ip: str
    images: frozenset[str]
    trouble: str
    """Reason and message of the first container that waits or was terminated badly."""
    finished: str
    """Termination message of its first container, if it ended."""
    ready: bool = True
    terminating: bool = False
    ended: bool = False
    """None of its programs runs any more."""
    killed: bool = False
    """Its program was ended from outside: by a signal, an eviction or a lost node."""
    uid: str = ""
    revision: str = ""
    """Revision of its workload's template that it was made from, where the controller says so."""
    template: str = ""
    """Label `pod-template-hash`, which the pods of a Deployment's template have in common."""


@dataclass(frozen=True, slots=True)
class WorkloadFact:
    """A workload: a Deployment, StatefulSet or DaemonSet."""

    ref: WorkloadRef
    uid: str
    resource_version: str
    images: Mapping[str, str]
    """Container -> image, init containers included."""
    init: frozenset[str]
    """Names of the init containers."""
    template_hash: str
    labelled_for: str
    """Release that the workload's own label names, or empty."""
    rolled_out: bool
    """Every wanted pod runs the present template and is available, and no other pod exists."""
    replicas: int
    """Pods that are wanted."""
    ready: int
    """Pods that are ready, of whichever template."""
    trouble: str
    """What keeps its pods back, or what its conditions say is wrong."""
    kept_back: str = ""
    """Why its controller does not replace pods by itself; its owner mends it."""
    mark: str = ""
    """Which step of ours has written it last."""
    template: Mapping[str, Any] = field(default_factory=dict)
    """The pod template, as the API server has it."""
    renamed: Mapping[Source, str] = field(default_factory=dict)
    """Copies of configuration that the template names since a rollback -> the original's name."""
    document: Mapping[str, Any] = field(default_factory=dict)
    """Labels, annotations and spec: what a Release can declare of it."""
    declared: Any = 0
    """Outline of what the operator has declared last; 0: nothing."""
    created_for: str = ""
    """UID of the Release that it was created for."""
    deleting: bool = False
    ordered: tuple[str, str] = ("", "")
    """Revisions that were complete last and that is wanted now, of a StatefulSet whose pods follow
    one after the other; empty for all others, and while its controller has not seen the spec."""
    available_since: datetime | None = None
    """Since when enough of its pods are available, where its controller says so."""
    slot: str = ""
    """Label by which a second Deployment of ours tells its pods from those of the first."""

    def names_images(self, images: Mapping[str, str]) -> bool:
        """Whether its template has all of these images."""
        return all(self.images.get(name) == image for name, image in images.items())


@dataclass(frozen=True, slots=True)
class ProbeFact:
    """Health of all pods of a workload."""

    pods: int
    trouble: str
    """Empty when every pod answered well."""


@dataclass(frozen=True, slots=True)
class DocumentFact:
    """Text of a document, or why there is none."""

    text: str | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class JobWant:
    """A Job by name. With `confirm`, absence is checked against the API server itself."""

    name: str
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class JobPodsWant:
    """The pods of a Job."""

    job: str


@dataclass(frozen=True, slots=True)
class WorkloadWant:
    """A workload. With `fresh`, it is read from the API server itself."""

    workload: WorkloadRef
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class LeftWant:
    """A workload at rest, as the watch knows it: nothing is asked of the API server."""

    workload: WorkloadRef


@dataclass(frozen=True, slots=True)
class LeftFact:
    """What it is told to run, and whose it is."""

    images: Mapping[str, str]
    labelled_for: str
    deleting: bool = False


@dataclass(frozen=True, slots=True)
class WriterWant:
    """Who wrote the image of a workload's container, as the API server keeps it."""

    workload: WorkloadRef
    container: str


@dataclass(frozen=True, slots=True)
class WriterFact:
    """The field manager that owns an image and is not the operator; empty if nobody knows."""

    manager: str = ""
    at: datetime | None = None
    """When it wrote last, to the second."""
    image: str | None = None
    """The image that the API server had when it was asked; None if that could not be read."""


@dataclass(frozen=True, slots=True)
class WorkloadPodsWant:
    """The pods a workload selects."""

    workload: WorkloadRef
    since: datetime | None = None
    """An answer since this moment is good enough, for it only explains; None: as they are now."""


@dataclass(frozen=True, slots=True)
class ProbeWant:
    """The health endpoint of all pods of a workload."""

    workload: WorkloadRef
    port: int
    path: str
    timeout: str


@dataclass(frozen=True, slots=True)
class DocumentWant:
    """A key of a ConfigMap."""

    config_map: str
    key: str


@dataclass(frozen=True, slots=True)
class RevisionWant:
    """The recorded plan and previous revision of an attempt; `confirm` as for a Job."""

    name: str
    confirm: bool = True
    digest: str | None = None
    """What is journalled of it: one that is known and differs is read again, perhaps restored."""
