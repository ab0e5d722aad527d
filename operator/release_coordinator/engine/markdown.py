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
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
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
    begin: int = 0
    """Line of the heading, and the line after it, counted from 0."""
    body: int = 0

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
    place: tuple[int, int] = (0, 0)
    """Lines of the heading that was read last."""
    ahead: tuple[int, int] = (0, 0)
    """The same of the one that is being read."""
    level: int = 0
    """Of the heading that is being read, 0 outside."""
    depth: int = 0
    """How many lists are around."""
    begins: bool = False
    """Whether the next text begins an item of an outermost list."""

    def take(self, token: Token) -> None:
        if token.type == "heading_open":
            self.level = int(token.tag[1])
            begin, end = token.map or (0, 0)
            self.ahead = (begin, end)
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
            self.place = self.ahead
            return
        self.entries.append(Text(token.content, _plain(token), self.begins))
        self.begins = False

    def close(self) -> None:
        level, source, title = self.heading
        if level or self.entries or self.code:
            texts = tuple(self.entries), tuple(self.code)
            self.found.append(Section(level, source, title, *texts, *self.place))
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


def lines_of(text: str) -> list[str]:
    """The lines of a document, as `Section.begin` counts them."""
    return re.sub(r"\r\n?", "\n", text).replace("\0", "\ufffd").split("\n")


def written(text: str, document: Sequence[Section], index: int) -> str:
    """What stands between a heading and the next one, as it is written."""
    following = document[index + 1].begin if index + 1 < len(document) else None
    return "\n".join(lines_of(text)[document[index].body : following]).strip("\n")


@dataclass(frozen=True, slots=True)
class Block:
    """An item of an outermost list, or any other part that stands by itself, as it is written."""

    source: str
    item: bool
    texts: tuple[Text, ...]
    """What a reader sees of it."""


def blocks(text: str) -> tuple[Block, ...]:
    """All parts of a text, in its order; together they say all that it says."""
    lines, tokens = lines_of(text), _MARKDOWN.parse(text)
    begins = [token for token in tokens if _begins_block(token) and token.map]
    found = []
    for token in begins:
        first, last = token.map or (0, 0)
        inside = [one for one in tokens if one.map and first <= one.map[0] < last]
        texts = tuple(Text(one.content, _plain(one)) for one in inside if one.type == "inline")
        source = _closed(token, "\n".join(lines[first:last]).rstrip())
        found.append(Block(source, token.type == "list_item_open", texts))
    return tuple(found)


def _closed(token: Token, source: str) -> str:
    """A block that its author has not closed must not go on in another document."""
    if token.type == "fence" and not source.rpartition("\n")[2].strip().startswith(token.markup):
        return f"{source}\n{token.markup}"
    comment = token.type == "html_block" and source.lstrip().startswith("<!--")
    return f"{source}-->" if comment and "-->" not in source else source


def _begins_block(token: Token) -> bool:
    """Whether a token is an item of an outermost list, or begins what is no list."""
    if token.type == "list_item_open":
        return token.level == 1
    return token.level == 0 and token.nesting >= 0 and not token.type.endswith("list_open")


def references(text: str) -> dict[str, str]:
    """Label -> definition, for all links that a document defines apart from their use."""
    found: dict[str, Any] = {}
    _MARKDOWN.parse(text, found)
    return {label: _definition(label, one) for label, one in found.get("references", {}).items()}


def label_of(text: str) -> str:
    """How a link's label is written in `references`."""
    return normalizeReference(text)


def _definition(label: str, found: dict[str, Any]) -> str:
    title = found["title"].replace("\\", "\\\\").replace('"', '\\"')
    return f"[{label}]: <{found['href']}>" + (f' "{title}"' if title else "")


_MARKER = re.compile(
    r"(?:TODO|TBD|TBA|TBC|FIXME|XXX|WIP)\b.*"
    r"|(?i:todo|tbd|tba|tbc|fixme|wip|lorem ipsum.*)|\.{2,}|…",
    re.DOTALL,
)
_ASIDE = re.compile(r"[(\[<]TODO\b")
_HINT = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|\{+[^{}]*\}+|\(?(?i:none|nothing|n/a|no)\)?|[\W_]*")


def finished(texts: Iterable[Text]) -> bool:
    """Whether there is text, and nothing in it says that the author has yet to write it.

    What begins with TODO, TBD and the like is unfinished wherever it stands; hints of a template
    in brackets, and a mere "none", are no text.
    """
    found = list(texts)
    return not left_open(found) and any(not _HINT.fullmatch(_bare(text)) for text in found)


def left_open(texts: Iterable[Text]) -> str:
    """The first text whose author says that it has yet to be written; empty if there is none.

    It begins with TODO, TBD or the like, wherever it stands, or has a TODO in brackets.
    """
    for text in texts:
        if _MARKER.fullmatch(_bare(text)) or _ASIDE.search(text.plain):
            return text.plain
    return ""


def _bare(text: Text) -> str:
    return text.plain.strip(" \t\n.:*_-") or text.plain.strip()


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
VERSION_LEVEL = 2
"""Of the headings that name the versions of a changelog."""


@lru_cache(maxsize=_KEPT)
def versions(text: str) -> tuple[VersionSection, ...]:
    """All version sections of a changelog, in its order: second-level headings."""
    return tuple(_version(parts) for parts in _by_version(sections(text)))


def _by_version(document: Iterable[Section]) -> Iterator[list[Section]]:
    """The heading of each version with all that follows it up to the next."""
    parts: list[Section] = []
    for section in document:
        if section.level == VERSION_LEVEL:
            if parts:
                yield parts
            parts = [section]
        elif parts:
            parts.append(section)
    if parts:
        yield parts


def version_of(section: Section) -> tuple[str, str | None]:
    """Version and date that the heading of a version names, as they are written."""
    match = _VERSION.match(section.source)
    version, day = match.groups() if match else (section.source.strip("[] "), None)
    return version, day


def _version(parts: list[Section]) -> VersionSection:
    version, day = version_of(parts[0])
    kinds = tuple(section.source for section in parts if section.level > VERSION_LEVEL)
    entries = [entry.source for section in parts for entry in section.entries]
    breaking = any(is_breaking(words) for words in (*kinds, *entries))
    return VersionSection(version, day, kinds, len(entries), breaking)


def is_breaking(words: str) -> bool:
    """Whether a heading or an entry says first of all that something breaks."""
    return words.lstrip("*_ ").lower().startswith("breaking")
