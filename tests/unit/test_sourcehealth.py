"""Whether a source answers is found out soon, and written only when it is news."""

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from tests.fakes.world import World

from release_coordinator.api.codec import parse_metric_source
from release_coordinator.api.conditions import Reason, Status
from release_coordinator.api.metricsource import MetricSourceStatus
from release_coordinator.clock import VirtualClock
from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import METRIC_SOURCE, RELEASE, Ref
from release_coordinator.engine.evidence import AdmissionFact
from release_coordinator.errors import Denied, ReleaseCoordinatorError, Transient
from release_coordinator.evidence.sources import Sources
from release_coordinator.signals.port import CheckResult, Endpoint, Outcome
from release_coordinator.sourcehealth import (
    CHECK_SECONDS,
    LOOK_SECONDS,
    TURN_SECONDS,
    SourceHealth,
)
from release_coordinator.telemetry.sourcemetrics import SourceMetrics

UP = "release_coordinator_metric_source_up"
GOOD = CheckResult(Outcome.ANSWERED, "", 0.25)
TURN = timedelta(seconds=TURN_SECONDS)
DEAD = CheckResult(Outcome.UNREACHABLE, "refused the connection; check its address", 0.1)


class Scene:
    """A source `main`, scripted answers to checks, and the operator's looks at it."""

    def __init__(self) -> None:
        self.world = World()
        self.clock = VirtualClock()
        self.registry = CollectorRegistry()
        metrics = SourceMetrics(self.registry, tuple(Outcome))
        self.health = SourceHealth(self.clock, self.world.time.now, metrics)
        self.sources = Sources(
            self.world.cluster,
            self.world.operator.store,
            self.world.metrics,
            self.world.prober,
            lambda: AdmissionFact(""),
        )
        self.answer = GOOD
        self.checked: list[Endpoint] = []
        self.forgotten: list[str] = []
        self.writes = 0
        self.refusal: ReleaseCoordinatorError | None = None
        self.crash: Exception | None = None
        """Raised by whatever is done with the source `main`."""
        self.world.cluster.before = self._write

    async def _write(self, call: Call) -> None:
        if call.verb == "replace_status" and call.ref.kind is METRIC_SOURCE:
            self.writes += 1
            if self.refusal is not None:
                raise self.refusal

    async def check(self, endpoint: Endpoint) -> CheckResult:
        """The scripted answer, heard of like every other."""
        self.checked.append(endpoint)
        if self.crash is not None and endpoint.name == "main":
            raise self.crash
        self.health.asked(endpoint.name)
        self.health.ended(endpoint.name, self.answer.outcome, self.answer.seconds)
        return self.answer

    async def forget(self, name: str) -> None:
        """Its connections are closed."""
        self.forgotten.append(name)
        if self.crash is not None:
            raise self.crash

    async def create(self, name: str = "main", **spec: Any) -> None:
        """The platform team writes the source."""
        body = {"metadata": {"name": name}, "spec": {"url": "http://m:9090", **spec}}
        await self.world.user.create(METRIC_SOURCE, body)

    async def pass_time(self, seconds: float) -> None:
        """Rounds, as often as the operator makes them."""
        for _ in range(int(seconds / TURN_SECONDS)):
            self.clock.tick(TURN_SECONDS)
            self.world.time.value += TURN
            await self.health.round(self.sources, self)

    async def status(self) -> MetricSourceStatus:
        """As it is stored."""
        body = await self.world.user.get(Ref(METRIC_SOURCE, None, "main"))
        return parse_metric_source(body).status

    async def ready(self) -> tuple[Status, str]:
        """Status and reason of the condition."""
        (condition,) = (await self.status()).conditions
        return condition.status, condition.reason

    def up(self) -> float | None:
        """The metric."""
        return self.registry.get_sample_value(UP, {"source": "main"})


@pytest.fixture
async def scene() -> Scene:
    made = Scene()
    await made.create()
    return made


async def test_a_source_that_answers_is_written_once_however_often_it_is_looked_at(
    scene: Scene,
) -> None:
    await scene.pass_time(3600)

    assert await scene.ready() == (Status.TRUE, Reason.ANSWERING)
    status = await scene.status()
    assert (status.message, status.latency_seconds, status.observed_generation) == ("", 0.25, 1)
    assert status.last_success is not None
    assert scene.writes == 1
    assert scene.up() == 1
    assert 3600 / LOOK_SECONDS / 2 < len(scene.checked) <= 3600 / LOOK_SECONDS * 1.2


