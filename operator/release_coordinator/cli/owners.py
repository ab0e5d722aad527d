"""Who must act on a Release now, in one line. Pure; used by `cli.watchpage`."""

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase

from .verdict import ExitCode, verdict_of

NOBODY = "nobody: it goes on by itself"


def must_act(release: ReleaseObject) -> str:
    """The roles that hold it up, or a person if it has stopped."""
    if release.journal_fault:
        return "Platform team: the status cannot be read"
    attempt = release.status.attempt
    if release.status.phase is Phase.SUSPENDED:
        return "whoever has suspended it: resume, or abort or roll back"
    if attempt is not None and attempt.hold is not None:
        return "a person: resume, or abort or roll back"
    if verdict_of(release) is ExitCode.HELD:
        return "whoever writes the Release: correct what the message names"
    if attempt is None:
        return NOBODY
    if attempt.end is not None:
        return "nobody: it is over"
    return _at_the_gates(attempt) if not attempt.frozen else NOBODY


def _at_the_gates(attempt: Attempt) -> str:
    """The owners of the gates that are shut, each with its gates."""
    shut: dict[str, list[str]] = {}
    for gate in attempt.gates:
        if not gate.opens:
            shut.setdefault(gate.owner, []).append(gate.name)
    told = [f"{owner} ({', '.join(gates)})" for owner, gates in shut.items()]
    return ", ".join(told) or NOBODY
