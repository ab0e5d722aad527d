"""When pods of the new version are a breach, and what is no trouble: a rollout, a scale-up."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.fakes.world import DAWN
from tests.unit.engine.signs import (
    BACKEND,
    COMPLETE,
    FRONTEND,
    ctx_with,
    entry_after,
    look,
    rolled_out,
    subject,
    watching,
)

from release_coordinator.api.attempt import Measurement, Step
from release_coordinator.api.conditions import Reason
from release_coordinator.api.measurement import Verdict
from release_coordinator.api.release import WorkloadRef
from release_coordinator.api.watch import Severity
from release_coordinator.engine import names
from release_coordinator.engine.context import Context
from release_coordinator.engine.observation import Jump, Observation
from release_coordinator.engine.reading import Finding
from release_coordinator.engine.watchfacts import PodHealth, PodsHealthFact, PodsHealthWant

BEFORE = DAWN - timedelta(hours=1)
DURING = DAWN + timedelta(seconds=5)
NEW = frozenset({"example/bookshop-backend:1.3.0"})
OLD = frozenset({"example/bookshop-backend:1.2.0"})
CRASHING = "container api ends with exit code 1: no database"


def pod(name: str = "a", created: datetime = DURING, **more: Any) -> PodHealth:
    fields = {"restarts": 0, "crashing": "", "ready": True, "images": NEW, **more}
    return PodHealth(name=name, created=created, **fields)


def at(seconds: float, *entries: Measurement, steps: tuple[Step, ...] = (), **more: Any) -> Context:
    steps = steps or (rolled_out(BACKEND),)
    return watching({"pods": more}, *steps, at=seconds, entries=entries)


ROLLING = (rolled_out(BACKEND, done=False),)


def found(ctx: Context, *pods: PodHealth, wanted: int = 2, problem: str = "") -> Finding:
    finding = look(ctx, {PodsHealthWant: PodsHealthFact(pods, wanted, problem)})
    assert finding is not None
    return finding


def after(ctx: Context, *pods: PodHealth, problem: str = "") -> Measurement:
    return entry_after(ctx, found(ctx, *pods, problem=problem))


def test_pods_that_run_are_good() -> None:
    finding = found(at(60), pod("a", restarts=2), pod("b"))
    assert (finding.verdict, finding.value) == (Verdict.PASS, 2.0)
    assert finding.message == "2 pods of the new version, at most 2 restarts of one"


@pytest.mark.parametrize("steps", [ROLLING, (rolled_out(BACKEND),)])
def test_more_restarts_than_allowed_are_a_breach_at_any_time(steps: tuple[Step, ...]) -> None:
    finding = found(at(60, steps=steps), pod("a", restarts=3), pod("b"))
    assert (finding.verdict, finding.value) == (Verdict.FAIL, 3.0)
    assert finding.message == "more than 2 restarts since the change: Pod a: 3"


@pytest.mark.parametrize("steps", [ROLLING, (rolled_out(BACKEND),)])
def test_a_crash_loop_is_a_breach_at_once(steps: tuple[Step, ...]) -> None:
    finding = found(at(10, steps=steps), pod("a", restarts=1, crashing=CRASHING, ready=False))
    assert finding.verdict is Verdict.FAIL
    assert finding.message == f"crash loop: Pod a: {CRASHING}"


def test_what_the_old_version_does_is_not_counted_while_it_is_replaced() -> None:
    old = pod("old", images=OLD, restarts=9, crashing=CRASHING)
    assert found(at(10, steps=ROLLING), old, pod()).verdict is Verdict.PASS


@pytest.mark.parametrize("steps", [ROLLING, (rolled_out(BACKEND),)])
def test_restarts_from_before_the_change_are_not_counted(steps: tuple[Step, ...]) -> None:
    old = pod("old", created=BEFORE, restarts=9)
    assert found(at(30, steps=steps), old).verdict is Verdict.PASS


def test_a_pod_whose_image_was_rewritten_is_the_new_versions_once_all_are() -> None:
    mirrored = pod(images=frozenset({"mirror/backend@sha256:1"}), restarts=9)
    assert found(at(30), mirrored).verdict is Verdict.FAIL


def test_nothing_is_looked_at_before_a_component_has_changed() -> None:
    begun = rolled_out(BACKEND).model_copy(update={"hash": None})
    finding = found(at(1, steps=(begun,)), pod(crashing=CRASHING))
    assert finding.verdict is Verdict.PASS


def test_new_pods_that_are_not_ready_are_no_trouble_during_the_rollout() -> None:
    entry: tuple[Measurement, ...] = ()
    for second in range(10, 600, 15):
        ctx = at(second, *entry, steps=ROLLING)
        finding = found(ctx, pod(ready=False))
        assert finding.verdict is Verdict.PASS
        entry = (entry_after(ctx, finding),)


def test_readiness_that_is_lost_for_too_long_is_a_breach() -> None:
    entry: tuple[Measurement, ...] = ()
    verdicts = []
    for second in (30, 45, 60, 75, 90, 105):
        ctx = at(second, *entry)
        finding = found(ctx, pod("a", ready=False), pod("b"))
        verdicts.append(finding.verdict)
        entry = (entry_after(ctx, finding),)
    assert verdicts == [Verdict.PASS] * 4 + [Verdict.FAIL] * 2
    assert entry[0].message == (
        "Deployment bookshop-backend: 1 of 2 pods are ready (not a), for 75 s; the limit is 1m"
    )


def test_readiness_that_comes_back_is_measured_anew() -> None:
    entry = after(at(30), pod("a", ready=False))
    entry = after(at(45, entry), pod("a"))
    entry = after(at(60, entry), pod("a", ready=False))
    assert found(at(75, entry), pod("a", ready=False)).verdict is Verdict.PASS
    assert found(at(90, entry), pod("a", ready=False)).verdict is Verdict.PASS


def test_what_nobody_has_seen_does_not_count_as_unready() -> None:
    entry = after(at(30), pod("a", ready=False))
    assert found(at(3600, entry), pod("a", ready=False)).verdict is Verdict.PASS


def test_an_outage_of_the_api_server_neither_counts_nor_mends() -> None:
    entry = after(at(30), pod("a", ready=False))
    for second in (45, 60, 75):
        entry = after(at(second, entry), problem="no answer")
        assert entry.verdict is Verdict.UNKNOWN
    assert found(at(95, entry), pod("a", ready=False)).verdict is Verdict.FAIL


def test_a_clock_put_forward_takes_no_time_away() -> None:
    entry = after(at(30), pod("a", ready=False))
    entry = after(at(45, entry), pod("a", ready=False))
    ctx = at(65, entry, unreadyFor="20s")
    jumped = Observation({}, (Jump(DAWN + timedelta(seconds=50), 19.0),))
    fact = PodsHealthFact((pod("a", ready=False),), 2)
    assert (late := look(ctx, {PodsHealthWant: fact})) is not None
    assert late.verdict is Verdict.FAIL
    wants: dict[Any, Any] = {PodsHealthWant(WorkloadRef(name="bookshop-backend"), ctx.now): fact}
    seen = Observation(wants, jumped._jumps)
    finding = subject(ctx).look(ctx_with(ctx, seen), ctx.now)
    assert isinstance(finding, Finding)
    assert finding.verdict is Verdict.PASS


def test_a_pod_of_a_scale_up_has_the_time_of_a_rollout_to_become_ready() -> None:
    new = pod("new", created=COMPLETE + timedelta(seconds=100), ready=False)
    entry = after(at(130), pod("a"), new)
    for second in range(145, 400, 15):
        entry = after(at(second, entry), pod("a"), new)
        assert entry.verdict is Verdict.PASS
    for second in range(400, 900, 15):
        entry = after(at(second, entry), pod("a"), new)
    assert entry.verdict is Verdict.FAIL


def test_a_workload_without_any_ready_pod_is_short_whatever_they_are() -> None:
    new = pod("new", created=COMPLETE + timedelta(seconds=100), ready=False)
    entry = after(at(130), new)
    assert entry.message.startswith("Deployment bookshop-backend: none of 2 pods is ready")


def test_a_workload_that_is_scaled_to_zero_is_not_short() -> None:
    finding = found(at(60), wanted=0)
    assert finding.verdict is Verdict.PASS
    assert finding.carried is not None
    assert finding.carried.since is None


def test_every_component_is_looked_at_and_told_by_its_name() -> None:
    ctx = at(60, steps=(rolled_out(BACKEND), rolled_out(FRONTEND)))
    web = frozenset({"example/bookshop-frontend:1.3.0"})
    backend = PodsHealthWant(WorkloadRef(name="bookshop-backend"), ctx.now)
    frontend = PodsHealthWant(WorkloadRef(name="bookshop-frontend"), ctx.now)
    bad = pod("web", images=web, restarts=5)
    facts = {backend: PodsHealthFact((pod(),), 1), frontend: PodsHealthFact((bad,), 1)}
    finding = look(ctx, facts)
    assert finding is not None
    assert finding.message == "more than 2 restarts since the change: Pod web: 5"
    assert look(ctx, {backend: facts[backend]}) is None, "one answer is missing"


def test_a_breach_counts_even_if_another_component_cannot_be_seen() -> None:
    ctx = at(60, steps=(rolled_out(BACKEND), rolled_out(FRONTEND)))
    backend = PodsHealthWant(WorkloadRef(name="bookshop-backend"), ctx.now)
    facts = {backend: PodsHealthFact((pod(restarts=7),), 1)}
    rest = {PodsHealthWant: PodsHealthFact((), 0, "the operator may not")}
    finding = look(ctx, {**rest, **facts})
    assert finding is not None
    assert finding.verdict is Verdict.FAIL


def test_of_blue_green_the_second_deployment_is_looked_at() -> None:
    strategy = {"type": "BlueGreen", "service": "bookshop-backend"}
    ctx = at(10, steps=ROLLING)
    body_components = [
        {**c.to_wire(), **({"strategy": strategy} if c.name == "backend" else {})}
        for c in ctx.plan.spec.components
    ]
    ctx = watching({"pods": {}}, *ROLLING, at=10, spec={"components": body_components})
    slot = names.slot(ctx.release.uid, 1, "backend")
    twin = WorkloadRef(name=names.twin_name("bookshop-backend", slot))
    fact = PodsHealthFact((pod(crashing=CRASHING, ready=False),), 2)
    finding = look(ctx, {PodsHealthWant(twin, ctx.now): fact})
    assert finding is not None
    assert finding.verdict is Verdict.FAIL


def test_pods_are_listed_every_ten_seconds_at_most() -> None:
    ctx = watching({"pods": {}, "interval": "1s"}, at=10)
    assert subject(ctx).interval == 10.0


def test_severity_and_reason() -> None:
    one = subject(at(60, severity="Hold"))
    assert (one.name, one.reason, one.severity) == ("pods", Reason.PODS_FAILING, Severity.HOLD)
