"""R2.6: what says that the pipeline of a version is green, and what does not."""

from typing import Any

import pytest
from tests.releases import Body, bookshop
from tests.unit.engine.contexts import context, running
from tests.unit.engine.gate_jobs import at_work, begun, ended, failed

from release_coordinator.api.attempt import Gate, GateState, Role
from release_coordinator.api.evidence import CICheck
from release_coordinator.engine import jobs
from release_coordinator.engine.evidence import ObjectFact, ObjectWant
from release_coordinator.engine.gates import ci
from release_coordinator.engine.gates.verdict import GateVerdict
from release_coordinator.engine.observation import NotSeen

RUN = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "name": "shop-1.3.0"}
RUN_WANT = ObjectWant("tekton.dev/v1", "PipelineRun", "shop-1.3.0")
MAP_WANT = ObjectWant("v1", "ConfigMap", "bookshop-ci")
CONDITION = {"name": "build", "object": {**RUN, "condition": "Succeeded"}}
PHASE = {"name": "build", "object": {**RUN, "jsonPath": "$.status.phase", "value": "Succeeded"}}
KEY: Body = {"name": "build", "configMap": {"name": "bookshop-ci", "key": "status"}}
JOB = {"name": "e2e", "job": {"image": "example/e2e:1.3.0"}}


def release(*checks: Body) -> Body:
    body = bookshop()
    body["spec"]["ci"] = list(checks)
    return body


def verdict(checks: list[Body], facts: dict[Any, Any], **more: Any) -> GateVerdict:
    return ci.evaluate(context(release(*checks), facts=facts, **more))


def gate(check: Body, body: Body | None) -> Gate:
    want = MAP_WANT if "configMap" in check else RUN_WANT
    return verdict([check], {want: ObjectFact(body)}).gate


def run(status: str | None = None, *, label: str | None = None, **more: str) -> Body:
    body: Body = {"metadata": {"labels": {"app.kubernetes.io/version": label} if label else {}}}
    if status is not None:
        body["status"] = {"conditions": [{"type": "Succeeded", "status": status, **more}]}
    return body


def test_without_a_sign_the_gate_is_shut_and_says_what_to_declare() -> None:
    ctx = context(bookshop())
    result = ci.evaluate(ctx)
    assert (result.gate.state, result.gate.owner) == (GateState.FAILED, Role.DEVOPS)
    for word in ("spec.ci is empty", "object", "configMap", "job"):
        assert word in result.gate.message
    assert result.watched


def test_all_objects_are_asked_for_at_once() -> None:
    with pytest.raises(NotSeen) as question:
        verdict([CONDITION, {**KEY, "name": "scan"}, JOB], {})
    assert set(question.value.wants) == {RUN_WANT, MAP_WANT}


@pytest.mark.parametrize(
    ("body", "state", "words"),
    [
        (run("True"), GateState.PASSED, "PipelineRun shop-1.3.0 says that Succeeded is True"),
        (run("True", label="1.3.0"), GateState.PASSED, "Succeeded is True"),
        (run("True", label="v1.3.0"), GateState.PASSED, "Succeeded is True"),
        (
            run("True", label="1.2.0"),
            GateState.FAILED,
            "build: PipelineRun shop-1.3.0 is for 1.2.0, not 1.3.0",
        ),
        (
            run("False", reason="Failed", message="Tasks Completed: 3\n(Failed: 1)"),
            GateState.FAILED,
            "Succeeded is False (Failed: Tasks Completed: 3 (Failed: 1)); repair the pipeline",
        ),
        (run("Unknown", reason="Running"), GateState.WAITING, "whether Succeeded (Running)"),
        (run(), GateState.WAITING, "has no condition Succeeded yet"),
        ({"status": {"conditions": "x"}}, GateState.WAITING, "has no condition Succeeded yet"),
        ({"status": {"conditions": [7]}}, GateState.WAITING, "has no condition Succeeded yet"),
        ({"metadata": [], "status": 7}, GateState.WAITING, "has no condition Succeeded yet"),
    ],
)
def test_a_condition_is_a_sign(body: Body, state: GateState, words: str) -> None:
    found = gate(CONDITION, body)
    assert found.state is state
    assert words in found.message
    assert found.owner == Role.DEVOPS
    assert found.evidence == "PipelineRun shop-1.3.0"


