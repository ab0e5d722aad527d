"""The virtual clock is itself a tool of many tests, so it is tested first."""

import asyncio
from collections.abc import Callable

import pytest

from release_coordinator.clock import Clock, SystemClock, VirtualClock


async def test_sleepers_wake_in_the_order_of_their_times() -> None:
    clock = VirtualClock()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.now()))

    async with asyncio.TaskGroup() as group:
        group.create_task(sleeper("late", 20))
        group.create_task(sleeper("early", 10))
        await clock.advance(15)
        assert woken == [("early", 1_010)]
        await clock.advance(5)
    assert woken == [("early", 1_010), ("late", 1_020)]


def test_a_cancelled_timer_does_not_fire() -> None:
    clock = VirtualClock()
    fired: list[str] = []
    clock.call_later(1, _append(fired, "no")).cancel()
    clock.call_later(2, _append(fired, "yes"))
    clock.tick(5)
    assert fired == ["yes"]
    assert clock.now() == 1_005


async def test_work_that_ends_in_time_gives_its_result() -> None:
    clock = VirtualClock()

    async def work() -> str:
        await clock.sleep(1)
        return "done"

    running = asyncio.create_task(clock.within(2, work()))
    await clock.advance(1)
    assert await running == "done"


async def test_work_that_takes_too_long_is_cancelled_and_reported() -> None:
    clock = VirtualClock()
    cancelled = asyncio.Event()

    async def work() -> None:
        try:
            await clock.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    running = asyncio.create_task(clock.within(2, work()))
    await clock.advance(2)
    with pytest.raises(TimeoutError, match="not done within 2 s"):
        await running
    assert cancelled.is_set()


async def test_a_caller_that_is_cancelled_is_not_told_of_a_timeout() -> None:
    clock = VirtualClock()
    running = asyncio.create_task(clock.within(2, asyncio.Event().wait()))
    await clock.settle()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("clock", [SystemClock(), VirtualClock()], ids=["system", "virtual"])
async def test_a_sleep_of_zero_gives_others_one_turn(clock: Clock) -> None:
    other = asyncio.create_task(asyncio.sleep(0))
    await clock.sleep(0)
    await clock.sleep(-1)
    assert other.done()


async def test_the_system_clock_moves_forward_across_a_sleep() -> None:
    clock = SystemClock()
    before = clock.now()
    await clock.sleep(0.001)
    assert clock.now() > before


def _append(log: list[str], text: str) -> Callable[[], None]:
    return lambda: log.append(text)
