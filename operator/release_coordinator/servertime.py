"""The time of day as the API server tells it, carried on by our own monotonic clock.

Deadlines, windows and the age of approvals need one time of day for all, and the objects they are
compared with are dated by the API server. A host whose clock is wrong, or is set while a release
runs, must neither fail a rollout nor open a window: the host's clock is asked once, at the start,
and from then on only answers of the API server move ours, when several of them agree.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from .clock import Clock
from .engine.observation import Jump

TOLERANCE = 5.0
"""Seconds that the two may differ: answers are dated in whole seconds, and take their time."""
KEPT = 64
"""Jumps that are remembered: what is under way began before few of them."""
AGREED = 3
"""Answers in a row that must differ alike: one of several API servers may have its own clock."""

logger = logging.getLogger(__name__)


class ServerTime:
    """Tells the time of day; goes forward like a stopwatch unless the API server contradicts."""

    def __init__(
        self, clock: Clock, wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._clock = clock
        self._started = clock.now()
        self._base = wall()
        self._heard = 0
        self._contradictions: list[float] = []
        self._jumps: tuple[Jump, ...] = ()

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return self._base + timedelta(seconds=self._clock.now() - self._started)

    def jumps(self) -> tuple[Jump, ...]:
        """When our time was put forward while we worked; what was under way lost that much."""
        return self._jumps

    def heard(self, date: str | None) -> None:
        """Take in the Date header of an answer; what is no date says nothing."""
        try:
            ahead = (parsedate_to_datetime(date or "") - self.now()).total_seconds()
        except (TypeError, ValueError):
            return
        self._heard += 1
        if abs(ahead) <= TOLERANCE:
            self._contradictions.clear()
            return
        self._contradictions.append(ahead)
        if max(self._contradictions) - min(self._contradictions) > TOLERANCE:
            self._contradictions = [ahead]
        if len(self._contradictions) >= AGREED:
            self._move(ahead)

    def _move(self, seconds: float) -> None:
        logger.warning(
            "The clock of this host differs from the API server's by %.0f s; taking over the "
            "API server's. Platform team: see why",
            seconds,
        )
        self._base += timedelta(seconds=seconds)
        at_start = self._heard == len(self._contradictions)
        self._contradictions.clear()
        if seconds > 0 and not at_start:
            self._jumps = _bounded((*self._jumps, Jump(self.now(), seconds)))


def _bounded(jumps: tuple[Jump, ...]) -> tuple[Jump, ...]:
    """The two oldest as one when there are too many: what began before both has lost both."""
    if len(jumps) <= KEPT:
        return jumps
    first, second, *rest = jumps
    return (Jump(second.at, first.seconds + second.seconds), *rest)
