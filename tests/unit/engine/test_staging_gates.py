"""The gates that ask staging, by what its records say."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.world import DAWN
from tests.records import BACK, broken, completed, record, rehearsed, staging_release, step
from tests.releases import bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import (
    Gate,
    GateState,
    Measurement,
    Role,
    StepState,
    Trigger,
    Verdict,
)
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.record import RecordSpec
from release_coordinator.engine import staged
from release_coordinator.engine.context import Context
from release_coordinator.engine.decide import STORY
from release_coordinator.engine.evidence import RecordsFact, RecordsWant, UnreadableRecord
from release_coordinator.engine.gates import rehearsal, staging, staging_config, staging_tests
from release_coordinator.engine.gates.verdict import GateVerdict
from release_coordinator.engine.outcome import Note
from release_coordinator.engine.phases import (
    keeping,
    migrating,
    promoting,
    rolling_out,
    verifying,
    watching,
)

POLICY = {"staging": {"namespace": "shop-staging"}}
WANT = RecordsWant("shop-staging", "bookshop")
DENIED = RecordsFact((), problem="the operator may not list releaserecords")
ALL = (staging.evaluate, staging_tests.evaluate, rehearsal.evaluate, staging_config.evaluate)
OF_RECORDS = ALL[:3]

Evaluate = Callable[[Context], GateVerdict]


def asked(
    evaluate: Evaluate, *records: RecordSpec, fact: RecordsFact | None = None, **more: Any
) -> Gate:
    """What a gate says of production's bookshop when staging has these records."""
    body = more.pop("body", None)
    facts = {WANT: fact or RecordsFact(records)}
    return evaluate(context(body, facts=facts, **{"policy": POLICY, **more})).gate


def other_image(**spec: Any) -> dict[str, Any]:
    body = staging_release(**spec)
    body["spec"]["components"][0]["images"] = {"api": "example/bookshop-backend:1.3.0-b2"}
    return body


# What all of them need.


@pytest.mark.parametrize("evaluate", ALL)
def test_without_a_named_staging_the_platform_team_is_told_to_name_it(evaluate: Evaluate) -> None:
    gate = asked(evaluate, policy={})

    assert (gate.state, gate.owner) == (GateState.FAILED, Role.PLATFORM)
    assert "ReleasePolicy default of this namespace (spec.staging:" in gate.message


@pytest.mark.parametrize("evaluate", ALL)
@pytest.mark.parametrize("release", [{}, {"release": "bookshop"}])
def test_a_release_cannot_be_its_own_staging(evaluate: Evaluate, release: dict[str, str]) -> None:
    gate = asked(evaluate, policy={"staging": {"namespace": "shop", **release}})

    assert (gate.state, gate.owner) == (GateState.FAILED, Role.PLATFORM)
    assert "names this very Release" in gate.message


@pytest.mark.parametrize("evaluate", ALL)
def test_records_that_may_not_be_read_are_for_the_platform_team(evaluate: Evaluate) -> None:
    gate = asked(evaluate, fact=DENIED)

    assert (gate.state, gate.owner) == (GateState.UNKNOWN, Role.PLATFORM)
    assert gate.message == DENIED.problem


@pytest.mark.parametrize("evaluate", OF_RECORDS)
def test_a_younger_record_that_cannot_be_read_makes_no_older_one_count(evaluate: Evaluate) -> None:
    good = (rehearsed(1), completed(2))
    young = UnreadableRecord("bookshop-3-x", DAWN + timedelta(hours=3), "spec.reason is new")
    old = UnreadableRecord("bookshop-0-x", DAWN - timedelta(hours=3), "spec.reason is old")

    doubted = asked(evaluate, fact=RecordsFact(good, (old, young)))

    assert doubted.state is GateState.UNKNOWN
    assert "bookshop-3-x cannot be read (spec.reason is new)" in doubted.message
    assert asked(evaluate, fact=RecordsFact(good, (old,))).state is GateState.PASSED


@pytest.mark.parametrize("evaluate", OF_RECORDS)
def test_the_only_record_cannot_be_read(evaluate: Evaluate) -> None:
    lost = UnreadableRecord("bookshop-1-x", DAWN, "spec.reason is new")

    assert asked(evaluate, fact=RecordsFact((), (lost,))).state is GateState.UNKNOWN


