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
from release_coordinator.api.watch import Preset
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
    assert {one.rule for one in found} == {"no-health", "no-smoke-test", "single-look"}


def metric(**fields: Any) -> dict[str, Any]:
    return {"watch": {"metrics": [{"name": "m", "component": "backend", **fields}]}}


OWN = {"query": "rate(a[$(window)])", "breach": {"above": 3}}
PRESET = {"preset": "LatencyP95", "failureThreshold": 2}


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        (metric(**OWN), {"single-look"}),
        (metric(**OWN, failureThreshold=2), set()),
        (metric(**OWN, interval="30s"), set()),
        (metric(**OWN, severity="Hold"), set()),
        (metric(query="a", breach={"comparison": {}}), set()),
        (metric(**OWN, interval="2m"), {"window"}),
        (metric(query="a", breach={"above": 3}, interval="2m"), set()),
        (metric(**PRESET, interval="2m"), {"window"}),
        (metric(**PRESET, breach={"above": 0.3}), set()),
        (metric(**PRESET, breach={"above": 300}), {"unit"}),
        (metric(**PRESET | {"preset": "ErrorRate"}, breach={"above": 5}), {"unit"}),
        (metric(**PRESET | {"preset": "RequestRate"}, breach={"below": 5}), set()),
        (
            {"watch": {"dataChecks": [{"name": "d", "interval": "5s", "job": {"image": "a:1"}}]}},
            {"interval"},
        ),
    ],
)
def test_what_is_watched_in_an_unwise_way_is_a_warning(
    changes: dict[str, Any], rules: set[str]
) -> None:
    found = [one for one in found_in(spec(**changes)) if one.rule != "no-health"]

    assert {one.rule for one in found if one.level is Level.WARNING} == rules, found
    assert Level.ERROR not in {one.level for one in found}


@pytest.mark.parametrize("preset", list(Preset))
def test_a_preset_as_it_comes_is_worth_a_note_at_most(preset: Preset) -> None:
    found = [one for one in found_in(spec(**metric(preset=preset.value))) if "watch" in one.path]

    assert {one.level for one in found} <= {Level.NOTE}


def of(kind: str, fields: dict[str, Any], **metadata: str) -> list[Finding]:
    """What is found in an object of another kind."""
    body = HEAD | {"kind": kind, "metadata": {"name": "x"} | metadata, "spec": fields}
    return found_in(yaml.safe_dump(body))


SECRET = {"name": "s", "key": "k"}
URL = "http://prometheus:9090"
CHANNEL = {"apprise": {"urlFrom": SECRET}}
INCIDENT = {"release": "bookshop", "title": "t"}
NOTIFICATION = {
    "id": "i",
    "release": "bookshop",
    "releaseUid": "u",
    "attempt": 1,
    "event": "Started",
    "channel": "c",
    "channelUid": "v",
    "time": "2026-01-01T00:00:00Z",
}


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("MetricSource", {"url": URL, "matchers": {"namespace": "$(namespace)"}}, ""),
        ("MetricSource", {"url": f"{URL}/prefix"}, ""),
        ("MetricSource", {"url": URL, "matchers": {"team": "$(component)"}}, "$(component)"),
        ("MetricSource", {"url": URL, "matchers": {"team": "$(nobody"}}, "not closed"),
        ("MetricSource", {"url": f"{URL}/api/v1"}, f"write {URL}"),
        ("MetricSource", {"url": f"{URL}/a/api/v1/query"}, f"write {URL}/a"),
        ("MetricSource", {"url": URL, "auth": {}}, "set either bearer or basic"),
        ("Channel", CHANNEL, ""),
        ("Channel", {}, "neither apprise nor cloudEvents"),
        ("Channel", {"apprise": {"url": "slack://a/b/c"}}, "must not stand in a file"),
        ("Channel", CHANNEL | {"events": ["Begun"]}, '"Begun" is not a known value'),
        ("Channel", CHANNEL | {"event": ["Started"]}, "events is meant"),
        ("Incident", INCIDENT, ""),
        ("Incident", INCIDENT | {"state": "Resolved", "rootCause": "x"}, "prevention"),
        ("Incident", INCIDENT | {"state": "Resolved", "prevention": "x"}, "root cause"),
        ("Incident", INCIDENT | {"severity": "Bad"}, "is not a known value"),
        ("Notification", NOTIFICATION, ""),
        ("Notification", NOTIFICATION | {"event": "Begun"}, "is not a known value"),
    ],
)
def test_other_kinds_are_checked_like_releases(
    kind: str, fields: dict[str, Any], words: str
) -> None:
    found = [one for one in of(kind, fields) if one.level is Level.ERROR]

    assert any(words in one.text for one in found) if words else found == [], found


@pytest.mark.parametrize(
    ("kind", "fields", "rules"),
    [
        ("MetricSource", {"url": URL, "auth": {"bearer": SECRET}}, {"plain-http"}),
        ("MetricSource", {"url": "https://prometheus", "auth": {"bearer": SECRET}}, set()),
        ("Channel", {"cloudEvents": {"url": URL, "auth": {"bearer": SECRET}}}, {"plain-http"}),
        (
            "Channel",
            CHANNEL | {"templates": [{"event": "Started", "title": "{{ nobody }}"}]},
            {"template"},
        ),
    ],
)
def test_what_the_platform_team_will_regret_is_a_warning(
    kind: str, fields: dict[str, Any], rules: set[str]
) -> None:
    found = of(kind, fields)

    assert {one.rule for one in found} == rules
    assert {one.level for one in found} <= {Level.WARNING}


def test_a_name_that_the_server_makes_is_a_name() -> None:
    body = HEAD | {"kind": "Channel", "metadata": {"generateName": "x-"}, "spec": CHANNEL}

    assert found_in(yaml.safe_dump(body)) == []


def test_a_namespace_of_what_has_none_is_a_warning() -> None:
    found = of("MetricSource", {"url": URL}, namespace="monitoring")

    assert [(one.rule, one.path, one.level) for one in found] == [
        ("no-namespace", "metadata.namespace", Level.WARNING)
    ]


def test_an_incident_with_too_long_a_name_is_an_error() -> None:
    found = of("Incident", INCIDENT, name="x" * 64)

    assert ["at most 63" in one.text for one in found] == [True]


def test_what_only_a_server_writes_is_not_read() -> None:
    assert of("Channel", CHANNEL, creationTimestamp="yesterday") == []


def test_a_field_in_the_wrong_place_is_told_where_it_belongs() -> None:
    found = found_in(spec(watch={"pods": {}, "onUnknown": "Pass"}))

    assert any("belongs to each entry" in one.text for one in found)


def test_a_kind_that_is_not_checked_is_told_with_those_that_are() -> None:
    (found,) = of("ReleaseRecord", {})

    assert (found.level, "Incident, Notification" in found.text) == (Level.NOTE, True)


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
