"""What lint finds, on which line, and that it knows every rule the API server has."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests import goldens
from tests.unit.cli import releases

from release_coordinator.api import schema
from release_coordinator.api.structural import RULES
from release_coordinator.cli import main as cli
from release_coordinator.cli.lint import celrules, report
from release_coordinator.cli.lint.findings import Finding, Level
from release_coordinator.cli.lint.offline import check, settled
from release_coordinator.cli.lint.shapes import KINDS

GOLDEN = Path(__file__).parent / "golden"
HEAD: dict[str, Any] = {
    "apiVersion": "release-coordinator.io/v1alpha1",
    "kind": "Release",
    "metadata": {"name": "bookshop"},
}
BAD = """\
apiVersion: release-coordinator.io/v1alpha1
kind: Release
metadata:
  name: bookshop
spec:
  version: v1.2
  component: x
  components:
    - name: backend
      dependsOn: [nobody]
      workloadRef: {name: a}
      images:
        api: example/api:latest
    - name: backend
      workloadRef: {name: a}
      images:
        api: example/api
      strategy: {type: BlueGreen}
  migrations:
    - name: m1
      reversibility: Reversible
      up:
        image: x:1
        env:
          - name: RELEASE_X
            value: a
  watch: {duration: 10m}
"""
UNWISE = """\
apiVersion: release-coordinator.io/v1alpha1
kind: Release
metadata:
  name: bookshop
spec:
  version: 1.2.0
  components:
    - name: backend
      workloadRef: {name: bookshop-backend}
      images:
        api: example/api:latest
  backup:
    job:
      image: example/backup:1
      env:
        - name: DB_PASSWORD
          value: hunter2
  migrations:
    - name: m1
      reversibility: Reversible
      downLosesData: true
      up: {image: example/up:1}
      down: {image: example/down:1}