@pytest.mark.parametrize("evaluate", OF_RECORDS)
@pytest.mark.parametrize(
    "records",
    [
        (),
        (completed(1, body=staging_release(version="1.2.9")),),
        (completed(1, body=other_image()),),
    ],
)
def test_what_staging_did_with_other_artifacts_opens_nothing(
    evaluate: Evaluate, records: tuple[RecordSpec, ...]
) -> None:
    assert asked(evaluate, *records).state in {GateState.WAITING, GateState.FAILED}


@pytest.mark.parametrize("evaluate", OF_RECORDS)
def test_a_staging_release_may_have_another_name(evaluate: Evaluate) -> None:
    policy = {"staging": {"namespace": "shop", "release": "bookshop-next"}}
    facts = {RecordsWant("shop", "bookshop-next"): RecordsFact((rehearsed(1), completed(2)))}

    gate = evaluate(context(facts=facts, policy=policy)).gate

    assert gate.state is GateState.PASSED
    assert "of shop/bookshop-next" in gate.message


# Staging.


def test_the_same_artifacts_completed_in_staging() -> None:
    gate = asked(staging.evaluate, completed(4))

    assert gate.state is GateState.PASSED
    assert gate.message == (
        "attempt 4 of shop-staging/bookshop completed 1.3.0 on 2026-11-23 16:00 UTC with the same "
        "images, order and migrations"
    )
    assert gate.evidence.startswith("ReleaseRecord shop-staging/bookshop-4-")


def test_a_version_that_staging_has_not_seen_is_to_be_deployed_there() -> None:
    gate = asked(staging.evaluate, completed(1, body=staging_release(version="1.2.9")))

    assert (gate.state, gate.owner) == (GateState.WAITING, Role.DEVOPS)
    assert "1.3.0 was not deployed to shop-staging/bookshop yet" in gate.message
    assert "kubectl apply -n shop-staging" in gate.message


def test_news_of_a_deployment_reach_the_gate_by_a_watch() -> None:
    facts = {WANT: RecordsFact(())}

    assert staging.evaluate(context(facts=facts, policy=POLICY)).watched


def test_the_same_version_with_another_image_is_told() -> None:
    gate = asked(staging.evaluate, completed(4, body=other_image()))

    assert gate.state is GateState.FAILED
    assert (
        "image of backend/api: staging example/bookshop-backend:1.3.0-b2, here "
        "example/bookshop-backend:1.3.0." in gate.message
    )


def test_a_record_of_an_older_operator_without_the_digest_counts_by_its_plan() -> None:
    assert asked(staging.evaluate, completed(4, artifact_digest=None)).state is GateState.PASSED


def test_an_attempt_that_failed_in_staging_says_why_and_how_to_try_again() -> None:
    gate = asked(staging.evaluate, broken(4))

    assert gate.state is GateState.FAILED
    assert "attempt 4 of shop-staging/bookshop with the same artifacts ended RolledBack" in (
        gate.message
    )
    assert "checkout answers 500" in gate.message
    assert gate.message.endswith(
        "kubectl -n shop-staging annotate release bookshop "
        "release-coordinator.io/retry=4 --overwrite"
    )


def test_only_the_last_attempt_can_be_tried_again_by_an_annotation() -> None:
    other = completed(5, body=staging_release(version="1.2.9"))

    gate = asked(staging.evaluate, broken(4), other)

    assert gate.message.endswith("then apply it to Release shop-staging/bookshop again")


def test_the_newest_verdict_counts() -> None:
    assert asked(staging.evaluate, broken(4), completed(5)).state is GateState.PASSED
    assert asked(staging.evaluate, completed(4), broken(5)).state is GateState.FAILED


def test_a_rehearsal_after_the_deployment_takes_nothing_away() -> None:
    gate = asked(staging.evaluate, completed(4), rehearsed(5))

    assert gate.state is GateState.PASSED
    assert gate.message.endswith("attempt 5 was rolled back later to rehearse it")


def test_a_rehearsal_alone_is_no_deployment() -> None:
    gate = asked(staging.evaluate, rehearsed(4))

    assert gate.state is GateState.WAITING
    assert "release-coordinator.io/retry=4" in gate.message


@pytest.mark.parametrize(
    "bad",
    [
        Measurement(metric="p95-latency", verdict=Verdict.FAIL, failures=1),
        Measurement(metric="p95-latency", unknown_since=DAWN),
    ],
)
def test_a_rollback_on_request_because_of_a_bad_metric_is_no_rehearsal(bad: Measurement) -> None:
    gate = asked(staging.evaluate, completed(4), rehearsed(5, measurements=[bad]))

    assert gate.state is GateState.FAILED


