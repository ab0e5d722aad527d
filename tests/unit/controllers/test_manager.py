"""The controllers beside releases do not stand in each other's way."""

from collections.abc import Callable

import pytest

from release_coordinator.cluster.faults import Unserved
from release_coordinator.controllers.manager import Manager
from release_coordinator.controllers.port import PATIENCE, Key
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
    return Manager(controllers, WorkQueue(), draw=lambda: 1.0)


async def test_the_next_look_is_the_earliest_that_one_of_them_wants() -> None:
    waits = [Scripted(str(wait), answering(wait)) for wait in (None, 30.0, 7.0)]
    assert await manager(*waits).reconcile(KEY) == 7.0
    assert await manager(waits[0]).reconcile(KEY) is None


@pytest.mark.parametrize("error", [Denied("no right"), Unserved("no CRD"), ZeroDivisionError()])
async def test_one_that_cannot_go_on_keeps_nobody_waiting_and_tries_again_later(
    error: Exception,
) -> None:
    after = Scripted("after", lambda: None)
    assert await manager(Scripted("broken", failing(error)), after).reconcile(KEY) == PATIENCE
    assert after.keys == [KEY]


@pytest.mark.parametrize("error", [Transient("timeout"), Conflict("older")])
async def test_one_that_fails_for_now_is_tried_again_after_longer_and_longer_pauses(
    error: Exception,
) -> None:
    after = Scripted("after", lambda: 60.0)
    both = manager(Scripted("hurried", failing(error)), after)

    assert [await both.reconcile(KEY) for _ in range(4)] == [1.0, 2.0, 4.0, 8.0]
    assert after.keys == [KEY] * 4
    assert await both.reconcile(("shop", "other")) == 1.0, "another Release has failed only once"


async def test_one_that_fails_leaves_the_others_the_times_that_they_have_asked_for() -> None:
    both = manager(Scripted("failing", failing(Transient("away"))), Scripted("0.5", lambda: 0.5))

    assert [await both.reconcile(KEY) for _ in range(3)] == [0.5] * 3


async def test_one_that_has_done_well_begins_anew_with_short_pauses() -> None:
    answers = iter([Transient("away"), Transient("away"), None, Transient("away")])

    def answer() -> None:
        if (error := next(answers)) is not None:
            raise error

    one = manager(Scripted("sometimes", answer))

    assert [await one.reconcile(KEY) for _ in range(4)] == [1.0, 2.0, None, 1.0]


async def test_the_server_may_ask_for_a_longer_pause() -> None:
    busy = Scripted("busy", failing(Transient("busy", retry_after=30.0)))
    assert await manager(busy).reconcile(KEY) == 30.0


async def test_what_a_controller_wants_is_not_too_long_after_many_failures() -> None:
    one = manager(Scripted("failing", failing(Transient("away"))))
    waits = [await one.reconcile(KEY) for _ in range(20)]
    assert waits[-1] == PATIENCE
