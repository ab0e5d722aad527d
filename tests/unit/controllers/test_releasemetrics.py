"""What is exported of the release log, from what the store keeps of it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import generate_latest
from tests import records
from tests.fakes.world import DAWN
from tests.releases import bookshop

from release_coordinator.api.record import RecordSpec
from release_coordinator.clock import VirtualClock
from release_coordinator.cluster.memory import MemoryCluster
from release_coordinator.cluster.port import POLICY, RECORD, RELEASE, Body, Listing, Ref
from release_coordinator.cluster.store import Store
from release_coordinator.controllers import releasemetrics
from release_coordinator.controllers.releasemetrics import LASTS, PAUSE, SLICE, ReleaseFigures
from release_coordinator.engine import releasereport
from release_coordinator.engine.deployments import Ended
from release_coordinator.engine.releasereport import ReleaseReport
from release_coordinator.errors import Denied
from release_coordinator.resync import LogResync
from release_coordinator.telemetry.metrics import Metrics
from release_coordinator.telemetry.releasemetrics import ReleaseMetricsExport

BOOKSHOP = {"namespace": "shop", "release": "bookshop"}


class Scene:
    """A store, a clock and the exporter on them."""

    def __init__(self) -> None:
        self.store = Store()
        self.now = DAWN + timedelta(days=1)
        self.registry = Metrics("1").registry
        self.export = ReleaseMetricsExport(self.registry)
        self.figures = ReleaseFigures(self.store, lambda: self.now)
        self.export.ask(self.figures.report)
        self._put(RELEASE, bookshop())

    def record(self, spec: RecordSpec) -> None:
        """An attempt has ended."""
        metadata = {"name": f"{spec.release}-{spec.attempt}", "namespace": "shop"}
        self._put(RECORD, {"metadata": metadata, "spec": spec.to_wire()})

    def policy(self, name: str, **spec: Any) -> None:
        """The platform team requires something."""
        self._put(POLICY, {"metadata": {"name": name, "namespace": "shop"}, "spec": spec})

    def _put(self, kind: Any, body: Body) -> None:
        metadata = {**body["metadata"], "resourceVersion": "7"}
        metadata["uid"] = f"{kind.plural}/{metadata['name']}"
        self.store.put(kind, {**body, "metadata": metadata})

    def value(self, name: str, **labels: str) -> float | None:
        """What is exported."""
        return self.registry.get_sample_value(f"release_coordinator_{name}", labels)


@pytest.fixture
def scene() -> Scene:
    found = Scene()
    found.record(records.completed(1, changed_at=DAWN + timedelta(minutes=50)))
    found.record(records.broken(2))
    return found


async def test_the_metrics_are_those_of_the_records(scene: Scene) -> None:
    await scene.figures.refresh()
    month = {**BOOKSHOP, "window": "30d"}

    assert scene.value("release_success_ratio", **month) == 0.5
    assert scene.value("release_deployments", **month, outcome="rolled_back") == 1
    assert scene.value("release_time_to_deploy_median_seconds", **month) == 600
    assert scene.value("release_target_missed", **BOOKSHOP, target="success_ratio") == 1
    assert scene.value("release_target_missed", **BOOKSHOP, target="time_to_deploy") == 0
    assert scene.value("overall_success_ratio", window="all") == 0.5


async def test_a_window_ends(scene: Scene) -> None:
    await scene.figures.refresh()
    scene.now = DAWN + timedelta(days=31)
    await scene.figures.refresh()

    assert scene.value("release_success_ratio", **BOOKSHOP, window="30d") is None
    assert scene.value("release_success_ratio", **BOOKSHOP, window="all") == 0.5
    assert scene.value("release_target_missed", **BOOKSHOP, target="success_ratio") is None


async def test_targets_are_those_of_the_policy_as_it_is_now(scene: Scene) -> None:
    await scene.figures.refresh()
    assert scene.value("release_success_ratio_target", **BOOKSHOP) == 0.95

    scene.policy("bookshop", targets={"successPercent": 50})
    await scene.figures.refresh()

    assert scene.value("release_success_ratio_target", **BOOKSHOP) == 0.5
    assert scene.value("release_target_missed", **BOOKSHOP, target="success_ratio") == 0


async def test_a_release_that_is_gone_has_no_series_and_still_counts(scene: Scene) -> None:
    scene.record(records.completed(3, release="old", changed_at=DAWN))
    await scene.figures.refresh()

    assert b'release="old"' not in generate_latest(scene.registry)
    assert scene.value("overall_deployments", window="all", outcome="succeeded") == 2


async def test_a_gate_that_is_shut_says_since_when(scene: Scene) -> None:
    body = bookshop()
    body["metadata"] |= {"uid": "releases/bookshop", "resourceVersion": "8"}
    shut = {"name": "SignOff/qa", "state": "Waiting", "shutSince": "2026-11-23T12:00:00.000Z"}
    body["status"] = {"attempt": {"gates": [shut, {"name": "CI", "state": "Passed"}]}}
    await scene.figures.refresh()
    scene.store.put(RELEASE, body)
    await scene.figures.refresh()

    name = "release_gate_shut_since_timestamp_seconds"
    assert scene.value(name, **BOOKSHOP, gate="SignOff/qa") == DAWN.timestamp()
    assert scene.value(name, **BOOKSHOP, gate="CI") is None


def test_a_replica_that_does_not_lead_exports_none() -> None:
    metrics = Metrics("1")
    ReleaseMetricsExport(metrics.registry)

    names = [
        line
        for line in generate_latest(metrics.registry).decode().splitlines()
        if line.startswith(("release_coordinator_overall", "release_coordinator_release_target"))
    ]
    assert names == []


async def test_a_record_that_cannot_be_read_is_left_out(scene: Scene) -> None:
    metadata = {"name": "odd", "namespace": "shop", "uid": "odd", "resourceVersion": "7"}
    scene.store.put(RECORD, {"metadata": metadata, "spec": {"outcome": "Unheard"}})
    await scene.figures.refresh()

    assert scene.value("overall_deployments", window="all", outcome="succeeded") == 1


async def test_a_release_has_a_bounded_number_of_series(scene: Scene) -> None:
    await scene.figures.refresh()
    text = generate_latest(scene.registry).decode()

    assert text.count('release="bookshop"') <= 40


def reckonings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many attempts were reckoned with, each time that it was done."""
    found: list[int] = []

    def counted(attempts: list[Ended], *more: Any) -> ReleaseReport:
        found.append(len(attempts))
        return releasereport.report(attempts, *more)

    monkeypatch.setattr(releasemetrics, "report", counted)
    return found


