"""What a state of the search is made of: immutable parts, each numbered once.

A state is a handful of these numbers, so that a million of them fit into memory, are compared
exactly, and what depends on two or three parts is worked out once for all states that share them.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from release_coordinator.api.attempt import Revision
from release_coordinator.api.snapshot import Snapshot

T = TypeVar("T")

NONE = -1
"""No journal, no action, and for a view: the newest there is."""


class Numbers(Generic[T]):
    """Gives equal values one number, in the order in which they are met."""

    def __init__(self) -> None:
        self._number: dict[Hashable, int] = {}
        self._values: list[T] = []

    def of(self, value: T, key: Hashable = None) -> int:
        """The number of a value; `key` stands for one that cannot be compared cheaply."""
        known = self._number.setdefault(value if key is None else key, len(self._values))
        if known == len(self._values):
            self._values.append(value)
        return known

    def __getitem__(self, number: int) -> T:
        return self._values[number]

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True)
class Kept:
    """What ControllerRevisions contain, numbered."""

    revisions: Numbers[Revision] = field(default_factory=Numbers)
    snapshots: Numbers[Snapshot] = field(default_factory=Numbers)


class Stored(NamedTuple):
    """A Release as the API server has it; which writes there were is not part of it."""

    app: int
    spec: int
    """Which of the model's specs of this application."""
    generation: int = 1
    deleting: bool = False
    finalizer: bool = False
    gone: bool = False
    retry: str = ""
    rollback: str = ""
    resume: str = ""
    abort: str = ""
    suspend: str = ""
    """What `spec.suspend` says."""
    journal: int = 0


class Job(NamedTuple):
    """A Job, and how its program ended."""

    name: str
    step: str
    owner: tuple[str, str, str]
    made: int
    """How many of this name there were before: part of its UID."""
    phase: str
    end: str = ""
    """`said`: the program told how it ended; `killed`: nobody knows how far it came."""
    touched: bool = False
    withdrawn: bool = False


class Workload(NamedTuple):
    """A Deployment with one container."""

    name: str
    container: str
    image: str
    stage: int = 2
    """0: the pods follow the template; 1: an old pod still terminates; 2: all is quiet."""
    mark: str = ""
    label: str = ""
    made: int = 0
    meddled: int = 0
    """How often somebody else has changed it."""
    leftover: tuple[str, ...] = ()
    """Images of earlier pods that have not ended yet."""


class Lock(NamedTuple):
    """A Lease that locks a workload."""

    name: str
    app: int
    attempt: int
    made: int
    """Tells it from the one before of this name."""


class World(NamedTuple):
    """Everything outside the Releases and the operators."""

    workloads: tuple[Workload, ...]
    jobs: tuple[Job, ...] = ()
    revisions: tuple[tuple[str, int], ...] = ()
    snapshots: tuple[tuple[str, int], ...] = ()
    records: tuple[str, ...] = ()
    locks: tuple[Lock, ...] = ()
    locked: int = 0
    """How many locks there were, by threes: no call is under way for longer."""
    words: tuple[tuple[int, str, str], ...] = ()
    """Application, digest of the plan and the last decision of the QA engineer about it."""
    metric: str = "good"
    proved: bool = True
    """Whether forged approvals are seen to be refused."""
    ran: tuple[tuple[str, str], ...] = ()
    """Name and step of every guarded Job whose program was let run: the database's own account."""


class Pass(NamedTuple):
    """What one operator process knows of one Release, and where in `reconcile` it stands."""

    at: str = "look"
    """`look`: it looks and decides next; `write`, `act`: this call is under way."""
    view: int = NONE
    """Number of the Stored it believes in, NONE if it is the API server's own."""
    journal: int = NONE
    """What it has noted and not written."""
    action: int = NONE
    last: int = NONE
    """The effect before, in the same pass."""
    seen: int = NONE
    """Number of the World its watches have told, NONE if it is the real one."""
    deaf: int = NONE
    """Number of news missed since its watches fell behind, NONE if they have not."""


class Budget(NamedTuple):
    """How often each may still happen; what is not in the model has 0."""

    crash: int = 0
    lost: int = 0
    """Replies that do not arrive, though the call was carried out."""
    deaf: int = 0
    refused: int = 0
    bad: int = 0
    """Jobs that fail or are killed."""
    vanish: int = 0
    """Jobs and revisions that somebody deletes."""
    stop: int = 0
    """Jobs that somebody suspends while they run."""
    meddle: int = 0
    """Workloads that somebody else changes."""
    unlock: int = 0
    """Locks that somebody deletes."""
    metric: int = 0
    shut: int = 0
    """Approvals that are revoked, and policies that go missing."""
    edit: int = 0
    delete: int = 0
    order: int = 0
    suspend: int = 0