@pytest.mark.parametrize(
    ("phase", "state", "words"),
    [
        ("Succeeded", GateState.PASSED, "build: PipelineRun shop-1.3.0 says Succeeded"),
        ("succeeded ", GateState.PASSED, "says Succeeded"),
        ("Failed", GateState.FAILED, "says Failed ($.status.phase), not Succeeded"),
        ("Running", GateState.WAITING, "says Running ($.status.phase), not Succeeded yet"),
        ("", GateState.WAITING, "says nothing ($.status.phase)"),
        (None, GateState.WAITING, "has no $.status.phase yet"),
        (7, GateState.FAILED, "says 7"),
        (["Succeeded"], GateState.FAILED, "spec.ci[0].object.jsonPath $.status.phase is no single"),
        ("\x1b[2JFailed\nno", GateState.FAILED, "says [2JFailed no ("),
    ],
)
def test_a_field_is_a_sign(phase: Any, state: GateState, words: str) -> None:
    found = gate(PHASE, {"status": {"phase": phase}})
    assert found.state is state
    assert words in found.message


def test_numbers_and_booleans_are_compared_as_json_writes_them() -> None:
    check = {"name": "build", "object": {**RUN, "jsonPath": "$.ok", "value": "true"}}
    assert gate(check, {"ok": True}).state is GateState.PASSED


def test_a_path_that_selects_several_values_is_a_fault_of_the_spec() -> None:
    check = {"name": "build", "object": {**RUN, "jsonPath": "$.steps[*]", "value": "ok"}}
    found = gate(check, {"steps": ["ok", "failed"]})
    assert found.state is GateState.FAILED
    assert "spec.ci[0].object.jsonPath $.steps[*] is no single value" in found.message


@pytest.mark.parametrize("path", ["status.phase", "$.a[?match(@.b, '(a+)+')]", "$..phase"])
def test_a_bad_path_names_its_field(path: str) -> None:
    found = gate({"name": "build", "object": {**RUN, "jsonPath": path, "value": "ok"}}, {})
    assert found.state is GateState.FAILED
    assert "spec.ci[0].object.jsonPath:" in found.message


@pytest.mark.parametrize(
    ("body", "state", "words"),
    [
        ({"data": {"status": "success"}}, GateState.PASSED, "ConfigMap bookshop-ci says success"),
        ({"data": {"status": " SUCCESS\n"}}, GateState.PASSED, "says success"),
        ({"data": {"status": "failure"}}, GateState.FAILED, "says failure (key status)"),
        ({"data": {"status": "running"}}, GateState.WAITING, "says running (key status)"),
        (
            {"data": {}},
            GateState.WAITING,
            "has no key status; the pipeline of 1.3.0 must write success there",
        ),
        ({}, GateState.WAITING, "has no key status"),
    ],
)
def test_a_key_of_a_config_map_is_a_sign(body: Body, state: GateState, words: str) -> None:
    found = gate(KEY, body)
    assert found.state is state
    assert words in found.message


def test_a_config_map_for_another_version_is_no_sign() -> None:
    labels = {"app.kubernetes.io/version": "1.2.0"}
    found = gate(KEY, {"metadata": {"labels": labels}, "data": {"status": "success"}})
    assert found.state is GateState.FAILED
    assert "ConfigMap bookshop-ci is for 1.2.0, not 1.3.0" in found.message


@pytest.mark.parametrize(("owner", "watched"), [("bookshop", True), ("other", False), ("", False)])
def test_news_of_a_config_map_comes_by_itself_if_it_carries_the_releases_label(
    owner: str, *, watched: bool
) -> None:
    body = {"metadata": {"labels": {"release-coordinator.io/release": owner}}}
    assert verdict([KEY], {MAP_WANT: ObjectFact(body)}).watched is watched


def test_a_missing_object_is_waited_for() -> None:
    problem = "there is no ConfigMap bookshop-ci in namespace shop"
    found = verdict([KEY], {MAP_WANT: ObjectFact(None, problem)}).gate
    assert found.state is GateState.WAITING
    assert found.message == f"build: {problem}; the pipeline of 1.3.0 must create it"