"""


def found_in(text: str) -> list[Finding]:
    return settled(check(text, "release.yaml")[1], ())


def spec(**changes: Any) -> str:
    return yaml.safe_dump(HEAD | {"spec": releases.SPEC | changes}, sort_keys=False)


def rules_of(node: Any) -> set[str]:
    """The messages of all rules below a node of a schema."""
    if isinstance(node, dict):
        own = {rule["message"] for rule in node.get(RULES, ()) if "message" in rule}
        return own.union(*(rules_of(part) for part in node.values()))
    return set().union(*(rules_of(part) for part in node)) if isinstance(node, list) else set()


def test_faults_are_told_with_their_lines() -> None:
    found = found_in(BAD)

    goldens.check(GOLDEN / "lint-bad.txt", "".join(f"{one}\n" for one in found))
    assert {one.level for one in found} == {Level.ERROR}


def test_what_is_legal_and_unwise_is_told_with_what_to_do() -> None:
    found = found_in(UNWISE)

    goldens.check(GOLDEN / "lint-unwise.txt", "".join(f"{one}\n" for one in found))
    assert Level.ERROR not in {one.level for one in found}


def test_every_rule_of_the_definitions_has_a_meaning_here() -> None:
    messages = {
        message
        for kind in KINDS.values()
        for message in rules_of(schema.crds()[f"{kind.plural}.yaml"])
    }

    assert {message for message in messages if celrules.rule_of(message) is None} == set()
    unused = [
        beginning
        for beginning, _ in celrules.MEANINGS
        if not any(message.startswith(beginning) for message in messages)
    ]
    assert unused == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rollback": {"configuration": "Sometimes"}}, "is not a known value"),
        ({"components": []}, "has 0 entries"),
        (
            {"watch": {"metrics": [{"name": "a", "query": "x", "preset": "ErrorRate"}]}},
            "either query",
        ),
        (
            {"watch": {"metrics": [{"name": "a", "query": "up{", "breach": {"above": 1}}]}},
            "no PromQL",
        ),
        ({"ci": [{"name": "a"}]}, "exactly one of object, configMap and job"),
        (
            {"migrations": [{"name": "m", "up": {"image": "x:1"}, "down": {"image": "x:1"}}]},
            "only a Rev",
        ),
        ({"caches": [{"name": "c", "job": {"image": "x:1", "args": ["y" * 3000]}}]}, "characters"),
        ({"Suspend": "All"}, "there is no such field; suspend is meant"),
    ],
)
def test_what_is_refused_is_an_error(changes: dict[str, Any], words: str) -> None:
    found = found_in(spec(**changes))

    assert any(one.level is Level.ERROR and words in one.text for one in found), found


def test_a_name_from_which_no_job_could_be_named_is_an_error() -> None:
    body = HEAD | {"metadata": {"name": "x" * 53}, "spec": releases.SPEC}

    found = [one for one in found_in(yaml.safe_dump(body)) if one.level is Level.ERROR]

    assert [(one.path, "at most 52" in one.text) for one in found] == [("metadata.name", True)]


def test_a_circle_of_dependencies_is_found_though_the_schema_allows_it() -> None:
    components = [dict(one) for one in releases.SPEC["components"]]
    components[0]["dependsOn"] = ["frontend"]

    found = found_in(spec(components=components))

    assert [one.rule for one in found] == ["plan"]


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("a: [", "this is no YAML", 1),
        ("- 1", "no Kubernetes object", 1),
        (UNWISE + "  version: 1.3.0\n", "is there twice", 24),
        (UNWISE.replace("v1alpha1", "v9"), "is not release-coordinator.io/v1alpha1", 1),
        (UNWISE.replace("  name: bookshop\n", "  labels: {}\n", 1), "is missing", 3),
        ("a: &a [*a]\n", "no YAML", 1),
        ("a: &a {x: 1}\nb: [*a, *a]\nkind: Other\n", "", 0),
    ],
)
def test_a_file_that_cannot_be_read_is_a_finding_too(text: str, words: str, line: int) -> None:
    found = [one for one in found_in(text) if one.level is Level.ERROR]

    assert [(words in one.text, one.line) for one in found] == ([(True, line)] if words else [])


def test_lists_and_many_documents_are_taken_apart_and_strangers_passed_over() -> None:
    listed = yaml.safe_dump({"kind": "List", "items": [HEAD | {"spec": releases.SPEC}] * 2})
    stranger = "kind: ConfigMap\nmetadata: {name: a}\n"

    checked, found = check(f"{listed}---\n{stranger}---\n", "f")

    assert len(checked) == 2
    assert {one.rule for one in found} == {"no-health", "no-smoke-test"}


def test_a_document_for_programs_has_the_same_findings() -> None:
    found = found_in(BAD)

    wire, sarif = report.wire(found, 1), report.sarif(found, "1")

    assert len(wire["findings"]) == len(sarif["runs"][0]["results"]) == len(found)
    first = sarif["runs"][0]["results"][0]
    region = first["locations"][0]["physicalLocation"]["region"]
    assert region["startLine"] == found[0].line
    assert report.summary(found, 1).startswith("1 object checked: ")


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (BAD, [], 1),
        (UNWISE, [], 0),
        (UNWISE, ["--strict"], 1),
        (
            UNWISE,
            [
                "--strict",
                *(
                    f"--ignore={rule}"
                    for rule in ("no-health", "no-watch", "mutable-image", "credential")
                ),
            ],
            0,
        ),
        ("kind: ConfigMap\nmetadata: {name: a}\n", [], 3),
    ],
)
def test_the_exit_code_says_whether_it_may_be_applied(
    tmp_path: Path, text: str, options: list[str], code: int
) -> None:
    file = tmp_path / "release.yaml"
    file.write_text(text, encoding="utf-8")

    assert cli.run(["lint", str(file), *options]) == code
    assert cli.run(["lint", str(tmp_path), *options]) == code


def test_a_file_from_stdin_and_documents_on_stdout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(BAD))

    assert cli.run(["lint", "-", "-o", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["file"] == "stdin"


def test_a_file_that_is_not_there_is_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["lint", "nowhere.yaml"]) == 3
    assert "nowhere.yaml cannot be read" in capsys.readouterr().err
