"""Where the notes of a version stand in a document that has those of others as well; pure.

The newest version stands first. Used by the plugin, which writes nothing but that part.
"""

import re
from collections.abc import Sequence

from . import markdown, notes
from .markdown import Section

_VERSION = re.compile(r"\[?v?[0-9]+\.[0-9]+\.[0-9]+")


def heading(text: str, version: str) -> tuple[str, int]:
    """Title and level for the notes of a version, as those of others have them."""
    first = _first(markdown.sections(text))
    match = _VERSION.search(first.source) if first else None
    if first is None or match is None:
        return version, 2
    begin, close = match[0].rstrip("0123456789."), "]" if match[0].startswith("[") else ""
    return f"{first.source[: match.start()]}{begin}{version}{close}", first.level


def placed(text: str, version: str, mine: str, name: str) -> str | None:
    """The document with these notes of a version, in place of others of it if it has some.

    Args:
        text: the document; empty if there is none yet.
        version: of the notes.
        mine: Markdown that begins with the heading of the version.
        name: of the application, for the title of a new document.

    Returns:
        None if the document does not keep versions apart: then only a person can do it.
    """
    lines, document = markdown.lines_of(text.rstrip()), markdown.sections(text)
    if not text.strip():
        lines = [f"# Release notes of {name}", ""]
    if _is_of_one(document) and not notes.part(document, version):
        return None
    begin, end = _lines(document, version, len(lines))
    before, after = "\n".join(lines[:begin]).rstrip(), "\n".join(lines[end:]).strip("\n")
    whole = "\n\n".join(part for part in (before, mine.strip("\n"), after) if part) + "\n"
    return whole if notes.text_of(whole, version) == mine.strip("\n") else None


def _lines(document: Sequence[Section], version: str, count: int) -> tuple[int, int]:
    """The lines that the notes take the place of."""
    begin, end = notes.bounds(document, version)
    if begin != end:
        last = document[end].begin if end < len(document) else count
        return document[begin].begin, last
    first = _first(document)
    return (first.begin, first.begin) if first else (count, count)


def _is_of_one(document: Sequence[Section]) -> bool:
    """Whether the first line says that the document is about one version as a whole."""
    first = document[0] if document else None
    return bool(first and not first.level and _VERSION.search(first.texts[0].plain))


def _first(document: Sequence[Section]) -> Section | None:
    """The newest version that has a heading of its own."""
    return next((one for one in document if one.level and notes.is_version(one)), None)