def test_an_object_that_may_not_be_read_is_for_the_platform_team() -> None:
    fact = ObjectFact(None, "the operator may not read pipelineruns.tekton.dev", forbidden=True)
    found = verdict([CONDITION], {RUN_WANT: fact}).gate
    assert (found.state, found.owner) == (GateState.UNKNOWN, Role.PLATFORM)
    assert "may not read pipelineruns.tekton.dev" in found.message


def test_an_object_that_is_never_read_is_a_fault_of_the_spec() -> None:
    fact = ObjectFact(None, "the operator reads no Secrets", refused=True)
    found = verdict([CONDITION], {RUN_WANT: fact}).gate
    assert (found.state, found.owner) == (GateState.FAILED, Role.DEVOPS)
    assert found.message == "spec.ci[0].object: the operator reads no Secrets"


def test_a_job_is_begun_once_and_named_by_its_check() -> None:
    result = verdict([JOB], {})
    assert result.gate.state is GateState.WAITING
    assert begun(result) == "gate/ci/e2e"


def test_a_job_that_runs_is_waited_for_with_what_keeps_it() -> None:
    template = CICheck.model_validate(JOB).job
    assert template is not None
    facts = at_work(context(release(JOB)), jobs.JobStep("gate/ci/e2e", template), "ImagePull")
    result = verdict([JOB], facts, steps=(running("gate/ci/e2e", message="ImagePull"),))
    assert result.gate.state is GateState.WAITING
    assert result.gate.message == "e2e: its Job runs (ImagePull)"
    assert result.next_move is None


def test_a_job_that_succeeded_is_a_sign() -> None:
    found = verdict([JOB], {}, steps=(ended("gate/ci/e2e"),)).gate
    assert (found.state, found.message) == (GateState.PASSED, "e2e: its Job succeeded")


def test_a_job_that_failed_says_how_to_start_again_however_much_it_said() -> None:
    steps = (failed("gate/ci/e2e", "x" * 256), failed("gate/ci/api", "y" * 256))
    found = verdict([JOB, {**JOB, "name": "api"}], {}, steps=steps).gate
    assert found.state is GateState.FAILED
    assert found.message.endswith(
        "; then start again with kubectl annotate release bookshop "
        "release-coordinator.io/retry=1 --overwrite"
    )


def test_a_check_without_a_sign_is_a_fault_of_the_spec() -> None:
    found = verdict([{"name": "build"}], {}).gate
    assert found.state is GateState.FAILED
    assert "spec.ci[0]: build names no sign" in found.message


def test_all_signs_are_reported_together_the_worst_first() -> None:
    facts = {
        RUN_WANT: ObjectFact(run("Unknown")),
        MAP_WANT: ObjectFact({"data": {"status": "failure"}}),
    }
    result = verdict([CONDITION, {**KEY, "name": "scan"}, JOB], facts)
    assert result.gate.state is GateState.FAILED
    scan, build, e2e = (result.gate.message.index(name) for name in ("scan:", "build:", "e2e:"))
    assert scan < build < e2e
    assert begun(result) == "gate/ci/e2e"


def test_a_second_job_is_begun_while_the_first_one_runs() -> None:
    template = CICheck.model_validate(JOB).job
    assert template is not None
    checks = [JOB, {**JOB, "name": "api"}]
    facts = at_work(context(release(*checks)), jobs.JobStep("gate/ci/e2e", template))
    assert begun(verdict(checks, facts, steps=(running("gate/ci/e2e"),))) == "gate/ci/api"


def test_what_is_found_is_told_when_all_signs_hold() -> None:
    facts = {RUN_WANT: ObjectFact(run("True")), MAP_WANT: ObjectFact({"data": {"status": "ok"}})}
    scan = {"name": "scan", "configMap": {**KEY["configMap"], "value": "ok"}}
    found = verdict([CONDITION, scan], facts).gate
    assert found.state is GateState.PASSED
    assert "build: PipelineRun" in found.message
    assert "scan: ConfigMap bookshop-ci says ok" in found.message
    assert found.evidence == "PipelineRun shop-1.3.0, ConfigMap bookshop-ci"
