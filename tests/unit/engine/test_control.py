"""Orders, suspension and rehearsal: what is heard, what is withheld, what is said."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.world import DAWN
from tests.releases import Body, bookshop
from tests.unit.engine.contexts import context, running

from release_coordinator.api.attempt import ORDERS_LIMIT, Attempt, End, Hold, Trigger
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import ConditionType, Phase, Reason, Status
from release_coordinator.api.control import OrderKind, RollbackCause, Suspend, Suspension
from release_coordinator.api.faults import Fault
from release_coordinator.api.status import ReleaseStatus
from release_coordinator.engine import names, ordering, plan, rehearsal, suspension
from release_coordinator.engine.action import ResumeJob
from release_coordinator.engine.context import Context
from release_coordinator.engine.outcome import Note, Outcome, Wait
from release_coordinator.engine.refusal import TERMINATING, refused
from release_coordinator.engine.summary import summarise
from release_coordinator.engine.unheeded import unheeded

BREACH = Trigger(reason=Reason.METRIC_BREACH, message="slow", at=DAWN)
CONTROL: list[Body] = [
    {"suspend": "Forward"},
    {"suspend": "All"},
    {"rehearsal": True},
    {"deletionPolicy": "Orphan"},
]


def ended(outcome: Phase, reason: Reason) -> End:
    """An end of an attempt."""
    return End(outcome=outcome, reason=reason, message="1.2.0 runs again", at=DAWN)


def told(**annotations: str) -> ReleaseObject:
    """The bookshop's Release with orders on it."""
    release = context().release
    return replace(
        release, annotations={f"release-coordinator.io/{k}": v for k, v in annotations.items()}
    )


def suspended(ctx: Context, mode: Suspend) -> Context:
    """The same of a Release that is suspended."""
    entry = Suspension(mode=mode, by="ada", since=DAWN)
    return replace(ctx, status=ctx.status.model_copy(update={"suspension": entry}))


@pytest.mark.parametrize("said", CONTROL)
def test_control_is_in_no_digest(said: Body) -> None:
    body = bookshop()
    body["spec"] |= said
    spec, before = context(body).plan.spec, context().plan.spec

    assert plan.spec_digest(spec) == plan.spec_digest(before)
    assert plan.artifact_digest(spec) == plan.artifact_digest(before)


@pytest.mark.parametrize(
    ("said", "cause", "text"),
    [
        ("Security: leaks tokens", RollbackCause.SECURITY, "leaks tokens"),
        ("datacorruption : orders doubled", RollbackCause.DATA_CORRUPTION, "orders doubled"),
        ("Functionality", RollbackCause.FUNCTIONALITY, ""),
        ("Performance: slow", None, "Performance: slow"),
        ("", None, ""),
    ],
)
def test_a_reason_is_a_kind_and_words(said: str, cause: RollbackCause | None, text: str) -> None:
    assert ordering.why(told(**{"rollback-reason": said})) == (cause, text)


def test_only_the_newest_orders_are_kept() -> None:
    attempt = context().attempt
    for number in range(ORDERS_LIMIT + 3):
        attempt = ordering.obeyed(attempt, told(), OrderKind.RESUME, DAWN, str(number))

    assert [order.reason for order in attempt.orders] == [str(n + 3) for n in range(ORDERS_LIMIT)]
    assert {order.by for order in attempt.orders} == {"somebody"}


def outcomes(ctx: Context) -> dict[str, Outcome]:
    """What a decision can be, by name."""
    return {
        "step": ctx.begin("rollout/backend"),
        "evidence": ctx.succeed("gates"),
        "trigger": ctx.note(ctx.with_attempt(trigger=BREACH)),
        "rehearsal": ctx.note(
            ctx.with_attempt(trigger=BREACH.model_copy(update={"reason": Reason.REHEARSAL}))
        ),
        "completed": ctx.note(ctx.with_attempt(end=ended(Phase.COMPLETED, Reason.COMPLETED))),
        "failed": ctx.note(ctx.with_attempt(end=ended(Phase.FAILED, Reason.JOB_FAILED))),
        "wait": Wait(),
    }


@pytest.mark.parametrize("mode", Suspend)
@pytest.mark.parametrize("back", [False, True])
def test_what_is_suspended_begins_no_step_and_does_not_complete(
    mode: Suspend,
    back: bool,  # noqa: FBT001 - a case
) -> None:
    ctx = context(steps=(running("gates"),), trigger=BREACH if back else None)
    withheld = {
        name
        for name, outcome in outcomes(suspended(ctx, mode)).items()
        if suspension.withholds(suspended(ctx, mode), outcome)
    }

    wanted = {"completed"}
    wanted |= set() if back and mode is Suspend.FORWARD else {"step"}
    wanted |= set() if back else {"rehearsal"}
    assert withheld == wanted
    assert not any(suspension.withholds(ctx, one) for one in outcomes(ctx).values())


MODES = st.sampled_from([None, *Suspend])


