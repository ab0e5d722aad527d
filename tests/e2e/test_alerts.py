"""The alert rules on Prometheus's own rule tester: when they fire, and when they stay silent."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tools.cluster import debian
from tools.cluster.progress import Progress

from release_coordinator.engine.releasemetrics import Target

RULES = Path(__file__).resolve().parents[2] / "manifests" / "alerts.yaml"
PHASE = 'release_coordinator_release_phase{namespace="shop",release="bookshop",phase="%s"}'
DRIFTED = 'release_coordinator_release_drifted{namespace="shop",release="bookshop"}'
LEADER = 'leader_election_master_status{name="release",instance="a"}'
STANDBY = 'leader_election_master_status{name="release",instance="b"}'
AGE = 'release_coordinator_resync_age_seconds{instance="%s"}'
GUARDED = 'release_coordinator_sign_offs_guarded{instance="a"}'
DEPTH = 'workqueue_depth{name="release",instance="a"}'
PASSES = 'controller_runtime_reconcile_total{controller="release",result="success",instance="a"}'
SHUT = (
    "release_coordinator_release_gate_shut_since_timestamp_seconds"
    '{namespace="shop",release="bookshop",gate="%s"}'
)
MISSED = (
    'release_coordinator_release_target_missed{namespace="shop",release="bookshop",target="%s"}'
)
DEPLOYED = (
    "release_coordinator_release_deployments"
    '{namespace="shop",release="bookshop",window="30d",outcome="%s"}'
)
MISSED_OVERALL = 'release_coordinator_overall_target_missed{instance="a",target="%s"}'
DEPLOYED_OVERALL = 'release_coordinator_overall_deployments{instance="a",window="30d",outcome="%s"}'
SOURCE_UP = 'release_coordinator_metric_source_up{source="main",instance="a"}'
ARRIVES = 'release_coordinator_channel_up{channel="ops",instance="a"}'
FAILED_MESSAGES = (
    'release_coordinator_notifications_total{channel="ops",outcome="failed",instance="a"}'
)
RUNBOOKS = RULES.parents[1] / "docs" / "alerts.md"
RELEASE = {"namespace": "shop", "release": "bookshop"}

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="session")
def promtool() -> Path:
    return debian.unpacked(("prometheus",), Progress()) / "usr/bin/promtool"


def rules() -> dict[str, dict[str, Any]]:
    """Return the rules by the names of their alerts."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def fired(alert: str, severity: str, labels: dict[str, str], value: str = "") -> dict[str, Any]:
    """Return the alert with its annotations, as they read with these labels."""
    filled = json.dumps(rules()[alert]["annotations"])
    for name, label in labels.items():
        filled = filled.replace("{{ $labels." + name + " }}", label)
    filled = filled.replace("{{ $value | humanizeDuration }}", value)
    assert "{{" not in filled, filled
    return {"exp_labels": {"severity": severity, **labels}, "exp_annotations": json.loads(filled)}


