"""Orders on a Release that are not obeyed, each with the reason: what people read in its message.

An annotation stays where it is, in Git perhaps for ever: one that names another attempt or hold
than the present one does nothing. Used by `engine.summary`; what is obeyed is in `engine.orders`.
"""

from collections.abc import Iterator

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.control import Suspend
from release_coordinator.api.status import ReleaseStatus

from . import names, ordering, orders, reverting
from .context import shorten

BY_NUMBER = (names.ANNOTATION_RETRY, names.ANNOTATION_ROLLBACK, names.ANNOTATION_ABORT)
_COMPARE = "first compare the status with the cluster, then resume"
_ORDERED = {Reason.MANUAL_ROLLBACK, Reason.ABORTED}


def unheeded(release: ReleaseObject, status: ReleaseStatus) -> str:
    """All orders that are not obeyed, in words; empty if there are none."""
    found = [*_suspend(release)]
    attempt = status.attempt
    if attempt is not None:
        found += _by_number(release, attempt)
        found += _schema(release, status, attempt)
        found += _resume(release, status, attempt)
    return "; ".join(found)


def _suspend(release: ReleaseObject) -> Iterator[str]:
    value = release.annotations.get(names.ANNOTATION_SUSPEND)
    if value is not None and ordering.suspend_order(release) is None:
        modes = " or ".join(Suspend)
        yield f"suspend={shorten(value, 16)}: write {modes}, or remove the annotation"


def _by_number(release: ReleaseObject, attempt: Attempt) -> Iterator[str]:
    for annotation in BY_NUMBER:
        value = release.annotations.get(annotation)
        if not value:
            continue
        what = annotation.rpartition("/")[2]
        if annotation == names.ANNOTATION_ROLLBACK and value.startswith(f"{attempt.number}."):
            continue  # it names a hold at the schema: obeyed there, once
        if value != str(attempt.number):
            if not _is_led_from(annotation, value, attempt):
                yield f"{what}={shorten(value, 16)} does not name attempt {attempt.number}"
        elif why := _WHY[annotation](attempt, release.name):
            yield f"{what}={value}: {why}"


def _schema(release: ReleaseObject, status: ReleaseStatus, attempt: Attempt) -> Iterator[str]:
    """An order to leave the schema as it is: a step of the way back, which may be suspended."""
    value = release.annotations.get(names.ANNOTATION_ROLLBACK)
    if attempt.hold is None or value != attempt.hold.id or not reverting.may_leave(attempt):
        return
    if status.suspension is not None and status.suspension.mode is Suspend.ALL:
        yield f"rollback={value}: obeyed when the suspension ends"


def _is_led_from(annotation: str, value: str, attempt: Attempt) -> bool:
    """Whether it was obeyed: a retry of the attempt before, or a rollback that names a hold."""
    if annotation == names.ANNOTATION_RETRY:
        return value == str(attempt.number - 1)
    return annotation == names.ANNOTATION_ROLLBACK and _is_hold(value, attempt)


def _is_hold(value: str, attempt: Attempt) -> bool:
    """Whether it is the id of a hold of the attempt, the present one or an earlier one."""
    number, _, count = value.partition(".")
    own = number == str(attempt.number) and count.isdecimal()
    return own and int(count) <= attempt.holds


def _retry(attempt: Attempt, _name: str) -> str:
    if attempt.end is not None:
        completed = attempt.end.outcome is Phase.COMPLETED
        return "it has completed, so there is nothing to repeat" if completed else ""
    if orders.may_retry_early(attempt):
        return ""
    if orders.is_behind(attempt):
        return _COMPARE
    return "obeyed when the attempt has ended without success"


def _rollback(attempt: Attempt, name: str) -> str:
    if attempt.end is not None:
        return _after_the_end(attempt, name)
    if orders.may_turn(attempt) or _is_ordered(attempt):
        return ""
    return _COMPARE if orders.is_behind(attempt) else "it is rolled back already"


def _abort(attempt: Attempt, name: str) -> str:
    if attempt.end is not None:
        return _after_the_end(attempt, name)
    if orders.may_abort(attempt) or _is_ordered(attempt):
        return ""
    if attempt.trigger is not None:
        return "no effect, it is rolled back already"
    if orders.is_behind(attempt):
        return _COMPARE
    return "first say what became of the migration: resume, or roll back"


_WHY = {
    names.ANNOTATION_RETRY: _retry,
    names.ANNOTATION_ROLLBACK: _rollback,
    names.ANNOTATION_ABORT: _abort,
}


def _is_ordered(attempt: Attempt) -> bool:
    """Whether it turned back because of an order: this one, or another to the same end."""
    return attempt.trigger is not None and attempt.trigger.reason in _ORDERED


def _after_the_end(attempt: Attempt, name: str) -> str:
    if attempt.end is None or attempt.end.outcome is not Phase.COMPLETED:
        return ""
    back = attempt.previous_version or "the previous version"
    return (
        f"it has completed. To go back, edit Release {name}: version {back} with its images, type: "
        "Rollback; that is a plan of its own, with approvals of its own"
    )


def _resume(release: ReleaseObject, status: ReleaseStatus, attempt: Attempt) -> Iterator[str]:
    value = release.annotations.get(names.ANNOTATION_RESUME)
    if not value or attempt.end is not None:
        return
    if attempt.hold is None:
        # One of the attempt before has led to this one.
        before = value.startswith(f"{attempt.number - 1}.")
        if not _is_hold(value, attempt) and not before:
            yield f"resume={shorten(value, 16)} does not name a hold of attempt {attempt.number}"
    elif value != attempt.hold.id:
        yield f"resume={shorten(value, 16)} does not name this hold, {attempt.hold.id}"
    elif status.suspension is not None:
        yield f"resume={value}: obeyed when the suspension ends"