def test_an_automatic_rollback_while_metrics_are_good_is_no_rehearsal() -> None:
    text = "at the end of the watch not all pods of Deployment bookshop-backend are available"
    trigger = Trigger(reason=Reason.PROGRESS_DEADLINE_EXCEEDED, message=text, at=DAWN)

    gate = asked(staging.evaluate, completed(4), rehearsed(5, rollback=trigger))

    assert gate.state is GateState.FAILED


def test_a_rollback_on_request_after_a_failed_test_is_no_rehearsal() -> None:
    forced = broken(5, rollback=rehearsed(5).rollback)

    assert asked(staging.evaluate, completed(4), forced).state is GateState.FAILED


@pytest.mark.parametrize(
    "silent",
    [
        record(5, Phase.SUPERSEDED, Reason.SUPERSEDED),
        record(5, Phase.FAILED, Reason.DELETED),
        record(5, Phase.COMPLETED, Reason.COMPLETED),
    ],
    ids=["superseded", "deleted before any change", "it ran already"],
)
def test_an_attempt_that_deployed_nothing_is_no_verdict(silent: RecordSpec) -> None:
    assert asked(staging.evaluate, completed(4), silent).state is GateState.PASSED
    assert asked(staging.evaluate, broken(4), silent).state is GateState.FAILED
    assert asked(staging.evaluate, silent).state is GateState.WAITING


def test_an_attempt_that_failed_before_any_change_is_a_verdict() -> None:
    failure = record(5, Phase.FAILED, Reason.BACKUP_FAILED, message="no space on the volume")

    gate = asked(staging.evaluate, completed(4), failure)

    assert gate.state is GateState.FAILED
    assert "no space on the volume" in gate.message


def test_step_ids_are_those_that_the_phases_write() -> None:
    prefixes = (staged.VERIFY, staged.ROLLOUT, staged.WATCH)
    assert prefixes == (verifying.PREFIX, rolling_out.PREFIX, watching.STEP)
    back = (rehearsal.BACK_VERIFY, rehearsal.BACK_ROLLOUT, rehearsal.BACK_MIGRATE)
    assert back == (verifying.UNDO_PREFIX, rolling_out.UNDO_PREFIX, migrating.UNDO_PREFIX)
    # A begun watch means that all before it went well, the verification too.
    assert STORY[STORY.index(watching) + 1 :] == (promoting, keeping)
    ctx = context(steps=(step("verify/health"),))
    (test,) = ctx.plan.spec.verify.smoke_tests

    begun = verifying.advance(ctx)

    assert isinstance(begun, Note)
    assert begun.status.attempt is not None
    assert begun.status.attempt.steps[-1].id == staged.step_of_test(test)


# StagingTests.


def test_the_suites_of_the_type_passed_in_staging() -> None:
    gate = asked(staging_tests.evaluate, completed(4))

    assert gate.state is GateState.PASSED
    assert gate.message == (
        "attempt 4 of shop-staging/bookshop: 2 tests passed, suites smoke, full"
    )


def test_a_suite_without_a_test_is_for_the_qa_engineer() -> None:
    gate = asked(staging_tests.evaluate, completed(4, body={**bookshop()}))

    assert (gate.state, gate.owner) == (GateState.FAILED, Role.QA)
    assert "has no test of suite full; add one to spec.verify.smokeTests" in gate.message
    assert "(suite: full)" in gate.message


def test_another_type_requires_other_suites() -> None:
    gate = asked(
        staging_tests.evaluate, completed(4), type=None, policy={**POLICY, "suites": ["load"]}
    )

    assert "has no test of suite load" in gate.message


def test_a_policy_may_require_no_suite() -> None:
    gate = asked(staging_tests.evaluate, policy={**POLICY, "suites": []})

    assert gate.state is GateState.PASSED
    assert "no test suite of a Minor release" in gate.message


def test_a_test_that_failed_in_staging_is_told_with_its_words() -> None:
    gate = asked(staging_tests.evaluate, completed(3), broken(4))

    assert (gate.state, gate.owner) == (GateState.FAILED, Role.QA)
    assert gate.message.startswith("smoke/checkout failed: Job bookshop-4-verify: checkout")


def test_a_test_that_did_not_run_is_told() -> None:
    steps = [step(one) for one in ("rollout/backend", "verify/smoke/checkout")]

    gate = asked(staging_tests.evaluate, record(4, Phase.COMPLETED, Reason.COMPLETED, *steps))

    assert gate.state is GateState.FAILED
    assert "did not run orders" in gate.message


