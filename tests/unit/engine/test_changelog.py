"""Changelogs as people write them: Markdown, not lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.releases import bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import GateState, Role
from release_coordinator.engine import markdown
from release_coordinator.engine.gates import changelog
from release_coordinator.engine.runfacts import DocumentFact, DocumentWant

WANT = DocumentWant("bookshop-docs", "CHANGELOG.md")
GOOD = "## [1.3.0] - 2026-11-23\n\n### Added\n\n- ISBN search (#12)\n"


def gate(text: str, previous: str | None = "1.2.0") -> tuple[GateState, str]:
    facts = {WANT: DocumentFact(text)}
    found = changelog.evaluate(context(bookshop(), facts=facts, previous_version=previous)).gate
    return found.state, found.message


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"# Changelog\n\nAll changes.\n\n## [Unreleased]\n\n{GOOD}\n## [1.2.0] - 2026-01-01\n",
        "## 1.3.0 - 2026-11-23\n\n- Plain.\n",
        "## v1.3.0 - 2026-11-23\n\n- With a v.\n",
        "## [1.3.0](https://example.test/compare) - 2026-11-23\n\n- A link.\n",
        "[1.3.0] - 2026-11-23\n--------------------\n\n- A heading with a line below.\n",
        "## [1.3.0] - 2026-11-23\n\nA paragraph is an entry too.\n",
        "## [1.3.0] - 2026-11-23 ##\n\n* Stars.\n",
        "## [1.3.0] - 2026-11-23\r\n\r\n### Added\r\n\r\n- Windows.\r\n",
        "## [1.3.0] - 2026-11-23\n\n- References.\n\n[1.3.0]: https://example.test/1.3.0\n",
        "## [1.3.0] - 2026-11-23\n\n### Added\n1. Numbered.\n",
    ],
)
def test_a_dated_section_with_entries_is_enough(text: str) -> None:
    state, message = gate(text)

    assert state is GateState.PASSED, message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no section for 1.3.0"),
        ("- 1.3.0 - 2026-11-23\n", "no section for 1.3.0"),
        (f"```\n{GOOD}```\n", "no section for 1.3.0"),
        (f"<!--\n{GOOD}-->\n", "no section for 1.3.0"),
        ("### [1.3.0] - 2026-11-23\n\n- Too deep.\n", "no section for 1.3.0"),
        ("## [1.3.0-rc.1] - 2026-11-23\n\n- Earlier.\n", "no section for 1.3.0"),
        ("## [1.3.01] - 2026-11-23\n\n- Other.\n", "no section for 1.3.0"),
        ("## [1.3.0]\n\n- No date.\n", "has no date"),
        ("## [1.3.0] - soon\n\n- No date.\n", "has no date"),
        ("## [1.3.0] - 2026-13-01\n\n- No such month.\n", "has no date"),
        ("## [1.3.0] - YYYY-MM-DD\n\n- The template.\n", "has no date"),
        ("## [1.3.0] - 2026-11-23\n", "is empty"),
        ("## [1.3.0] - 2026-11-23\n\n### Added\n\n### Fixed\n", "is empty"),
        ("## [1.3.0] - 2026-11-23\n\n-\n-\n", "is empty"),
        ("## [1.3.0] - 2026-11-23\n\n<!-- to do -->\n", "is empty"),
        ("## [1.3.0] - 2026-11-23\n\n### Breaking\n\n- No v1.\n", "names a breaking change"),
        ("## [1.3.0] - 2026-11-23\n\n- **BREAKING**: no v1.\n", "names a breaking change"),
        ("## [1.3.0] - 2026-11-23\n\n- breaking change: none\n", "names a breaking change"),
    ],
)
def test_a_section_that_lacks_something_is_told(text: str, words: str) -> None:
    state, message = gate(text)

    assert state is GateState.FAILED
    assert words in message
    assert message.startswith("ConfigMap bookshop-docs, key CHANGELOG.md: ")


def test_a_breaking_change_fits_a_major_version_and_a_first_release() -> None:
    text = "## [1.3.0] - 2026-11-23\n\n- Breaking: all of it.\n"

    assert gate(text, previous="0.9.0")[0] is GateState.PASSED
    assert gate(text, previous=None)[0] is GateState.PASSED


def test_a_word_that_only_contains_breaking_is_no_breaking_change() -> None:
    assert gate("## [1.3.0] - 2026-11-23\n\n- Line breaking in titles.\n")[0] is GateState.PASSED


def test_on_the_way_back_the_changelog_may_name_a_breaking_change() -> None:
    text = "## [1.3.0] - 2026-11-23\n\n- Breaking: all of it.\n"

    assert gate(text, previous="1.4.0")[0] is GateState.PASSED


def test_a_document_that_is_not_there_is_for_the_developer_to_write() -> None:
    facts = {WANT: DocumentFact(None, "there is no ConfigMap bookshop-docs; create it")}

    found = changelog.evaluate(context(bookshop(), facts=facts)).gate

    assert (found.state, found.owner) == (GateState.FAILED, Role.DEVELOPER)
    assert (
        found.message == "spec.documents.changelog: there is no ConfigMap bookshop-docs; create it"
    )
    assert found.evidence == "ConfigMap bookshop-docs, key CHANGELOG.md"


def test_a_release_that_names_no_changelog_is_told_what_to_add() -> None:
    body = bookshop()
    body["spec"]["documents"] = {}

    found = changelog.evaluate(context(body)).gate

    assert (found.state, found.owner) == (GateState.FAILED, Role.DEVELOPER)
    assert "spec.documents.changelog: {configMap: <its name>, key: CHANGELOG.md}" in found.message


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    state, message = gate(text)

    assert state in {GateState.PASSED, GateState.FAILED}
    assert len(message) <= 512
    assert "\n" not in message


@given(
    st.text(alphabet="#-[]() 0123456789.\n", max_size=60), st.text(alphabet="# -\n", max_size=20)
)
def test_other_sections_do_not_change_the_verdict_on_a_good_one(before: str, after: str) -> None:
    found = markdown.versions(f"{before}\n\n{GOOD}\n\n## [1.2.0] - 2026-01-01\n{after}")

    mine = [section for section in found if section.version == "1.3.0"]
    assert any(s.date == "2026-11-23" and s.entries and not s.breaking for s in mine)
