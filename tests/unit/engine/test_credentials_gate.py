"""R2.12: every referenced key exists, and opens what it is for."""

from typing import Any

import pytest
from tests.releases import Body, bookshop
from tests.unit.engine.contexts import context, running
from tests.unit.engine.gate_jobs import at_work, begun, ended, failed

from release_coordinator.api.attempt import GateState, Role, Step
from release_coordinator.api.job import JobTemplate
from release_coordinator.engine import jobs
from release_coordinator.engine.gates import credentials
from release_coordinator.engine.gates.verdict import GateVerdict

PROBE = "gate/credentials"
KEY = {"name": "DSN", "valueFrom": {"secretKeyRef": {"name": "bookshop-db", "key": "dsn"}}}
LOGIN = {"name": "database", "job": {"image": "example/psql:17", "env": [KEY]}}
STEP = "gate/credentials/database"


def release(*checks: Body) -> Body:
    body = bookshop()
    body["spec"]["credentialChecks"] = list(checks)
    return body


def verdict(body: Body, *steps: Step, facts: Any = None) -> GateVerdict:
    found = credentials.evaluate(context(body, facts=facts, steps=steps))
    assert found.gate.owner == Role.DEVOPS
    return found


def test_a_plan_without_secrets_and_checks_passes() -> None:
    found = verdict(bookshop()).gate
    assert found.state is GateState.PASSED
    assert found.message == "no Job of the plan refers to a Secret"


def test_keys_are_looked_for_before_anybody_logs_in() -> None:
    result = verdict(release(LOGIN))
    assert result.gate.state is GateState.WAITING
    assert begun(result) == PROBE


def test_a_key_that_is_missing_keeps_the_gate_shut_and_nobody_logs_in() -> None:
    step = running(PROBE, message="CreateContainerConfigError: secret not found")
    template = credentials.probe_job(context(release(LOGIN)).plan.spec)
    assert template is not None
    facts = at_work(context(release(LOGIN)), jobs.JobStep(PROBE, template), step.message)
    result = verdict(release(LOGIN), step, facts=facts)
    assert result.gate.state is GateState.FAILED
    assert "secret not found; the gate looks again" in result.gate.message
    assert STEP not in begun(result)


def test_the_login_begins_when_all_keys_are_there() -> None:
    result = verdict(release(LOGIN), ended(PROBE))
    assert (result.gate.state, result.gate.message) == (GateState.WAITING, "logging in: database")
    assert begun(result) == STEP


def test_a_login_without_any_key_is_tried_too() -> None:
    check = {"name": "database", "job": {"image": "example/psql:17"}}
    assert begun(verdict(release(check))) == STEP


def test_a_login_that_succeeds_is_told() -> None:
    found = verdict(release(LOGIN), ended(PROBE), ended(STEP)).gate
    assert found.state is GateState.PASSED
    assert found.message == "Secret keys exist: bookshop-db/dsn; logged in: database"


def test_a_login_that_fails_says_so_and_how_to_start_again() -> None:
    steps = (ended(PROBE), failed(STEP, "Job x: exit code 2: password authentication failed"))
    found = verdict(release(LOGIN), *steps).gate
    assert found.state is GateState.FAILED
    assert "login failed: database: Job x: exit code 2: password" in found.message
    assert found.message.endswith(
        "then start again with kubectl annotate release bookshop "
        "release-coordinator.io/retry=1 --overwrite"
    )
    assert found.evidence == "Job of database"


def test_one_login_of_two_is_not_enough() -> None:
    other = {"name": "mail", "job": {"image": "example/mail:1"}}
    result = verdict(release(LOGIN, other), ended(PROBE), ended(STEP))
    assert (result.gate.state, result.gate.message) == (GateState.WAITING, "logging in: mail")
    assert begun(result) == "gate/credentials/mail"


def add_ci(spec: Body, job: Body) -> None:
    spec["ci"] = [{"name": "e2e", "job": job}]


def add_login(spec: Body, job: Body) -> None:
    spec["credentialChecks"] = [{"name": "mail", "job": job}]


def add_dry_run(spec: Body, job: Body) -> None:
    spec["migrations"][0] |= {"up": job, "dryRun": {"args": ["check"]}}


def add_current(spec: Body, job: Body) -> None:
    spec["database"] = {"current": job}


@pytest.mark.parametrize("add", [add_ci, add_login, add_dry_run, add_current])
def test_the_keys_of_every_job_of_a_gate_are_looked_for(add: Any) -> None:
    body = bookshop()
    add(body["spec"], {"image": "example/job:1", "env": [KEY]})

    template = credentials.probe_job(context(body).plan.spec)

    assert isinstance(template, JobTemplate)
    (variable,) = template.env
    assert variable.value_from is not None
    assert variable.value_from.secret_key_ref is not None
    assert variable.value_from.secret_key_ref.name == "bookshop-db"
