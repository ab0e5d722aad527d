"""Answers in the background: a pass asks, goes on without, and is woken when the answer is there.

Used by `look` for the wants of `engine.watchfacts`. So neither a slow metric source nor a slow
kubelet holds a worker of the queue, a rollout, or another Release. A question is asked once,
however often passes want it; its answer is kept for a while after it came. What is lost in a
crash is asked again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

Key = tuple[str, str]
"""Namespace and name of a Release."""

PATIENCE = 0.05
"""Seconds a pass waits for answers, all in all: most come within it, and save a second pass."""
KEPT = 30.0
"""Seconds an answer is kept; a pass that was woken fetches it long before."""


@dataclass(slots=True)
class _Question:
    task: "asyncio.Task[Any]"
    awaited: bool = False
    """A pass went on without the answer and is to be woken."""


class Background:
    """Asks, remembers, wakes. For one event loop."""

    def __init__(
        self,
        answer: Callable[[str, Any], Awaitable[Any]],
        wake: Callable[[Key], None],
        *,
        patience: float = PATIENCE,
        kept: float = KEPT,
    ) -> None:
        """`answer` looks a want up for a namespace; `wake` has a Release looked at again."""
        self._answer = answer
        self._wake = wake
        self._patience = patience
        self._kept = kept
        self._questions: dict[tuple[Key, Any], _Question] = {}

    async def ask(self, key: Key, wants: Sequence[Any]) -> list[Any]:
        """The answer to each want, None where it is not there yet. Raises what looking raised."""
        questions = [self._question(key, want) for want in wants]
        if questions:
            await asyncio.wait([one.task for one in questions], timeout=self._patience)
        answers: list[Any] = []
        for want, question in zip(wants, questions, strict=True):
            if not question.task.done():
                question.awaited = True
                answers.append(None)
                continue
            if question.task.exception() is not None:
                self._questions.pop((key, want), None)  # the next pass asks again
            answers.append(question.task.result())
        return answers

    async def close(self) -> None:
        """End what is under way."""
        tasks = [one.task for one in self._questions.values()]
        self._questions.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _question(self, key: Key, want: Any) -> _Question:
        known = self._questions.get((key, want))
        if known is not None:
            return known
        task = asyncio.ensure_future(self._answer(key[0], want))
        question = self._questions[key, want] = _Question(task)
        task.add_done_callback(lambda _: self._answered(key, want, question))
        return question

    def _answered(self, key: Key, want: Any, question: _Question) -> None:
        if self._questions.get((key, want)) is not question:
            return  # closed, or asked anew
        asyncio.get_running_loop().call_later(self._kept, self._forget, key, want, question)
        if question.awaited:
            self._wake(key)

    def _forget(self, key: Key, want: Any, question: _Question) -> None:
        if self._questions.get((key, want)) is question:
            del self._questions[key, want]
