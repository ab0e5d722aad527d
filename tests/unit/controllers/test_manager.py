"""The controllers beside releases do not stand in each other's way."""

from collections.abc import Callable

import pytest

from release_coordinator.controllers.manager import PATIENCE, Manager
from release_coordinator.controllers.port import Key
from release_coordinator.errors import Conflict, Denied, Transient
from release_coordinator.workqueue import WorkQueue

KEY = ("shop", "bookshop")


class Scripted:
    """A controller that does what it is told."""

    def __init__(self, name: str, answer: Callable[[], float | None]) -> None:
        self.name = name
        self.keys: list[Key] = []
        self._answer = answer

    async def reconcile(self, key: Key) -> float | None:
        """Note the key."""
        self.keys.append(key)
        return self._answer()


def answering(seconds: float | None) -> Callable[[], float | None]:
    return lambda: seconds


def failing(error: Exception) -> Callable[[], float | None]:
    def answer() -> float | None:
        raise error

    return answer


def manager(*controllers: Scripted) -> Manager:
    return Manager(controllers, WorkQueue())


async def test_the_next_look_is_the_earliest_that_one_of_them_wants() -> None:
    waits = [Scripted(str(wait), answering(wait)) for wait in (None, 30.0, 7.0)]
    assert await manager(*waits).reconcile(KEY) == 7.0
    assert await manager(waits[0]).reconcile(KEY) is None


@pytest.mark.parametrize("error", [Denied("no right"), ZeroDivisionError()])
async def test_one_that_cannot_go_on_keeps_nobody_waiting_and_tries_again_later(
    error: Exception,
) -> None:
    after = Scripted("after", lambda: None)
    assert await manager(Scripted("broken", failing(error)), after).reconcile(KEY) == PATIENCE
    assert after.keys == [KEY]


@pytest.mark.parametrize("error", [Transient("timeout"), Conflict("older")])
async def test_one_that_may_succeed_soon_is_tried_again_after_all_have_looked(
    error: Exception,
) -> None:
    after = Scripted("after", lambda: 60.0)
    with pytest.raises(Transient, match="hurried"):
        await manager(Scripted("hurried", failing(error)), after).reconcile(KEY)
    assert after.keys == [KEY]
