"""What people see of a Release in each state; the golden files are meant to be read."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests import goldens
from tests.unit.cli import pages, releases, waiting

from release_coordinator.api.attempt import Downtime, PolicyRef
from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.cli.layout import layout

EVERY = releases.STATES | releases.ON_THE_WAY
GOLDEN = Path(__file__).parent / "golden"


def text_of(release: ReleaseObject, *, wide: bool = False, terminal: bool = False) -> str:
    width = 160 if wide else 110
    return pages.text_of(layout(release, releases.NOW, wide=wide), width=width, terminal=terminal)


@pytest.mark.parametrize("state", EVERY)
def test_each_state_reads_as_in_its_golden_file(state: str) -> None:
    goldens.check(GOLDEN / f"{state}.txt", text_of(EVERY[state]()))


def test_waivers_advisory_gates_and_what_the_policy_relaxes_are_told() -> None:
    policy = PolicyRef(name="default", relaxed=["Advisory: Rehearsal", "no suite regression"])
    release = parse_release(waiting.reported(waiting.body(), policy=policy))

    goldens.check(GOLDEN / "waiting.txt", text_of(release))


def test_wide_adds_times_digests_and_records() -> None:
    goldens.check(GOLDEN / "rolled-back-wide.txt", text_of(releases.rolled_back(), wide=True))


def test_colours_are_for_terminals_alone() -> None:
    release = releases.rolled_back()

    assert "\x1b[" in text_of(release, terminal=True)
    assert "\x1b[" not in text_of(release)


def test_a_message_can_neither_steer_the_terminal_nor_use_markup() -> None:
    nasty = "gone \x1b[2J[red]up[/red]\nPhase        Completed"
    step = releases.running("rollout/backend", 15, nasty)
    release = releases.release(releases.attempt(steps=[step]))

    text = text_of(release)

    assert "\x1b" not in text
    assert "[red]up[/red]" in text
    assert not any(line.startswith("Phase        Completed") for line in text.splitlines())


def test_an_edit_that_waits_is_named() -> None:
    release = releases.release(
        releases.attempt(frozen=True, steps=releases.BEFORE), version="1.5.0"
    )

    assert "1.3.0 -> 1.4.0 (Minor), 1.5.0 is wanted next" in text_of(release)


def test_commands_stay_on_one_line_however_long() -> None:
    lines = text_of(releases.held()).splitlines()

    selector = "release-coordinator.io/release=bookshop,release-coordinator.io/attempt=2"
    assert f"    kubectl -n shop get jobs,pods -l {selector}" in lines


@pytest.mark.parametrize(
    ("downtime", "words"),
    [
        (Downtime(seconds=0.4, component="backend"), ""),
        (Downtime(seconds=12, component="backend"), "12.0 s without a ready pod (backend)"),
        (
            Downtime(seconds=2, since=releases.NOW - timedelta(seconds=3), component="backend"),
            "5.0 s without a ready pod (backend), and it goes on",
        ),
    ],
)
def test_downtime_is_told_once_it_is_worth_a_word(downtime: Downtime, words: str) -> None:
    lines = text_of(releases.release(releases.attempt(downtime=downtime))).splitlines()

    told = [line.partition("  ")[2].strip() for line in lines if line.startswith("Downtime")]
    assert told == ([words] if words else [])
