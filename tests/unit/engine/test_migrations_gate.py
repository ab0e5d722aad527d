"""R2.13: whether the migrations are ready, as far as Jobs can tell without running them."""

from typing import Any

from tests.releases import Body, bookshop
from tests.unit.engine.contexts import context, running
from tests.unit.engine.gate_jobs import at_work, begun, ended, failed

from release_coordinator.api.attempt import Gate, GateState, Role, Step
from release_coordinator.engine import jobs
from release_coordinator.engine.gates import migrations
from release_coordinator.engine.gates.verdict import GateVerdict

SCHEMA = "gate/migrations/current"
DRY = "gate/migrations/0007-add-isbn"
IMAGE = {"image": "example/bookshop-migrate:1.3.0"}


def release(*, current: bool = True, dry_run: bool = True, name: str = "0007-add-isbn") -> Body:
    body = bookshop()
    (migration,) = body["spec"]["migrations"]
    migration["name"] = name
    if dry_run:
        migration["dryRun"] = {"args": ["check"]}
    if current:
        body["spec"]["database"] = {"current": IMAGE}
    return body


def verdict(body: Body, *steps: Step, facts: Any = None, **more: Any) -> GateVerdict:
    found = migrations.evaluate(context(body, facts=facts, steps=steps, **more))
    assert found.gate.owner == Role.DEVELOPER
    return found


def gate(body: Body, *steps: Step, **more: Any) -> Gate:
    return verdict(body, *steps, **more).gate


def test_a_version_without_migrations_passes() -> None:
    body = release()
    body["spec"]["migrations"] = []
    assert gate(body).state is GateState.PASSED


def test_the_schema_version_is_read_first() -> None:
    result = verdict(release())
    assert result.gate.state is GateState.WAITING
    assert begun(result) == SCHEMA


def test_the_dry_run_begins_when_the_schema_version_is_known() -> None:
    result = verdict(release(), ended(SCHEMA, "0006"))
    assert (result.gate.state, result.gate.evidence) == (GateState.WAITING, DRY)
    assert begun(result) == DRY


def test_migrations_that_are_ready_pass_and_are_listed() -> None:
    body = release()
    legacy = {"name": "0008-drop-legacy", "schemaVersion": "0008", "up": IMAGE}
    body["spec"]["migrations"].append(legacy)
    found = gate(body, ended(SCHEMA, "0006\n"), ended(DRY))
    assert found.state is GateState.PASSED
    assert found.message == (
        "2 migrations (0007-add-isbn, 0008-drop-legacy): 1 Reversible, 1 Irreversible; "
        "schema is at 0006; dry run of 0007-add-isbn succeeded"
    )


def test_without_a_job_for_it_the_schema_version_is_said_to_be_unread() -> None:
    found = gate(release(current=False, dry_run=False))
    assert found.state is GateState.PASSED
    assert found.message.endswith(
        "the present schema version is not read: declare spec.database.current"
    )


def test_a_migration_that_the_database_has_already_is_told() -> None:
    body = release(dry_run=False)
    body["spec"]["migrations"][0]["schemaVersion"] = "0007"
    found = gate(body, ended(SCHEMA, "connected 0007"))
    assert found.message.endswith(
        "schema is at connected 0007: 0007-add-isbn is applied already, and is neither run nor "
        "reverted"
    )


def test_a_schema_version_that_is_not_declared_is_asked_for() -> None:
    found = gate(release(dry_run=False), ended(SCHEMA, "0006"))
    assert found.message.endswith(
        "schema is at 0006; declare schemaVersion of 0007-add-isbn to have it checked afterwards"
    )


def test_a_schema_version_that_cannot_be_read_keeps_the_gate_shut() -> None:
    found = gate(release(), failed(SCHEMA, "Job x: exit code 1: no route to host"))
    assert found.state is GateState.FAILED
    assert "reading the schema version failed: Job x: exit code 1: no route" in found.message
    assert found.message.endswith("release-coordinator.io/retry=1 --overwrite")


def test_a_job_that_says_no_schema_version_keeps_the_gate_shut() -> None:
    found = gate(release(), ended(SCHEMA))
    assert found.state is GateState.FAILED
    assert "spec.database.current succeeded but said nothing" in found.message


def test_a_dry_run_that_fails_keeps_the_gate_shut() -> None:
    found = gate(release(), ended(SCHEMA, "0006"), failed(DRY, "Job x: exit code 1: syntax error"))
    assert found.state is GateState.FAILED
    assert "dry run of 0007-add-isbn failed: Job x: exit code 1: syntax error" in found.message
    assert "then start again with kubectl annotate release bookshop" in found.message


def test_what_keeps_a_dry_run_is_told() -> None:
    ctx = context(release())
    template = ctx.plan.spec.migrations[0].dry_run_job()
    assert template is not None
    facts = at_work(ctx, jobs.JobStep(DRY, template), "ImagePullBackOff: no image")
    run = running(DRY, message="ImagePullBackOff: no image")
    found = gate(release(), ended(SCHEMA, "0006"), run, facts=facts)
    assert found.state is GateState.WAITING
    assert found.message == "dry run of 0007-add-isbn: ImagePullBackOff: no image"


def test_a_migration_that_is_in_place_needs_no_dry_run() -> None:
    found = gate(release(), ended(SCHEMA, "0007"), in_place=["0007-add-isbn"])
    assert found.state is GateState.PASSED
    assert "in place already: 0007-add-isbn" in found.message


def test_a_migration_named_current_is_not_taken_for_the_schema_version() -> None:
    result = verdict(release(name="current"), ended(SCHEMA, "0006"))
    assert result.gate.state is GateState.WAITING
    assert begun(result) == "gate/migrations/current/dry-run"


def test_foreign_text_is_shown_on_one_line_and_cut() -> None:
    found = gate(release(dry_run=False), ended(SCHEMA, "0006 \x1b[2J" + "x" * 90))
    assert "schema is at 0006 [2J" in found.message
    assert "x" * 60 not in found.message
