"""What the work queue tells those who watch it.

The queue calls, metrics and health listen; this module stands below both, so that neither has
to know the other.
"""

from collections.abc import Hashable
from typing import Generic, Literal, TypeVar

K = TypeVar("K", bound=Hashable)

Outcome = Literal["success", "requeue_after", "error"]
"""How a pass ended, in controller-runtime's words."""


class QueueObserver(Generic[K]):
    """What metrics and health may watch; override what is needed. Must be quick, must not raise."""

    def added(self, depth: int) -> None:
        """A key became due that was not yet waiting; `depth` keys are now ready."""

    def started(self, key: K, waited: float, depth: int) -> None:
        """A worker took the key, `waited` seconds after it became due; `depth` remain ready."""

    def done(self, key: K, worked: float, depth: int) -> None:
        """The worker gave the key back after so many seconds; `depth` keys are now ready."""

    def retried(self, key: K) -> None:
        """The key goes into backoff."""

    def reconciled(self, key: K, outcome: Outcome, worked: float) -> None:
        """A pass of `run` ended after so many seconds."""
