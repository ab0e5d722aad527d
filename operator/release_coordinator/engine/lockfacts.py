"""Questions about locks and who holds them, and the answers; asked through `observation`.

All but one are answered from the watch, so waiting for a lock costs no request.
"""

from dataclasses import dataclass
from datetime import datetime

from release_coordinator.api.release import WorkloadRef


@dataclass(frozen=True, slots=True)
class LockFact:
    """A Lease that stands for the right to change a workload."""

    name: str
    uid: str
    release: str
    """Name of the Release whose attempt holds it; empty: it is no lock of ours."""
    release_uid: str
    attempt: int
    workload: str
    """Kind and name of the workload, for people."""
    since: datetime


@dataclass(frozen=True, slots=True)
class HolderFact:
    """What the journal of a Release says of its newest attempt."""

    uid: str
    attempt: int
    """0: none, or the journal cannot be read. Then nothing is concluded from it."""
    frozen: bool
    """The attempt holds its locks, and is past the point where it would give way."""
    ended: bool


@dataclass(frozen=True, slots=True)
class LockWant:
    """A lock by the name of its Lease, as the watch and our own writes have told it."""

    name: str


@dataclass(frozen=True, slots=True)
class OwnLocksWant:
    """All locks that name a Release as their owner, by the Release's UID."""

    release_uid: str


@dataclass(frozen=True, slots=True)
class HolderWant:
    """A Release that holds a lock. With `fresh`, it is read from the API server itself."""

    release: str
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class RivalsWant:
    """Other Releases of the namespace that name one of these workloads."""

    release: str
    workloads: tuple[WorkloadRef, ...]


@dataclass(frozen=True, slots=True)
class RivalFact:
    """Another Release that names a workload."""

    release: str
    workload: WorkloadRef


LockWants = LockWant | OwnLocksWant | HolderWant | RivalsWant
