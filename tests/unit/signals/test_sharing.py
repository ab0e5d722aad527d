"""One question for all who ask the same at about the same time."""

import asyncio
from collections.abc import Awaitable

import pytest

from release_coordinator.signals.sharing import Sharing


class Asked:
    """A question that is answered when the test says so."""

    def __init__(self) -> None:
        self.times = 0
        self.answered = asyncio.Event()

    def __call__(self) -> Awaitable[int]:
        """Ask once more; the answer says the how many-th question it was."""
        self.times += 1
        return self._answer(self.times)

    async def _answer(self, number: int) -> int:
        await self.answered.wait()
        return number


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_asks_the_same_meanwhile_gets_the_same_answer() -> None:
    sharing, ask = Sharing(), Asked()
    waiting = [asyncio.ensure_future(sharing.get("a", ask)) for _ in range(100)]
    other = asyncio.ensure_future(sharing.get("b", ask))
    await turns()
    ask.answered.set()

    assert await asyncio.gather(*waiting) == [1] * 100
    assert await other == 2
    await sharing.close()


async def test_an_answer_is_shared_for_a_second_from_the_question_on_and_no_longer() -> None:
    time = [0.0]
    sharing, ask = Sharing(now=lambda: time[0]), Asked()
    ask.answered.set()

    assert await sharing.get("a", ask) == 1
    assert await sharing.get("a", ask) == 1
    await sharing.close()

    slow = Asked()
    waiting = asyncio.ensure_future(sharing.get("slow", slow))
    await turns()
    time[0] = 1.0  # the answer takes all the time for which it would have been shared
    slow.answered.set()
    assert await waiting == 1
    assert await sharing.get("slow", slow) == 2
    await sharing.close()


async def test_who_gives_up_does_not_take_the_answer_away_from_others() -> None:
    sharing, ask = Sharing(), Asked()
    first = asyncio.ensure_future(sharing.get("a", ask))
    second = asyncio.ensure_future(sharing.get("a", ask))
    await turns()
    first.cancel()
    await turns()
    ask.answered.set()

    assert await second == 1
    assert ask.times == 1
    await sharing.close()


async def test_closing_ends_what_is_under_way() -> None:
    sharing, ask = Sharing(), Asked()
    waiting = asyncio.ensure_future(sharing.get("a", ask))
    await turns()
    await sharing.close()

    with pytest.raises(asyncio.CancelledError):
        await waiting
