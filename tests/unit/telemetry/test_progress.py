"""Stuck is not idle, and idle is not stuck."""

import asyncio

import pytest

from release_coordinator.clock import VirtualClock
from release_coordinator.telemetry.progress import Limits, Progress
from release_coordinator.workqueue import WorkQueue


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def progress(clock: VirtualClock) -> Progress[str]:
    limits = Limits(one_pass=300, waiting=60, resync=900)
    progress: Progress[str] = Progress(2, clock=clock, limits=limits)
    progress.role("leader")
    progress.resynced()
    return progress


def test_idle_is_healthy_for_as_long_as_the_resync_runs(
    progress: Progress[str], clock: VirtualClock
) -> None:
    for _ in range(100):
        clock.tick(600)
        progress.resynced()
        assert progress.problems() == []
    assert progress.report()["activity"] == "idle"


def test_an_old_resync_is_a_problem_of_the_leader_only(
    progress: Progress[str], clock: VirtualClock
) -> None:
    clock.tick(901)
    assert progress.problems() == ["The releases were last listed 901 s ago (limit 900 s)"]
    assert progress.resync_age() == 901
    progress.role("standby")
    clock.tick(10_000)
    assert progress.problems() == []


def test_a_pass_that_never_ends_is_a_problem_and_named(
    progress: Progress[str], clock: VirtualClock
) -> None:
    progress.started("shop/bookshop", 0, 0)
    clock.tick(300)
    assert progress.problems() == []
    clock.tick(1)
    assert progress.problems() == ["The pass over shop/bookshop has run for 301 s (limit 300 s)"]
    assert progress.report()["running"] == [{"key": "shop/bookshop", "seconds": 301}]
    progress.done("shop/bookshop", 301, 0)
    assert progress.problems() == []


def test_work_that_no_free_worker_takes_is_a_problem(
    progress: Progress[str], clock: VirtualClock
) -> None:
    clock.tick(500)
    progress.added(1)
    clock.tick(60)
    progress.added(2)
    assert progress.problems() == []
    clock.tick(1)
    (problem,) = progress.problems()
    assert problem.startswith("2 keys are ready and a worker is free, but none was taken for 61 s")


def test_work_that_waits_for_busy_workers_is_none(
    progress: Progress[str], clock: VirtualClock
) -> None:
    progress.started("a", 0, 0)
    progress.started("b", 0, 0)
    progress.added(5)
    clock.tick(200)
    assert progress.problems() == []
    assert progress.report()["activity"] == "working"
    progress.done("a", 200, 5)
    assert progress.problems() == []


async def test_a_task_that_ended_is_a_problem(progress: Progress[str]) -> None:
    end = asyncio.Event()
    task = asyncio.create_task(end.wait())
    progress.depends_on("workers", task)
    assert progress.problems() == []
    end.set()
    await task
    assert progress.problems() == ["The task 'workers' has ended"]


def test_a_replica_is_ready_as_standby_or_as_a_leader_that_has_listed() -> None:
    progress: Progress[str] = Progress(2, clock=VirtualClock())
    assert progress.obstacles() == ["The lease was not read yet"]
    progress.role("standby")
    assert progress.obstacles() == []
    progress.role("leader")
    assert progress.obstacles() == ["The releases were not listed yet"]
    progress.resynced()
    assert progress.obstacles() == []


def test_a_report_stays_short(progress: Progress[str]) -> None:
    for number in range(1_000):
        progress.started(str(number), 0, 0)
    assert len(progress.report()["running"]) == 10


async def test_it_follows_a_real_queue(progress: Progress[str], clock: VirtualClock) -> None:
    queue: WorkQueue[str] = WorkQueue(clock=clock, observers=[progress])

    async def handler(key: str) -> None:
        await clock.sleep(1_000 if key == "hangs" else 1)

    run = asyncio.create_task(queue.run(2, handler))
    for key in ("hangs", "a", "b"):
        queue.add(key)
    await clock.advance(301)
    assert progress.problems() == ["The pass over hangs has run for 301 s (limit 300 s)"]
    assert progress.report()["ready"] == 0
    stop = asyncio.create_task(queue.stop(1))
    await clock.advance(1)
    assert await stop == {"hangs"}
    await run
    assert progress.report()["running"] == []
