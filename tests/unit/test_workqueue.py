"""What a worker and an adder may rely on; the invariants at large are in the state machine."""

# ruff: noqa: D102, ARG002 - methods of doubles and rules say by their names what they do

import asyncio
import logging

import promql_parser
import pytest

from release_coordinator.clock import VirtualClock
from release_coordinator.errors import Transient
from release_coordinator.observer import Outcome, QueueObserver
from release_coordinator.workqueue import Backoff, Stopped, WorkQueue


class Recorder(QueueObserver[str]):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.log: list[tuple[object, ...]] = []

    def added(self, depth: int) -> None:
        self.log.append(("added", depth))

    def started(self, key: str, waited: float, depth: int) -> None:
        self.log.append(("started", key, waited, depth))

    def done(self, key: str, worked: float, depth: int) -> None:
        self.log.append(("done", key, worked, depth))

    def retried(self, key: str) -> None:
        self.log.append(("retried", key))

    def reconciled(self, key: str, outcome: Outcome, worked: float) -> None:
        self.log.append(("reconciled", key, outcome, worked))


def queue_on(clock: VirtualClock, *observers: QueueObserver[str]) -> WorkQueue[str]:
    """A queue whose backoff is always the full ceiling."""
    return WorkQueue(clock=clock, draw=lambda: 1.0, observers=observers)


async def test_duplicates_merge_and_keys_come_in_order() -> None:
    queue = queue_on(VirtualClock())
    for key in ("a", "b", "a", "b", "a"):
        queue.add(key)
    assert len(queue) == 2
    assert [await queue.get(), await queue.get()] == ["a", "b"]
    assert len(queue) == 0


async def test_a_key_added_while_it_runs_runs_once_more_and_not_beside_itself() -> None:
    queue = queue_on(VirtualClock())
    queue.add("a")
    await queue.get()
    queue.add("a")
    queue.add("a")
    assert len(queue) == 0
    queue.done("a")
    assert len(queue) == 1
    assert await queue.get() == "a"
    queue.done("a")
    assert len(queue) == 0


async def test_the_earliest_of_two_delays_wins() -> None:
    clock = VirtualClock()
    queue = queue_on(clock)
    queue.add_after("a", 30)
    queue.add_after("a", 10)
    queue.add_after("a", 20)
    clock.tick(9.9)
    assert len(queue) == 0
    clock.tick(0.1)
    assert len(queue) == 1
    await queue.get()
    queue.done("a")
    clock.tick(100)
    assert len(queue) == 0


async def test_backoff_doubles_up_to_its_limit_and_starts_anew_after_forget() -> None:
    clock = VirtualClock()
    queue: WorkQueue[str] = WorkQueue(clock=clock, draw=lambda: 1.0, backoff=Backoff(limit=5))
    waits = []
    for _ in range(5):
        before = clock.now()
        queue.add_rate_limited("a")
        while not len(queue):
            clock.tick(0.5)
        waits.append(clock.now() - before)
        queue.done(await queue.get())
    assert waits == [1, 2, 4, 5, 5]
    assert queue.failures("a") == 5
    queue.forget("a")
    assert queue.failures("a") == 0


def test_jitter_spreads_over_the_whole_ceiling_and_never_overflows() -> None:
    backoff = Backoff()
    assert backoff.delay(0, 0.0) == 0.0
    assert backoff.delay(3, 0.5) == 4.0
    assert backoff.delay(10_000, 1.0) == 300.0


async def test_what_is_urgent_goes_first() -> None:
    queue: WorkQueue[str] = WorkQueue(clock=VirtualClock(), urgent=lambda key: key in "xy")
    for key in ("a", "x", "b", "y"):
        queue.add(key)
    assert [await queue.get() for _ in range(4)] == ["x", "y", "a", "b"]


async def test_a_key_that_becomes_urgent_while_it_waits_moves_to_the_front_once() -> None:
    urgent: set[str] = set()
    queue: WorkQueue[str] = WorkQueue(clock=VirtualClock(), urgent=urgent.__contains__)
    for key in ("a", "b", "c"):
        queue.add(key)
    urgent.add("c")
    queue.add("c")
    queue.add("c")
    assert len(queue) == 3
    assert [await queue.get() for _ in range(3)] == ["c", "a", "b"]
    assert len(queue) == 0


async def test_an_urgent_key_waits_for_no_worker_that_is_busy_with_others() -> None:
    clock = VirtualClock()
    queue: WorkQueue[str] = WorkQueue(clock=clock, urgent=lambda key: key == "rollback")
    begun: list[str] = []

    async def handler(key: str) -> None:
        begun.append(key)
        await clock.sleep(100)

    run = asyncio.create_task(queue.run(2, handler))
    for key in ("a", "b", "c"):
        queue.add(key)
    await clock.settle()
    assert begun == ["a", "b"], "the worker for what is urgent leaves the rest alone"
    queue.add("rollback")
    await clock.settle()
    assert begun == ["a", "b", "rollback"]
    await clock.advance(100)
    assert begun == ["a", "b", "rollback", "c"]
    stop = asyncio.create_task(queue.stop(200))
    await clock.advance(100)
    assert await stop == frozenset()
    await run


