"""Notes of a version as the plugin shows and writes them."""

from pathlib import Path
from typing import Any

import pytest
from tests import records

from release_coordinator.api.evidence import DocumentRef
from release_coordinator.api.notes import PublishedNotes
from release_coordinator.api.release import ReleaseType
from release_coordinator.cli import main as cli
from release_coordinator.cli import noteswriting
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.notebook import Notebook, State, Step
from release_coordinator.engine.drafting import Sources

REF = DocumentRef(config_map="bookshop-docs", key="NOTES.md")
LOG = "## [1.3.0] - 2026-11-23\n### Fixed\n- Slow search\n"
MINE = "## 1.3.0\n\n### Summary\n\nFast.\n\n### Bug Fixes\n\n- Slow search (#7)"
OLD = "## 1.2.0\n\n### Summary\n\nOld.\n"


def book(document: str | None = None, **more: Any) -> Notebook:
    """A notebook of 1.3.0; None: there is no ConfigMap."""
    metadata = {"uid": "0b7c", "resourceVersion": "7", "labels": {"owner": "docs"}}
    config_map = {"metadata": metadata, "data": {"NOTES.md": document, "OTHER.md": "x"}}
    fields: dict[str, Any] = {
        "release": "bookshop",
        "namespace": "shop",
        "version": "1.3.0",
        "ref": REF,
        "config_map": config_map if document is not None else None,
        "sources": Sources("1.3.0", LOG),
        "step": Step("1.2.0", ReleaseType.MINOR),
    }
    return Notebook(**(fields | more))


def published(**more: Any) -> tuple[str, Any]:
    fields = {"config_map": "bookshop-docs", "key": "NOTES.md", "text": MINE, **more}
    return "bookshop-3-x", records.completed(3, notes=PublishedNotes(**fields))


def test_the_best_there_is_is_shown() -> None:
    assert book().best[0] is State.DRAFT
    assert book(OLD).best[0] is State.DRAFT
    assert book(f"{MINE}\n\n{OLD}").best == (State.WRITTEN, MINE)
    assert book("", record=published()).best == (State.PUBLISHED, MINE)


def test_a_draft_says_what_the_gate_would_miss() -> None:
    found = book(OLD)

    remark = found.remark(State.DRAFT, found.draft)

    assert remark.startswith("A draft, not written anywhere. Gate ReleaseNotes: finish Summary")
    assert book(MINE).remark(State.WRITTEN, MINE) == (
        "Written in ConfigMap bookshop-docs, key NOTES.md. Nothing is missing."
    )


def test_published_notes_tell_what_the_record_knows_of_them() -> None:
    found = book(record=published(problem="edited after the gate", cut=True))

    assert found.remark(State.PUBLISHED, MINE) == (
        "Published with ReleaseRecord bookshop-3-x; edited after the gate; the rest is in "
        "ConfigMap bookshop-docs, key NOTES.md"
    )
    wire = found.to_wire(State.PUBLISHED, MINE)
    assert (wire["record"], wire["missing"], wire["state"]) == ("bookshop-3-x", "", "Published")
    assert wire["published"]["problem"] == "edited after the gate"


def test_programs_get_the_draft_with_what_is_missing() -> None:
    found = book()

    wire = found.to_wire(State.DRAFT, found.draft)

    assert wire["document"] == {"configMap": "bookshop-docs", "key": "NOTES.md"}
    assert "give each of the Bug Fixes its issue number" not in wire["missing"]
    assert "finish Summary, Bug Fixes" in wire["missing"]
    assert "record" not in wire


def test_a_config_map_is_created_with_the_label_that_wakes_the_operator() -> None:
    body = noteswriting.body_of(book(), MINE)

    assert body["metadata"] == {
        "name": "bookshop-docs",
        "namespace": "shop",
        "labels": {"release-coordinator.io/release": "bookshop"},
    }
    assert body["data"] == {"NOTES.md": f"# Release notes of bookshop\n\n{MINE}\n"}


def test_only_the_part_of_the_version_is_patched_and_only_in_the_state_that_was_read() -> None:
    body = noteswriting.body_of(book(OLD), MINE)

    assert body == {
        "metadata": {"uid": "0b7c", "resourceVersion": "7"},
        "data": {"NOTES.md": f"{MINE}\n\n{OLD}"},
    }


def test_what_people_have_written_is_replaced_by_force_alone() -> None:
    found = book(MINE)

    with pytest.raises(UnansweredError, match=r"notes of 1\.3\.0 already"):
        noteswriting.may_replace(found, found.draft, force=False)
    noteswriting.may_replace(found, found.draft, force=True)
    noteswriting.may_replace(found, MINE, force=False)
    noteswriting.may_replace(book(OLD), found.draft, force=False)


@pytest.mark.parametrize(
    ("found", "text", "words"),
    [
        (book(ref=None), MINE, "spec.documents.releaseNotes: {configMap: <its name>"),
        (book("Notes of 1.2.0\n"), MINE, "does not keep versions apart"),
        (book(OLD), "no heading", "do not begin with a heading that names 1.3.0"),
        (book(OLD + "x" * 140_000), MINE, "move what is about old versions"),
    ],
)
def test_what_has_no_place_is_told(found: Notebook, text: str, words: str) -> None:
    with pytest.raises(UnansweredError) as error:
        noteswriting.body_of(found, text)

    assert words in str(error.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--version", "v1.3"), "'v1.3' is no version; write it like 1.3.0"),
        (("--write", "--edit"), "at most one of --write and --edit"),
        (("--force",), "--force goes with --write"),
        (("--commits", "/no/such/file"), "/no/such/file cannot be read"),
    ],
)
def test_what_makes_no_sense_is_told(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...], words: str
) -> None:
    assert cli.run(["notes", "bookshop", *options]) == 3
    assert words in capsys.readouterr().err


def editor(folder: Path, script: str) -> str:
    file = folder / "editor"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    return str(file)


def test_an_editor_changes_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBE_EDITOR", editor(tmp_path, 'sed -i s/TODO/Fast/ "$1"'))

    text, file = noteswriting.edited("## 1.3.0\n\nTODO", "1.3.0+b")

    assert text == "## 1.3.0\n\nFast"
    noteswriting.discard(file)
    assert not file.parent.exists()


@pytest.mark.parametrize(
    ("script", "words"), [("true", "nothing was changed"), ("exit 3", "failed")]
)
def test_an_editor_that_changes_nothing_or_fails_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    monkeypatch.setenv("KUBE_EDITOR", editor(tmp_path, script))

    with pytest.raises(UnansweredError, match=words):
        noteswriting.edited("## 1.3.0", "1.3.0")
