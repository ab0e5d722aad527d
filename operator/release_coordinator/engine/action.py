"""The closed set of effects the engine may ask for; `cluster.act` carries them out.

Each is safe to repeat: names are deterministic, and every change of an existing object carries
its UID or resourceVersion.
"""

from dataclasses import dataclass, field

from release_coordinator.api.attempt import Revision
from release_coordinator.api.job import JobTemplate
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import WorkloadRef


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a Job is told of the release it works for."""

    version: str
    previous_version: str
    attempt: int
    step: str


@dataclass(frozen=True, slots=True)
class CreateJob:
    """Create a Job; one that exists under the name is adopted by the next look."""

    name: str
    template: JobTemplate
    context: JobContext
    suspended: bool


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
class ApplyImages:
    """Give containers of a workload their images by server-side apply."""

    workload: WorkloadRef
    uid: str
    resource_version: str = field(compare=False)
    """Of the state that was looked at: an apply that comes late must not undo what came after."""
    images: tuple[tuple[str, str], ...]
    init: frozenset[str]
    """Those of the containers that are init containers."""
    mark: str
    """Attempt and step, written beside the label: each step writes at least once, so that a
    request of an earlier step that comes late finds the workload changed and is refused."""


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
    | ApplyImages
    | CreateRecord
    | TakeLock
    | DropLock
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
        case ApplyImages(workload=workload):
            return str(workload)
        case CreateRecord(name=name):
            return f"ReleaseRecord {name}"
        case TakeLock(name=name) | DropLock(name=name):
            return f"Lease {name}"
        case AddFinalizer() | RemoveFinalizer():
            return "the Release"
