"""What one step of thinking comes to; the words phases and `decide` speak."""

from dataclasses import dataclass
from datetime import datetime

from release_coordinator.api.conditions import Reason
from release_coordinator.api.control import RollbackCause
from release_coordinator.api.status import ReleaseStatus

from .action import Action


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do here."""


@dataclass(frozen=True, slots=True)
class Note:
    """The journal changes; it is persisted before the next effect."""

    status: ReleaseStatus


@dataclass(frozen=True, slots=True)
class Do:
    """One effect, whose intent is in the journal."""

    action: Action


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do until something is seen, or until this moment (None: no deadline)."""

    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A phase cannot succeed; `decide` chooses between stopping and rolling back."""

    reason: Reason
    message: str
    cause: RollbackCause | None = None
    """What kind of trouble it is, if that is known."""


Decision = Note | Do | Wait
Outcome = Done | Note | Do | Wait | Failed

DONE = Done()