async def test_one_failure_of_a_good_source_is_no_news_and_the_second_is(scene: Scene) -> None:
    await scene.pass_time(TURN_SECONDS)
    good = await scene.status()
    scene.answer = DEAD
    scene.health.ended("main", Outcome.UNREACHABLE, 5.0)  # a Release has met it

    await scene.pass_time(TURN_SECONDS)
    assert (await scene.ready())[0] is Status.TRUE
    await scene.pass_time(TURN_SECONDS)

    assert await scene.ready() == (Status.FALSE, Reason.UNREACHABLE)
    status = await scene.status()
    assert status.message == "It refused the connection; check its address."
    assert status.conditions[0].message == status.message
    assert status.last_success == good.last_success
    assert (scene.writes, scene.up()) == (2, 0)


async def test_an_outage_that_nobody_met_is_found_by_the_next_look(scene: Scene) -> None:
    await scene.pass_time(TURN_SECONDS)
    scene.answer = DEAD
    await scene.pass_time(1.1 * LOOK_SECONDS + 3 * TURN_SECONDS)
    assert await scene.ready() == (Status.FALSE, Reason.UNREACHABLE)


async def test_a_source_that_is_back_is_seen_when_a_release_has_got_an_answer(
    scene: Scene,
) -> None:
    scene.answer = DEAD
    await scene.pass_time(TURN_SECONDS)
    assert (await scene.ready())[0] is Status.FALSE
    scene.answer = GOOD
    scene.health.ended("main", Outcome.ANSWERED, 0.1)
    await scene.pass_time(TURN_SECONDS)

    assert await scene.ready() == (Status.TRUE, Reason.ANSWERING)
    assert (await scene.status()).message == ""


async def test_who_answers_releases_is_not_asked_as_well(scene: Scene) -> None:
    await scene.pass_time(TURN_SECONDS)
    scene.checked.clear()
    for _ in range(60):
        scene.health.ended("main", Outcome.ANSWERED, 0.1)
        scene.health.ended("main", Outcome.UNUSABLE, 0.1)  # a bad query is not its fault
        await scene.pass_time(TURN_SECONDS)

    assert scene.checked == []


async def test_flapping_is_written_no_more_often_than_it_is_looked_at(scene: Scene) -> None:
    for round_ in range(40):
        scene.answer = DEAD if round_ % 2 else GOOD
        scene.health.ended("main", scene.answer.outcome, 0.1)
        await scene.pass_time(TURN_SECONDS)

    assert scene.writes == 1


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome.UNREACHABLE, Reason.UNREACHABLE),
        (Outcome.REFUSED, Reason.REFUSED),
        (Outcome.UNUSABLE, Reason.MISCONFIGURED),
        (Outcome.FORBIDDEN, Reason.MISCONFIGURED),
    ],
)
async def test_every_outcome_has_its_reason(scene: Scene, outcome: Outcome, reason: Reason) -> None:
    scene.answer = CheckResult(outcome, "is ill", 0.1)
    await scene.pass_time(TURN_SECONDS)
    assert await scene.ready() == (Status.FALSE, reason)


async def test_missing_credentials_are_told_in_the_status() -> None:
    scene = Scene()
    await scene.create(auth={"bearer": {"name": "prometheus", "key": "token"}})
    await scene.pass_time(TURN_SECONDS)

    assert await scene.ready() == (Status.FALSE, Reason.MISCONFIGURED)
    assert (await scene.status()).message.startswith("It cannot be asked: Secret prometheus")
    assert scene.checked == []


async def test_a_spec_that_cannot_be_read_is_told_in_the_status() -> None:
    scene = Scene()
    await scene.create(timeout="soon")
    await scene.pass_time(TURN_SECONDS)

    assert await scene.ready() == (Status.FALSE, Reason.MISCONFIGURED)
    assert "spec.timeout" in (await scene.status()).message


async def test_a_corrected_spec_is_looked_at_in_the_next_round(scene: Scene) -> None:
    scene.answer = DEAD
    await scene.pass_time(TURN_SECONDS)
    scene.answer = GOOD
    await scene.world.user.patch(
        Ref(METRIC_SOURCE, None, "main"), {"spec": {"url": "http://n:9090"}}
    )
    await scene.pass_time(TURN_SECONDS)

    assert scene.checked[-1].url == "http://n:9090"
    (condition,) = (await scene.status()).conditions
    assert (condition.status, condition.observed_generation) == (Status.TRUE, 2)