async def test_observers_learn_depth_latency_and_duration() -> None:
    clock, seen = VirtualClock(), Recorder()
    queue = queue_on(clock, seen)
    queue.add("a")
    queue.add("b")
    clock.tick(3)
    key = await queue.get()
    clock.tick(2)
    queue.add("a")
    queue.done(key)
    clock.tick(1)
    await queue.get()
    await queue.get()
    assert seen.log == [
        ("added", 1),
        ("added", 2),
        ("started", "a", 3, 1),
        ("added", 1),
        ("done", "a", 2, 2),
        ("started", "b", 6, 1),
        ("started", "a", 1, 0),
    ]


async def test_workers_share_the_keys_but_never_one_key() -> None:
    clock = VirtualClock()
    queue = queue_on(clock)
    running: list[str] = []
    most = 0

    async def handler(key: str) -> None:
        nonlocal most
        assert key not in running
        running.append(key)
        most = max(most, len(running))
        await clock.sleep(1)
        running.remove(key)

    run = asyncio.create_task(queue.run(2, handler))
    for key in ("a", "b", "c"):
        queue.add(key)
    await clock.advance(0.5)
    queue.add("a")
    await clock.advance(3)
    assert most == 2
    assert await queue.stop(1) == frozenset()
    await run


async def test_the_handler_says_when_to_look_next() -> None:
    clock, seen = VirtualClock(), Recorder()
    queue = queue_on(clock, seen)
    looks: list[float] = []

    async def handler(_: str) -> float | None:
        looks.append(clock.now() - 1_000)
        return 60 if len(looks) < 3 else None

    run = asyncio.create_task(queue.run(1, handler))
    queue.add("a")
    await clock.advance(600)
    await queue.stop(1)
    await run
    assert looks == [0, 60, 120]
    outcomes = [entry[2] for entry in seen.log if entry[0] == "reconciled"]
    assert outcomes == ["requeue_after", "requeue_after", "success"]


async def test_a_library_that_gives_up_in_a_pass_fails_that_pass_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = VirtualClock()
    queue = queue_on(clock)
    looks: list[tuple[str, float]] = []

    async def handler(key: str) -> None:
        looks.append((key, clock.now() - 1_000))
        if key == "bad" and len(looks) == 1:
            promql_parser.parse("up offset nan")

    run = asyncio.create_task(queue.run(1, handler))
    with caplog.at_level(logging.WARNING):
        queue.add("bad")
        queue.add("good")
        await clock.advance(600)
    await queue.stop(1)
    await run
    assert looks == [("bad", 0), ("good", 0), ("bad", 1)]
    (record,) = caplog.records
    assert record.exc_info, "a panic is our own fault and needs a trace"


async def test_what_ends_the_process_is_no_failed_pass() -> None:
    queue = queue_on(VirtualClock())

    async def handler(_: str) -> None:
        raise GeneratorExit

    queue.add("a")
    with pytest.raises(BaseExceptionGroup) as caught:
        await queue.run(1, handler)
    assert isinstance(caught.value.exceptions[0], GeneratorExit)
    assert queue.failures("a") == 0


async def test_a_failing_pass_backs_off_and_a_good_one_resets(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, seen = VirtualClock(), Recorder()
    queue = queue_on(clock, seen)
    looks: list[float] = []

    async def handler(_: str) -> None:
        looks.append(clock.now() - 1_000)
        if len(looks) == 1:
            raise Transient("the API server is away", retry_after=7)
        if len(looks) == 2:
            raise ZeroDivisionError

    run = asyncio.create_task(queue.run(1, handler))
    with caplog.at_level(logging.WARNING):
        queue.add("a")
        await clock.advance(600)
    await queue.stop(1)
    await run
    assert looks == [0, 7, 9]  # the server's wish, then the second backoff of 2 s
    assert queue.failures("a") == 0
    known, unknown = caplog.records
    assert "the API server is away" in known.getMessage()
    assert not known.exc_info
    assert unknown.exc_info
    assert [entry for entry in seen.log if entry[0] == "retried"] == [("retried", "a")] * 2


async def test_stop_lets_running_work_end_and_starts_nothing_more() -> None:
    clock = VirtualClock()
    queue = queue_on(clock)
    finished: list[str] = []

    async def handler(key: str) -> None:
        await clock.sleep(5)
        finished.append(key)

    run = asyncio.create_task(queue.run(1, handler))
    queue.add("runs")
    queue.add("waits")
    queue.add_after("later", 1)
    await clock.settle()
    stop = asyncio.create_task(queue.stop(10))
    await clock.advance(20)
    assert await stop == frozenset()
    await run
    assert finished == ["runs"]
    with pytest.raises(Stopped):
        await queue.get()
    queue.add("too late")
    queue.add_after("too late", 1)
    clock.tick(5)
    assert len(queue) == 1  # "waits" stays for the next process


async def test_stop_cancels_what_outlives_the_deadline_and_names_it() -> None:
    clock = VirtualClock()
    queue = queue_on(clock)
    run = asyncio.create_task(queue.run(2, lambda _: clock.sleep(3_600)))
    queue.add("stuck")
    await clock.settle()
    stop = asyncio.create_task(queue.stop(30))
    await clock.advance(30)
    assert await stop == {"stuck"}
    await run


async def test_a_broken_worker_ends_the_whole_run() -> None:
    class Broken(QueueObserver[str]):
        def done(self, key: str, worked: float, depth: int) -> None:
            raise LookupError

    queue = queue_on(VirtualClock(), Broken())
    queue.add("a")

    async def handler(_: str) -> None:
        return

    with pytest.raises(ExceptionGroup) as caught:
        await queue.run(3, handler)
    assert caught.group_contains(LookupError)
