"""Drafts of release notes: nothing of the changelog is lost, and a completed draft passes."""

import re
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests import goldens
from tests.releases import bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import Gate, GateState
from release_coordinator.engine import changes, markdown, notes
from release_coordinator.engine.drafting import Sources, draft
from release_coordinator.engine.gates import release_notes
from release_coordinator.engine.runfacts import DocumentFact, DocumentWant

GOLDEN = Path(__file__).parent / "golden"
CHANGELOG = """# Changelog

## [2.0.0] - 2026-11-23

This version is for publishers.

### Added
- ISBN search ([#7]).
  It takes old ones, too.

  - and new ones
#### Lists
- Sorted by *rating*
### Changed
- **Breaking:** the API v1 is gone (#9).
- Faster
### Deprecated
- The API v2
### Removed
- `GET /v1`
### Fixed
- Typo
- Slow search (#8)
- Lost orders
### Security
- Scripts in titles (CVE-2026-1234)
### Performance
Half the memory.

```
## no heading
```

## [1.3.0] - 2026-10-19
### Added
- Something else

[#7]: https://example.test/shop/issues/7 "ISBN"
"""
COMMITS = """\
feat(ui): dark mode

Refs: SHOP-12
fix: typo

Closes #33
fix: slow search (#8)
feat: find ISBN

Refs: #7
chore: tidy up
perf: fewer queries
feat!: drop the old index

BREAKING CHANGE: the index has to be built anew
"""
GUIDE = """# Guide

## Migrating to 2.0.0

1. Stop v1 clients.

### Clients

Use v2.

## Migrating to 1.0.0

Nothing.
"""
MAJOR = "1.3.0 -> 2.0.0 is a Major step"
FULL = Sources("2.0.0", CHANGELOG, COMMITS, GUIDE, MAJOR)
NOTES_WANT = DocumentWant("bookshop-docs", "NOTES.md")
LOG_WANT = DocumentWant("bookshop-docs", "CHANGELOG.md")


def gate(text: str, log: str, version: str = "1.3.0", **attempt: Any) -> Gate:
    body = bookshop()
    body["spec"]["version"] = version
    body["spec"]["documents"]["releaseNotes"] = {"configMap": "bookshop-docs", "key": "NOTES.md"}
    facts = {NOTES_WANT: DocumentFact(text), LOG_WANT: DocumentFact(log)}
    return release_notes.evaluate(context(body, facts=facts, **attempt)).gate


def completed(text: str) -> str:
    """A draft whose placeholders a person has filled in."""
    text = text.replace("(TODO: issue number)", "(#1)")
    return re.sub(r"^TODO: .*$", "Written by a person (#1).", text, flags=re.MULTILINE)


def test_a_draft_of_everything_reads_so() -> None:
    goldens.check(GOLDEN / "release-notes.md", f"{draft(FULL)}\n")


def test_a_draft_is_refused_until_a_person_has_completed_it() -> None:
    text = draft(FULL)
    step = {"version": "2.0.0", "previous_version": "1.3.0"}

    assert gate(text, CHANGELOG, **step).state is GateState.FAILED
    found = gate(completed(text), CHANGELOG, **step)
    assert found.state is GateState.PASSED, found.message


def test_each_placeholder_alone_is_refused() -> None:
    text = draft(FULL)
    every = [match[0] for match in re.finditer(r"\(TODO: [^)]*\)|^TODO: .*$", text, re.MULTILINE)]

    assert len(every) == 3, "an issue number, known issues, the upgrade"
    for placeholder in every:
        rest = completed(text.replace(placeholder, "\0")).replace("\0", placeholder)
        found = gate(rest, CHANGELOG, "2.0.0", previous_version="1.3.0")
        assert found.state is GateState.FAILED, placeholder


def test_without_anything_to_draft_from_the_summary_is_asked_for() -> None:
    text = draft(Sources("1.3.0"))

    assert text.startswith("## 1.3.0\n\n### Summary\n\nTODO: what 1.3.0 brings")


def test_a_heading_without_entries_is_asked_for() -> None:
    text = draft(Sources("1.3.0", "## [1.3.0] - 2026-11-23\n### Added\n"))

    assert "### New Features\n\nTODO: the changelog has Added." in text


def test_what_breaks_without_a_word_in_the_changelog_is_asked_for() -> None:
    text = draft(Sources("2.0.0", breaks=MAJOR))

    assert f"TODO: what breaks, and for whom ({MAJOR})." in text
    assert "**Migration**\n\nTODO: what users change" in text


def test_a_comment_or_code_that_is_not_closed_hides_nothing_else() -> None:
    for entry in ("<!-- not closed", "```\nnot closed"):
        log = f"## [1.3.0] - 2026-11-23\n### Changed\n{entry}\n"
        text = draft(Sources("1.3.0", log))

        titles = [section.title for section in markdown.sections(text)]
        assert titles[-1] == notes.KNOWN, text


LINES = st.text(alphabet="abcdef *_`[]()<>#!|~", min_size=1, max_size=30).map(
    lambda text: f"x {text} x"
)
"""Words with all that means something in Markdown, but for what would begin a block of its own."""
KINDS = st.sampled_from(
    ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Breaking", "Performance"]
)
ITEM = st.builds("- {}\n".format, LINES) | st.builds("- {}\n  - {}\n".format, LINES, LINES)
NUMBERED = st.builds("- {} (#{})\n".format, LINES, st.integers(2, 99))
KIND = st.builds(
    lambda kind, lead, items: f"### {kind}\n\n{lead}\n\n{''.join(items)}\n",
    KINDS,
    st.just("") | LINES,
    st.lists(ITEM | NUMBERED, min_size=1, max_size=4),
)
LOGS = st.builds(
    lambda lead, kinds: f"## [2.0.0] - 2026-11-23\n\n{lead}\n\n{''.join(kinds)}",
    st.just("") | LINES,
    st.lists(KIND, max_size=5),
)


def plain(text: str) -> list[str]:
    """What a reader sees of a text."""
    document = markdown.sections(text)
    return [entry.plain for section in document for entry in section.texts]


@given(LOGS)
def test_nothing_of_the_changelog_is_lost_in_a_draft(log: str) -> None:
    seen = "\n".join(plain(draft(Sources("2.0.0", log, breaks=MAJOR))))

    for entry in plain(log):
        assert entry in seen


@given(LOGS, st.sampled_from(["1.3.0", "2.0.0-rc.1"]))
def test_a_completed_draft_of_any_changelog_passes(log: str, previous: str) -> None:
    text = completed(draft(Sources("2.0.0", log, breaks=MAJOR)))

    found = gate(text, log, "2.0.0", previous_version=previous)

    assert found.state is GateState.PASSED, found.message


@given(LOGS, st.text(max_size=200) | st.text(alphabet="feat(!):fix BREAKING CHANGE:#1\n"))
def test_a_draft_is_one_part_of_a_document_whatever_commits_say(log: str, commits: str) -> None:
    text = draft(Sources("2.0.0", log, commits))

    assert notes.text_of(f"{text}\n\n## 1.0.0\n\n### Summary\n\nOld.\n", "2.0.0") == text


def test_commits_add_only_what_the_changelog_does_not_tell() -> None:
    text = draft(FULL)

    assert "ui: Dark mode (SHOP-12)" in text
    assert "- Typo (#33)" in text, "the commit knows the issue"
    assert "Find ISBN" not in text
    assert text.count("Slow search") == 1
    assert "Tidy up" not in text
    assert changes.issues(text) >= {"#7", "#8", "#9", "#33", "SHOP-12"}
