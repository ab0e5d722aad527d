"""Documents that would hold up everybody are refused, and the others are parsed once."""

from typing import Any

import pytest
from markdown_it.token import Token
from tests.releases import bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import GateState, Role
from release_coordinator.engine import markdown
from release_coordinator.engine.gates import (
    changelog,
    documents,
    migration_guide,
    release_notes,
)
from release_coordinator.engine.runfacts import DocumentFact, DocumentWant

KEYS = {
    "changelog": "CHANGELOG.md",
    "releaseNotes": "RELEASE_NOTES.md",
    "migrationGuide": "MIGRATION.md",
}
GATES: list[tuple[Any, str, Role]] = [
    (changelog, "changelog", Role.DEVELOPER),
    (release_notes, "releaseNotes", Role.RELEASE_MANAGER),
    (migration_guide, "migrationGuide", Role.DEVELOPER),
]


def judged(gate: Any, field: str, text: str) -> Any:
    body = bookshop()
    body["spec"]["documents"] = {
        name: {"configMap": "docs", "key": key} for name, key in KEYS.items()
    }
    facts = {DocumentWant("docs", key): DocumentFact("# 1.3.0\n") for key in KEYS.values()}
    facts[DocumentWant("docs", KEYS[field])] = DocumentFact(text)
    return gate.evaluate(context(body, facts=facts, previous_version="0.9.0")).gate


@pytest.mark.parametrize(("gate", "field", "owner"), GATES)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\n" * (markdown.LIMIT // 2) + "b", "131,073 characters, but only 131,072 are read"),
        ("# 1.3.0\n" * (documents.HEADINGS + 1), "2,001 headings, but only 2,000 are read"),
    ],
)
def test_a_document_that_costs_too_much_is_shortened_by_its_owner(
    gate: Any, field: str, owner: Role, text: str, words: str
) -> None:
    found = judged(gate, field, text)

    assert (found.state, found.owner) == (GateState.FAILED, owner)
    assert found.message.endswith(
        f"spec.documents.{field}: ConfigMap docs, key {KEYS[field]} has {words}; move what is "
        "about old versions into another document"
    )


def test_a_document_that_is_too_long_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown._MARKDOWN, "parse", lambda text: pytest.fail(text[:9]))

    for gate, field, _ in GATES[:1]:
        judged(gate, field, "c" * (markdown.LIMIT + 1))


def test_a_text_is_parsed_once_for_all_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    parse = markdown._MARKDOWN.parse

    def noted(text: str) -> list[Token]:
        parsed.append(text)
        return parse(text)

    monkeypatch.setattr(markdown._MARKDOWN, "parse", noted)
    text = "## [1.3.0] - 2026-11-23\n\n- Asked for again and again.\n"

    for _ in range(3):
        for gate, field, _owner in GATES:
            judged(gate, field, text)

    assert parsed.count(text) == 1


def test_a_version_has_all_that_stands_below_it() -> None:
    added = "### Added\n\n- b\n- breaking: c\n\n### Fixed\n"

    two, one = markdown.versions(f"# Log\n\n- no\n\n## 2.0.0\n\n- a\n\n{added}\n## 1.0.0\n")

    assert (two.kinds, two.entries, two.breaking) == (("Added", "Fixed"), 3, True)
    assert (one.kinds, one.entries, one.breaking) == ((), 0, False)
