"""What the list of Releases looks like, once and as they change."""

import dataclasses
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from tests import goldens
from tests.unit.cli import pages, releases

from release_coordinator.api.attempt import GateState, StepState
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.control import Suspend, Suspension
from release_coordinator.cli import paper, progress, story
from release_coordinator.cli.layout import layout
from release_coordinator.cli.listing import page
from release_coordinator.cli.listscreen import ListScreen
from release_coordinator.cli.options import Rows
from release_coordinator.cli.waiting import waiting_of
from release_coordinator.cluster.port import RELEASE

GOLDEN = Path(__file__).parent / "golden"


def every() -> list[ReleaseObject]:
    return [dataclasses.replace(make(), name=state) for state, make in releases.STATES.items()]


@pytest.mark.parametrize("wide", [False, True])
def test_the_list_of_every_state_reads_as_in_its_golden_file(wide: bool) -> None:  # noqa: FBT001
    text = pages.text_of(
        page(every(), releases.NOW, everywhere=wide, wide=wide), width=150 if wide else 110
    )

    goldens.check(GOLDEN / f"list{'-wide' if wide else ''}.txt", text)


@pytest.mark.parametrize("state", ["gating", "rolling-out", "rolled-back"])
def test_a_followed_release_has_a_bar_for_each_phase(state: str) -> None:
    text = pages.text_of(layout(releases.STATES[state](), releases.NOW, live=True))

    goldens.check(GOLDEN / f"{state}-live.txt", text)


@pytest.mark.parametrize("state", releases.STATES | releases.ON_THE_WAY)
def test_no_share_is_less_than_nothing_or_more_than_all(state: str) -> None:
    release = (releases.STATES | releases.ON_THE_WAY)[state]()
    attempt = release.status.attempt
    rows = story.rows_of(attempt, releases.NOW) if attempt else []

    shares = [progress.share_of(row, release, releases.NOW) for row in rows]
    done, whole = progress.overall(release, releases.NOW)

    assert all(0 <= share <= 1 for share in shares)
    assert 0 <= done <= whole or whole == 0


def test_the_bar_of_a_rollout_grows_with_the_components_that_are_done() -> None:
    def share(*steps: str) -> float:
        done = [releases.done(step, 15, 20) for step in steps]
        entry = releases.attempt(
            frozen=True, steps=[*releases.BEFORE, *done, releases.running("rollout/x", 20)]
        )
        release = releases.release(entry)
        row = next(r for r in story.rows_of(entry, releases.NOW) if r.phase == "RollingOut")
        return progress.share_of(row, release, releases.NOW)

    assert share() == 0
    assert share("rollout/backend") == 0.5


def test_a_suspended_release_waits_for_resume_since_it_was_suspended() -> None:
    release = releases.release(releases.attempt(steps=[releases.running("gates", 0)]))
    assert release.spec is not None
    since = releases.NOW - timedelta(minutes=1)
    status = release.status.model_copy(
        update={"suspension": Suspension(mode=Suspend.FORWARD, since=since)}
    )
    spec = release.spec.model_copy(update={"suspend": Suspend.FORWARD})

    waiting = waiting_of(dataclasses.replace(release, spec=spec, status=status))

    assert (waiting.what, waiting.since) == ("resume", since)


def test_gates_are_named_before_the_step_and_many_of_them_are_counted() -> None:
    shut = [
        releases.GATES[1].model_copy(update={"name": name, "state": GateState.FAILED})
        for name in "ABCD"
    ]
    entry = releases.attempt(gates=shut, steps=[releases.running("gates", 0)])

    assert waiting_of(releases.release(entry)).what == "A, B and 2 more"
    assert entry.steps[0].state is StepState.RUNNING


def test_without_a_terminal_each_piece_of_news_is_a_line() -> None:
    stream = io.StringIO()
    screen = ListScreen(lambda: releases.NOW, stream)

    screen.show([releases.gating()])
    screen.show([releases.gating()])
    screen.show([releases.rolling_out()])
    screen.show([])

    assert stream.getvalue().splitlines() == [
        "09:04:00  shop/bookshop  Gating  1.4.0  waits for Changelog",
        "09:04:00  shop/bookshop  RollingOut  1.4.0  waits for rollout/backend",
        "09:04:00  shop/bookshop  deleted",
    ]


def test_a_list_is_written_as_kubectl_writes_it() -> None:
    bodies = [{"metadata": {"name": "bookshop", "namespace": "shop"}, "spec": {}}]
    told = {}
    for form in Rows:
        stream = io.StringIO()
        told[form] = paper.objects(bodies, RELEASE, form, stream) and stream.getvalue()

    assert told[Rows.TABLE] is told[Rows.WIDE] is False
    assert told[Rows.NAME] == "release.release-coordinator.io/bookshop\n"
    listed = json.loads(str(told[Rows.JSON]))
    assert listed == yaml.safe_load(str(told[Rows.YAML]))
    assert listed["kind"] == "List"
    assert listed["items"][0]["kind"] == "Release"
