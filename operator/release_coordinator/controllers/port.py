"""What every controller beside the releases works with, and what it is.

`controllers.manager` gives it a key whenever something about that Release, its records or what is
kept beside it has changed, and now and then without a reason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from release_coordinator.cluster.port import Cluster
from release_coordinator.cluster.store import Store
from release_coordinator.signals.post import Post
from release_coordinator.telemetry.messagemetrics import MessageMetrics

Key = tuple[str, str]
"""Namespace and name of a Release; it need not exist any more. Both may be empty: of none."""
PATIENCE = 300.0
"""Seconds until what was refused is tried again: a person must act first."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What controllers share."""

    cluster: Cluster
    store: Store
    """Releases, slim records (`cluster.slim`) and all kinds that are kept beside them."""
    now: Callable[[], datetime]
    """The time of day, as the API server has it."""
    own_namespace: str
    """The operator's own namespace, where Secrets of platform objects live; may be empty."""
    post: Post | None = None
    """How messages leave the cluster; without it they wait."""
    message_metrics: MessageMetrics | None = None
    again: Callable[[Key, float], None] = lambda _key, _seconds: None
    """Makes all controllers look at a key once more, in so many seconds."""


class Controller(Protocol):
    """Brings what is kept beside one Release to where it should be; level-based and idempotent."""

    name: str
    """For logs and metrics."""

    async def reconcile(self, key: Key) -> float | None:
        """Look at the whole state, write what is missing.

        Returns the seconds until the next look, or None: wait for news. Raises what the cluster
        raises; the others are called all the same, and this one again after a backoff.
        """
