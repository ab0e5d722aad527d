"""When a message is sent, sent again and given up; pure. Used by `controllers.delivery`."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from release_coordinator.api.channel import Event
from release_coordinator.api.codec import NotificationObject
from release_coordinator.api.notification import DeliveryPhase, NotificationStatus

from .context import shorten
from .plan import short_hash

FIRST = timedelta(seconds=5)
"""Between the first failure and the second try; then twice as long each time."""
LONGEST = timedelta(minutes=30)
TRIES = 32
"""After so many it is given up: some twelve hours after the first."""


def heads(messages: Iterable[NotificationObject]) -> dict[str, NotificationObject]:
    """For each channel, by its UID, the message of a Release that is next: in order of time.

    One that waits for its next try keeps the later ones waiting: a receiver reads them in order.
    """
    found: dict[str, NotificationObject] = {}
    for message in sorted(messages, key=_order):
        if message.spec is not None and not message.status.ended:
            found.setdefault(message.spec.channel_uid, message)
    return found


def due(message: NotificationObject, now: datetime) -> float:
    """Seconds until it is to be sent; 0 or less for now.

    A try that was under way when the operator ended may have got through or not: again, at once.
    """
    wait = message.status.next_try
    if wait is None or message.status.phase is DeliveryPhase.SENDING:
        return 0.0
    return (wait - now).total_seconds()


def begun(status: NotificationStatus, now: datetime) -> NotificationStatus:
    """The journal before a try."""
    return status.model_copy(
        update={
            "phase": DeliveryPhase.SENDING,
            "tries": status.tries + 1,
            "last_try": now,
            "next_try": None,
        }
    )


def delivered(status: NotificationStatus, now: datetime) -> NotificationStatus:
    """The journal after one that got through."""
    return status.model_copy(
        update={"phase": DeliveryPhase.DELIVERED, "delivered_at": now, "last_error": ""}
    )


def failed(
    status: NotificationStatus, name: str, problem: str, now: datetime, *, hopeless: bool
) -> NotificationStatus:
    """The journal after one that did not."""
    error = shorten(problem, 1024)
    if hopeless or status.tries >= TRIES:
        return status.model_copy(
            update={"phase": DeliveryPhase.FAILED, "last_try": now, "last_error": error}
        )
    again = now + _pause(status.tries, name)
    return status.model_copy(
        update={"phase": DeliveryPhase.PENDING, "next_try": again, "last_error": error}
    )


def _pause(tries: int, name: str) -> timedelta:
    """Grows with each try, and differs between messages, so that they do not come in crowds."""
    spread = int(short_hash(name, str(tries)), 16) % 1000 / 1000
    longest: timedelta = min(LONGEST, FIRST * 2 ** max(tries - 1, 0))
    return longest * (0.75 + spread / 4)


_RANK = {event: rank for rank, event in enumerate(Event)}
"""Of what happens in the same moment, what comes first: their order in the vocabulary."""


def _order(message: NotificationObject) -> tuple[float, int, int, str]:
    spec = message.spec
    if spec is None:
        return 0.0, 0, 0, message.name
    return spec.time.timestamp(), spec.attempt, _RANK[spec.event], message.name
