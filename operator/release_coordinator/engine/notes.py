"""Release notes: the template (R7.1), the part of a document about a version, what it still lacks.

Gate ReleaseNotes judges by it (R2.4), `engine.publishing` publishes it, `engine.drafting` writes a
first version for people to edit. Sections are found by their headings, whatever their level.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

from release_coordinator.api.release import ReleaseType

from .changes import Change, issues
from .markdown import Section, Text, VersionSection, finished, left_open, lines_of, sections, whole
from .versions import derive_type, names

SUMMARY = "Summary"
FEATURES = "New Features"
IMPROVEMENTS = "Improvements"
FIXES = "Bug Fixes"
BREAKING = "Breaking Changes"
KNOWN = "Known Issues"
UPGRADE = "Upgrade Instructions"

TEMPLATE = {
    SUMMARY: r"summar(?:y|ies)\b",
    FEATURES: r"(?:new )?features?\b",
    IMPROVEMENTS: r"improvements?\b",
    FIXES: r"bug ?fix(?:es)?\b",
    BREAKING: r"breaking(?: changes?)?\b",
    KNOWN: r"known issues?\b",
    UPGRADE: r"upgrade(?: instructions?)?\b",
}
"""Section of the template -> how its heading begins; in the order in which people read them."""

PLACES = {"added": FEATURES, "changed": IMPROVEMENTS, "fixed": FIXES, "security": FIXES}
"""Kind of Keep a Changelog -> the section that tells of it."""

_ISSUE = re.compile(r"#[0-9]+|\b[A-Z][A-Z0-9]+-[0-9]+\b|/(?:issues|browse|pull)/\S*[0-9]")
_ANY_VERSION = re.compile(r"(?<![\w.])v?[0-9]+\.[0-9]+\.[0-9]+")


def required(kinds: Sequence[str], changes: Sequence[Change], breaks: str) -> dict[str, str]:
    """The sections that apply, each with the reason.

    Args:
        kinds: headings of the version's section in the changelog.
        changes: what stands below them.
        breaks: why users have to do something; empty if they have not.
    """
    known = {kind.strip("*_ ").casefold() for kind in kinds}
    # What breaks is told of under its own heading.
    known -= {one.within for one in changes} - {one.within for one in changes if not one.breaking}
    needed = {SUMMARY: "always"}
    for kind, name in PLACES.items():
        if kind in known and name not in needed:
            needed[name] = f"the changelog has {kind.capitalize()}"
    return needed | ({BREAKING: breaks, UPGRADE: breaks} if breaks else {})


def breaks(
    previous: str | None, version: str, kind: ReleaseType | None, section: VersionSection | None
) -> str:
    """Why users of the version have to do something; empty if nothing breaks.

    A first release breaks nothing, and neither does the way back to a version that was there.

    Args:
        previous: the version before, if there was one.
        version: of the notes.
        kind: type of the release, if it is known.
        section: what the changelog says of the version.
    """
    kinds = {kind, derive_type(previous, version)}
    if ReleaseType.ROLLBACK in kinds:
        return ""
    if ReleaseType.MAJOR in kinds:
        return f"{previous or 'what runs now'} -> {version} is a Major step"
    if section is not None and section.breaking:
        return f"the changelog of {version} names a breaking change"
    return ""


def unbroken(previous: str | None, version: str, section: VersionSection | None) -> str:
    """Why nothing can break; empty if something may, or if nothing says that it does not."""
    step = derive_type(previous, version)
    if section is None or section.breaking or step not in {ReleaseType.MINOR, ReleaseType.PATCH}:
        return ""
    return f"it names nothing that breaks, and {previous} -> {version} is no Major step"


def part(document: Sequence[Section], version: str) -> Sequence[Section]:
    """The part of a document that is about a version; empty if none is.

    From the heading that names it to one of the same rank that names another version, or the
    whole document if its first line names it.
    """
    begin, end = bounds(document, version)
    return document[begin:end]


def bounds(document: Sequence[Section], version: str) -> tuple[int, int]:
    """Where that part begins and ends; both the same if there is none."""
    every = 0, len(document)
    first = document[0] if document else None
    if first and not first.level and names(first.texts[0].plain, version):
        return every
    named = [i for i, section in enumerate(document) if names(section.title, version)]
    begin = next((index for index in named if not sections_of(document[index])), None)
    if begin is None:
        return every if named[:1] == [0] else (0, 0)
    rank = document[begin].level
    end = begin + 1
    while end < len(document) and not _is_other(document[end], rank, version):
        end += 1
    return begin, end


def text_of(text: str, version: str) -> str:
    """What a document says of a version, as it is written; empty if it says nothing."""
    document = sections(text)
    begin, end = bounds(document, version)
    if begin == end:
        return ""
    if (begin, end) == (0, len(document)):
        return "\n".join(lines_of(text)).strip("\n")
    last = document[end].begin if end < len(document) else None
    return "\n".join(lines_of(text)[document[begin].begin : last]).strip("\n")


def digest_of(text: str) -> str:
    """SHA-256 of a text."""
    return f"sha256:{hashlib.sha256(text.encode(errors='replace')).hexdigest()}"


def is_version(section: Section) -> bool:
    """Whether a heading names some version, and is no section of the template."""
    return bool(_ANY_VERSION.search(section.title)) and not sections_of(section)


def _is_other(section: Section, rank: int, version: str) -> bool:
    return section.level <= rank and is_version(section) and not names(section.title, version)


def sections_of(section: Section) -> list[str]:
    """Which section of the template a heading begins."""
    words = " ".join(re.sub(r"[^a-z]+", " ", section.title.casefold()).split())
    return [name for name, pattern in TEMPLATE.items() if re.match(pattern, words)]


def fault(
    mine: Sequence[Section], needed: Mapping[str, str], changes: Sequence[Change], unbroken: str
) -> str:
    """What the release manager has to write yet, in one sentence.

    Args:
        mine: the part of the document that is about the version.
        needed: the sections that apply, with the reason.
        changes: what the changelog says of the version.
        unbroken: why nothing can break; empty if something may.
    """
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
        _left(mine, unfinished),
        f"give each of the {FIXES} its issue number, like #123" if fixes and unnumbered else "",
        "" if missing or unfinished else _untold(mine, changes),
        _contradiction(mine, unbroken),
    ]
    return "; ".join(part for part in told if part)


def _left(mine: Sequence[Section], told: Sequence[str]) -> str:
    """The first placeholder in a section that need not be there, or beside all sections."""
    for section in mine:
        if set(sections_of(section)) & set(told):
            continue
        open_text = left_open(section.texts)
        if open_text:
            words = open_text if len(open_text) <= _QUOTED else f"{open_text[: _QUOTED - 1]}…"
            return f'finish or delete "{words}" ({section.title or "first lines"})'
    return ""


_QUOTED = 60


def _untold(mine: Sequence[Section], changes: Sequence[Change]) -> str:
    """Fixes of the changelog of which the notes say nothing."""
    told = issues("\n".join(text.source for section in mine for text in section.texts))
    fixed = (one.issues for one in changes if PLACES.get(one.within) == FIXES)
    untold = [min(named) for named in fixed if named and not named & told]
    if not untold:
        return ""
    few = ", ".join(untold[:5]) + (" and more" if untold[5:] else "")
    return f"tell of {few}, which the changelog names among what was fixed"


def _contradiction(mine: Sequence[Section], unbroken: str) -> str:
    texts = _texts(mine, BREAKING)
    if not unbroken or not texts or not finished(texts):
        return ""
    return (
        f"the section {BREAKING} disagrees with the changelog: {unbroken}; correct the one that "
        "is wrong"
    )


def _texts(mine: Sequence[Section], name: str) -> list[Text] | None:
    """All text of a section of the template; None without such a heading."""
    found = [index for index, section in enumerate(mine) if name in sections_of(section)]
    if not found:
        return None
    return [
        text
        for index in found
        for position, section in enumerate(whole(mine, index))
        if position == 0 or not sections_of(section)
        for text in section.texts
    ]


def _numbered(texts: list[Text]) -> bool:
    """Whether each item has its issue; without a list, whether the text names any."""
    items = [text for text in texts if text.item]
    return all(has_issue([text]) for text in items) if items else has_issue(texts)


def has_issue(texts: Iterable[Text]) -> bool:
    """Whether the first text of an item, or any of several paragraphs, names an issue."""
    return any(_ISSUE.search(text.source) for text in texts)
