"""A plan: one workload and the faults it meets, in one line that people can copy.

`breach:17:after-kill` kills the operator after its 17th call of the workload was carried out and
before it hears the answer. `breach:17:after-kill:3:before-kill` kills it again before the third
call that follows. `success:late=3` delays what the watches tell, `success:drop=5` loses the fifth
piece of news, `success:freeze=9` stops the operator at its 9th call while a second one takes
over, `success:seed=4` runs two operators at once in an order drawn from the seed.
"""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What happens at a call."""

    BEFORE_KILL = "before-kill"  # the process dies before the server hears of the call
    AFTER_KILL = "after-kill"  # the call is carried out, the process dies before it knows
    LOST_REPLY = "lost-reply"  # the call is carried out, the answer is lost
    REFUSED = "refused"  # 429 or 500: not carried out
    TWICE = "twice"  # something on the way repeats the request
    RIVAL = "rival"  # somebody changes the same object just before


READ_FAULTS = (Fault.BEFORE_KILL, Fault.REFUSED)
"""What can happen to a read; the others differ only for writes."""


NUMBERS = ("late", "drop", "stale", "gone", "merge", "freeze", "seed", "ordered")


@dataclass(frozen=True)
class Plan:
    """Faults for one run; no field set means none."""

    workload: str
    shots: tuple[tuple[int, Fault], ...] = ()
    """(number of the call, fault); the second is counted from the first."""
    late: int = 0
    """News come after this many further calls of the operator, and after a while when it rests."""
    drop: int = 0
    """Number of the piece of news that is lost until the next resync."""
    stale: int = 0
    """Number of the listing that brings news and is answered with the one before."""
    gone: int = 0
    """Number of the piece of news instead of which its watch ends with 410."""
    merge: int = 0
    """Tenths of a second within which of several states of an object only the last is told."""
    of: str = ""
    """Plural of the only kind whose news are late or merged; empty for all."""
    freeze: int = 0
    """At this call the operator sleeps until a second one has nothing more to do."""
    seed: int = 0
    """Order of two operators at once."""
    ordered: int = 0
    """With `freeze`: a person orders a rollback of this attempt before the second one starts."""
    at: str = ""
    """How the write begins that is the first one, numbers being counted from there; for a real
    API server alone. Empty: the first of all."""

    def __str__(self) -> str:
        """The recipe."""
        parts = [self.workload]
        parts += [f"{number}:{fault}" for number, fault in self.shots]
        names = (*NUMBERS, "of", "at")
        parts += [f"{name}={getattr(self, name)}" for name in names if getattr(self, name)]
        return ":".join(parts)


def parse(text: str) -> Plan:
    """The plan of a recipe."""
    workload, *parts = text.split(":")
    texts = dict(part.split("=", 1) for part in parts if "=" in part)
    of, at = texts.pop("of", ""), texts.pop("at", "")
    values = {name: int(value) for name, value in texts.items()}
    shots = [part for part in parts if "=" not in part]
    pairs = zip(shots[::2], shots[1::2], strict=True)
    return Plan(
        workload, tuple((int(n), Fault(fault)) for n, fault in pairs), of=of, at=at, **values
    )