def stopped(spec: Suspend | None, order: Suspend | None) -> ReleaseObject:
    """The bookshop's Release, suspended by its spec, by an order, or by both."""
    body = bookshop()
    body["spec"]["suspend"] = str(spec) if spec else None
    orders = {names.ANNOTATION_SUSPEND: str(order)} if order else {}
    return replace(context(body).release, annotations=orders)


@given(st.lists(st.tuples(MODES, MODES), max_size=8))
def test_the_journal_follows_the_farther_of_spec_and_order_and_goes_no_further(
    said: list[tuple[Suspend | None, Suspend | None]],
) -> None:
    status = context().status
    for number, (spec, order) in enumerate(said):
        release = stopped(spec, order)
        note = suspension.heed(release, status, DAWN + timedelta(seconds=number))
        status = note.status if note else status
        farther = max(spec, order, key=[None, *Suspend].index)
        assert (status.suspension.mode if status.suspension else None) is farther
        assert suspension.heed(release, status, DAWN) is None


@pytest.mark.parametrize("before", [None, *Suspend])
@pytest.mark.parametrize("order", [None, *Suspend])
def test_a_spec_that_cannot_be_read_resumes_nothing_and_an_order_still_suspends(
    before: Suspend | None, order: Suspend | None
) -> None:
    ctx = suspended(context(), before) if before else context()
    release = replace(stopped(None, order), spec=None)

    note = suspension.heed(release, ctx.status, DAWN)

    heard = note.status.suspension if note else ctx.status.suspension
    farther = max(before, order, key=[None, *Suspend].index)
    assert (heard.mode if heard else None) is farther


@pytest.mark.parametrize(
    ("spec", "order", "how"),
    [
        (None, Suspend.ALL, "or kubectl annotate release bookshop release-coordinator.io/suspend-"),
        (Suspend.ALL, None, "or remove spec.suspend."),
        (Suspend.ALL, Suspend.FORWARD, "or remove spec.suspend and annotation release-coordinator"),
    ],
)
def test_the_message_says_what_ends_the_suspension(
    spec: Suspend | None, order: Suspend | None, how: str
) -> None:
    release = stopped(spec, order)
    note = suspension.heed(release, context().status, DAWN)
    assert note is not None

    assert how in summarise(release, note.status, DAWN).message


@pytest.mark.parametrize("value", ["true", "forward", ""])
def test_a_suspension_that_cannot_be_understood_is_told_and_suspends_nothing(value: str) -> None:
    release, status = told(suspend=value), context().status

    assert suspension.heed(release, status, DAWN) is None
    said = f"suspend={value}: write Forward or All, or remove the annotation"
    assert said in summarise(release, status, DAWN).message
    untouched = status.model_copy(update={"attempt": None})
    assert said in summarise(release, untouched, DAWN).message


def held(hold: str = "1.1", reason: Reason = Reason.METRIC_UNKNOWN) -> dict[str, Any]:
    """Fields of an attempt that is held."""
    return {"holds": 1, "hold": Hold(id=hold, reason=reason, message="m", since=DAWN)}


COMPLETED = {"end": ended(Phase.COMPLETED, Reason.COMPLETED), "recorded": True}
UNKNOWN = held(reason=Reason.MIGRATION_OUTCOME_UNKNOWN)


@pytest.mark.parametrize(
    ("orders", "attempt", "said"),
    [
        ({}, {}, ""),
        ({"rollback": "1"}, {}, ""),
        ({"rollback": "7"}, {}, "rollback=7 does not name attempt 1"),
        ({"abort": "0"}, {}, "abort=0 does not name attempt 1"),
        ({"retry": "1"}, {"number": 2}, ""),
        ({"retry": "1"}, {"number": 3}, "retry=1 does not name attempt 3"),
        ({"retry": "1"}, {"frozen": True}, "obeyed when the attempt has ended without success"),
        ({"retry": "1"}, COMPLETED, "nothing to repeat"),
        ({"rollback": "1"}, COMPLETED, "type: Rollback"),
        ({"abort": "1"}, COMPLETED, "type: Rollback"),
        ({"rollback": "1"}, {"trigger": BREACH}, "it is rolled back already"),
        ({"abort": "1"}, {"trigger": BREACH}, "no effect, it is rolled back already"),
        ({"abort": "1"}, UNKNOWN, "first say what became of the migration"),
        ({"rollback": "1"}, UNKNOWN, ""),
        ({"rollback": "1.1"}, held(), ""),
        ({"resume": "1.1"}, held(), ""),
        ({"resume": "1.1"}, {"holds": 1}, ""),
        ({"resume": "1.2"}, held(), "resume=1.2 does not name this hold, 1.1"),
        ({"resume": "5.1"}, {}, "resume=5.1 does not name a hold of attempt 1"),
    ],
)
def test_an_order_that_is_not_obeyed_is_told_with_the_reason(
    orders: dict[str, str], attempt: dict[str, Any], said: str
) -> None:
    status = context(**attempt).status

    found = unheeded(told(**orders), status)

    assert said in found
    assert bool(found) is bool(said)


