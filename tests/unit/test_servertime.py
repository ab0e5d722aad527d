"""One time of day for all: the API server's, on a clock that cannot be set."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.world import DAWN

from release_coordinator.clock import VirtualClock
from release_coordinator.servertime import AGREED, KEPT, TOLERANCE, ServerTime


class Server:
    """An API server whose clock differs from the host's."""

    def __init__(self, clock: VirtualClock, ahead: float = 0.0) -> None:
        self.clock = clock
        self.ahead = ahead

    def date(self) -> str:
        """What its answers are dated."""
        seconds = self.clock.now() + self.ahead
        return format_datetime(datetime.fromtimestamp(int(seconds), UTC), usegmt=True)


def begin(ahead: float = 0.0) -> tuple[VirtualClock, Server, ServerTime]:
    clock = VirtualClock(DAWN.timestamp())
    return clock, Server(clock, ahead), ServerTime(clock, lambda: DAWN)


def hear(time: ServerTime, server: Server, answers: int) -> None:
    for _ in range(answers):
        time.heard(server.date())


def test_the_host_may_set_its_clock_as_it_likes() -> None:
    clock, server, time = begin()
    hear(time, server, 10)
    clock.tick(90)

    assert time.now() == DAWN + timedelta(seconds=90)
    assert time.jumps() == ()


@given(st.floats(min_value=-1e6, max_value=1e6))
def test_a_wrong_clock_at_the_start_is_put_right_by_the_first_answers(ahead: float) -> None:
    _, server, time = begin(ahead)
    hear(time, server, AGREED)

    wrong = abs((time.now() - DAWN).total_seconds() - ahead)
    assert wrong <= TOLERANCE
    assert time.jumps() == (), "nothing was under way yet"


def test_time_that_was_slept_through_is_a_jump_that_steps_are_forgiven() -> None:
    clock, server, time = begin()
    hear(time, server, 5)
    server.ahead = 3600
    hear(time, server, AGREED)

    (jump,) = time.jumps()
    assert jump.seconds == pytest.approx(3600, abs=1)
    assert jump.at == time.now() == DAWN + timedelta(seconds=jump.seconds)
    clock.tick(1)
    hear(time, server, AGREED)
    assert len(time.jumps()) == 1


def test_one_of_several_api_servers_with_a_clock_of_its_own_moves_nothing() -> None:
    _, server, time = begin()
    odd = Server(server.clock, ahead=60)
    for _ in range(10):
        hear(time, server, 1)
        hear(time, odd, AGREED - 1)

    assert time.now() == DAWN


@pytest.mark.parametrize("date", [None, "", "yesterday", "Mon, 99 Foo 2026 00:00:00 GMT"])
def test_what_is_no_date_says_nothing(date: str | None) -> None:
    _, _, time = begin()
    for _ in range(AGREED):
        time.heard(date)

    assert time.now() == DAWN


def test_a_clock_that_runs_ahead_goes_back_and_forgives_nothing() -> None:
    _, server, time = begin()
    hear(time, server, 2)
    server.ahead = -60
    hear(time, server, AGREED)

    assert (time.now() - DAWN).total_seconds() == pytest.approx(-60, abs=1)
    assert time.jumps() == ()


def test_so_many_jumps_are_remembered_and_no_time_that_was_lost_is_forgotten() -> None:
    clock, server, time = begin()
    hear(time, server, 5)
    for _ in range(KEPT + 10):
        server.ahead += 60
        hear(time, server, AGREED)
        clock.tick(1)

    assert len(time.jumps()) == KEPT
    lost = sum(jump.seconds for jump in time.jumps())
    assert lost == pytest.approx(60 * (KEPT + 10), abs=2 * TOLERANCE)
    assert time.jumps()[-1].seconds == pytest.approx(60, abs=TOLERANCE)
