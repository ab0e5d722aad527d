"""When messages are sent, sent again and given up."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.world import DAWN

from release_coordinator.api.channel import Event
from release_coordinator.api.codec import NotificationObject
from release_coordinator.api.notification import (
    DeliveryPhase,
    NotificationSpec,
    NotificationStatus,
)
from release_coordinator.engine import delivering

FRESH = NotificationStatus()


def message(
    name: str, seconds: float = 0, channel: str = "c", status: NotificationStatus = FRESH
) -> NotificationObject:
    spec = NotificationSpec(
        id=name,
        release="bookshop",
        release_uid="u",
        attempt=1,
        event=Event.STARTED,
        channel=channel,
        channel_uid=channel,
        time=DAWN + timedelta(seconds=seconds),
    )
    return NotificationObject("shop", name, name, "1", spec, (), status)


@given(st.permutations(range(6)))
def test_messages_of_one_channel_are_sent_in_the_order_of_what_happened(order: list[int]) -> None:
    messages = [message(f"m{index}", index, "c" if index % 2 else "d") for index in order]

    assert {uid: one.name for uid, one in delivering.heads(messages).items()} == {
        "c": "m1",
        "d": "m0",
    }


def test_what_has_ended_makes_way() -> None:
    done = delivering.delivered(delivering.begun(FRESH, DAWN), DAWN)
    never = delivering.failed(FRESH, "m1", "broken", DAWN, hopeless=True)
    messages = [message("m0", 0, status=done), message("m1", 1, status=never), message("m2", 2)]

    assert delivering.heads(messages)["c"].name == "m2"


def test_pauses_grow_to_half_an_hour_and_end_after_half_a_day() -> None:
    status, now, pauses = FRESH, DAWN, []
    while not status.ended:
        status = delivering.begun(status, now)
        status = delivering.failed(status, "m", "is away", now, hopeless=False)
        if status.next_try is not None and not status.ended:
            pauses.append((status.next_try - now).total_seconds())
            now = status.next_try

    assert 3.75 <= pauses[0] <= 5
    assert all(later > earlier for earlier, later in pairwise(pauses[:8]))
    assert 22.5 * 60 <= pauses[-1] <= 30 * 60
    assert status.phase is DeliveryPhase.FAILED
    assert status.last_error == "is away"
    assert timedelta(hours=8) < now - DAWN < timedelta(hours=13)


def test_a_try_that_was_interrupted_is_made_again_at_once() -> None:
    interrupted = message("m", status=delivering.begun(FRESH, DAWN))

    assert delivering.due(interrupted, DAWN) == 0
