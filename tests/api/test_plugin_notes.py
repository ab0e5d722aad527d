"""`kubectl release notes` on a real API server: from a draft to what is published."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.api.plugin import Place, opened
from tests.fakes.stage import Stage
from tests.releases import Body, bookshop

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase

pytestmark = pytest.mark.api

LOG = "## [1.3.0] - 2026-11-23\n\n### Added\n\n- ISBN (#41)\n\n### Fixed\n\n- Apostrophes\n"
COMMITS = "fix: apostrophes\n\nCloses #42\n"
WRITE = "sed -i -e 's/^TODO: what 1.*/Books are found./' -e '/Known Issues/,$d'"
GATES = [
    {"name": name, "enforcement": "Required"}
    for name in ("Version", "Changelog", "ReleaseNotes", "RollbackTarget")
]


def release(body: Body) -> Body:
    """The Release with the documents of its notes."""
    documents = {
        name: {"configMap": "bookshop-docs", "key": key}
        for name, key in (
            ("changelog", "CHANGELOG.md"),
            ("releaseNotes", "NOTES.md"),
            ("commits", "commits"),
        )
    }
    body["spec"]["documents"] = documents
    return body


@pytest.fixture
def place(policies: Path, tmp_path: Path) -> Iterator[Place]:
    """A namespace with a Release and its changelog, and no operator."""
    with opened(policies, tmp_path) as made:
        docs = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "bookshop-docs"},
            "data": {"CHANGELOG.md": LOG, "commits": COMMITS},
        }
        made.kubectl.apply(docs, made.namespace)
        body = release(bookshop()) | {"metadata": {"name": "bookshop"}}
        made.kubectl.apply(body, made.namespace)
        made.kubectl.run("get", "releaserecords")  # kubectl waits while they are being set up
        yield made


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def written(place: Place) -> str:
    return str(place.kubectl.get("configmaps", "bookshop-docs")["data"].get("NOTES.md", ""))


def editor(folder: Path, script: str) -> str:
    file = folder / "editor"
    file.write_text(f'#!/bin/sh\n{script} "$1"\n', encoding="utf-8")
    file.chmod(0o755)
    return str(file)


def test_a_draft_is_shown_written_edited_and_not_lost(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place.run("notes", "-o", "json") == 0
    draft = shown(capsys)
    assert (draft["state"], draft["version"]) == ("Draft", "1.3.0")
    assert "- Apostrophes (#42)" in draft["text"], "the commit knows the issue"
    assert written(place) == ""

    assert place.run("notes", "--write") == 0
    assert draft["text"] in written(place)
    assert "finish Summary" in capsys.readouterr().err

    monkeypatch.setenv("KUBE_EDITOR", editor(place.folder, WRITE))
    assert place.run("notes", "--edit") == 0
    assert "Nothing is missing." in capsys.readouterr().err
    mine = written(place)
    assert "Books are found." in mine

    assert place.run("notes", "--write") == 3
    assert "a draft would replace them" in capsys.readouterr().err
    assert written(place) == mine
    assert place.run("notes", "--write", "--force") == 0
    assert "TODO" in written(place)


def test_who_writes_meanwhile_is_not_overwritten_and_what_was_typed_is_kept(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    patch = {"data": {"NOTES.md": "## 1.3.0\n\nSomebody else's.\n"}}

    def meanwhile(text: str, version: str) -> tuple[str, Path]:
        place.kubectl.run("patch", "configmap", "bookshop-docs", "--patch", json.dumps(patch))
        file = place.folder / f"notes-{version}.md"
        file.write_text(text, encoding="utf-8")
        return text.replace("TODO", "Mine"), file

    monkeypatch.setattr("release_coordinator.cli.noteswriting.edited", meanwhile)

    assert place.run("notes", "--edit") == 3

    error = capsys.readouterr().err
    assert "written by somebody else meanwhile" in error
    assert "What you wrote is in" in error
    assert written(place) == patch["data"]["NOTES.md"]


def test_who_may_only_look_drafts_and_is_told_what_lets_him_write(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    reader = place.machine("view")

    assert reader.run("notes", "--draft") == 0
    assert "### Bug Fixes" in capsys.readouterr().out
    assert reader.run("notes", "--write") == 3
    error = capsys.readouterr().err
    assert "may not patch configmaps" in error
    assert "--clusterrole=edit" in error
    assert written(place) == ""


async def test_notes_are_published_with_the_version_that_completes(
    shop: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(shop.kubeconfig, shop.namespace, tmp_path)
    data = json.dumps({"data": {"CHANGELOG.md": LOG, "commits": COMMITS}})
    await asyncio.to_thread(
        place.kubectl.run, "patch", "configmap", "bookshop-docs", "--patch", data
    )
    await shop.policy(gates=GATES)
    await shop.start()
    await shop.apply(release(shop.release()))
    await shop.until(waits_for_notes)

    monkeypatch.setenv("KUBE_EDITOR", editor(tmp_path, WRITE))
    assert await asyncio.to_thread(place.run, "notes", "--edit") == 0
    ended = await shop.ended("1.3.0")

    assert ended.status.phase is Phase.COMPLETED
    capsys.readouterr()
    assert await asyncio.to_thread(place.run, "notes", "-o", "json") == 0
    found = shown(capsys)
    assert found["state"] == "Published"
    assert "Books are found." in found["text"]
    assert found["published"]["passed"] == found["published"]["digest"]
    assert found["record"] == ended.status.history[0].record


def waits_for_notes(release: ReleaseObject) -> bool:
    return "ReleaseNotes Failed" in release.status.message
