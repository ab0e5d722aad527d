"""Gate R2.3: the changelog has a dated, non-empty section for the version.

The text is parsed as Markdown in the form of Keep a Changelog: a second-level heading
`[1.3.0] - 2026-11-23`, third-level headings for the kinds of change, lists below them.
"""

import re
from dataclasses import dataclass
from datetime import date

from markdown_it import MarkdownIt

from release_coordinator.api.attempt import Role
from release_coordinator.api.release import DocumentRef, ReleaseType
from release_coordinator.engine.context import Context

from .verdict import GateVerdict, failed, passed, unknown
from .version import derive_type

NAME = "Changelog"
OWNER = Role.DEVELOPER

_HEADING = re.compile(r"^\[?v?([0-9][^\]\s]*)\]?(?:\(\S*\))?(?:\s+-\s+(\S+))?")


@dataclass(frozen=True, slots=True)
class Section:
    """One version's section."""

    version: str
    date: str | None
    kinds: tuple[str, ...]
    entries: int
    """Number of list items and paragraphs."""
    breaking: bool
    """A heading or entry begins with the word Breaking."""


def sections(text: str) -> list[Section]:
    """All version sections of a Keep a Changelog document, in its order."""
    found: list[Section] = []
    level = 0
    for token in MarkdownIt().parse(text):
        if token.type == "heading_open":
            level = int(token.tag[1])
        elif token.type == "heading_close":
            level = 0
        elif token.type == "inline":
            _take(found, level, token.content)
    return found


def _take(found: list[Section], level: int, content: str) -> None:
    """Add one heading (level 1-6) or one piece of text (level 0) to the sections."""
    if level == 2:  # noqa: PLR2004 - the level of version headings
        match = _HEADING.match(content.strip())
        version, day = match.groups() if match else (content.strip("[] "), None)
        found.append(Section(version, day, (), 0, breaking=False))
        return
    if not found or level == 1:
        return
    last = found[-1]
    breaking = last.breaking or content.lstrip("*_ ").lower().startswith("breaking")
    kinds = (*last.kinds, content) if level else last.kinds
    entries = last.entries if level else last.entries + 1
    found[-1] = Section(last.version, last.date, kinds, entries, breaking)


def evaluate(ctx: Context) -> GateVerdict:
    """Look for the version's section."""
    ref = ctx.plan.spec.documents.changelog
    if ref is None:
        return passed(NAME, OWNER, "spec.documents.changelog is not set: no changelog is required")
    document = ctx.seen.document(ref.config_map, ref.key)
    if document.text is None:
        return unknown(NAME, OWNER, document.problem)
    version = ctx.plan.spec.version
    section = next((s for s in sections(document.text) if s.version == version), None)
    fault = _fault(ctx, section)
    if fault or section is None:
        return failed(NAME, OWNER, f"{_place(ref)}: {fault}")
    kinds = ", ".join(section.kinds) or "no kinds"
    return passed(NAME, OWNER, f"{version} of {section.date}: {section.entries} entries ({kinds})")


def _place(ref: DocumentRef) -> str:
    return f"ConfigMap {ref.config_map}, key {ref.key}"


def _fault(ctx: Context, section: Section | None) -> str:
    version = ctx.plan.spec.version
    if section is None:
        return f'no section for {version}; add "## [{version}] - YYYY-MM-DD" with its changes'
    if not _is_date(section.date):
        return f"section {version} has no date; write the heading as ## [{version}] - YYYY-MM-DD"
    if not section.entries:
        return f"section {version} is empty; list what was added, changed, fixed or removed"
    step = derive_type(ctx.attempt.previous_version, version)
    if section.breaking and step not in {ReleaseType.MAJOR, None}:
        return (
            f"section {version} names a breaking change, but the version is a {step} step; "
            "a breaking change needs a major version"
        )
    return ""


def _is_date(text: str | None) -> bool:
    try:
        date.fromisoformat(text or "")
    except ValueError:
        return False
    return True
