"""The release metrics of R9: what counts, the formulas, and what must not change them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import records
from tests.fakes.world import DAWN
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import (
    End,
    Gate,
    GateState,
    Role,
    Step,
    StepState,
    Trigger,
    WatchState,
)
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.measurement import Downtime
from release_coordinator.api.policy import ReleasePolicySpec, StagingRules, Targets
from release_coordinator.api.record import RecordSpec
from release_coordinator.engine import closing
from release_coordinator.engine.deployments import Ended, Outcome, complete, ended
from release_coordinator.engine.releasemetrics import Target, judge, measure, within
from release_coordinator.engine.releasereport import report

MONTH = timedelta(days=30)
MINUTES = timedelta(minutes=1)


def record(attempt: int, outcome: Phase, reason: Reason, **more: Any) -> RecordSpec:
    """An attempt of an hour that changed something after half of it."""
    fields = {"changed_at": DAWN + timedelta(hours=attempt) - 30 * MINUTES}
    return records.record(attempt, outcome, reason, **(fields | more))


def went_well(attempt: int, **more: Any) -> RecordSpec:
    return record(attempt, Phase.COMPLETED, Reason.COMPLETED, **more)


def went_back(attempt: int, reason: Reason = Reason.METRIC_BREACH, **more: Any) -> RecordSpec:
    at = DAWN + timedelta(hours=attempt) - 4 * MINUTES
    trigger = Trigger(reason=reason, message="bad", at=at)
    return record(attempt, Phase.ROLLED_BACK, reason, rollback=trigger, **more)


def stuck(attempt: int) -> RecordSpec:
    at = DAWN + timedelta(hours=attempt) - 4 * MINUTES
    trigger = Trigger(reason=Reason.METRIC_BREACH, message="bad", at=at)
    return record(attempt, Phase.ROLLBACK_FAILED, Reason.STEP_FAILED, rollback=trigger)


def waited(attempt: int, version: str, **gates: float) -> RecordSpec:
    entries = [
        Gate(name=name, state=GateState.PASSED, owner=Role.QA, waited_seconds=seconds)
        for name, seconds in gates.items()
    ]
    return record(attempt, Phase.SUPERSEDED, Reason.SUPERSEDED, version=version, gates=entries)


def of(*found: RecordSpec) -> list[Ended]:
    return complete(ended("shop", one) for one in found)


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        pytest.param(went_well(1), Outcome.SUCCEEDED, id="completed"),
        pytest.param(went_well(1, changed_at=None), None, id="it ran already"),
        pytest.param(went_back(1), Outcome.ROLLED_BACK, id="rolled back"),
        pytest.param(went_back(1, Reason.ABORTED), Outcome.ROLLED_BACK, id="aborted half way"),
        pytest.param(stuck(1), Outcome.ROLLBACK_FAILED, id="rollback failed"),
        pytest.param(
            went_back(1, Reason.REHEARSAL, rehearsal=True), None, id="rehearsed as planned"
        ),
        pytest.param(
            went_back(1, Reason.METRIC_BREACH, rehearsal=True),
            Outcome.ROLLED_BACK,
            id="a rehearsal that turned out bad",
        ),
        pytest.param(
            record(1, Phase.FAILED, Reason.BACKUP_FAILED, changed_at=None),
            Outcome.FAILED,
            id="failed before the first change",
        ),
        pytest.param(
            record(1, Phase.FAILED, Reason.ABORTED, changed_at=None), None, id="called off"
        ),
        pytest.param(record(1, Phase.FAILED, Reason.DELETED, changed_at=None), None, id="deleted"),
        pytest.param(
            record(1, Phase.SUPERSEDED, Reason.SUPERSEDED, changed_at=None), None, id="superseded"
        ),
        pytest.param(record(1, Phase.HELD, Reason.DELETED), None, id="left as it was"),
    ],
)
def test_what_is_a_deployment_and_how_it_ended(found: RecordSpec, outcome: Outcome | None) -> None:
    assert ended("shop", found).outcome is outcome


def test_shares_are_of_all_deployments() -> None:
    failed = record(4, Phase.FAILED, Reason.BACKUP_FAILED, changed_at=None)
    called_off = record(5, Phase.FAILED, Reason.ABORTED, changed_at=None)

    found = measure(of(went_well(1), went_well(2), went_back(3), failed, called_off))

    assert (found.deployments, found.success, found.rollbacks) == (4, 0.5, 0.25)


def test_time_to_deploy_is_the_median_from_the_first_change_to_the_end() -> None:
    fast = went_well(2, changed_at=DAWN + timedelta(hours=2) - 10 * MINUTES)
    slow = went_well(3, changed_at=DAWN - timedelta(days=2))

    found = measure(of(went_well(1), fast, slow, went_back(4)))

    assert found.time_to_deploy == 30 * 60


def test_downtime_is_the_mean_of_the_larger_measure() -> None:
    errors = went_well(1, downtime=Downtime(seconds=10, measured_seconds=50.0))
    no_pods = went_back(2, downtime=Downtime(seconds=100, measured_seconds=None))

    found = measure(of(errors, no_pods, went_well(3)))

    assert found.downtime == 50.0
    assert found.longest_downtime == 100.0


def test_it_is_restored_when_the_previous_version_runs_again() -> None:
    assert measure(of(went_back(1), went_well(2))).time_to_restore == 4 * 60


def test_a_rollback_that_failed_is_over_when_the_next_attempt_has_ended_well() -> None:
    called_off = record(3, Phase.FAILED, Reason.ABORTED, changed_at=None)

    assert measure(of(stuck(1))).time_to_restore is None
    assert measure(of(stuck(1), stuck(2), called_off)).time_to_restore is None
    assert measure(of(stuck(1), called_off, went_well(4))).time_to_restore == 3 * 3600 + 4 * 60


def test_an_outage_of_one_application_is_not_ended_by_another() -> None:
    other = went_well(2, release="bookshop-docs")

    assert measure(of(stuck(1), other)).time_to_restore is None


def test_a_gate_has_held_a_version_up_for_all_its_attempts_together() -> None:
    found = measure(
        of(
            waited(1, "1.3.0", QA=60, Window=5),
            waited(2, "1.3.0", QA=30),
            waited(3, "1.4.0", QA=30),
        )
    )

    assert found.waited == {"QA": 60.0, "Window": 5.0}


def test_nothing_is_known_without_a_deployment() -> None:
    found = measure([])

    assert found.success is found.rollbacks is found.time_to_deploy is found.downtime is None
    assert [one.missed for one in judge(found, Targets())] == [None] * 4


def test_a_target_that_is_just_reached_is_not_missed() -> None:
    every = [went_well(n) for n in range(1, 20)] + [went_back(20)]
    targets = Targets(downtime="1s")

    judged = {one.target: one for one in judge(measure(of(*every)), targets)}

    assert judged[Target.SUCCESS].missed is False
    assert judged[Target.ROLLBACKS].missed is False
    assert judged[Target.TIME_TO_DEPLOY].missed is False
    worse = {one.target: one for one in judge(measure(of(*every, went_back(21))), targets)}
    assert worse[Target.SUCCESS].missed is True
    assert worse[Target.ROLLBACKS].missed is True


def test_999_of_1000_meet_99_9_percent() -> None:
    every = [went_well(n) for n in range(1, 1000)] + [went_back(1000)]

    judged = judge(measure(of(*every)), Targets(success_percent=99.9))

    assert judged[0].missed is False


def test_a_clock_that_was_set_back_makes_no_negative_time() -> None:
    early = went_well(1, changed_at=DAWN + timedelta(days=1))

    assert measure(of(early)).time_to_deploy == 0.0


def test_what_ended_by_another_clock_in_the_future_belongs_to_the_last_window() -> None:
    every = of(went_well(1))
    past = DAWN - timedelta(days=1)

    assert within(every, past, MONTH) == every
    assert within(every, past, MONTH, before=1) == []


def test_what_ended_exactly_at_an_edge_belongs_to_the_earlier_window_alone() -> None:
    (one,) = of(went_well(1))

    assert within([one], one.ended_at + MONTH, MONTH) == []
    assert within([one], one.ended_at + MONTH, MONTH, before=1) == [one]


def test_a_staging_release_has_no_targets_and_is_not_in_the_overall_metrics() -> None:
    policy = ReleasePolicySpec(staging=StagingRules(namespace="shop-staging"))
    attempts = [ended("shop", went_well(1)), ended("shop-staging", went_back(1))]

    found = report(attempts, {("shop", "default"): policy}, DAWN + timedelta(days=1))

    assert found.overall.windows["all"].success == 1.0
    assert found.applications["shop-staging", "bookshop"].windows["all"].success == 0.0
    assert found.applications["shop-staging", "bookshop"].judged == ()


def test_a_staging_release_in_the_same_namespace_is_named() -> None:
    policy = ReleasePolicySpec(staging=StagingRules(namespace="shop", release="proving"))
    attempts = [ended("shop", went_well(1)), ended("shop", went_back(1, release="proving"))]

    found = report(attempts, {("shop", "bookshop"): policy}, DAWN + timedelta(days=1))

    assert found.overall.windows["all"].success == 1.0
    assert found.applications["shop", "bookshop"].judged != ()


def test_targets_are_those_of_the_policy_that_counts() -> None:
    own = ReleasePolicySpec(targets=Targets(downtime="1h"))
    other = ReleasePolicySpec(targets=Targets(downtime="2h"))
    policies = {("shop", "default"): other, ("shop", "bookshop"): own, ("docs", "bookshop"): other}

    found = report([ended("shop", went_well(1))], policies, DAWN)

    assert found.applications["shop", "bookshop"].judged[-1].limit == 3600.0
    elsewhere = {("docs", "bookshop"): own, ("shop", "default"): other}
    found = report([ended("shop", went_well(1))], elsewhere, DAWN)
    assert found.applications["shop", "bookshop"].judged[-1].limit == 7200.0


moments = st.integers(-100_000, 100_000).map(lambda n: DAWN + timedelta(minutes=n))


@st.composite
def attempts(draw: st.DrawFn) -> Ended:
    """Any ended attempt."""
    outcome = draw(st.sampled_from([*Outcome, None]))
    seconds = st.floats(0, 1e6)
    changed = outcome not in {None, Outcome.FAILED}
    bad = outcome in {Outcome.ROLLED_BACK, Outcome.ROLLBACK_FAILED}
    at: datetime = draw(moments)
    return Ended(
        application=("shop", draw(st.sampled_from(["a", "b"]))),
        version=draw(st.sampled_from(["1.0.0", "1.1.0"])),
        attempt=draw(st.integers(1, 9)),
        ended_at=at,
        outcome=outcome,
        deployed_in=draw(seconds) if outcome is Outcome.SUCCEEDED else None,
        downtime=draw(seconds) if changed else None,
        failing_since=at - timedelta(seconds=draw(seconds)) if bad else None,
        restored_in=draw(seconds) if outcome is Outcome.ROLLED_BACK else None,
        waited=draw(st.dictionaries(st.sampled_from(["QA", "Window"]), seconds, max_size=2)),
    )


@given(st.lists(attempts(), unique_by=lambda one: (one.application, one.ended_at)), st.randoms())
def test_the_order_in_which_records_are_read_changes_nothing(
    found: list[Ended], chance: Any
) -> None:
    shuffled = found[:]
    chance.shuffle(shuffled)

    assert measure(complete(shuffled)) == measure(complete(found))


@given(st.lists(attempts()), moments)
def test_windows_that_follow_one_another_leave_nothing_out_and_count_nothing_twice(
    found: list[Ended], now: datetime
) -> None:
    every = complete(found)

    parts = [within(every, now, MONTH, before=n) for n in range(10)]

    assert sorted(repr(one) for part in parts for one in part) == sorted(map(repr, every))
    whole = measure(every).outcomes
    for outcome in Outcome:
        assert whole[outcome] == sum(measure(part).outcomes[outcome] for part in parts)


@given(st.lists(attempts(), min_size=1))
def test_metrics_lie_where_they_can(found: list[Ended]) -> None:
    metrics = measure(complete(found))

    for share in (metrics.success, metrics.rollbacks):
        assert share is None or 0 <= share <= 1
    if metrics.success is not None and metrics.rollbacks is not None:
        assert metrics.success + metrics.rollbacks <= 1 + 1e-9
    for seconds in (metrics.time_to_deploy, metrics.downtime, metrics.time_to_restore):
        assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("outcome", "resumed", "changed"),
    [
        pytest.param(Phase.ROLLED_BACK, False, DAWN + 5 * MINUTES, id="at its first step"),
        pytest.param(Phase.ROLLED_BACK, True, DAWN + 7 * MINUTES, id="a step that was resumed"),
        pytest.param(Phase.FAILED, False, None, id="a migration that was never let run"),
        pytest.param(Phase.SUPERSEDED, False, None, id="superseded"),
    ],
)
def test_a_record_says_when_the_first_change_began(
    outcome: Phase, *, resumed: bool, changed: datetime | None
) -> None:
    began = DAWN + (30 if resumed else 5) * MINUTES
    steps = (
        Step(id="prepare/backup", state=StepState.SUCCEEDED, started_at=DAWN),
        Step(id="migrate/0007-add-isbn", state=StepState.FAILED, started_at=began),
    )
    ctx = context(
        steps=steps,
        watch=WatchState(changed_at=DAWN + 7 * MINUTES),
        end=End(outcome=outcome, reason=Reason.JOB_FAILED, at=DAWN + 40 * MINUTES),
    )

    assert closing.record(ctx.release, ctx.attempt, None).changed_at == changed
