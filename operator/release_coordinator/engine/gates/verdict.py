"""What a gate answers, and the interface all gates share.

A gate is a module with `NAME`, `OWNER` and one function `evaluate(ctx) -> GateVerdict`, listed in
`engine.gates.GATES`. It asks `ctx.seen` for facts and says in `message` what is missing and what
the owner does about it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, Unpack

from release_coordinator.api.attempt import Gate, GateState
from release_coordinator.engine.context import Context, shorten
from release_coordinator.engine.exported import Obstacle
from release_coordinator.engine.outcome import Outcome


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """A gate's result, and what must happen for a better one."""

    gate: Gate
    next_move: Outcome | None = None
    """A journal note or an effect the gate needs to learn more."""
    watched: bool = False
    """Whether news of what is missing reaches us by a watch; else we look again by and by."""


class Details(TypedDict, total=False):
    """What else a verdict may say."""

    evidence: str
    """Object, Job or person it is from."""
    content: str | None
    """Digest of the text that was judged."""
    next_check: datetime | None
    """When it will change, where that moment is known beforehand."""
    next_move: Outcome | None
    watched: bool


Evaluate = Callable[[Context], GateVerdict]


def passed(name: str, owner: str, message: str, **details: Unpack[Details]) -> GateVerdict:
    """The gate lets the release through; the message is what was found."""
    return _verdict(name, GateState.PASSED, owner, message, details)


def failed(name: str, owner: str, message: str, **details: Unpack[Details]) -> GateVerdict:
    """The gate stays shut until the owner does what the message says."""
    return _verdict(name, GateState.FAILED, owner, message, details)


def waiting(name: str, owner: str, message: str, **details: Unpack[Details]) -> GateVerdict:
    """The answer is on its way, or a person's to give."""
    return _verdict(name, GateState.WAITING, owner, message, details)


def unknown(name: str, owner: str, message: str, **details: Unpack[Details]) -> GateVerdict:
    """The question could not be answered."""
    return _verdict(name, GateState.UNKNOWN, owner, message, details)


def obstructed(name: str, obstacle: Obstacle) -> GateVerdict:
    """Nothing is known of staging, and that is told as who can change it needs it."""
    return _verdict(name, obstacle.state, obstacle.owner, obstacle.text, {})


def _verdict(
    name: str, state: GateState, owner: str, message: str, details: Details
) -> GateVerdict:
    gate = Gate(
        name=name,
        state=state,
        owner=owner,
        message=shorten(message, 512),
        evidence=shorten(details.get("evidence", "")),
        content=details.get("content"),
        next_check=details.get("next_check"),
    )
    return GateVerdict(gate, details.get("next_move"), details.get("watched", False))
