"""What the release log keeps of notes: the version's part, bounded, and what the gate saw."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import records
from tests.fakes.world import DAWN
from tests.releases import bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import Attempt, End, Gate, GateState
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.evidence import DocumentRef
from release_coordinator.api.notes import TEXT_LIMIT, PublishedNotes
from release_coordinator.engine import chain, markdown, notes, publishing
from release_coordinator.engine.observation import NotSeen, Observation
from release_coordinator.engine.policy import BUILT_IN
from release_coordinator.engine.runfacts import DocumentFact, DocumentWant

REF = DocumentRef(config_map="bookshop-docs", key="NOTES.md")
WANT = DocumentWant("bookshop-docs", "NOTES.md")
MINE = "## 1.3.0\n\n### Summary\n\nBooks are found by ISBN."
TEXT = f"# Notes\n\n## 1.4.0\n\nTODO\n\n{MINE}\n\n## 1.2.0\n\nOld.\n"
DIGEST = notes.digest_of(MINE)


def of(outcome: Phase = Phase.COMPLETED, text: str | None = TEXT, **more: Any) -> Any:
    body = bookshop()
    body["spec"]["documents"]["releaseNotes"] = {"configMap": "bookshop-docs", "key": "NOTES.md"}
    end = End(outcome=outcome, reason=Reason.COMPLETED, at=DAWN + timedelta(hours=1))
    ctx = context(body, end=end, **{"revision": "bookshop-1", **more})
    seen = Observation({WANT: DocumentFact(text, "" if text else "there is no ConfigMap")})
    return publishing.of_attempt(ctx.attempt, ctx.plan, seen)


def gate(content: str | None, state: GateState = GateState.PASSED) -> Gate:
    return Gate(name="ReleaseNotes", state=state, owner="Release manager", content=content)


def test_the_part_of_the_version_is_published_with_what_the_gate_let_pass() -> None:
    found = of(gates=[gate(DIGEST)])

    assert found == PublishedNotes(
        config_map="bookshop-docs", key="NOTES.md", text=MINE, digest=DIGEST, passed=DIGEST
    )


def test_what_was_edited_since_is_published_and_told() -> None:
    other = notes.digest_of("another text")

    found = of(gates=[gate(other)])

    assert (found.text, found.digest, found.passed) == (MINE, DIGEST, other)
    assert found.problem == "edited after gate ReleaseNotes had let them pass"


@pytest.mark.parametrize("gates", [[], [gate(DIGEST, GateState.FAILED)]])
def test_notes_that_no_gate_let_pass_are_published_without_a_word_of_it(gates: list[Gate]) -> None:
    found = of(gates=gates)

    assert (found.text, found.passed, found.problem) == (MINE, None, "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no ConfigMap"),
        ("## 1.2.0\n", "it does not name 1.3.0"),
        ("x" * (markdown.LIMIT + 1), "it has more than 131,072 characters"),
    ],
)
def test_notes_that_are_gone_hold_up_no_end(text: str | None, words: str) -> None:
    found = of(text=text, gates=[gate(DIGEST)])

    assert (found.text, found.digest, found.passed) == ("", None, DIGEST)
    assert found.problem == words


@pytest.mark.parametrize("outcome", [Phase.ROLLED_BACK, Phase.FAILED, Phase.ROLLBACK_FAILED])
def test_what_did_not_complete_publishes_nothing(outcome: Phase) -> None:
    assert of(outcome) is None


def test_a_version_that_ran_already_publishes_nothing_again() -> None:
    assert of(revision=None) is None


def test_without_a_document_nothing_is_looked_up() -> None:
    ctx = context(revision="bookshop-1")
    ended: Attempt = ctx.attempt.model_copy(
        update={"end": End(outcome=Phase.COMPLETED, reason=Reason.COMPLETED, at=DAWN)}
    )

    assert publishing.of_attempt(ended, ctx.plan, Observation({})) is None
    with pytest.raises(NotSeen):
        of_unseen(ended)


def of_unseen(ended: Attempt) -> None:
    body = bookshop()
    body["spec"]["documents"]["releaseNotes"] = {"configMap": "bookshop-docs", "key": "NOTES.md"}
    publishing.of_attempt(ended, context(body).plan, Observation({}))


@given(st.text(alphabet="aü€🙂\n ", min_size=1, max_size=12), st.integers(1, 9000))
def test_the_record_keeps_at_most_its_bound_and_says_so(words: str, times: int) -> None:
    text = f"## 1.3.0\n\n{words * times}"

    found = publishing.published(REF, DocumentFact(text), "1.3.0", None)

    whole = notes.text_of(text, "1.3.0")
    assert len(found.text.encode()) <= TEXT_LIMIT
    assert whole.startswith(found.text)
    assert found.cut is (found.text != whole)
    assert found.digest == notes.digest_of(whole)
    assert not found.cut or len(whole.encode()) > TEXT_LIMIT


def test_a_record_is_ours_whatever_has_become_of_the_notes_since_it_was_written() -> None:
    bare = records.completed(3, requirements=BUILT_IN)
    notes_of = PublishedNotes(config_map="bookshop-docs", key="NOTES.md", text=MINE)
    written = chain.sealed(bare.model_copy(update={"notes": notes_of}), None)
    forged = notes_of.model_copy(update={"text": "Nothing is new."})

    assert chain.is_same(written, chain.sealed(bare, None))
    assert not chain.is_same(written.model_copy(update={"notes": forged}), written)
