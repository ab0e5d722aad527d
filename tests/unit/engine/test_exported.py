"""The gates that ask staging, where it is in another cluster and only an export tells of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.exports import KEY, STAGING, made, policy, public_pem
from tests.fakes.world import DAWN
from tests.records import broken, completed, rehearsed, staging_release
from tests.releases import bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import Gate, GateState, Role
from release_coordinator.api.export import ExportedWorkload, StagingExport
from release_coordinator.api.policy import ReleasePolicySpec
from release_coordinator.api.record import RecordRef
from release_coordinator.api.release import WorkloadRef
from release_coordinator.api.status import StagingSeen
from release_coordinator.engine import exported
from release_coordinator.engine.context import Context
from release_coordinator.engine.evidence import (
    ConfigFact,
    ConfigWant,
    PolicyFact,
    PolicyWant,
    VersionFact,
    VersionWant,
)
from release_coordinator.engine.exportfacts import ExportFact, ExportFault, ExportWant, TrustedKey
from release_coordinator.engine.exporting import workload_of
from release_coordinator.engine.gates import (
    rehearsal,
    staging,
    staging_config,
    staging_tests,
    version_consistency,
)
from release_coordinator.engine.gates.verdict import GateVerdict
from release_coordinator.engine.observation import NotSeen

Evaluate = Callable[[Context], GateVerdict]

ALL = (staging.evaluate, staging_tests.evaluate, rehearsal.evaluate, staging_config.evaluate)
WANT = ExportWant("bookshop-staging-export", (TrustedKey("ci-1", public_pem(KEY)),))
BACK, FRONT = WorkloadRef(name="bookshop-backend"), WorkloadRef(name="bookshop-frontend")
HERE = {"env/LOG_LEVEL": "info", "env/DB_PASSWORD": "hunter2"}
GOOD = made(rehearsed(3), completed(4))
HOUR = timedelta(hours=1)


def scene(
    found: StagingExport | ExportFact | None = GOOD,
    *,
    now: datetime | None = None,
    seen: StagingSeen | None = None,
    here: dict[str, str] | None = None,
    **more: Any,
) -> Context:
    """Production, to which this export has come."""
    fact = ExportFact(found, "ci-1") if isinstance(found, StagingExport) else found
    body = more.pop("body", bookshop())
    if seen is not None:
        body["status"] = {"staging": seen.to_wire()}
    said = {**policy(), "suites": ["smoke"]} | more.pop("policy", {})
    facts = {
        PolicyWant("bookshop"): PolicyFact("default", ReleasePolicySpec.model_validate(said)),
        WANT: fact,
        ConfigWant(BACK): ConfigFact(HERE if here is None else here),
        ConfigWant(FRONT): ConfigFact({}),
        **more.pop("facts", {}),
    }
    exported_at = fact.export.exported_at if fact and fact.export else DAWN
    return context(body, facts=facts, policy=said, now=now or exported_at + HOUR, **more)


def asked(evaluate: Evaluate, *of: Any, **scenery: Any) -> Gate:
    return evaluate(scene(*of, **scenery)).gate


def configured(
    export: StagingExport = GOOD, level: str = "info", other: str = HERE["env/DB_PASSWORD"]
) -> StagingExport:
    """The same export, with how the backend is configured there."""
    entries = {"env/LOG_LEVEL": level, "env/DB_PASSWORD": other}
    told = [workload_of("backend", BACK, entries, "salt"), workload_of("frontend", FRONT, {}, "")]
    return export.model_copy(update={"configuration": told, "salt": "salt"})


def believed_before(export: StagingExport, **changes: Any) -> StagingSeen:
    fields = {
        "release_uid": export.release_uid,
        "attempt": export.head.attempt,
        "digest": export.head.digest,
        "exported_at": export.exported_at,
    }
    return StagingSeen(**(fields | changes))


# What is proved.


@pytest.mark.parametrize("evaluate", ALL)
def test_a_good_export_opens_every_gate_that_asks_staging(evaluate: Evaluate) -> None:
    gate = asked(evaluate, configured())

    assert gate.state is GateState.PASSED, gate.message


def test_the_evidence_names_the_record_and_the_key() -> None:
    gate = asked(staging.evaluate)

    name = GOOD.records[-1].name
    assert gate.evidence == f"ReleaseRecord shop-staging/{name}, exported by ci-1"


@pytest.mark.parametrize("evaluate", ALL)
def test_it_is_told_until_when_an_export_counts(evaluate: Evaluate) -> None:
    gate = asked(evaluate, configured())

    assert gate.next_check == GOOD.exported_at + timedelta(days=7)


def test_a_failure_that_was_exported_shuts_the_gate_and_how_to_go_on_is_told() -> None:
    gate = asked(staging.evaluate, made(completed(3), broken(4)))

    assert gate.state is GateState.FAILED
    assert "checkout answers 500" in gate.message
    retry = "annotate release bookshop release-coordinator.io/retry=4 --overwrite"
    assert gate.message.endswith(f"{retry}, and export it")


def test_an_attempt_that_is_no_longer_the_newest_cannot_be_retried() -> None:
    export = made(completed(3), broken(4))
    later = export.model_copy(update={"head": RecordRef(name="bookshop-5", attempt=5)})

    assert (
        "apply it to Release shop-staging/bookshop again" in asked(staging.evaluate, later).message
    )


def test_an_export_of_another_version_says_which_one_is_wanted() -> None:
    gate = asked(staging.evaluate, made(completed(4, body=staging_release(version="1.2.5"))))

    assert gate.state is GateState.WAITING
    assert "is about 1.2.5 and shows no deployment of 1.3.0" in gate.message
    assert "export bookshop -n shop-staging --version 1.3.0 --key KEY" in gate.message


def test_other_artifacts_of_the_same_version_are_told() -> None:
    body = staging_release()
    body["spec"]["components"][0]["images"] = {"api": "example/bookshop-backend:1.3.0-b2"}

    gate = asked(staging.evaluate, made(completed(4, body=body)))

    assert gate.state is GateState.FAILED
    assert "image of backend/api" in gate.message


def test_staging_may_have_the_very_name_of_production_in_its_own_cluster() -> None:
    export = GOOD.model_copy(update={"namespace": "shop"})
    said = policy()
    said["staging"]["namespace"] = "shop"

    assert asked(staging.evaluate, export, policy=said).state is GateState.PASSED


# What is not believed.


@pytest.mark.parametrize("evaluate", ALL)
@pytest.mark.parametrize(
    ("fault", "state", "owner", "words"),
    [
        (ExportFault.MISSING, GateState.WAITING, Role.DEVOPS, "no export of staging is here yet"),
        (ExportFault.UNUSABLE, GateState.FAILED, Role.DEVOPS, "cannot be used: PROBLEM; export"),
        (ExportFault.UNTRUSTED, GateState.FAILED, Role.DEVOPS, "PROBLEM: it was changed, or sign"),
        (ExportFault.NO_KEY, GateState.FAILED, Role.PLATFORM, "exported.keys: PROBLEM"),
        (ExportFault.UNREAD, GateState.UNKNOWN, Role.PLATFORM, "PROBLEM"),
    ],
)
def test_without_an_export_whoever_can_mend_that_is_told(
    evaluate: Evaluate, fault: ExportFault, state: GateState, owner: Role, words: str
) -> None:
    gate = asked(evaluate, ExportFact(fault=fault, problem="PROBLEM"))

    assert (gate.state, gate.owner) == (state, owner)
    assert words in gate.message
    assert not gate.message.endswith("…")


def test_the_command_that_is_told_reaches_the_release_here_by_its_name() -> None:
    said = policy()
    said["staging"]["release"] = "books"

    gate = asked(staging.evaluate, ExportFact(fault=ExportFault.MISSING), policy=said)

    assert (
        "kubectl release export books -n shop-staging --version 1.3.0 --for bookshop --key KEY | "
        "kubectl apply -n shop -f -" in gate.message
    )


@pytest.mark.parametrize("changed", [{"release": "cafe"}, {"namespace": "shop-test"}])
def test_an_export_of_another_application_or_stage_proves_nothing(changed: dict[str, str]) -> None:
    gate = asked(staging.evaluate, GOOD.model_copy(update=changed))

    assert gate.state is GateState.FAILED
    assert "names shop-staging/bookshop as staging; export it again" in gate.message


@pytest.mark.parametrize("evaluate", ALL)
def test_an_export_lapses(evaluate: Evaluate) -> None:
    week = GOOD.exported_at + timedelta(days=7)

    assert asked(evaluate, configured(), now=week - HOUR).state is GateState.PASSED
    gate = asked(evaluate, configured(), now=week)
    assert gate.state is GateState.FAILED
    assert "believes one for 168h (spec.staging.exported.maxAge); export it again" in gate.message


def test_a_policy_may_let_it_lapse_sooner() -> None:
    day = policy(maxAge="24h")

    late = asked(staging.evaluate, policy=day, now=GOOD.exported_at + 24 * HOUR)

    assert late.state is GateState.FAILED


@pytest.mark.parametrize("year", [2026, 9999])
def test_an_export_from_the_future_proves_nothing(year: int) -> None:
    export = GOOD.model_copy(update={"exported_at": GOOD.exported_at.replace(year=year)})

    gate = asked(staging.evaluate, export, now=GOOD.exported_at - HOUR)

    assert gate.state is GateState.FAILED
    assert "which is yet to come: correct the clock" in gate.message


def test_a_clock_may_be_a_little_ahead() -> None:
    now = GOOD.exported_at - timedelta(minutes=4)

    assert asked(staging.evaluate, now=now).state is GateState.PASSED


@pytest.mark.parametrize("evaluate", ALL)
def test_an_older_export_does_not_hide_what_a_newer_one_has_told(evaluate: Evaluate) -> None:
    newer = made(rehearsed(3), completed(4), broken(5))

    gate = asked(evaluate, configured(), seen=believed_before(newer), now=newer.exported_at + HOUR)

    assert gate.state is GateState.FAILED
    assert "a newer one was believed here before" in gate.message


def test_an_export_with_a_later_date_and_an_earlier_end_of_the_log_is_refused() -> None:
    """The clock of who exports may go back; the numbers of attempts do not."""
    newer = made(rehearsed(3), completed(4), broken(5), at=DAWN)

    gate = asked(staging.evaluate, seen=believed_before(newer))

    assert gate.state is GateState.FAILED
    assert "ended with another record of attempt 5 before" in gate.message


def test_a_log_that_was_written_anew_is_noticed() -> None:
    """The same number of attempts, but the last one is another one."""
    before = made(rehearsed(3), broken(4), at=DAWN)

    gate = asked(staging.evaluate, seen=believed_before(before))

    assert gate.state is GateState.FAILED
    assert "changed or restored there since" in gate.message
    assert "kubectl release history bookshop -n shop-staging --verify" in gate.message


def test_a_staging_release_that_was_created_anew_counts_from_its_first_attempt() -> None:
    before = believed_before(GOOD, release_uid="gone", attempt=80, exported_at=DAWN)

    assert asked(staging.evaluate, seen=before).state is GateState.PASSED


def test_the_same_export_counts_again_and_again() -> None:
    assert asked(staging.evaluate, seen=believed_before(GOOD)).state is GateState.PASSED


def test_a_policy_that_cannot_be_read_opens_nothing() -> None:
    fact = PolicyFact("default", None, "spec.staging: no")

    gate = asked(staging.evaluate, facts={PolicyWant("bookshop"): fact})

    assert (gate.state, gate.owner) == (GateState.UNKNOWN, Role.PLATFORM)


def test_keys_that_are_gone_open_nothing_though_the_plan_wants_an_export() -> None:
    fact = PolicyFact("default", ReleasePolicySpec())

    gate = asked(staging.evaluate, facts={PolicyWant("bookshop"): fact})

    assert (gate.state, gate.owner) == (GateState.FAILED, Role.PLATFORM)
    assert "names no keys any more" in gate.message


def test_before_the_first_change_the_keys_are_read_afresh() -> None:
    """A key that was withdrawn a moment ago must not open anything."""
    with pytest.raises(NotSeen) as asked_for:
        staging.evaluate(replace(scene(), fresh=True))

    assert asked_for.value.wants == (PolicyWant("bookshop", fresh=True),)


# What is remembered.


def test_the_newest_export_that_was_believed_is_journalled_once() -> None:
    note = exported.learned(scene())

    assert note is not None
    assert note.status.staging == believed_before(GOOD)
    assert exported.learned(scene(seen=note.status.staging)) is None


def test_what_was_not_believed_is_not_remembered() -> None:
    future = GOOD.model_copy(update={"exported_at": GOOD.exported_at + 24 * HOUR})

    assert exported.learned(scene(future, now=GOOD.exported_at)) is None
    assert exported.learned(scene(ExportFact(fault=ExportFault.UNTRUSTED))) is None


def test_nothing_is_asked_where_staging_is_in_the_same_cluster() -> None:
    assert exported.learned(context(policy={"staging": {"namespace": STAGING}})) is None


# Configuration.


def test_a_difference_is_told_with_both_values() -> None:
    export = configured(level="debug")

    gate = asked(staging_config.evaluate, export)

    assert gate.state is GateState.FAILED
    assert 'backend env/LOG_LEVEL: staging "debug", here "info"' in gate.message


def test_another_credential_is_a_difference_that_shows_neither() -> None:
    export = configured(other="other")

    gate = asked(staging_config.evaluate, export)

    assert "env/DB_PASSWORD: staging (not shown), here (not shown)" in gate.message
    assert "hunter2" not in export.model_dump_json()


def test_allowed_differences_are_allowed_across_clusters() -> None:
    said = policy()
    said["staging"]["differences"] = ["*/env/LOG_LEVEL", "backend/env/DB_*"]
    export = configured(level="debug", other="other")

    assert asked(staging_config.evaluate, export, policy=said).state is GateState.PASSED


def test_an_export_without_configuration_says_what_to_do() -> None:
    gate = asked(staging_config.evaluate)

    assert gate.state is GateState.FAILED
    assert "was made with --no-configuration" in gate.message
    assert "or have the platform team turn this gate off" in gate.message


def test_a_component_that_staging_does_not_have_is_named() -> None:
    told = [ExportedWorkload(component="backend", workload=BACK)]

    gate = asked(staging_config.evaluate, GOOD.model_copy(update={"configuration": told}))

    assert "tells no configuration of frontend; deploy it there, then export it" in gate.message


def test_a_workload_that_is_missing_here_is_named() -> None:
    gate = asked(staging_config.evaluate, configured(), facts={ConfigWant(FRONT): None})

    assert gate.state is GateState.FAILED
    assert "there is no Deployment bookshop-frontend in this namespace" in gate.message


def test_pods_of_another_cluster_are_not_asked_for_their_version() -> None:
    body = bookshop()
    body["spec"]["components"][0]["versionEndpoint"] = {"path": "/version", "port": 8080}
    here = VersionWant(BACK, 8080, "/version", "2s")
    ctx = scene(body=body, facts={here: VersionFact(("1.2.0",))})

    gate = version_consistency.evaluate(ctx).gate

    assert gate.state is GateState.PASSED
    assert "staging" not in gate.message


def test_keys_and_age_are_no_part_of_the_plan_but_where_staging_is_is() -> None:
    digests = {
        context(policy=said).plan.digest
        for said in (policy(), policy(maxAge="1h"), {"staging": {"namespace": STAGING}})
    }

    assert len(digests) == 2
