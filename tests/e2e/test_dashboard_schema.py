"""The dashboard by the types that Grafana publishes for it (its Foundation SDK).

No Grafana runs here. What the types know of is checked strictly: every field of the dashboard, of
its variables, of each panel with the options of its kind, and of each query to Prometheus.
"""

import copy
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools.cluster import binaries

pytestmark = pytest.mark.e2e

Dashboard = dict[str, Any]
DASHBOARD = (
    Path(__file__).resolve().parents[2] / "helm/release-coordinator/dashboards/releases.json"
)


def faults(dashboard: Dashboard) -> str:
    """What Grafana's types do not know."""
    program = binaries.path("dashboard-check")
    done = subprocess.run(
        [program], input=json.dumps(dashboard), capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) == (done.stderr == ""), done
    return done.stderr


@pytest.fixture
def dashboard() -> Dashboard:
    found: Dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return found


def panel(dashboard: Dashboard, kind: str) -> Dashboard:
    return next(one for one in dashboard["panels"] if one["type"] == kind)


def test_grafana_knows_everything_that_the_dashboard_says(dashboard: Dashboard) -> None:
    assert faults(dashboard) == ""


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda d: d.update(refreshes="30s"), "Dashboard"),
        (lambda d: panel(d, "stat").update(tittle="Releases"), "Panel"),
        (lambda d: panel(d, "timeseries")["options"].update(legends={}), "options"),
        (lambda d: panel(d, "stat")["targets"][0].update(expression="up"), "targets[0]"),
        (lambda d: panel(d, "stat").update(title=3), "title"),
        (lambda d: d["templating"]["list"][1].update(queries=""), "templating.list[1]"),
    ],
)
def test_what_grafana_does_not_know_is_found(
    dashboard: Dashboard, change: Callable[[Dashboard], None], where: str
) -> None:
    wrong = copy.deepcopy(dashboard)
    change(wrong)

    assert where in faults(wrong)
