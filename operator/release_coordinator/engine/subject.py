"""Something that is watched, whatever it is: how it is looked at, and what its verdict leads to.

Made by the modules of `engine.signs` from `spec.watch`; followed by `engine.tracking`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from release_coordinator.api.conditions import Reason
from release_coordinator.api.control import RollbackCause
from release_coordinator.api.watch import OnUnknown, Severity

from .context import Context
from .outcome import Do, Note, Wait
from .reading import Finding

Look = Callable[[Context, datetime], Finding | Note | Do | Wait | None]
"""Look at it for the moment it was due. None: it was asked, and the answer is not there yet; Wait:
the same, and it is looked at again at a moment. A Note or Do: something has to be done first (a
Job has to run)."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that is watched."""

    name: str
    """In the journal: the name of a metric, or alerts/<name>, pods, logs/<name>, check/<name>."""
    what: str
    """In a sentence: "metric p99", "alerts of payments"."""
    reason: Reason
    """Of a breach."""
    look: Look
    interval: float
    """Seconds between two looks."""
    severity: Severity = Severity.ROLLBACK
    on_unknown: OnUnknown = OnUnknown.HOLD
    cause: RollbackCause | None = None
    """What kind of trouble a breach is."""
    min_samples: int = 1
    failure_threshold: int = 1
    failure_limit: int | None = None
    success_threshold: int | None = None
    keeps_history: bool = True
    """Whether its values are worth a chart."""

    @property
    def pace(self) -> float:
        """Seconds between two looks, at least one."""
        return max(1.0, self.interval)
