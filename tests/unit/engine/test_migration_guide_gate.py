"""Migration guides: asked for when something breaks, and only then."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.releases import Body, bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import Gate, GateState, Role
from release_coordinator.api.release import ReleaseType
from release_coordinator.engine.gates import migration_guide
from release_coordinator.engine.runfacts import DocumentFact, DocumentWant

GUIDE = DocumentWant("bookshop-docs", "MIGRATION.md")
CHANGELOG = DocumentWant("bookshop-docs", "CHANGELOG.md")
BREAKING = "## [1.3.0] - 2026-11-23\n### Breaking\n- No v1.\n"


def body(version: str = "2.0.0") -> Body:
    found = bookshop()
    found["spec"]["version"] = version
    found["spec"]["documents"]["migrationGuide"] = {
        "configMap": "bookshop-docs",
        "key": "MIGRATION.md",
    }
    return found


def gate(guide: str | None, version: str = "2.0.0", log: str = "", **attempt: Any) -> Gate:
    facts = {GUIDE: DocumentFact(guide, "there is none"), CHANGELOG: DocumentFact(log)}
    return migration_guide.evaluate(context(body(version), facts=facts, **attempt)).gate


@pytest.mark.parametrize(
    "guide",
    [
        "## 2.0.0\n\nUse v2.\n",
        "# Guides\n\n## Migrating from 1.x to 2.0\n\n- Use v2.\n\n## 1.0\n\n...\n",
        "# Migrating to v2\n\n## Step 1\n\n```\nsed -i s/v1/v2/\n```\n",
        "# From 1 to 2: the API\n\nUse v2.\n",
        "## Version 2\n\nUse v2.\n",
        "How to go to 2.0.0\n\nUse v2.\n",
        "## 2.0.0\n\nTODO\n\n## 2.0 for plugins\n\nUse v2.\n",
    ],
)
def test_a_guide_about_the_version_passes(guide: str) -> None:
    found = gate(guide)

    assert found.state is GateState.PASSED, found.message
    assert found.message.startswith("1.2.0 -> 2.0.0 is a Major step; the guide is ")
    assert found.evidence == "ConfigMap bookshop-docs, key MIGRATION.md"


@pytest.mark.parametrize(
    ("guide", "words"),
    [
        ("", "has no section for it; add one"),
        ("# Migrating to 1.0\n\n## Step 2\n\nUse v1.\n", "has no section for it"),
        ("# Migrating to 1.0\n\n## 2. Back up\n\nUse v1.\n", "has no section for it"),
        ("## 2.0.1\n\nUse v2.\n", "has no section for it"),
        ("## 12.0.0\n\nUse v2.\n", "has no section for it"),
        ("## v20\n\nUse v2.\n", "has no section for it"),
        ("## 2.0.0\n", "the section of 2.0.0 in ConfigMap bookshop-docs, key MIGRATION.md is not"),
        ("## 2.0.0\n\nTBD\n", "is not finished"),
        ("Migrating to 2.0.0\n", "is not finished"),
        ("## 2.0.0\n\n## 1.0.0\n\nUse v1.\n", "is not finished"),
    ],
)
def test_a_guide_that_lacks_something_is_told(guide: str, words: str) -> None:
    found = gate(guide)

    assert (found.state, found.owner) == (GateState.FAILED, Role.DEVELOPER)
    assert words in found.message
    assert found.message.startswith("1.2.0 -> 2.0.0 is a Major step, but ")


def test_a_breaking_change_in_the_changelog_needs_a_guide_whatever_the_step() -> None:
    assert "changelog of 1.3.0 names a breaking change" in gate("", "1.3.0", BREAKING).message
    assert gate("## 1.3\n\nUse v2.\n", "1.3.0", BREAKING).state is GateState.PASSED
    assert gate("## v1\n\nUse v2.\n", "1.3.0", BREAKING).state is GateState.FAILED


def test_a_line_of_versions_is_named_by_its_first_version_alone() -> None:
    log = BREAKING.replace("1.3.0", "1.3.1")

    assert gate("## 1.3\n\nUse v2.\n", "1.3.1", log).state is GateState.FAILED
    assert gate("## 1.3.1\n\nUse v2.\n", "1.3.1", log).state is GateState.PASSED


def test_a_declared_major_needs_a_guide_even_if_nobody_knows_what_ran_before() -> None:
    found = gate("", previous_version=None, type=ReleaseType.MAJOR)

    assert found.message.startswith("what runs now -> 2.0.0 is a Major step")


@pytest.mark.parametrize(
    ("version", "log", "attempt"),
    [
        ("1.3.0", "", {}),
        ("1.3.0", "## [1.3.0] - 2026-11-23\n- ISBN.\n## [1.0.0] - x\n- Breaking: v0\n", {}),
        ("2.0.0", "", {"previous_version": None}),
        ("1.3.0", BREAKING, {"previous_version": "1.4.0"}),
        ("2.0.0", "", {"previous_version": "3.0.0", "type": ReleaseType.ROLLBACK}),
    ],
)
def test_where_nothing_breaks_no_guide_is_asked_for(
    version: str, log: str, attempt: dict[str, Any]
) -> None:
    found = gate(None, version, log, **attempt)

    assert found.state is GateState.PASSED
    assert found.message == "nothing breaks: no migration guide is needed"


def test_a_guide_that_is_not_there_is_for_the_developer_to_write() -> None:
    found = gate(None)

    assert (found.state, found.owner) == (GateState.FAILED, Role.DEVELOPER)
    assert "but spec.documents.migrationGuide: there is none" in found.message


def test_a_release_that_names_no_guide_is_told_what_to_add() -> None:
    spec = body()
    del spec["spec"]["documents"]["migrationGuide"]

    found = migration_guide.evaluate(context(spec, facts={CHANGELOG: DocumentFact("")})).gate

    assert found.state is GateState.FAILED
    assert "spec.documents.migrationGuide: {configMap: <its name>, key: MIGRATION.md}" in (
        found.message
    )


@given(st.text(max_size=200) | st.text(alphabet="#-v2.0 to\n", max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    found = gate(text)

    assert found.state in {GateState.PASSED, GateState.FAILED}
    assert len(found.message) <= 512
