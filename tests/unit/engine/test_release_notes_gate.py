"""Release notes: every section of the template that applies, none left for later."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.releases import Body, bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import Gate, GateState, Role
from release_coordinator.engine import notes
from release_coordinator.engine.gates import release_notes
from release_coordinator.engine.runfacts import DocumentFact, DocumentWant

NOTES = DocumentWant("bookshop-docs", "NOTES.md")
CHANGELOG = DocumentWant("bookshop-docs", "CHANGELOG.md")
CHANGES = "## [1.3.0] - 2026-11-23\n### Added\n- ISBN search\n"
SUMMARY = "# Bookshop 1.3.0\n\n## Summary\n\nBooks are found by ISBN.\n"
GOOD = f"{SUMMARY}\n## New Features\n\n- ISBN search\n"


def body(version: str = "1.3.0") -> Body:
    found = bookshop()
    found["spec"]["version"] = version
    found["spec"]["documents"]["releaseNotes"] = {"configMap": "bookshop-docs", "key": "NOTES.md"}
    return found


def gate(notes: str, changes: str = CHANGES, version: str = "1.3.0", **attempt: Any) -> Gate:
    facts = {NOTES: DocumentFact(notes), CHANGELOG: DocumentFact(changes)}
    return release_notes.evaluate(context(body(version), facts=facts, **attempt)).gate


def changes(*kinds: str) -> str:
    return "## [1.3.0] - 2026-11-23\n" + "".join(f"### {kind}\n- x\n" for kind in kinds)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace("## ", "#### "),
        GOOD.replace("## ", "# "),
        GOOD.replace("New Features", "NEW FEATURE"),
        GOOD.replace("New Features", "2. Features :sparkles:"),
        GOOD.replace("# Bookshop 1.3.0", "Release notes of Bookshop v1.3.0"),
        GOOD.replace("# Bookshop 1.3.0", "# Release notes\n\n## [1.3.0]").replace(
            "\n## ", "\n### "
        ),
        f"# Bookshop 1.4.0\n\nTODO\n\n{GOOD}\n# Bookshop 1.2.0\n\n## Summary\n\nTODO\n",
        "## Summary of 1.3.0\n\nISBN.\n\n## New Features\n\n- ISBN\n",
        "## Summary of 1.3.0\n\nISBN.\n\n## New Features of 1.3.0\n\n- ISBN\n",
        f"{SUMMARY}\n## New Features\n\n### Search\n\n- ISBN search\n",
        f"{GOOD}\n## Known Issues\n\nNone.\n",
        f"{SUMMARY}\n## What was new in 1.2.0\n\nLess.\n\n## New Features\n\n- ISBN search\n",
        f"{GOOD}\n## Upgrade instructions from 1.2.0\n\nNone.\n",
    ],
)
def test_notes_with_all_sections_that_apply_pass(text: str) -> None:
    found = gate(text)

    assert found.state is GateState.PASSED, found.message
    assert found.message == "1.3.0 has Summary, New Features"
    assert found.evidence == "ConfigMap bookshop-docs, key NOTES.md"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "does not name 1.3.0; write it into the heading"),
        (GOOD.replace("1.3.0", "1.3.0-rc.1"), "does not name 1.3.0"),
        (GOOD.replace("1.3.0", "11.3.0"), "does not name 1.3.0"),
        (GOOD.replace("1.3.0", "1.3.01"), "does not name 1.3.0"),
        ("#\n", "does not name 1.3.0"),
        ("# 1.3.0\n", "add the sections Summary, New Features (the changelog has Added)"),
        (SUMMARY, "add the sections New Features (the changelog has Added)"),
        (GOOD.replace("Books are found by ISBN.", "TBD"), "finish Summary"),
        ("# 1.3.0\n## Summary\n### New Features\n- ISBN search\n", "finish Summary"),
        (GOOD.replace("- ISBN search", "- ..."), "finish New Features"),
        (GOOD.replace("- ISBN search", "<!-- what is new? -->"), "finish New Features"),
        (
            f"{SUMMARY}\n# Bookshop 1.2.0\n\n## New Features\n\n- Older ones\n",
            "add the sections New Features",
        ),
        (f"# Bookshop 1.3.0\n\n```\n{GOOD}```\n", "add the sections Summary, New Features"),
    ],
)
def test_notes_that_lack_something_are_told(text: str, words: str) -> None:
    found = gate(text)

    assert found.state is GateState.FAILED
    assert found.owner == Role.RELEASE_MANAGER
    assert words in found.message
    assert "ConfigMap bookshop-docs, key NOTES.md" in found.message


def test_all_that_is_missing_or_unfinished_is_told_in_one_sentence() -> None:
    text = "# 1.3.0\n## Summary\nTODO\n## Bug Fixes\n- Slow search (#7)\n- Typo\n"

    found = gate(text, changes("Added", "Changed", "Fixed"))

    assert found.message == (
        "ConfigMap bookshop-docs, key NOTES.md, release notes of 1.3.0: add the sections New "
        "Features (the changelog has Added), Improvements (the changelog has Changed); finish "
        "Summary; give each of the Bug Fixes its issue number, like #123"
    )


@pytest.mark.parametrize(
    ("fixes", "state"),
    [
        ("- Slow search (#7)\n- Typo (SHOP-12)\n", GateState.PASSED),
        ("- [Slow search](https://example.test/shop/issues/7)\n", GateState.PASSED),
        ("The search is fast again (#7).\n", GateState.PASSED),
        ("- Slow search (#7)\n\n  It took minutes.\n", GateState.PASSED),
        ("- Slow search (#7)\n- Typo\n", GateState.FAILED),
        ("The search is fast again.\n", GateState.FAILED),
    ],
)
def test_each_bug_fix_has_its_issue_number(fixes: str, state: GateState) -> None:
    found = gate(f"{SUMMARY}\n## Bug Fix\n\n{fixes}", changes("Fixed"))

    assert found.state is state, found.message


BREAKING = "## Breaking Changes\n- No v1.\n## Upgrade Instruction\n- Use v2.\n"


@pytest.mark.parametrize(
    ("version", "previous", "log"),
    [
        ("2.0.0", "1.3.0", "## [2.0.0] - 2026-11-23\n"),
        ("1.3.0", "1.2.0", "## [1.3.0] - 2026-11-23\n- **Breaking**: no v1.\n"),
        ("2.0.0", "1.3.0", ""),
    ],
)
def test_what_breaks_needs_its_own_sections(version: str, previous: str, log: str) -> None:
    text = SUMMARY.replace("1.3.0", version)

    found = gate(text, log, version, previous_version=previous)

    assert "Breaking Changes (" in found.message
    assert "Upgrade Instructions (" in found.message
    passed = gate(text + BREAKING, log, version, previous_version=previous)
    assert passed.state is GateState.PASSED, passed.message


def test_without_a_changelog_the_summary_is_needed_all_the_same() -> None:
    spec = body()
    del spec["spec"]["documents"]["changelog"]
    facts = {NOTES: DocumentFact("# 1.3.0\n")}

    found = release_notes.evaluate(context(spec, facts=facts)).gate

    assert "add the sections Summary" in found.message


def test_a_document_that_is_not_there_is_for_the_release_manager_to_write() -> None:
    facts = {
        NOTES: DocumentFact(None, "ConfigMap bookshop-docs has no key NOTES.md; it has no keys"),
        CHANGELOG: DocumentFact(CHANGES),
    }

    found = release_notes.evaluate(context(body(), facts=facts)).gate

    assert (found.state, found.owner) == (GateState.FAILED, Role.RELEASE_MANAGER)
    assert found.message.startswith("spec.documents.releaseNotes: ConfigMap bookshop-docs has no")


def test_a_release_that_names_no_release_notes_is_told_what_to_add() -> None:
    found = release_notes.evaluate(context(bookshop())).gate

    assert (found.state, found.owner) == (GateState.FAILED, Role.RELEASE_MANAGER)
    assert (
        "spec.documents.releaseNotes: {configMap: <its name>, key: RELEASE_NOTES.md}"
        in found.message
    )


@given(st.text(max_size=200) | st.text(alphabet="#-[] 1.30SumaryTODO\n", max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    found = gate(text)

    assert found.state in {GateState.PASSED, GateState.FAILED}
    assert len(found.message) <= 512


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{GOOD}\n## Known Issues\n\nTODO\n", 'finish or delete "TODO" (Known Issues)'),
        (f"{GOOD}\n- Titles (TODO: issue number)\n", "finish New Features"),
        (f"{GOOD}\n## Thanks\n\n- TBD\n", 'finish or delete "TBD" (Thanks)'),
        (
            f"{GOOD}\n## Upgrade Instructions\n\nTODO: {'steps ' * 20}\n",
            'finish or delete "TODO: steps steps steps steps steps steps steps steps steps…" (Up',
        ),
    ],
)
def test_no_placeholder_is_left_in_any_section(text: str, words: str) -> None:
    found = gate(text)

    assert found.state is GateState.FAILED
    assert words in found.message


FIXED = "## [1.3.0] - 2026-11-23\n### Fixed\n- Slow search (#7)\n- Names in UTF-8 (SHOP-12)\n"


@pytest.mark.parametrize(
    ("fixes", "words"),
    [
        ("- Slow search (#7)\n- Names (SHOP-12)\n", ""),
        ("- [Search](https://example.test/shop/issues/7)\n- Names in UTF-8 (#13)\n", ""),
        ("- Slow search (#7)\n", "tell of SHOP-12, which the changelog names among what was fixed"),
        ("- Old news (#3)\n", "tell of #7, SHOP-12, which the changelog names"),
    ],
)
def test_the_fixes_are_those_of_the_changelog(fixes: str, words: str) -> None:
    found = gate(f"{SUMMARY}\n## Bug Fixes\n\n{fixes}", FIXED)

    assert (found.state is GateState.PASSED) is (not words), found.message
    assert words in found.message


def test_a_security_fix_is_a_fix() -> None:
    log = "## [1.3.0] - 2026-11-23\n### Security\n- Scripts in titles (CVE-2026-1234)\n"

    assert "Bug Fixes (the changelog has Security)" in gate(SUMMARY, log).message


@pytest.mark.parametrize(
    ("previous", "version", "log", "state"),
    [
        ("1.2.0", "1.3.0", CHANGES, GateState.FAILED),
        ("1.2.0", "1.3.0", "", GateState.PASSED),
        ("1.4.0", "1.3.0", CHANGES, GateState.PASSED),
        (None, "1.3.0", CHANGES, GateState.PASSED),
    ],
)
def test_what_breaks_agrees_with_the_changelog(
    previous: str | None, version: str, log: str, state: GateState
) -> None:
    found = gate(f"{GOOD}\n{BREAKING}", log, version, previous_version=previous)

    assert found.state is state, found.message
    if state is GateState.FAILED:
        assert found.message.endswith(
            "the section Breaking Changes disagrees with the changelog: it names nothing that "
            "breaks, and 1.2.0 -> 1.3.0 is no Major step; correct the one that is wrong"
        )


def test_what_breaks_needs_no_second_section_for_its_kind() -> None:
    log = "## [2.0.0] - 2026-11-23\n### Changed\n- **Breaking:** no v1\n"
    text = SUMMARY.replace("1.3.0", "2.0.0") + BREAKING

    found = gate(text, log, "2.0.0", previous_version="1.3.0")

    assert found.state is GateState.PASSED, found.message


def test_the_digest_of_what_passed_is_kept_and_no_other() -> None:
    first, second = gate(GOOD), gate(f"# Bookshop 1.4.0\n\nTODO\n\n{GOOD}\n")

    assert first.content == second.content == notes.digest_of(GOOD.strip())
    assert gate(GOOD.replace("ISBN.", "title.")).content != first.content
    assert gate(SUMMARY).content is None
