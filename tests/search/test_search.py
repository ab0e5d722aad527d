"""Every state of the quick models, on every change; all models on demand (`make search`)."""

import os
from collections import Counter

import pytest
from tests.search.__main__ import run
from tests.search.liveness import GOALS, NO_CIRCLE
from tests.search.models import MODELS, QUICK
from tests.search.report import Report
from tests.search.table import RARE, TABLE

pytestmark = pytest.mark.campaign
EVERYTHING = os.environ.get("CAMPAIGNS") == "all"


@pytest.fixture(scope="module")
def reports() -> list[Report]:
    """Search once for all tests of this module."""
    models = MODELS if EVERYTHING else QUICK
    return run([model.name for model in models])


def test_every_promise_is_kept_in_every_state(reports: list[Report]) -> None:
    assert [text for report in reports for text in report.failures] == []


def test_attempts_move_along_the_table_and_every_row_of_it_is_reached(
    reports: list[Report],
) -> None:
    rows = sum((report.rows for report in reports), Counter[str]())

    assert sorted(rows.keys() - TABLE) == [], "reached, and not in the table"
    missing = TABLE - rows.keys() - (set() if EVERYTHING else RARE)
    assert sorted(missing) == [], "in the table, and never reached"


def test_every_goal_speaks_of_some_state(reports: list[Report]) -> None:
    """A goal that nothing is asked of would hold for no reason."""
    goals = sum((report.goals for report in reports), Counter[str]())

    assert [goal for goal in (*(goal.name for goal in GOALS), NO_CIRCLE) if not goals[goal]] == []


def test_every_kind_of_effect_and_step_is_reached(reports: list[Report]) -> None:
    reached = sum((report.reached for report in reports), Counter[str]())
    effects = {name.removeprefix("does ") for name in reached if name.startswith("does ")}
    phases = {name.split("/")[0].split(" ")[0] for name in reached}

    assert effects >= {"CreateJob", "ResumeJob", "ApplyTemplate", "CreateRevision"}
    assert effects >= {"CreateSnapshots", "CreateRecord", "TakeLock", "DropLock"}
    assert phases >= {"gates", "prepare", "migrate", "rollout", "refresh", "verify", "watch"}
    assert phases >= {"keep", "undo"}
