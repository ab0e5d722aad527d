"""What a gate answers, and the interface all gates share.

A gate is a module with one function `evaluate(ctx) -> GateVerdict`, listed in `engine.gates.GATES`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from release_coordinator.api.attempt import Gate, GateState, Role
from release_coordinator.engine.context import Context, shorten
from release_coordinator.engine.outcome import Outcome


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """A gate's result, and what must happen for a better one."""

    gate: Gate
    next_move: Outcome | None = None
    """A journal note or an effect the gate needs to learn more."""


Evaluate = Callable[[Context], GateVerdict]


def passed(name: str, owner: Role, message: str) -> GateVerdict:
    """The gate lets the release through; the message is its evidence."""
    return _verdict(name, GateState.PASSED, owner, message)


def failed(name: str, owner: Role, message: str) -> GateVerdict:
    """The gate stays shut until the owner does what the message says."""
    return _verdict(name, GateState.FAILED, owner, message)


def waiting(name: str, owner: Role, message: str, next_move: Outcome | None = None) -> GateVerdict:
    """The answer is on its way."""
    return _verdict(name, GateState.WAITING, owner, message, next_move)


def unknown(name: str, owner: Role, message: str) -> GateVerdict:
    """The question could not be answered."""
    return _verdict(name, GateState.UNKNOWN, owner, message)


def _verdict(
    name: str, state: GateState, owner: Role, message: str, next_move: Outcome | None = None
) -> GateVerdict:
    gate = Gate(name=name, state=state, owner=owner, message=shorten(message, 512))
    return GateVerdict(gate, next_move)
