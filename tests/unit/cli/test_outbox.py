"""What was told to whom, as people read it."""

from datetime import timedelta
from pathlib import Path

from rich.console import Console
from tests import goldens
from tests.fakes.world import DAWN

from release_coordinator.api.channel import Event
from release_coordinator.api.codec import NotificationObject
from release_coordinator.api.notification import (
    DeliveryPhase,
    NotificationSpec,
    NotificationStatus,
)
from release_coordinator.cli.outbox import page

GOLDEN = Path(__file__).parent / "golden" / "messages.txt"


def message(seconds: float, event: Event, channel: str, **status: object) -> NotificationObject:
    spec = NotificationSpec(
        id=f"bookshop-3-{seconds:010.0f}",
        release="bookshop",
        release_uid="u",
        attempt=3,
        event=event,
        channel=channel,
        channel_uid="c",
        time=DAWN + timedelta(seconds=seconds),
    )
    found = NotificationStatus.model_validate(status)
    return NotificationObject("shop", spec.id, "u", "1", spec, (), found)


def test_each_message_is_told_with_what_keeps_it_from_arriving() -> None:
    late = DAWN + timedelta(minutes=4)
    error = "the Channel answered with HTTP 503"
    messages = [
        message(
            90,
            Event.ROLLED_BACK,
            "on-call",
            phase=DeliveryPhase.PENDING,
            tries=2,
            next_try=DAWN + timedelta(seconds=112),
            last_error=error,
        ),
        message(
            0, Event.STARTED, "engineers", phase=DeliveryPhase.DELIVERED, tries=1, delivered_at=DAWN
        ),
        message(
            1, Event.STARTED, "business", phase=DeliveryPhase.DELIVERED, tries=6, delivered_at=late
        ),
        message(91, Event.ROLLED_BACK, "chat", phase=DeliveryPhase.SENDING, tries=1),
        message(
            92,
            Event.ROLLED_BACK,
            "old-hook",
            phase=DeliveryPhase.FAILED,
            tries=32,
            last_error=f"{error}\x1b[31m",
        ),
    ]
    console = Console(width=120, record=True, highlight=False)

    for wide in (False, True):
        console.print(page(messages, DAWN + timedelta(seconds=100), wide=wide))

    shown = "\n".join(line.rstrip() for line in console.export_text().splitlines())
    goldens.check(GOLDEN, f"{shown}\n")
