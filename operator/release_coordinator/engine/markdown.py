"""Reads Markdown as its author meant it: headings with the text below them.

The gates about documents are built on it (`gates.changelog`, `gates.release_notes`,
`gates.migration_guide`). The text is parsed, so that a heading in a code block or a comment is
none. Whoever reads a changelog gets its versions from `versions`. A text is parsed once for all
who ask for it: who waits asks again and again. How long it may be is `LIMIT`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

LIMIT = 128 * 1024
"""Characters of a document; parsing costs up to ten microseconds each, whatever they say."""

_KEPT = 16
"""Parsed documents; one of LIMIT takes some megabytes."""

_MARKDOWN = MarkdownIt("commonmark", {"maxNesting": 12})
"""Each level of nesting is paid for at every bracket; six lists in one another are left."""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, the text of a list item, or a block of code."""

    source: str
    """As it is written."""
    plain: str
    """As it is read: no markup, no comments."""
    item: bool = False
    """Whether it begins an item of a list that is in no other list."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands between it and the next one."""

    level: int
    """1 to 6; 0 for what stands before the first heading."""
    source: str
    """The heading as it is written, and as it is read."""
    title: str
    entries: tuple[Text, ...]
    """Paragraphs and list items."""
    code: tuple[Text, ...] = ()
    """Blocks of code."""

    @property
    def texts(self) -> tuple[Text, ...]:
        """All that a reader would call text."""
        return (*self.entries, *self.code)


@dataclass(slots=True)
class _Reader:
    """What was read so far."""

    found: list[Section]
    entries: list[Text] = field(default_factory=list)
    code: list[Text] = field(default_factory=list)
    heading: tuple[int, str, str] = (0, "", "")
    level: int = 0
    """Of the heading that is being read, 0 outside."""
    depth: int = 0
    """How many lists are around."""
    begins: bool = False
    """Whether the next text begins an item of an outermost list."""

    def take(self, token: Token) -> None:
        if token.type == "heading_open":
            self.level = int(token.tag[1])
        elif token.type == "heading_close":
            self.level = 0
        elif token.type in {"fence", "code_block"}:
            self.code.append(Text(token.content, token.content))
        elif token.type == "list_item_open":
            self.depth += 1
            self.begins = self.begins or self.depth == 1
        elif token.type == "list_item_close":
            self.depth -= 1
            self.begins = False
        elif token.type == "inline":
            self._text(token)

    def _text(self, token: Token) -> None:
        if self.level:
            self.close()
            self.heading = (self.level, token.content.strip(), _plain(token))
            return
        self.entries.append(Text(token.content, _plain(token), self.begins))
        self.begins = False

    def close(self) -> None:
        level, source, title = self.heading
        if level or self.entries or self.code:
            self.found.append(Section(level, source, title, tuple(self.entries), tuple(self.code)))
        self.entries, self.code = [], []


@lru_cache(maxsize=_KEPT)
def sections(text: str) -> tuple[Section, ...]:
    """All sections of a document, in its order; text before the first heading has level 0."""
    reader = _Reader([])
    for token in _MARKDOWN.parse(text):
        reader.take(token)
    reader.close()
    return tuple(reader.found)


def _plain(token: Token) -> str:
    parts = []
    for child in token.children or ():
        if child.type in {"text", "code_inline", "image"}:
            parts.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
    return "".join(parts).strip()


def whole(document: Sequence[Section], index: int) -> tuple[Section, ...]:
    """A section with all sections below it."""
    first = document[index]
    end = index + 1
    while end < len(document) and document[end].level > first.level:
        end += 1
    return tuple(document[index:end])


_MARKER = re.compile(
    r"(?:TODO|TBD|TBA|TBC|FIXME|XXX|WIP)\b.*"
    r"|(?i:todo|tbd|tba|tbc|fixme|wip|lorem ipsum.*)|\.{2,}|…",
    re.DOTALL,
)
_HINT = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|\{+[^{}]*\}+|\(?(?i:none|nothing|n/a|no)\)?|[\W_]*")


def finished(texts: Iterable[Text]) -> bool:
    """Whether there is text, and nothing in it says that the author has yet to write it.

    What begins with TODO, TBD and the like is unfinished wherever it stands; hints of a template
    in brackets, and a mere "none", are no text.
    """
    plain = [text.plain.strip(" \t\n.:*_-") or text.plain.strip() for text in texts]
    if any(_MARKER.fullmatch(text) for text in plain):
        return False
    return any(not _HINT.fullmatch(text) for text in plain)


@dataclass(frozen=True, slots=True)
class VersionSection:
    """One version's section in a document of the form Keep a Changelog."""

    version: str
    date: str | None
    kinds: tuple[str, ...]
    """Headings below it, like Added and Fixed."""
    entries: int
    """Number of list items and paragraphs."""
    breaking: bool
    """A heading or entry begins with the word Breaking."""


_VERSION = re.compile(r"^\[?v?([0-9][^\]\s]*)\]?(?:\(\S*\))?(?:\s+-\s+(\S+))?")
_VERSION_LEVEL = 2


@lru_cache(maxsize=_KEPT)
def versions(text: str) -> tuple[VersionSection, ...]:
    """All version sections of a changelog, in its order: second-level headings."""
    return tuple(_version(parts) for parts in _by_version(sections(text)))


def _by_version(document: Iterable[Section]) -> Iterator[list[Section]]:
    """The heading of each version with all that follows it up to the next."""
    parts: list[Section] = []
    for section in document:
        if section.level == _VERSION_LEVEL:
            if parts:
                yield parts
            parts = [section]
        elif parts:
            parts.append(section)
    if parts:
        yield parts


def _version(parts: list[Section]) -> VersionSection:
    heading = parts[0].source
    match = _VERSION.match(heading)
    version, day = match.groups() if match else (heading.strip("[] "), None)
    kinds = tuple(section.source for section in parts if section.level > _VERSION_LEVEL)
    entries = [entry.source for section in parts for entry in section.entries]
    breaking = any(_is_breaking(words) for words in (*kinds, *entries))
    return VersionSection(version, day, kinds, len(entries), breaking)


def _is_breaking(words: str) -> bool:
    return words.lstrip("*_ ").lower().startswith("breaking")