async def test_nothing_is_reckoned_when_metrics_are_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = reckonings(monkeypatch)

    assert scene.value("overall_success_ratio", window="all") is None
    await scene.figures.refresh()
    for _ in range(3):
        assert scene.value("overall_success_ratio", window="all") == 0.5

    assert made == [2]


async def test_it_is_reckoned_anew_after_a_record_and_after_a_minute_only(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = reckonings(monkeypatch)
    await scene.figures.refresh()
    scene.now += timedelta(seconds=LASTS - 1)
    await scene.figures.refresh()
    assert made == [2]

    scene.record(records.completed(3))
    await scene.figures.refresh()
    assert made == [2, 3]

    scene.now += timedelta(seconds=LASTS)
    await scene.figures.refresh()
    assert made == [2, 3, 3]


async def test_others_have_their_turns_while_a_long_log_is_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(work: Callable[..., Any], *arguments: Any) -> Any:
        return work(*arguments)

    monkeypatch.setattr(asyncio, "to_thread", at_once)
    for number in range(3, 3 * SLICE):
        scene.record(records.completed(number))
    turns, done = 0, asyncio.create_task(scene.figures.refresh())

    while scene.figures.report() is None:
        turns += 1
        await asyncio.sleep(0)

    await done
    assert turns >= 3


async def test_a_fault_is_told_and_the_next_look_mends_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock, faults = VirtualClock(), [RuntimeError("odd")]

    def flawed(*arguments: Any) -> ReleaseReport:
        if faults:
            raise faults.pop()
        return releasereport.report(*arguments)

    monkeypatch.setattr(releasemetrics, "report", flawed)
    looked = scene.figures.refresh
    done = [asyncio.Event(), asyncio.Event()]
    left = iter(done)

    async def told() -> None:
        try:
            await looked()
        finally:
            next(left).set()

    monkeypatch.setattr(scene.figures, "refresh", told)
    running = asyncio.create_task(scene.figures.run(clock))
    await done[0].wait()
    assert scene.figures.report() is None
    await clock.advance(PAUSE)
    await done[1].wait()
    running.cancel()

    assert "The release metrics stay as they were" in caplog.text
    assert scene.figures.report() is not None


async def a_log(attempts: int) -> MemoryCluster:
    cluster = MemoryCluster(namespaces=["shop"])
    for number in range(1, attempts + 1):
        metadata = {"name": f"bookshop-{number}", "namespace": "shop"}
        spec = records.completed(number).to_wire()
        await cluster.create(RECORD, {"metadata": metadata, "spec": spec})
    return cluster


async def test_the_log_is_listed_and_only_what_is_needed_of_it_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, told, cluster = Store(), list[tuple[str, str]](), await a_log(3)
    listed, listing = list[Body](), cluster.list

    async def spied(*args: Any, **how: Any) -> Listing:
        found = await listing(*args, **how)
        listed.extend(found)
        return found

    monkeypatch.setattr(cluster, "list", spied)
    await LogResync(cluster, store, told.append).once()

    found = store.select(RECORD)
    assert len(found) == 3
    assert all("plan" not in body["spec"] for body in listed), "never more than a page in memory"
    assert all("plan" not in body["spec"] and "timeline" not in body["spec"] for body in found)
    assert told == [("shop", "bookshop")]
    assert store.complete(RECORD, "shop")


async def test_what_was_deleted_meanwhile_is_forgotten_at_the_next_listing() -> None:
    store, told, cluster = Store(), list[tuple[str, str]](), await a_log(2)
    log = LogResync(cluster, store, told.append)
    await log.once()
    ref = Ref(RECORD, "shop", "bookshop-1")
    await cluster.delete(ref, uid=(await cluster.get(ref))["metadata"]["uid"])
    told.clear()

    await log.once()

    assert [body["metadata"]["name"] for body in store.select(RECORD)] == ["bookshop-2"]
    assert told == []


async def test_a_log_that_may_not_be_listed_is_told_and_tried_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Exception):  # noqa: N818 - ends the loop of the test
        pass

    cluster, pauses = await a_log(1), list[float]()

    async def deny(_call: object) -> None:
        raise Denied("no right to list releaserecords")

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        raise Stopped

    cluster.before = deny
    monkeypatch.setattr("release_coordinator.resync.asyncio.sleep", pause)
    with pytest.raises(Stopped):
        await LogResync(cluster, Store(), lambda _: None).run()

    assert pauses == [60.0]
    assert "no right to list releaserecords" in caplog.text
