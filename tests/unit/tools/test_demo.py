"""What the demo tells, and how it judges."""

import io
import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from tests import goldens
from tests.unit.cli import releases
from tools.cluster import binaries
from tools.demo import closing
from tools.demo.acts import ACTS, VERSIONS
from tools.demo.narrator import Narrator
from tools.demo.proof import Check

from release_coordinator.api.codec import ReleaseObject

GOLDEN = Path(__file__).parent / "golden"


def told(states: Sequence[ReleaseObject]) -> str:
    """The narration of these states, each ten seconds after the one before."""
    console = Console(file=io.StringIO(), width=130, highlight=False)
    passed = 0
    with console.capture() as captured:
        narrator = Narrator(console, lambda: passed)
        narrator.act("bookshop 1.4.0")
        for state in states:
            passed += 10
            narrator.tell(state)
    return captured.get()


def test_a_release_is_told_phase_by_phase_and_each_thing_once() -> None:
    states = [releases.gating(), releases.gating(), releases.rolling_out(), releases.rolled_back()]

    goldens.check(GOLDEN / "narration.txt", told([*states, releases.rolled_back()]))


def test_the_end_of_the_act_before_is_not_told_again() -> None:
    ended = releases.release(releases.rolled_back().status.attempt, version="1.4.1")
    edited = replace(ended, generation=3)

    assert told([edited]).splitlines() == ["", "00:00  bookshop 1.4.0"]


def test_a_single_wrong_check_decides() -> None:
    right = Check("1.3.0", "phase", "Completed", "Completed", right=True)
    wrong = Check("1.3.0", "schema in PostgreSQL", "0007", "0006", right=False)

    assert str(closing.verdict_of([right])) == "all 1 checks are right"
    assert str(closing.verdict_of([right, wrong])) == "1 of 2 checks are wrong"


def test_the_table_shows_what_was_expected_and_what_was_seen() -> None:
    checks = [Check("1.3.0", "schema in PostgreSQL", "0007", "0006", right=False)]
    console = Console(file=io.StringIO(), width=100)

    with console.capture() as captured:
        console.print(closing.table_of(checks))

    assert captured.get().split()[-7:] == [
        "1.3.0",
        "schema",
        "in",
        "PostgreSQL",
        "0007",
        "0006",
        "WRONG",
    ]


def test_later_acts_only_add_migrations_to_those_of_earlier_ones() -> None:
    assert VERSIONS == ("1.2.0", "1.3.0", "1.4.0", "1.4.1")
    for before, act in itertools.pairwise(ACTS):
        assert all(act.ledger[entry] >= count for entry, count in before.ledger.items())


def test_a_shell_gets_what_the_tutorial_needs_in_lines_that_can_be_pasted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(binaries, "path", lambda name: Path("/cache") / name)
    console = Console(file=io.StringIO(), width=100, highlight=False)

    with console.capture() as captured:
        closing.hand_over(console, Path("/run/demo"), {"quinn": Path("/q"), "sasha": Path("/s")})

    _, _, cluster, people = captured.get().splitlines()
    assert cluster.startswith("export KUBECONFIG=/run/demo PATH=")
    assert cluster.endswith(":/cache:$PATH")
    assert people == "export QUINN=/q SASHA=/s"