async def test_a_slow_source_has_no_more_time_for_a_look_than_others() -> None:
    scene = Scene()
    await scene.create(timeout="10m")
    await scene.pass_time(TURN_SECONDS)
    assert scene.checked[0].timeout == CHECK_SECONDS


async def test_another_message_alone_is_written_now_and_then(scene: Scene) -> None:
    for minute in range(20):
        scene.answer = CheckResult(Outcome.REFUSED, f"is ill for the {minute}. time", 0.1)
        await scene.pass_time(60)

    assert 2 <= scene.writes <= 5
    (condition,) = (await scene.status()).conditions
    assert condition.last_transition_time < scene.world.time.now() - 19 * 12 * TURN


async def test_a_new_process_writes_nothing_that_is_already_said(scene: Scene) -> None:
    await scene.pass_time(TURN_SECONDS)
    scene.health = SourceHealth(
        scene.clock, scene.world.time.now, SourceMetrics(CollectorRegistry(), tuple(Outcome))
    )
    await scene.pass_time(TURN_SECONDS)
    assert scene.writes == 1


@pytest.mark.parametrize("error", [Transient("503"), Denied("403")])
async def test_a_write_that_fails_is_made_up_for(
    scene: Scene, error: ReleaseCoordinatorError
) -> None:
    scene.refusal = error
    await scene.pass_time(2 * TURN_SECONDS)
    scene.refusal = None
    await scene.pass_time(1.2 * LOOK_SECONDS)
    assert await scene.ready() == (Status.TRUE, Reason.ANSWERING)


async def test_a_lack_of_rights_is_not_complained_about_all_the_time(scene: Scene) -> None:
    scene.refusal = Denied("403")
    await scene.pass_time(600)
    assert scene.writes <= 600 / LOOK_SECONDS * 1.2


async def test_a_source_that_is_gone_leaves_nothing_behind(scene: Scene) -> None:
    await scene.pass_time(TURN_SECONDS)
    body = await scene.world.user.get(Ref(METRIC_SOURCE, None, "main"))
    await scene.world.user.delete(Ref(METRIC_SOURCE, None, "main"), uid=body["metadata"]["uid"])
    await scene.pass_time(TURN_SECONDS)

    assert scene.up() is None
    assert scene.forgotten == ["main"]


async def test_a_status_wakes_no_release(scene: Scene) -> None:
    await scene.world.user.create(
        METRIC_SOURCE, {"metadata": {"name": "other"}, "spec": {"url": "http://o:9090"}}
    )
    queued = scene.world.operator.queued
    metadata = {"name": "bookshop", "namespace": "shop", "uid": "u", "resourceVersion": "1"}
    scene.world.operator.store.put(RELEASE, {"metadata": metadata})
    queued.clear()
    await scene.pass_time(TURN_SECONDS)
    assert queued == set()

    await scene.world.user.patch(Ref(METRIC_SOURCE, None, "main"), {"spec": {"timeout": "6s"}})
    assert queued == {("shop", "bookshop")}


async def test_a_source_that_makes_a_look_fail_is_logged_and_spoils_no_other(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    await scene.create("other")
    scene.crash = OverflowError("int too large to convert to float")
    await scene.pass_time(60)

    other = await scene.world.user.get(Ref(METRIC_SOURCE, None, "other"))
    assert parse_metric_source(other).status.conditions[0].status is Status.TRUE
    assert "The look at MetricSource main failed" in caplog.text
    assert 0 < [one.name for one in scene.checked].count("main") <= 60 / LOOK_SECONDS + 1

    scene.crash = None
    await scene.pass_time(LOOK_SECONDS)
    assert await scene.ready() == (Status.TRUE, Reason.ANSWERING)


async def test_connections_that_cannot_be_closed_end_no_round(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    await scene.pass_time(TURN_SECONDS)
    scene.crash = RuntimeError("closed")
    ref = Ref(METRIC_SOURCE, None, "main")
    uid = (await scene.world.user.get(ref))["metadata"]["uid"]
    await scene.world.user.delete(ref, uid=uid)
    await scene.pass_time(TURN_SECONDS * 2)

    assert scene.forgotten == ["main"]
    assert "The connections to MetricSource main are not closed" in caplog.text
