"""What a changelog says of one version, entry by entry and as it is written.

`engine.drafting` makes release notes of it, and `engine.notes` compares them with it. The form is
Keep a Changelog; kinds that it does not know keep their own heading.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from . import markdown
from .markdown import Block, Section


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a version's section."""

    kind: str
    """Heading it stands under, like Added; empty for what stands before the first one."""
    within: str
    """Kind of Keep a Changelog that the heading is, or is below of, in small letters."""
    block: Block
    breaking: bool

    @property
    def issues(self) -> frozenset[str]:
        """Issues that it names."""
        return issues(self.block.source)


KINDS = ("added", "changed", "deprecated", "removed", "fixed", "security")


@lru_cache(maxsize=16)
def of_version(text: str, version: str) -> tuple[Change, ...]:
    """All entries of a version; empty if there is no section of it."""
    return tuple(_changes(text, version))


def _changes(text: str, version: str) -> Iterator[Change]:
    document = markdown.sections(text)
    headings = [i for i, section in enumerate(document) if section.level == markdown.VERSION_LEVEL]
    begin = next((i for i in headings if markdown.version_of(document[i])[0] == version), None)
    if begin is None:
        return
    parents: list[tuple[int, str, bool]] = []
    for index in range(begin, len(document)):
        section = document[index]
        if index > begin and section.level == markdown.VERSION_LEVEL:
            return
        if index > begin:
            parents = [one for one in parents if one[0] < section.level]
            parents.append(_heading(section, parents[-1:]))
        _, within, breaks = parents[-1] if parents else (0, "", False)
        kind = section.source.strip("*_ ") if index > begin else ""
        for block in markdown.blocks(markdown.written(text, document, index)):
            breaking = breaks or any(markdown.is_breaking(one.source) for one in block.texts)
            yield Change(kind, within, block, breaking)


def _heading(section: Section, parent: list[tuple[int, str, bool]]) -> tuple[int, str, bool]:
    """Level, kind and whether what stands below it breaks something."""
    kind = section.source.strip("*_ ").casefold()
    _, within, breaks = parent[0] if parent else (0, "", False)
    return (
        section.level,
        kind if kind in KINDS else within,
        (breaks or markdown.is_breaking(section.source)),
    )


_ISSUE = re.compile(
    r"#(?P<number>[0-9]+)"
    r"|/(?:issues|pull)/(?P<linked>[0-9]+)"
    r"|\b(?P<key>[A-Z][A-Z0-9]+-[0-9]+)\b"
)


def issues(text: str) -> frozenset[str]:
    """Issues that a text names, alike however they are written: #123, SHOP-12."""
    found = (match.groupdict() for match in _ISSUE.finditer(text))
    return frozenset(one["key"] or f"#{one['number'] or one['linked']}" for one in found)
