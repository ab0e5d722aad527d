"""What an order of a person would be, as a patch of the Release; or why it would not be obeyed.

Pure; used by `cli.commands.order`. The rules are the operator's own (`engine.orders`,
`engine.unheeded`): what they would not obey is refused here, before anything is written.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.control import OrderKind, RollbackCause, Suspend
from release_coordinator.cluster.port import Body
from release_coordinator.engine import names, ordering
from release_coordinator.engine.rehearsal import was_good
from release_coordinator.engine.reverting import may_leave
from release_coordinator.engine.unheeded import unheeded

from .failure import UnansweredError

HOLD_AGAIN = {Reason.IRREVERSIBLE_MIGRATION, Reason.WORKLOAD_REPLACED}
"""Holds that going on as before only leads back to."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants."""

    what: OrderKind
    mode: Suspend = Suspend.FORWARD
    cause: RollbackCause | None = None
    comment: str = ""

    @property
    def reason(self) -> str:
        """The reason as the annotation has it."""
        return ": ".join(part for part in (str(self.cause or ""), self.comment) if part)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written, and what to tell the person."""

    spec: Body
    annotations: dict[str, str | None]
    said: str

    def patch(self, release: ReleaseObject, by: str) -> Body:
        """Merge patch of the Release as it was seen. `by` is how the API server knows the caller.

        An API server of Kubernetes 1.36 or later writes that name itself.
        """
        stamped = {**self.annotations, names.ANNOTATION_ORDERED_BY: by or None}
        metadata = {
            "uid": release.uid,
            "resourceVersion": release.resource_version,
            "annotations": stamped,
        }
        return {"metadata": metadata, **({"spec": self.spec} if self.spec else {})}


def order_of(release: ReleaseObject, wish: Wish) -> Order:
    """The order. Raises UnansweredError if the operator would not obey it."""
    if release.deleting:
        raise UnansweredError(
            f"release {release.name!r} is being deleted; what becomes of its attempt is settled by "
            "spec.deletionPolicy"
        )
    return _ORDERS[wish.what](release, wish)


def _suspend(release: ReleaseObject, wish: Wish) -> Order:
    present, order = ordering.suspended(release), {names.ANNOTATION_SUSPEND: str(wish.mode)}
    if ordering.suspended(replace(release, annotations=order)) is present:
        by_spec = ordering.suspended(replace(release, annotations={})) is present
        how = ", by spec.suspend" if by_spec else ""
        raise UnansweredError(f"it is suspended already ({present}{how})")
    what = "step" if wish.mode is Suspend.ALL else "step forward"
    text = f"suspended ({wish.mode}): what has begun goes to its end, and no {what} begins"
    return Order({}, {**order}, text)


def _resume(release: ReleaseObject, _wish: Wish) -> Order:
    attempt = release.status.attempt
    hold = attempt.hold if attempt else None
    by_spec = release.spec is not None and release.spec.suspend is not None
    ordered = names.ANNOTATION_SUSPEND in release.annotations
    annotations: dict[str, str | None] = {names.ANNOTATION_SUSPEND: None} if ordered else {}
    said = ["no longer suspended"] if by_spec or ordered else []
    if by_spec:
        said = ["no longer suspended (where Git says spec.suspend, remove it there too)"]
    if hold is not None and hold.reason not in HOLD_AGAIN:
        annotations[names.ANNOTATION_RESUME] = hold.id
        said.append(f"hold {hold.id} ({hold.reason}) ended")
    elif hold is not None and not said:
        raise UnansweredError(f"going on as before would only hold again: {hold.message}")
    if not said:
        raise UnansweredError("it is neither suspended nor held, so there is nothing to resume")
    return Order({"suspend": None} if by_spec else {}, annotations, " and ".join(said))


def _retry(release: ReleaseObject, _wish: Wish) -> Order:
    attempt = _attempt(release)
    if attempt.end is not None and (attempt.end.outcome is Phase.SUPERSEDED or was_good(attempt)):
        raise UnansweredError(f"after attempt {attempt.number} the next begins by itself")
    said = f"the plan of attempt {attempt.number} ({attempt.version}) is tried again"
    return _named(release, names.ANNOTATION_RETRY, attempt, said)


def _abort(release: ReleaseObject, _wish: Wish) -> Order:
    attempt = _running(release)
    said = f"attempt {attempt.number} ({attempt.version}) is called off"
    if attempt.frozen:
        said += "; what it has changed is taken back"
    return _named(release, names.ANNOTATION_ABORT, attempt, said)


def _rollback(release: ReleaseObject, wish: Wish) -> Order:
    attempt = _running(release)
    if attempt.hold is not None and may_leave(attempt):
        # The hold is named: the order that has turned the attempt may still stand there.
        by_hold = {names.ANNOTATION_ROLLBACK: attempt.hold.id}
        return Order({}, {**by_hold}, f"hold {attempt.hold.id}: the schema stays as it is")
    reason = f" ({wish.reason})" if wish.reason else ""
    back = attempt.previous_version or "the previous version"
    said = f"attempt {attempt.number} ({attempt.version}) is rolled back to {back}{reason}"
    order = _named(release, names.ANNOTATION_ROLLBACK, attempt, said)
    with_reason = {**order.annotations, names.ANNOTATION_ROLLBACK_REASON: wish.reason or None}
    return replace(order, annotations=with_reason)


_ORDERS: dict[OrderKind, Callable[[ReleaseObject, Wish], Order]] = {
    OrderKind.SUSPEND: _suspend,
    OrderKind.RESUME: _resume,
    OrderKind.RETRY: _retry,
    OrderKind.ABORT: _abort,
    OrderKind.ROLLBACK: _rollback,
}


def _attempt(release: ReleaseObject) -> Attempt:
    attempt = release.status.attempt
    if attempt is None:
        raise UnansweredError("there is no attempt yet: the operator has not begun one")
    return attempt


def _running(release: ReleaseObject) -> Attempt:
    attempt = _attempt(release)
    if attempt.end is not None and attempt.end.outcome is not Phase.COMPLETED:
        raise UnansweredError(
            f"attempt {attempt.number} has ended ({attempt.end.outcome}): there is nothing to stop"
        )
    return attempt


def _named(release: ReleaseObject, annotation: str, attempt: Attempt, said: str) -> Order:
    """An order that names the attempt. Raises UnansweredError with the operator's own reason."""
    order = {annotation: str(attempt.number)}
    ignored = unheeded(replace(release, annotations=order), release.status)
    if ignored:
        raise UnansweredError(f"this would not be obeyed: {ignored}")
    return Order({}, {**order}, said)
