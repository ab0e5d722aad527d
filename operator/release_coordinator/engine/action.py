"""The closed set of effects the engine may ask for; `cluster.act` carries them out.

Each is safe to repeat: names are deterministic, and every change of an existing object carries
its UID or resourceVersion.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from release_coordinator.api.attempt import Revision
from release_coordinator.api.job import JobTemplate
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import WorkloadRef
from release_coordinator.api.snapshot import ConfigKind, Snapshot, Source


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a Job is told of the release it works for."""

    version: str
    previous_version: str
    attempt: int
    step: str
    backup: str = ""
    """Id of the backup that it is to verify."""


@dataclass(frozen=True, slots=True)
class CreateJob:
    """Create a Job; one that exists under the name is adopted by the next look."""

    name: str
    template: JobTemplate
    context: JobContext
    suspended: bool
    ttl: int | None = None
    """Seconds it stays after its end; as long as any Job if None."""


@dataclass(frozen=True, slots=True)
class ResumeJob:
    """Let a suspended Job run, if it is still exactly the one that was journalled."""

    name: str
    uid: str
    resource_version: str


@dataclass(frozen=True, slots=True)
class WithdrawJob:
    """Mark a suspended Job as never to run.

    The mark gives it a new resourceVersion: a ResumeJob that is still under way somewhere, sent by
    a process that has died or slept since, finds the Job changed and is refused.
    """

    name: str
    uid: str
    resource_version: str


@dataclass(frozen=True, slots=True)
class CreateRevision:
    """Write the plan and the previous revision, before the first change."""

    name: str
    number: int
    revision: Revision


@dataclass(frozen=True, slots=True)
class ApplyTemplate:
    """Give a workload a pod template, by a merge patch of what differs."""

    workload: WorkloadRef
    uid: str
    resource_version: str = field(compare=False)
    """Of the state that was looked at: an apply that comes late must not undo what came after."""
    template: Mapping[str, Any]
    renamed: Mapping[Source, str]
    """Copies of configuration that the template names -> the original's name."""
    mark: str
    """Attempt and step, written beside the label: each step writes at least once, so that a
    request of an earlier step that comes late finds the workload changed and is refused."""
    rest: Mapping[str, Any] = field(default_factory=dict)
    """Of an inline workload: the merge patch of everything but the template."""
    declared: Any = None
    """Of an inline workload: outline of what the operator owns from now on; 0: nothing."""


@dataclass(frozen=True, slots=True)
class CreateWorkload:
    """Create an inline workload; whose it is, if it exists, the next look tells."""

    workload: WorkloadRef
    document: Mapping[str, Any]
    mark: str
    """Attempt and step."""


@dataclass(frozen=True, slots=True)
class DeleteWorkload:
    """Delete a workload that the attempt has created, if it is still that one."""

    workload: WorkloadRef
    uid: str


@dataclass(frozen=True, slots=True)
class CopyConfig:
    """Keep the content of a ConfigMap or Secret as an immutable copy."""

    kind: ConfigKind
    source: str
    version: str
    """Of the content that was looked at; any other is not copied."""
    name: str


@dataclass(frozen=True, slots=True)
class CreateSnapshots:
    """Keep what components run, so that a rollback can restore it.

    Names say the content: what exists under one of them is the same.
    """

    snapshots: tuple[tuple[str, Snapshot], ...]


@dataclass(frozen=True, slots=True)
class DeletePod:
    """Delete a pod that keeps its StatefulSet from going on; its controller makes another one."""

    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Kept:
    """An object that was kept for rollbacks."""

    kind: str
    """ControllerRevision, ConfigMap or Secret."""
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class DeleteKept:
    """Delete what no rollback needs any more, each if it is still the one that was looked at."""

    objects: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class CreateRecord:
    """Write the record of an ended attempt."""

    name: str
    record: RecordSpec


@dataclass(frozen=True, slots=True)
class TakeLock:
    """Create the Lease that locks a workload; whose it is, if it exists, the next look tells."""

    name: str
    workload: str
    """Kind and name, for people."""
    attempt: int


@dataclass(frozen=True, slots=True)
class DropLock:
    """Delete a lock, if it is still the one that was looked at."""

    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class MoveTraffic:
    """Change which pods a Service finds, by the one label that we add to its selector."""

    service: str
    uid: str
    resource_version: str = field(compare=False)
    """Of the state that was looked at: somebody else's change in between is not overwritten."""
    pin: Mapping[str, str]
    """The label; empty: the selector is as its owner wrote it."""
    mark: str
    """As in ApplyTemplate."""


@dataclass(frozen=True, slots=True)
class CreateTwin:
    """Create a second Deployment beside a component's own, without pods yet.

    A request that comes late, when the attempt has turned back, brings up no pod: `ScaleTwin`
    carries the UID and version of what it is for.
    """

    name: str
    workload: WorkloadRef
    """The Deployment whose fields it takes over."""
    uid: str
    """UID of that one."""
    template: Mapping[str, Any]
    slot: str
    mark: str


@dataclass(frozen=True, slots=True)
class ScaleTwin:
    """Let the second Deployment have pods."""

    name: str
    uid: str
    resource_version: str = field(compare=False)
    replicas: int


@dataclass(frozen=True, slots=True)
class AddFinalizer:
    """Keep the Release from vanishing in the middle of an attempt."""


@dataclass(frozen=True, slots=True)
class RemoveFinalizer:
    """Let a deleted Release go."""


Action = (
    CreateJob
    | ResumeJob
    | WithdrawJob
    | CreateRevision
    | ApplyTemplate
    | CreateWorkload
    | DeleteWorkload
    | CopyConfig
    | CreateSnapshots
    | DeletePod
    | DeleteKept
    | CreateRecord
    | TakeLock
    | DropLock
    | MoveTraffic
    | CreateTwin
    | ScaleTwin
    | AddFinalizer
    | RemoveFinalizer
)


def subject(action: Action) -> str:
    """The object an action is about, as people name it."""
    match action:
        case CreateJob(name=name) | ResumeJob(name=name) | WithdrawJob(name=name):
            return f"Job {name}"
        case CreateRevision(name=name):
            return f"ControllerRevision {name}"
        case (
            ApplyTemplate(workload=workload)
            | CreateWorkload(workload=workload)
            | DeleteWorkload(workload=workload)
        ):
            return str(workload)
        case CopyConfig() | CreateSnapshots() | DeletePod() | DeleteKept():
            return _kept(action)
        case CreateRecord(name=name):
            return f"ReleaseRecord {name}"
        case TakeLock(name=name) | DropLock(name=name):
            return f"Lease {name}"
        case MoveTraffic() | CreateTwin() | ScaleTwin():
            return _of_traffic(action)
        case AddFinalizer() | RemoveFinalizer():
            return "the Release"


def _kept(action: CopyConfig | CreateSnapshots | DeletePod | DeleteKept) -> str:
    match action:
        case CopyConfig(kind=kind, name=name):
            return f"{kind} {name}"
        case CreateSnapshots(snapshots=snapshots):
            return f"ControllerRevision {', '.join(name for name, _ in snapshots)}"
        case DeletePod(name=name):
            return f"Pod {name}"
        case DeleteKept(objects=objects):
            return ", ".join(f"{one.kind} {one.name}" for one in objects)


def _of_traffic(action: MoveTraffic | CreateTwin | ScaleTwin) -> str:
    if isinstance(action, MoveTraffic):
        return f"Service {action.service}"
    return f"Deployment {action.name}"
