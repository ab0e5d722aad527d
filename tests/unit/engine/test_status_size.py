"""A status stays small: it is written whole on every change and kept in etcd."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from tests.fakes.world import DAWN
from tests.releases import everything
from tests.schemas import largest_release

from release_coordinator.api.attempt import (
    HOLDS_LIMIT,
    ORDERS_LIMIT,
    PUT_BACK_LIMIT,
    Attempt,
    End,
    Gate,
    GateState,
    Hold,
    PutBack,
    Role,
    Step,
    StepState,
    Trigger,
    Waiver,
)
from release_coordinator.api.codec import parse_release
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.control import REASON, Order, OrderKind
from release_coordinator.api.measurement import (
    CARRIED_FIRST,
    CARRIED_KNOWN,
    HISTORY,
    Carried,
    Downtime,
    History,
    Measurement,
    Run,
    Verdict,
    WatchState,
)
from release_coordinator.api.release import ReleaseSpec, WorkloadRef
from release_coordinator.api.status import Drift, HistoryEntry, ReleaseStatus, RevisionRef
from release_coordinator.api.strategy import BLUE_GREEN_LIMIT
from release_coordinator.api.watch import Watch
from release_coordinator.engine import plan, policy, reverting, schema, traffic
from release_coordinator.engine.summary import summarise

LARGEST = 132 * 1024
"""Every list full, every name 63 characters long: 150 steps, twenty gates that were waived, eight
orders, and 23 things that are watched, 14 of them with 60 values."""
ORDINARY = 58 * 1024
NAME = "x" * 63
SWITCHED = (
    *(traffic.PIN, traffic.SWITCH, traffic.HANDOVER, traffic.PROMOTE, traffic.RETIRE),
    *(traffic.UNDO_TRAFFIC, traffic.UNDO_RETIRE),
)
"""What a component that is switched has besides; most of it says nothing when it succeeds."""
LOOKED = ("schema/after", "schema/back/99", "schema/restored")
"""Questions for which the journal had no more room, and that a person has answered."""
WORDS = 128
"""Characters that the journal keeps of what a successful step said."""


def step_ids(spec: ReleaseSpec) -> Iterator[str]:
    """Every step of a plan that is rolled back at its very end."""
    yield from ("gates", "gate/credentials", "prepare/baseline", "prepare/revision")
    yield from ("prepare/backup", "prepare/verify-backup", "prepare/confirm")
    yield from ("gate/migrations/current", reverting.LEFT)
    yield from (f"schema/undo/migrate/{'x' * 63}/{index}" for index in range(schema.LIMIT))
    yield from LOOKED
    yield from (f"gate/ci/{'x' * 63}" for check in spec.ci if check.job)
    yield from (f"gate/credentials/{'x' * 63}" for _ in spec.credential_checks)
    yield from (f"gate/migrations/{m.name}" for m in spec.migrations if m.dry_run)
    for prefix in ("", "undo/"):
        for migration in spec.migrations:
            yield f"{prefix}migrate/{migration.name}"
        for component in spec.components:
            yield f"{prefix}rollout/{component.name}"
        for component in spec.components[:BLUE_GREEN_LIMIT]:
            steps = (step for step in SWITCHED if step.startswith("undo/") == bool(prefix))
            yield from (f"{step}{component.name}" for step in steps)
        for cache in spec.caches:
            yield f"{prefix}refresh/cache/{cache.name}"
        for entry in spec.warmup if not prefix else ():
            yield f"refresh/warmup/{entry.name}"
        yield f"{prefix}verify/health"
        for test in spec.verify.smoke_tests if not prefix else spec.rollback.smoke_tests:
            yield f"{prefix}verify/{test.suite[:16]}/{test.name}"
    yield "watch"


def words(step: str) -> str:
    """The most that the journal keeps of what a successful step said."""
    if step in LOOKED:
        return schema.BY_A_PERSON
    return "" if step.startswith(SWITCHED) else "m" * WORDS


def measured(watch: Watch) -> Iterator[Measurement]:
    """Everything that is watched, with the most that the journal keeps of it."""
    history = History(since=DAWN, step=3840, values=[0.00123456] * HISTORY)
    alerts = Carried(since=DAWN, known=["0" * 10] * CARRIED_KNOWN)
    logs = Carried(until=DAWN, lines=99999, first="f" * CARRIED_FIRST)
    run = Run(since=DAWN, uid="0" * 36, message="m" * 256)
    yield from (bad(metric.name, history=history) for metric in watch.metrics)
    yield from (bad(f"alerts/{sign.name}", carried=alerts) for sign in watch.alerts)
    yield bad("pods", carried=Carried(since=DAWN))
    yield from (bad(f"logs/{sign.name}", carried=logs, history=history) for sign in watch.logs)
    yield from (bad(f"check/{check.name}", run=run, runs=999) for check in watch.data_checks)


def bad(name: str, **more: Any) -> Measurement:
    """What is known of one of them, with much to say."""
    return Measurement(
        metric=name,
        baseline=1 / 3,
        value=1 / 3,
        verdict=Verdict.UNKNOWN,
        samples=99999,
        breaches=99999,
        sampled_at=DAWN,
        watched_seconds=1 / 3,
        unknown_since=DAWN,
        accepted=True,
        message="m" * 256,
        **more,
    )


def fullest(spec: ReleaseSpec) -> Attempt:
    """The journal of an attempt in which everything happened and had something to say."""
    steps = [
        Step(
            id=step,
            state=StepState.SUCCEEDED,
            started_at=DAWN,
            finished_at=DAWN + timedelta(seconds=1),
            uid="0" * 36 if "migrate/" in step else None,
            hash="0" * 10 if "rollout/" in step else None,
            message=words(step),
        )
        for step in step_ids(spec)
    ]
    steps[-1] = steps[-1].model_copy(update={"state": StepState.FAILED, "message": "m" * 256})
    assert spec.watch is not None
    return Attempt(
        number=9999,
        digest=plan.digest(spec, policy.BUILT_IN),
        spec_digest=plan.spec_digest(spec),
        generation=99999,
        version=spec.version,
        previous_version=spec.version,
        started_at=DAWN,
        frozen=True,
        revision=NAME,
        revision_digest=plan.digest(spec, policy.BUILT_IN),
        basis=NAME,
        basis_digest=plan.digest(spec, policy.BUILT_IN),
        gates=[
            Gate(
                name="g" * 18,
                state=GateState.FAILED,
                message="m" * 512,
                owner=Role.DEVOPS,
                evidence="e" * 64,
                next_check=DAWN,
                waiver=Waiver(by="b" * 40, comment="c" * 256, approval=NAME),
            )
            for _ in range(20)
        ],
        steps=steps,
        measurements=[*measured(spec.watch)],
        watch=WatchState(changed_at=DAWN, started_at=DAWN),
        downtime=Downtime(
            seconds=1 / 3, since=DAWN, component=NAME, measured_seconds=1 / 3, measured_at=DAWN
        ),
        held=[Hold(id="9999.99", reason=Reason.METRIC_UNKNOWN, message="m" * 256, since=DAWN)]
        * HOLDS_LIMIT,
        put_back=[PutBack(step=f"undo/rollout/{NAME}", at=DAWN, by="m" * 64)] * PUT_BACK_LIMIT,
        trigger=Trigger(
            reason=Reason.METRIC_BREACH, message="m" * 512, at=DAWN, by=NAME, comment="m" * 256
        ),
        orders=[Order(what=OrderKind.ROLLBACK, by=NAME, at=DAWN, reason="m" * REASON)]
        * ORDERS_LIMIT,
        end=End(
            outcome=Phase.ROLLBACK_FAILED, reason=Reason.METRIC_BREACH, message="m" * 512, at=DAWN
        ),
        recorded=True,
        record=NAME,
    )


DRIFT = Drift(
    workload=WorkloadRef(name=NAME),
    container=NAME,
    image="i" * 512,
    wanted="i" * 512,
    by="m" * 64,
    others=99,
    since=DAWN,
)


def size(spec_of: dict[str, object], attempt: Attempt) -> int:
    """Bytes of the status that reports an attempt."""
    release = parse_release({"metadata": {"name": "x" * 52, "generation": 99999}, **spec_of})
    entry = HistoryEntry(
        attempt=9999,
        version=attempt.version,
        outcome=Phase.ROLLBACK_FAILED,
        ended_at=DAWN,
        record=NAME,
    )
    status = ReleaseStatus(
        attempt=attempt,
        history=[entry] * 10,
        current=RevisionRef(version=attempt.version, revision=NAME, since=DAWN),
        drift=DRIFT,
    )
    wire = summarise(release, status, DAWN).to_wire()
    return len(json.dumps(wire, separators=(",", ":")).encode())


def test_the_status_of_the_largest_plan_is_far_below_what_a_server_stores() -> None:
    body = largest_release()
    spec = parse_release(body).spec
    assert spec is not None

    assert size(body, fullest(spec)) < LARGEST


def test_the_status_of_a_plan_that_uses_every_field_is_small() -> None:
    body = everything()
    spec = parse_release(body).spec
    assert spec is not None

    assert size(body, fullest(spec)) < ORDINARY
