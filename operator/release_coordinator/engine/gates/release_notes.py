"""Gate R2.4: the release notes are drafted: every section of the template that applies (R7.1).

Which sections apply is read off the changelog and the version step; each must have text that its
author did not leave for later. Sections are found by their headings, whatever their level.
"""

import re
from collections.abc import Sequence

from release_coordinator.api.attempt import Role
from release_coordinator.api.checklist import GateName
from release_coordinator.engine.context import Context
from release_coordinator.engine.markdown import Section, Text, finished, sections, whole

from . import documents
from .verdict import GateVerdict, failed, passed

NAME = GateName.RELEASE_NOTES
OWNER = Role.RELEASE_MANAGER

SUMMARY = "Summary"
FEATURES = "New Features"
IMPROVEMENTS = "Improvements"
FIXES = "Bug Fixes"
BREAKING = "Breaking Changes"
UPGRADE = "Upgrade Instructions"

TEMPLATE = {
    SUMMARY: r"summar(?:y|ies)\b",
    FEATURES: r"(?:new )?features?\b",
    IMPROVEMENTS: r"improvements?\b",
    FIXES: r"bug ?fix(?:es)?\b",
    BREAKING: r"breaking(?: changes?)?\b",
    "Known Issues": r"known issues?\b",
    UPGRADE: r"upgrade(?: instructions?)?\b",
}
"""Section of the template -> how its heading begins."""

_ISSUE = re.compile(r"#[0-9]+|\b[A-Z][A-Z0-9]+-[0-9]+\b|/(?:issues|browse|pull)/\S*[0-9]")
_ANY_VERSION = re.compile(r"(?<![\w.])v?[0-9]+\.[0-9]+\.[0-9]+")


def evaluate(ctx: Context) -> GateVerdict:
    """Look for every section that applies."""
    named = ctx.plan.spec.documents
    ref = named.release_notes
    if ref is None:
        message = documents.unnamed("releaseNotes", "release notes", "RELEASE_NOTES.md")
        return failed(NAME, OWNER, message)
    ctx.seen.gather(*documents.wants(ref, named.changelog))
    document = documents.read(ctx, ref)
    place = documents.place(ref)
    if document.text is None:
        message = f"spec.documents.releaseNotes: {document.problem}"
        return failed(NAME, OWNER, message, evidence=place)
    version = ctx.plan.spec.version
    mine = _of_version(sections(document.text), version)
    if not mine:
        message = f"{place} does not name {version}; write it into the heading of its release notes"
        return failed(NAME, OWNER, message, evidence=place)
    needed = required(ctx)
    fault = _fault(mine, needed)
    if fault:
        return failed(NAME, OWNER, f"{place}, release notes of {version}: {fault}", evidence=place)
    return passed(NAME, OWNER, f"{version} has {', '.join(needed)}", evidence=place)


def required(ctx: Context) -> dict[str, str]:
    """The sections that apply, each with the reason."""
    changes = documents.changes(ctx)
    kinds = {kind.strip("*_ ").casefold() for kind in changes.kinds} if changes else set()
    needed = {SUMMARY: "always"}
    for kind, name in (("Added", FEATURES), ("Changed", IMPROVEMENTS), ("Fixed", FIXES)):
        if kind.casefold() in kinds:
            needed[name] = f"the changelog has {kind}"
    reason = documents.breaks(ctx)
    if reason:
        needed |= {BREAKING: reason, UPGRADE: reason}
    return needed


def _of_version(document: Sequence[Section], version: str) -> Sequence[Section]:
    """The part of a document that is about a version; empty if none is.

    From the heading that names it to one of the same rank that names another version, or the
    whole document if its first line names it.
    """
    first = document[0] if document else None
    if first and not first.level and documents.names(first.texts[0].plain, version):
        return document
    named = [i for i, section in enumerate(document) if documents.names(section.title, version)]
    begin = next((index for index in named if not _names_of(document[index])), None)
    if begin is None:
        return document if named[:1] == [0] else ()
    rank = document[begin].level
    end = begin + 1
    while end < len(document) and not _is_other(document[end], rank, version):
        end += 1
    return document[begin:end]


def _is_other(section: Section, rank: int, version: str) -> bool:
    return (
        section.level <= rank
        and bool(_ANY_VERSION.search(section.title))
        and not documents.names(section.title, version)
        and not _names_of(section)
    )


def _names_of(section: Section) -> list[str]:
    """Which section of the template a heading begins."""
    words = " ".join(re.sub(r"[^a-z]+", " ", section.title.casefold()).split())
    return [name for name, pattern in TEMPLATE.items() if re.match(pattern, words)]


def _fault(mine: Sequence[Section], needed: dict[str, str]) -> str:
    """What the release manager has to write yet, in one sentence."""
    missing, unfinished = [], []
    for name, reason in needed.items():
        texts = _texts(mine, name)
        if texts is None:
            missing.append(name if name == SUMMARY else f"{name} ({reason})")
        elif not finished(texts):
            unfinished.append(name)
    fixes = _texts(mine, FIXES) or []
    unnumbered = FIXES in needed and FIXES not in unfinished and not _numbered(fixes)
    told = [
        f"add the sections {', '.join(missing)}" if missing else "",
        f"finish {', '.join(unfinished)}" if unfinished else "",
        f"give each of the {FIXES} its issue number, like #123" if fixes and unnumbered else "",
    ]
    return "; ".join(part for part in told if part)


def _texts(mine: Sequence[Section], name: str) -> list[Text] | None:
    """All text of a section of the template; None without such a heading."""
    found = [index for index, section in enumerate(mine) if name in _names_of(section)]
    if not found:
        return None
    return [
        text
        for index in found
        for position, section in enumerate(whole(mine, index))
        if position == 0 or not _names_of(section)
        for text in section.texts
    ]


def _numbered(texts: list[Text]) -> bool:
    """Whether each item has its issue; without a list, whether the text names any."""
    items = [text for text in texts if text.item]
    if not items:
        return any(_ISSUE.search(text.source) for text in texts)
    return all(_ISSUE.search(text.source) for text in items)
