"""The alert rules on Prometheus's own rule tester: when they fire, and when they stay silent."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tools.cluster import debian
from tools.cluster.progress import Progress

RULES = Path(__file__).resolve().parents[2] / "manifests" / "alerts.yaml"
PHASE = 'release_coordinator_release_phase{namespace="shop",release="bookshop",phase="%s"}'
LEADER = 'leader_election_master_status{name="release",instance="a"}'
STANDBY = 'leader_election_master_status{name="release",instance="b"}'
AGE = 'release_coordinator_resync_age_seconds{instance="%s"}'
GUARDED = 'release_coordinator_sign_offs_guarded{instance="a"}'
DEPTH = 'workqueue_depth{name="release",instance="a"}'
PASSES = 'controller_runtime_reconcile_total{controller="release",result="success",instance="a"}'
RELEASE = {"namespace": "shop", "release": "bookshop"}

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="session")
def promtool() -> Path:
    return debian.unpacked(("prometheus",), Progress()) / "usr/bin/promtool"


def text(value: str, alert: str) -> dict[str, Any]:
    """Return the annotations of a rule, as they read when `value` stands for its labels."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    (rule,) = [rule for group in groups for rule in group["rules"] if rule["alert"] == alert]
    filled = json.dumps(rule["annotations"])
    filled = filled.replace("{{ $labels.namespace }}/{{ $labels.release }}", value)
    return dict(json.loads(filled.replace("{{ $labels.instance }}", value)))


def fired(alert: str, severity: str, labels: dict[str, str], value: str) -> dict[str, Any]:
    return {
        "exp_labels": {"severity": severity, **labels},
        "exp_annotations": text(value, alert),
    }


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
    expected = fired(alert, "critical", {**RELEASE, "phase": phase}, "shop/bookshop")

    run(promtool, tmp_path, {PHASE % phase: "_ 1"}, "1m", alert, expected)


def test_a_rollback_is_over_when_the_next_attempt_begins(promtool: Path, tmp_path: Path) -> None:
    series = {PHASE % "RolledBack": "1 1 stale", PHASE % "Gating": "_ _ 1"}

    run(promtool, tmp_path, series, "2m", "ReleaseRolledBack")


def test_a_hold_is_only_reminded_of_after_a_while(promtool: Path, tmp_path: Path) -> None:
    series = {PHASE % "Held": "1x60"}
    labels = {**RELEASE, "phase": "Held"}
    expected = fired("ReleaseHeld", "warning", labels, "shop/bookshop")

    run(promtool, tmp_path, series, "29m", "ReleaseHeld")
    run(promtool, tmp_path, series, "31m", "ReleaseHeld", expected)


def test_a_standby_alone_counts_as_down(promtool: Path, tmp_path: Path) -> None:
    expected = fired("ReleaseCoordinatorDown", "critical", {}, "")

    run(promtool, tmp_path, {STANDBY: "0x20"}, "10m", "ReleaseCoordinatorDown", expected)
    both = {LEADER: "1x20", STANDBY: "0x20"}
    run(promtool, tmp_path, both, "10m", "ReleaseCoordinatorDown")


def test_sign_offs_that_are_not_guarded_are_told_when_it_lasts(
    promtool: Path, tmp_path: Path
) -> None:
    series = {GUARDED: "1 0x40"}
    alert = "ReleaseCoordinatorSignOffsNotGuarded"
    expected = fired(alert, "warning", {"instance": "a"}, "a")

    run(promtool, tmp_path, series, "10m", alert)
    run(promtool, tmp_path, series, "20m", alert, expected)


def test_a_leader_that_lists_nothing_is_stuck(promtool: Path, tmp_path: Path) -> None:
    series = {LEADER: "1x20", AGE % "a": "0+100x20"}
    expected = fired("ReleaseCoordinatorStuck", "critical", {"instance": "a"}, "a")

    run(promtool, tmp_path, series, "16m", "ReleaseCoordinatorStuck", expected)


def test_a_leader_with_work_that_finishes_none_is_stuck(promtool: Path, tmp_path: Path) -> None:
    series = {LEADER: "1x20", DEPTH: "2x20", PASSES: "7x20"}
    labels = {"instance": "a", "name": "release"}
    expected = fired("ReleaseCoordinatorStuck", "critical", labels, "a")

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
