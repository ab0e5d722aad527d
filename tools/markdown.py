"""The Markdown of this checkout as data: headings, links, code. What checks of the docs start from.

Parsed with the grammar of CommonMark and tables, as a Git host does; anchors are named as it does.
"""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("docs", "manifests", "tools", "helm")
_MARKDOWN = MarkdownIt("commonmark").enable("table")
_PAGE = re.compile(r"\bdocs/[\w/-]+\.md\b")
_ELSEWHERE = re.compile(r"^[a-z][a-z+.-]*:", re.IGNORECASE)
_DROPPED = re.compile(r"[^\w\- ]")


@dataclass(frozen=True)
class Piece:
    """Something at a place of a page."""

    page: str
    line: int
    text: str
    info: str = ""
    """Of a fenced block: what stands behind the fence, like `yaml Release.spec`."""

    def __str__(self) -> str:
        """Where it is and its first words."""
        return f"{self.page}:{self.line}: {self.text.strip().splitlines()[0][:120]}"


@dataclass(frozen=True)
class Page:
    """One file."""

    path: str
    """Below the root."""
    source: str

    @classmethod
    def read(cls, path: str) -> "Page":
        """Return the page of a file below the root."""
        return cls(path, (ROOT / path).read_text(encoding="utf-8"))

    @cached_property
    def anchors(self) -> set[str]:
        """What can stand behind `#` in a link to this page."""
        found: list[str] = []
        seen: Counter[str] = Counter()
        for before, token in zip(self._tokens, self._tokens[1:], strict=False):
            if before.type == "heading_open":
                slug = _slug(_words(token))
                found.append(f"{slug}-{seen[slug]}" if seen[slug] else slug)
                seen[slug] += 1
        return set(found)

    @cached_property
    def links(self) -> list[Piece]:
        """Where its links and pictures lead; none that leave the checkout."""
        found = (
            Piece(self.path, line, str(child.attrs.get("href") or child.attrs.get("src")))
            for line, child in self._children()
            if child.type in {"link_open", "image"}
        )
        return [one for one in found if not _ELSEWHERE.match(one.text)]

    @cached_property
    def mentions(self) -> list[Piece]:
        """Pages that its sentences name without leading there."""
        found, inside = [], 0
        for line, child in self._children():
            inside += child.nesting if child.type.startswith("link_") else 0
            if child.type == "text" and not inside:
                names = _PAGE.findall(child.content)
                found += [Piece(self.path, line, name) for name in names]
        return found

    @cached_property
    def blocks(self) -> list[Piece]:
        """Its fenced blocks."""
        return [
            Piece(self.path, _line(token), token.content, token.info.strip())
            for token in self._tokens
            if token.type == "fence"
        ]

    @cached_property
    def spans(self) -> list[Piece]:
        """Its code within sentences and tables."""
        return [
            Piece(self.path, line, child.content)
            for line, child in self._children()
            if child.type == "code_inline"
        ]

    @cached_property
    def _tokens(self) -> list[Token]:
        return _MARKDOWN.parse(self.source)

    def _children(self) -> Iterator[tuple[int, Token]]:
        for token in self._tokens:
            for child in token.children or ():
                yield _line(token), child


@cache
def pages() -> tuple[Page, ...]:
    """Return all pages, by their paths; read once."""
    files = [*ROOT.glob("*.md"), *(file for name in FOLDERS for file in _below(ROOT / name))]
    return tuple(Page.read(file.relative_to(ROOT).as_posix()) for file in sorted(files))


def broken(page: Page) -> list[str]:
    """Return what is wrong with the links of a page."""
    return [f"{link}: {fault}" for link in page.links if (fault := _fault(page, link.text))]


def _fault(page: Page, target: str) -> str:
    file, _, anchor = target.partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page.path), file))
    place = ROOT / (path if file else page.path)
    if place.is_dir():
        return "is a folder: link to a file, because the site has no page for a folder"
    if not place.is_file():
        return "no such file"
    if not anchor:
        return ""
    there = Page.read(place.relative_to(ROOT).as_posix()) if file else page
    return "" if anchor in there.anchors else "no such heading"


def _below(folder: Path) -> Iterator[Path]:
    return folder.rglob("*.md")


def _words(token: Token) -> str:
    return "".join(child.content for child in token.children or ())


def _slug(title: str) -> str:
    return _DROPPED.sub("", title.strip().lower()).replace(" ", "-")


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0