@pytest.mark.parametrize(
    ("mode", "said"),
    [(Suspend.ALL, "rollback=1.1: obeyed when the suspension ends"), (Suspend.FORWARD, "")],
)
def test_an_order_to_leave_the_schema_waits_for_the_end_of_a_suspension(
    mode: Suspend, said: str
) -> None:
    ctx = suspended(context(**held(reason=Reason.DATA_LOSS), trigger=BREACH), mode)
    assert unheeded(told(rollback="1.1"), ctx.status) == said


@given(st.text(max_size=300))
def test_no_order_breaks_the_message(value: str) -> None:
    release = told(**dict.fromkeys(("retry", "rollback", "abort", "resume"), value))

    assert len(summarise(release, context().status, DAWN).message) <= 1024


def test_an_attempt_that_was_rehearsed_is_not_stalled() -> None:
    end = ended(Phase.ROLLED_BACK, Reason.REHEARSED)
    trigger = BREACH.model_copy(update={"reason": Reason.REHEARSAL})
    ctx = context(end=end, recorded=True, trigger=trigger)

    report = summarise(ctx.release, ctx.status, DAWN)

    assert condition(report, ConditionType.STALLED) is Status.FALSE
    assert condition(report, ConditionType.RECONCILING) is Status.TRUE
    assert condition(report, ConditionType.READY) is Status.FALSE
    assert "goes forward by itself" in report.message


def test_after_a_rehearsal_a_spec_with_faults_is_stalled() -> None:
    end = ended(Phase.ROLLED_BACK, Reason.REHEARSED)
    ctx = context(end=end, recorded=True)

    faulty = replace(ctx.release, spec=None, faults=(Fault("spec", "is missing", "add it"),))
    report = summarise(faulty, ctx.status, DAWN)

    assert condition(report, ConditionType.STALLED) is Status.TRUE
    assert condition(report, ConditionType.RECONCILING) is Status.FALSE


def condition(report: ReleaseStatus, kind: ConditionType) -> Status:
    """Status of a condition."""
    return next(entry.status for entry in report.conditions if entry.type == kind)


@pytest.mark.parametrize(
    ("attempt", "mode", "phase"),
    [
        ({}, Suspend.FORWARD, Phase.SUSPENDED),
        (held(), Suspend.ALL, Phase.HELD),
        ({"trigger": BREACH}, Suspend.FORWARD, Phase.ROLLING_BACK),
        ({"trigger": BREACH}, Suspend.ALL, Phase.SUSPENDED),
        (COMPLETED, Suspend.ALL, Phase.COMPLETED),
    ],
)
def test_the_phase_says_what_stops_a_release(
    attempt: dict[str, Any], mode: Suspend, phase: Phase
) -> None:
    ctx = suspended(context(**attempt), mode)

    report = summarise(ctx.release, ctx.status, DAWN)

    assert report.phase is phase
    assert "by ada since" in report.message
    assert (condition(report, ConditionType.STALLED) is Status.TRUE) is (
        phase in {Phase.SUSPENDED, Phase.HELD}
    )


def irreversible() -> Body:
    """The bookshop with a migration that stays."""
    body = bookshop()
    body["spec"]["migrations"][0] |= {"reversibility": "Irreversible"}
    body["spec"]["migrations"][0].pop("down")
    return body


@pytest.mark.parametrize(
    ("body", "attempt", "said"),
    [
        (bookshop(), {}, ""),
        (irreversible(), {}, "0007-add-isbn"),
        (irreversible(), {"in_place": ["0007-add-isbn"]}, ""),
        (bookshop(), {"inherited": ["0006-old"]}, "0006-old"),
        (bookshop(), {"previous_version": None}, "no version to go back to"),
    ],
)
def test_a_plan_that_cannot_go_back_cannot_be_rehearsed(
    body: Body, attempt: dict[str, Any], said: str
) -> None:
    found = rehearsal.obstacle(context(body, rehearsal=True, **attempt))

    assert said in found
    assert bool(found) is bool(said)
    assert rehearsal.obstacle(context(body, **attempt)) == ""


def test_a_plan_is_rehearsed_once() -> None:
    ctx = context(end=ended(Phase.ROLLED_BACK, Reason.REHEARSED))
    first: Attempt = ctx.attempt
    second = first.model_copy(update={"number": 2, "rehearsed": 1, "end": None})

    assert rehearsal.rehearsed_by(None, first.spec_digest) is None
    assert rehearsal.rehearsed_by(first, first.spec_digest) == 1
    assert rehearsal.rehearsed_by(second, first.spec_digest) == 1
    assert rehearsal.rehearsed_by(second, "sha256:" + "0" * 64) is None


def test_a_namespace_that_is_going_ends_the_attempt() -> None:
    status = context(steps=(running("migrate/0007"),)).status
    said = f"jobs.batch is forbidden: unable to create new content {TERMINATING}"

    note = refused(status, ResumeJob("migrate", "u", "7"), Reason.API_DENIED, said, DAWN)

    assert isinstance(note, Note)
    assert note.status.attempt is not None
    assert note.status.attempt.end is not None
    assert note.status.attempt.end.reason is Reason.DELETED


def test_the_orders_are_those_that_are_stamped() -> None:
    assert names.ANNOTATION_RETRY in names.ORDERS
    assert names.ANNOTATION_ORDERED_BY not in names.ORDERS
