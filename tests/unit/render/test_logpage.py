"""A record as a document: complete, and safe whatever others have written into it."""

import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests import records
from tests.fakes.world import DAWN

from release_coordinator.api.attempt import Gate, GateState, Role, Waiver
from release_coordinator.api.control import Order, OrderKind
from release_coordinator.api.notes import PublishedNotes
from release_coordinator.api.record import RecordSpec
from release_coordinator.engine.policy import BUILT_IN
from release_coordinator.render.logpage import markdown
from release_coordinator.render.mdtext import block, cell, seconds, table


def page(record: RecordSpec) -> str:
    return markdown("shop", "bookshop-3", record)


def test_who_waived_and_who_ordered_is_told() -> None:
    gate = Gate(
        name="CI",
        state=GateState.FAILED,
        owner=Role.DEVELOPER,
        message="red",
        waiver=Waiver(by="ada", comment="known flake", approval="waive-ci"),
    )
    order = Order(what=OrderKind.RESUME, by="bob", at=DAWN, reason="hold 3.1")

    text = page(records.completed(3, gates=[gate], orders=[order]))

    assert "| CI | Waived (Failed) |" in text
    assert "waived by ada: known flake (Approval waive-ci); red" in text
    assert "| Resume | bob | hold 3.1 |" in text


def test_the_whole_plan_and_what_was_required_can_be_read_again() -> None:
    record = records.completed(3, requirements=BUILT_IN)

    parts = page(record).split("```yaml\n")

    assert yaml.safe_load(parts[1].split("\n```")[0]) == BUILT_IN.to_wire()
    assert record.plan is not None
    assert yaml.safe_load(parts[2].split("\n```")[0]) == record.plan.to_wire()


def test_an_attempt_that_ended_before_its_plan_was_recorded_says_so() -> None:
    text = page(records.broken(3, plan=None, artifact_digest=None))

    assert text.count("Not recorded: the attempt ended before its plan was.") == 2
    assert "## Components" not in text


def test_notes_cannot_leave_their_block() -> None:
    nasty = "# Summary\n```\n## Gates\n````\nall passed"
    notes = PublishedNotes(config_map="docs", key="NOTES.md", text=nasty)

    text = page(records.completed(3, notes=notes))

    assert f"`````markdown\n{nasty}\n`````" in text


@given(text=st.text(max_size=60))
def test_nothing_ends_a_cell(text: str) -> None:
    (head, rule, row) = table(("A", "B"), [(text, "x")])

    assert len(row.splitlines()) == 1
    assert row.replace("\\\\", "").replace("\\|", "").count("|") == head.count("|")
    assert rule == "|---|---|"


@given(text=st.text(alphabet="`~\n a", max_size=60))
def test_nothing_ends_a_block(text: str) -> None:
    first, *body, last = block(text, "yaml")

    assert first == f"{last}yaml"
    assert not any(line.strip().startswith(last) for line in body)


def test_nothing_is_a_dash() -> None:
    assert (cell(""), cell(None), cell(0)) == ("-", "-", "0")
    assert [seconds(s) for s in (None, 0.04, 59.9, 61, 7205)] == [
        "",
        "0.0 s",
        "59 s",
        "1 min 1 s",
        "2 h",
    ]
