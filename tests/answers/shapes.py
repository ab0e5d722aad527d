"""When a metric source is in trouble, and how a release must end then, by arithmetic alone.

The watch takes 120 s with a look every 30 s, and answers may be missing for 60 s. A look that
finds nothing counts for nothing, and neither does the time until it.
"""

from dataclasses import dataclass

from tests.answers.kinds import Answer

from release_coordinator.api.conditions import Phase
from release_coordinator.api.watch import OnUnknown

DURATION, INTERVAL, LIMIT = 120, 30, 60
"""Seconds: of the watch, between two looks, and without answers."""
FOREVER = 86_400.0


@dataclass(frozen=True)
class Shape:
    """An outage, from one second of the watch to another."""

    name: str
    first: float
    last: float

    def hits(self, second: float) -> bool:
        """Whether the source is in trouble."""
        return self.first <= second < self.last


SHAPES = (
    Shape("Start", 0, 75),
    Shape("Middle", 45, 105),
    Shape("End", 75, 135),
    Shape("Whole", 0, FOREVER),
)
ROLLOUT = Shape("Rollout", -FOREVER, 0)
"""From before the first change until the watch begins; watched from the first change on."""


@dataclass(frozen=True)
class Ending:
    """What becomes of a release, and how many seconds after the watch has begun."""

    phase: Phase
    seconds: int

    def __str__(self) -> str:
        """In a table."""
        return f"{self.phase}, {self.seconds} s"


def is_hit(answer: Answer, shape: Shape, second: float) -> bool:
    """Whether the look at that second of the watch gets the bad answer; looks are 30 s apart."""
    odd = round(second / INTERVAL) % 2 == 1
    return shape.hits(second) and (odd or not answer.flapping)


def ending(answer: Answer, shape: Shape, policy: OnUnknown) -> Ending:
    """How it must end: look by look, as a person would reckon."""
    second, good, missing_since = 0, 0, None
    while good < DURATION:
        second += INTERVAL
        if answer.usable or not is_hit(answer, shape, second):
            good, missing_since = good + INTERVAL, None
            continue
        missing_since = second if missing_since is None else missing_since
        if second < missing_since + LIMIT:
            continue
        if policy is not OnUnknown.PASS:
            phase = Phase.HELD if policy is OnUnknown.HOLD else Phase.ROLLED_BACK
            return Ending(phase, second)
        good += INTERVAL
    return Ending(Phase.COMPLETED, second)
