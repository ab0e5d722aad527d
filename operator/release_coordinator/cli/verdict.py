"""Whether a Release has come to an end or to a stop, and the exit code that says so. Pure.

Asked by `cli.main` after every change while it watches.
"""

from enum import IntEnum

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import ConditionType, Phase, Status
from release_coordinator.engine import names, ordering, plan
from release_coordinator.engine.rehearsal import was_good


class ExitCode(IntEnum):
    """Exit codes of all commands; part of the documented interface.

    Whoever follows a Release is told how it ended; any other question is answered with yes or no.
    """

    YES = 0
    """Done, or the answer is yes; for commands that only show something, that it was shown."""
    COMPLETED = 0
    NO = 1
    """The answer is no: a file with faults, a record that was changed, a difference."""
    ROLLED_BACK = 1
    """Rolled back, failed before anything was changed, or the rollback failed."""
    HELD = 2
    """Held or stalled: a person must decide or correct the spec."""
    UNANSWERED = 3
    """The question could not be answered: usage, no such release, no access, no connection."""
    INTERRUPTED = 130
    """Ended by Ctrl-C, or whoever read the output has gone away."""


_AT_END = {
    Phase.COMPLETED: ExitCode.COMPLETED,
    Phase.FAILED: ExitCode.ROLLED_BACK,
    Phase.ROLLED_BACK: ExitCode.ROLLED_BACK,
    Phase.ROLLBACK_FAILED: ExitCode.ROLLED_BACK,
    Phase.HELD: ExitCode.HELD,
}


def verdict_of(release: ReleaseObject) -> ExitCode | None:
    """How it ended or stopped; None while it goes on by itself."""
    if release.journal_fault:
        return ExitCode.HELD
    if release.status.observed_generation != release.generation:
        return None  # the operator has not seen the last edit: what is reported is old
    attempt = release.status.attempt
    if release.status.phase is Phase.SUSPENDED and ordering.suspended(release):
        return ExitCode.HELD
    if attempt is not None and not attempt.recorded:
        return ExitCode.HELD if _is_held(release, attempt) else None
    if _is_invalid(release):
        return ExitCode.HELD
    if attempt is None or attempt.end is None or _is_followed(release, attempt):
        return None
    return _AT_END.get(attempt.end.outcome)


def _is_held(release: ReleaseObject, attempt: Attempt) -> bool:
    """Held, and nobody has given the order yet that ends the hold."""
    if attempt.hold is None:
        return False
    orders = release.annotations
    named = (orders.get(names.ANNOTATION_ROLLBACK), orders.get(names.ANNOTATION_ABORT))
    turned = str(attempt.number) in named
    return orders.get(names.ANNOTATION_RESUME) != attempt.hold.id and not turned


def _is_invalid(release: ReleaseObject) -> bool:
    return any(
        condition.type == ConditionType.VALID and condition.status is Status.FALSE
        for condition in release.status.conditions
    )


def _is_followed(release: ReleaseObject, attempt: Attempt) -> bool:
    """Whether the next attempt is due, so that this end is not yet the answer."""
    if attempt.end is None or attempt.end.outcome is Phase.SUPERSEDED or was_good(attempt):
        return True
    if release.annotations.get(names.ANNOTATION_RETRY) == str(attempt.number):
        return attempt.end.outcome is not Phase.COMPLETED
    edited = release.generation != attempt.generation
    return (
        edited
        and release.spec is not None
        and plan.spec_digest(release.spec) != attempt.spec_digest
    )