def run(
    promtool: Path, folder: Path, series: dict[str, str], at: str, alert: str, *expected: Any
) -> None:
    test = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": name, "values": values} for name, values in series.items()
                ],
                "alert_rule_test": [
                    {"eval_time": at, "alertname": alert, "exp_alerts": list(expected)}
                ],
            }
        ],
    }
    file = folder / "test.yaml"
    file.write_text(yaml.safe_dump(test), encoding="utf-8")
    done = subprocess.run(
        [promtool, "test", "rules", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_valid(promtool: Path) -> None:
    subprocess.run([promtool, "check", "rules", RULES], check=True)


@pytest.mark.parametrize(
    ("phase", "alert"),
    [("RolledBack", "ReleaseRolledBack"), ("RollbackFailed", "ReleaseRollbackFailed")],
)
def test_a_rollback_pages_at_once(promtool: Path, tmp_path: Path, phase: str, alert: str) -> None:
    expected = fired(alert, "critical", {**RELEASE, "phase": phase})

    run(promtool, tmp_path, {PHASE % phase: "_ 1"}, "1m", alert, expected)


def test_a_rollback_is_over_when_the_next_attempt_begins(promtool: Path, tmp_path: Path) -> None:
    series = {PHASE % "RolledBack": "1 1 stale", PHASE % "Gating": "_ _ 1"}

    run(promtool, tmp_path, series, "2m", "ReleaseRolledBack")


def test_an_operator_that_is_started_anew_ends_no_alert(promtool: Path, tmp_path: Path) -> None:
    one, other = (
        (PHASE % "RolledBack").replace("{", f'{{instance="{name}",') for name in ("a", "b")
    )
    series = {one: "1x10 stale", other: "_x13 1x20"}
    expected = fired("ReleaseRolledBack", "critical", {**RELEASE, "phase": "RolledBack"})

    for moment in ("10m", "12m", "14m", "20m"):
        run(promtool, tmp_path, series, moment, "ReleaseRolledBack", expected)


def test_a_release_that_drifted_pages_until_it_runs_again(promtool: Path, tmp_path: Path) -> None:
    series = {DRIFTED: "0x3 1x5 0x9"}
    expected = fired("ReleaseDrifted", "critical", RELEASE)

    run(promtool, tmp_path, series, "4m", "ReleaseDrifted")
    run(promtool, tmp_path, series, "6m", "ReleaseDrifted", expected)
    run(promtool, tmp_path, series, "11m", "ReleaseDrifted")


def test_a_hold_is_only_reminded_of_after_a_while(promtool: Path, tmp_path: Path) -> None:
    series = {PHASE % "Held": "1x60"}
    labels = {**RELEASE, "phase": "Held"}
    expected = fired("ReleaseHeld", "warning", labels)

    run(promtool, tmp_path, series, "29m", "ReleaseHeld")
    run(promtool, tmp_path, series, "31m", "ReleaseHeld", expected)


def test_a_standby_alone_counts_as_down(promtool: Path, tmp_path: Path) -> None:
    expected = fired("ReleaseCoordinatorDown", "critical", {})

    run(promtool, tmp_path, {STANDBY: "0x20"}, "10m", "ReleaseCoordinatorDown", expected)
    both = {LEADER: "1x20", STANDBY: "0x20"}
    run(promtool, tmp_path, both, "10m", "ReleaseCoordinatorDown")


def test_sign_offs_that_are_not_guarded_are_told_when_it_lasts(
    promtool: Path, tmp_path: Path
) -> None:
    series = {GUARDED: "1 0x40"}
    alert = "ReleaseCoordinatorSignOffsNotGuarded"
    expected = fired(alert, "warning", {"instance": "a"})

    run(promtool, tmp_path, series, "10m", alert)
    run(promtool, tmp_path, series, "20m", alert, expected)


def test_a_leader_that_lists_nothing_is_stuck(promtool: Path, tmp_path: Path) -> None:
    series = {LEADER: "1x20", AGE % "a": "0+100x20"}
    expected = fired("ReleaseCoordinatorStuck", "critical", {"instance": "a"})

    run(promtool, tmp_path, series, "16m", "ReleaseCoordinatorStuck", expected)


def test_a_leader_with_work_that_finishes_none_is_stuck(promtool: Path, tmp_path: Path) -> None:
    series = {LEADER: "1x20", DEPTH: "2x20", PASSES: "7x20"}
    labels = {"instance": "a", "name": "release"}
    expected = fired("ReleaseCoordinatorStuck", "critical", labels)

    run(promtool, tmp_path, series, "12m", "ReleaseCoordinatorStuck", expected)


@pytest.mark.parametrize(
    "series",
    [
        pytest.param({LEADER: "1x20", DEPTH: "0x20", PASSES: "7x20", AGE % "a": "9x20"}, id="idle"),
        pytest.param({LEADER: "1x20", DEPTH: "2x20", PASSES: "0+9x20"}, id="busy"),
        pytest.param({LEADER: "1x20", STANDBY: "0x20", AGE % "b": "0+100x20"}, id="standby"),
    ],
)
def test_an_operator_that_gets_on_is_not_stuck(
    promtool: Path, tmp_path: Path, series: dict[str, str]
) -> None:
    run(promtool, tmp_path, series, "18m", "ReleaseCoordinatorStuck")


def test_each_rule_says_what_happened_what_to_do_and_where_to_read_on() -> None:
    headings = {
        line.removeprefix("## ").strip()
        for line in RUNBOOKS.read_text(encoding="utf-8").splitlines()
        if line.startswith("## ")
    }

    for name, rule in rules().items():
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
        assert rule["annotations"]["runbook_url"] == f"docs/alerts.md#{name.lower()}"
        assert name in headings


def test_a_phase_that_lasts_is_told_and_one_that_goes_by_is_not(
    promtool: Path, tmp_path: Path
) -> None:
    labels = {**RELEASE, "phase": "Migrating"}
    expected = fired("ReleaseStuck", "warning", labels)

    run(promtool, tmp_path, {PHASE % "Migrating": "1x200"}, "2h", "ReleaseStuck", expected)
    goes_by = {PHASE % "Migrating": "1x60 stale", PHASE % "RollingOut": "_x61 1x100"}
    run(promtool, tmp_path, goes_by, "2h", "ReleaseStuck")
    for patient in ("Gating", "Watching", "Suspended"):
        run(promtool, tmp_path, {PHASE % patient: "1x200"}, "3h", "ReleaseStuck")


def test_a_sign_off_that_is_missing_for_a_day_is_reminded_of(
    promtool: Path, tmp_path: Path
) -> None:
    alert, gate = "ReleaseWaitsForSignOff", "SignOff/qa"
    expected = fired(alert, "warning", {**RELEASE, "gate": gate}, "1d 1h 0m 0s")

    run(promtool, tmp_path, {SHUT % gate: "0x1600"}, "23h", alert)
    run(promtool, tmp_path, {SHUT % gate: "0x1600"}, "25h", alert, expected)
    run(promtool, tmp_path, {SHUT % "Window": "0x1600"}, "25h", alert)
    run(promtool, tmp_path, {SHUT % gate: "0x1400 stale"}, "25h", alert)


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize(
    ("alert", "series", "labels"),
    [
        ("ReleaseTargetMissed", (MISSED, DEPLOYED), RELEASE),
        ("ReleaseTargetMissedOverall", (MISSED_OVERALL, DEPLOYED_OVERALL), {}),
    ],
)
def test_a_missed_target_is_told_where_there_is_enough_to_judge(
    promtool: Path,
    tmp_path: Path,
    target: Target,
    alert: str,
    series: tuple[str, str],
    labels: dict[str, str],
) -> None:
    missed, deployed = series
    expected = fired(alert, "info", {**labels, "target": target.value})

    def found(times: str, good: str) -> dict[str, str]:
        ended = {deployed % "succeeded": good, deployed % "rolled_back": "1x200"}
        return {missed % target: times, **ended}

    run(promtool, tmp_path, found("1x200", "4x200"), "90m", alert, expected)
    run(promtool, tmp_path, found("1x200", "3x200"), "90m", alert)
    run(promtool, tmp_path, found("0x200", "4x200"), "90m", alert)


def test_a_metric_source_that_does_not_answer_is_told_when_it_lasts(
    promtool: Path, tmp_path: Path
) -> None:
    alert = "ReleaseCoordinatorMetricSourceDown"
    expected = fired(alert, "warning", {"source": "main", "instance": "a"})

    run(promtool, tmp_path, {SOURCE_UP: "1x4 0x20"}, "9m", alert)
    run(promtool, tmp_path, {SOURCE_UP: "1x4 0x20"}, "10m", alert, expected)
    run(promtool, tmp_path, {SOURCE_UP: "1x4 0x4 1x20"}, "12m", alert)


def test_every_rule_is_tried() -> None:
    source = Path(__file__).read_text(encoding="utf-8")

    assert [name for name in rules() if f'"{name}"' not in source] == []


@pytest.mark.parametrize(
    "series",
    [
        pytest.param({ARRIVES: "1x5 0x60"}, id="the last one did not arrive"),
        pytest.param({ARRIVES: "1x90", FAILED_MESSAGES: "0x5 1x60"}, id="one was given up"),
    ],
)
def test_a_channel_that_nothing_reaches_is_told(
    promtool: Path, tmp_path: Path, series: dict[str, str]
) -> None:
    alert = "ReleaseCoordinatorNotificationsFailing"
    expected = fired(alert, "warning", {"channel": "ops", **_where(series)})

    run(promtool, tmp_path, series, "25m", alert, expected)
    run(promtool, tmp_path, {ARRIVES: "1x90", FAILED_MESSAGES: "7x90"}, "25m", alert)


def _where(series: dict[str, str]) -> dict[str, str]:
    """The instance is known where nothing was summed up."""
    return {} if FAILED_MESSAGES in series else {"instance": "a"}
