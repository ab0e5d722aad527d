"""The messages of one Release as a table: who was told what, when, and what did not arrive. Pure.

Used by `commands.messages`.
"""

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from release_coordinator.api.base import format_time
from release_coordinator.api.codec import NotificationObject
from release_coordinator.api.notification import DeliveryPhase

from .tables import new_table
from .words import duration, plain, word


def page(messages: Sequence[NotificationObject], now: datetime, *, wide: bool = False) -> Table:
    """One row for each, in the order of what happened."""
    extra = ("ID", "TRIES") if wide else ()
    table = new_table("TIME", "ATTEMPT", "EVENT", "CHANNEL", "STATE", *extra, "NOTE", words="NOTE")
    for message in sorted(messages, key=_order):
        spec, status = message.spec, message.status
        if spec is None:
            continue
        cells = [
            Text(format_time(spec.time)),
            Text(str(spec.attempt)),
            Text(str(spec.event)),
            plain(spec.channel),
            word(status.phase),
        ]
        if wide:
            cells += [plain(spec.id), Text(str(status.tries))]
        table.add_row(*cells, plain(_note(message, now)))
    return table


def _note(message: NotificationObject, now: datetime) -> str:
    """What is worth knowing beyond the state."""
    spec, status = message.spec, message.status
    if status.phase is DeliveryPhase.DELIVERED:
        end = status.delivered_at
        late = (end - spec.time).total_seconds() if spec and end else 0.0
        return f"arrived {duration(late)} later" if late >= _LATE else ""
    if status.phase is DeliveryPhase.FAILED:
        return f"given up after {status.tries} tries: {status.last_error}"
    if status.next_try is not None and status.next_try > now:
        wait = duration((status.next_try - now).total_seconds())
        return f"again in {wait}: {status.last_error}"
    return status.last_error


_LATE = 60.0
"""Seconds after which it is told how late a message was."""


def _order(message: NotificationObject) -> tuple[float, str]:
    return (message.spec.time.timestamp() if message.spec else 0.0, message.name)
