"""Answers in the background: asked once, woken for, kept a while, and never waited for."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from release_coordinator.errors import Transient
from release_coordinator.late import Background, Key

KEY: Key = ("shop", "bookshop")
FOREVER = 3600.0


class Source:
    """Answers when the test lets it; keeps what was asked, and who was woken."""

    def __init__(self, patience: float = 0.0, kept: float = FOREVER) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.woken: asyncio.Queue[Key] = asyncio.Queue()
        self.cancelled: list[Any] = []
        self.may_answer = asyncio.Event()
        self.error: Exception | None = None
        self.background = Background(
            self._answer, self.woken.put_nowait, patience=patience, kept=kept
        )

    async def _answer(self, namespace: str, want: Any) -> str:
        self.asked.append((namespace, want))
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.cancelled.append(want)
            raise
        if self.error is not None:
            raise self.error
        return f"answer to {want}"

    async def ask(self, *wants: Any, key: Key = KEY) -> list[Any]:
        """One pass over a Release."""
        return await self.background.ask(key, wants)


async def test_an_answer_that_comes_in_time_needs_no_second_pass() -> None:
    source = Source(patience=FOREVER)
    source.may_answer.set()

    assert await source.ask("a", "b") == ["answer to a", "answer to b"]

    assert source.woken.empty()


async def test_a_pass_goes_on_without_what_is_not_answered() -> None:
    source = Source()

    assert await source.ask("a") == [None]

    assert source.asked == [("shop", "a")]
    await source.background.close()


async def test_a_question_is_asked_once_however_often_it_is_wanted() -> None:
    source = Source()
    passes = [await source.ask("a") for _ in range(5)]
    source.may_answer.set()
    await source.woken.get()

    passes.append(await source.ask("a"))

    assert passes == [[None]] * 5 + [["answer to a"]]
    assert source.asked == [("shop", "a")]


async def test_who_went_on_without_an_answer_is_woken_once_when_it_is_there() -> None:
    source = Source()
    await source.ask("a")
    await source.ask("a")
    assert source.woken.empty()

    source.may_answer.set()

    assert await source.woken.get() == KEY
    assert await source.ask("a") == ["answer to a"]
    assert source.woken.empty()


async def test_the_same_question_of_another_release_is_its_own() -> None:
    source = Source()
    other = ("shop", "library")
    await source.ask("a")
    await source.ask("a", key=other)

    source.may_answer.set()

    assert {await source.woken.get(), await source.woken.get()} == {KEY, other}
    assert source.asked == [("shop", "a"), ("shop", "a")]


async def test_one_slow_answer_holds_up_no_other() -> None:
    source = Source()
    slow = asyncio.Event()

    async def answer(_: str, want: str) -> str:
        if want == "slow":
            await slow.wait()
        return want

    source.background = Background(answer, source.woken.put_nowait, patience=0.0)

    assert await source.ask("slow", "quick") == [None, "quick"]

    await source.background.close()


async def test_an_answer_is_kept_for_the_pass_that_is_woken() -> None:
    source = Source(patience=FOREVER)
    source.may_answer.set()

    assert await source.ask("a") == await source.ask("a")

    assert len(source.asked) == 1


async def test_an_answer_is_forgotten_after_a_while() -> None:
    source = Source(patience=FOREVER, kept=0.0)
    source.may_answer.set()
    await source.ask("a")
    await loop_turns()

    await source.ask("a")

    assert len(source.asked) == 2


async def test_what_goes_wrong_is_raised_once_and_asked_anew() -> None:
    source = Source(patience=FOREVER)
    source.may_answer.set()
    source.error = Transient("the API server is away")
    with pytest.raises(Transient):
        await source.ask("a")
    source.error = None

    assert await source.ask("a") == ["answer to a"]


async def test_what_goes_wrong_while_nobody_waits_is_raised_in_the_pass_that_is_woken() -> None:
    source = Source()
    source.error = Transient("the API server is away")
    await source.ask("a")
    source.may_answer.set()
    await source.woken.get()

    with pytest.raises(Transient):
        await source.ask("a")

    assert len(source.asked) == 1


async def test_closing_ends_what_is_under_way_and_wakes_nobody() -> None:
    source = Source()
    await source.ask("a", "b")

    await source.background.close()

    assert sorted(source.cancelled) == ["a", "b"]
    assert source.woken.empty()


async def test_a_question_asked_after_closing_is_a_new_one() -> None:
    source = Source()
    await source.ask("a")
    await source.background.close()
    source.may_answer.set()

    assert await source.ask("a") == ["answer to a"]
    assert len(source.asked) == 2


async def test_no_pass_waits_for_a_source_that_does_not_answer() -> None:
    """Passes of many Releases end while not one question was answered: by events, not by time."""
    source = Source()
    keys = [("shop", f"release-{number}") for number in range(100)]

    passes = [asyncio.ensure_future(source.ask("a", key=key)) for key in keys]
    answers = await asyncio.gather(*passes)

    assert answers == [[None]] * 100
    assert not source.may_answer.is_set()
    assert len(source.asked) == 100
    source.may_answer.set()
    assert {await source.woken.get() for _ in keys} == set(keys)


async def loop_turns(turns: int = 3) -> None:
    """What is due on the loop now is done."""
    loop = asyncio.get_running_loop()
    for _ in range(turns):
        done: asyncio.Future[None] = loop.create_future()
        settle: Callable[[None], None] = done.set_result
        loop.call_later(0, settle, None)
        await done