@pytest.mark.parametrize("records", [(), (rehearsed(4),)])
def test_tests_wait_for_the_deployment(records: tuple[RecordSpec, ...]) -> None:
    gate = asked(staging_tests.evaluate, *records)

    assert gate.state is GateState.WAITING
    assert "smoke, full run when these artifacts are deployed to shop-staging" in gate.message


def test_tests_wait_while_something_else_failed_in_staging() -> None:
    late = [step("rollout/backend", StepState.FAILED, "not ready within 10m")]
    failure = record(4, Phase.ROLLED_BACK, Reason.PROGRESS_DEADLINE_EXCEEDED, *late)

    assert asked(staging_tests.evaluate, failure).state is GateState.WAITING


# Rehearsal.


def test_the_way_back_was_gone_in_staging() -> None:
    gate = asked(rehearsal.evaluate, rehearsed(3), completed(4))

    assert gate.state is GateState.PASSED
    assert gate.message == (
        "attempt 3 of shop-staging/bookshop went back to 1.2.0 on 2026-11-23 15:00 UTC and "
        "verified it"
    )


def test_another_version_to_go_back_to_is_told() -> None:
    gate = asked(rehearsal.evaluate, rehearsed(3, previous_version="1.2.9"))

    assert gate.message.endswith("verified it; here a rollback goes back to 1.2.0")


def test_an_automatic_rollback_proves_the_way_back_too() -> None:
    assert asked(rehearsal.evaluate, broken(3), completed(4)).state is GateState.PASSED


@pytest.mark.parametrize("records", [(), (completed(4),)])
def test_how_to_rehearse_is_told(records: tuple[RecordSpec, ...]) -> None:
    gate = asked(rehearsal.evaluate, *records)

    assert (gate.state, gate.owner) == (GateState.WAITING, Role.DEVOPS)
    assert "Release shop-staging/bookshop with spec.rehearsal: true" in gate.message


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        ("undo/rollout/backend", "did not take back component backend"),
        ("undo/migrate/0007-add-isbn", "did not revert migration 0007-add-isbn"),
        ("undo/verify/health", "verified nothing: declare health"),
    ],
)
def test_a_part_of_the_way_back_is_no_proof(left_out: str, words: str) -> None:
    back = tuple(one for one in BACK if one != left_out)

    gate = asked(rehearsal.evaluate, rehearsed(3, back), completed(4))

    assert gate.state is GateState.FAILED
    assert words in gate.message


def test_a_partial_rollback_takes_no_earlier_proof_away() -> None:
    assert asked(rehearsal.evaluate, rehearsed(3), rehearsed(4, ())).state is GateState.PASSED


def test_a_rollback_that_failed_later_takes_the_proof_away() -> None:
    text = "undo/migrate/0007-add-isbn failed: the column is in use"
    failure = record(4, Phase.ROLLBACK_FAILED, Reason.MIGRATION_FAILED, message=text)

    gate = asked(rehearsal.evaluate, rehearsed(3), failure)

    assert gate.state is GateState.FAILED
    assert "the column is in use" in gate.message
    assert asked(rehearsal.evaluate, failure, rehearsed(5)).state is GateState.PASSED


def test_a_migration_that_is_in_place_here_need_not_be_reverted_there() -> None:
    back = tuple(one for one in BACK if "migrate" not in one)

    gate = asked(rehearsal.evaluate, rehearsed(3, back), in_place=["0007-add-isbn"])

    assert gate.state is GateState.PASSED


def test_migrations_below_one_that_stays_are_not_reverted() -> None:
    body = bookshop()
    job = {"image": "example/bookshop-migrate:1.3.0"}
    body["spec"]["migrations"].append({"name": "0008", "reversibility": "ExpandOnly", "up": job})
    there = staging_release(migrations=body["spec"]["migrations"])
    back = tuple(one for one in BACK if "migrate" not in one)

    gate = asked(rehearsal.evaluate, rehearsed(3, back, body=there), body=body)

    assert gate.state is GateState.PASSED


def test_the_first_version_has_no_way_back() -> None:
    gate = asked(rehearsal.evaluate, previous_version=None, policy={})

    assert gate.state is GateState.PASSED
    assert "nothing to rehearse" in gate.message


@pytest.mark.parametrize("evaluate", OF_RECORDS)
def test_long_words_of_a_failure_leave_room_for_what_to_do(evaluate: Evaluate) -> None:
    failure = record(4, Phase.ROLLBACK_FAILED, Reason.STEP_FAILED, message="x " * 500)

    gate = asked(evaluate, failure)

    assert not gate.message.endswith("…")
