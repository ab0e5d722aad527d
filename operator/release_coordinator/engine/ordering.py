"""Orders of people as the journal keeps them: who gave them, and why.

Below `engine.orders`, which obeys them, and `engine.suspension`. Who it was is what the API server
has stamped on the Release (`render.admission`); the operator cannot find it out by itself.
"""

from datetime import datetime

from release_coordinator.api.attempt import ORDERS_LIMIT, Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.control import (
    REASON,
    SOMEBODY,
    Order,
    OrderKind,
    RollbackCause,
    Suspend,
)

from . import names
from .context import shorten


def by_whom(release: ReleaseObject) -> str:
    """Who gave the last order."""
    return shorten(release.annotations.get(names.ANNOTATION_ORDERED_BY, "")) or SOMEBODY


def is_given(release: ReleaseObject, annotation: str, value: str) -> bool:
    """Whether an order for this attempt, or this hold, is on the Release."""
    return release.annotations.get(annotation) == value


def suspended(release: ReleaseObject) -> Suspend | None:
    """How much is suspended: by the spec, by an order, or what the farther of both says.

    The order is an annotation, so that who suspends writes nothing that Git owns.
    """
    spec = release.spec.suspend if release.spec is not None else None
    order = suspend_order(release)
    return order if order is not None and order.includes(spec) else spec


def suspend_order(release: ReleaseObject) -> Suspend | None:
    """The order to suspend that is on the Release; None as well if it cannot be understood."""
    said = release.annotations.get(names.ANNOTATION_SUSPEND)
    return next((mode for mode in Suspend if mode == said), None)


def obeyed(
    attempt: Attempt, release: ReleaseObject, what: OrderKind, now: datetime, reason: str = ""
) -> Attempt:
    """The attempt with one order more."""
    order = Order(what=what, by=by_whom(release), at=now, reason=shorten(reason, REASON))
    return attempt.model_copy(update={"orders": [*attempt.orders, order][-ORDERS_LIMIT:]})


def why(release: ReleaseObject) -> tuple[RollbackCause | None, str]:
    """The reason that a person gives for a rollback: its kind, if it begins with one, and words."""
    said = shorten(release.annotations.get(names.ANNOTATION_ROLLBACK_REASON, ""))
    word, _, rest = said.partition(":")
    cause = next((one for one in RollbackCause if one.lower() == word.strip().lower()), None)
    return (cause, rest.strip()) if cause else (None, said)


def in_words(release: ReleaseObject, what: str) -> str:
    """An order, who gave it and why: "rolled back on request of ada (Security: leaks tokens)"."""
    cause, text = why(release)
    reason = ": ".join(part for part in (str(cause or ""), text) if part)
    return f"{what} on request of {by_whom(release)}" + (f" ({reason})" if reason else "")
