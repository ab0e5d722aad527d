"""Which files are pages of the site, and its tables of contents. Pure; used by `conf`.

A table of contents is made from what a page lists anyway: each heading with links below it becomes
a section of the sidebar. So a Git host and the site show the same order, written once.
"""

import posixpath
import re
from collections.abc import Iterator

ROOT_PAGE = "docs/index"
LISTS = (ROOT_PAGE, "docs/decisions/README")
"""Pages whose lists of links are the sidebar."""
PAGES = (
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/**.md",
    "manifests/bookshop/README.md",
    "tools/cluster/README.md",
)
NO_PAGES = ("docs/decisions/0000-template.md", ".*", "build", "operator", "helm", "tests", "crds")
"""A file to copy, and folders in which nothing is searched."""

_ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)#:]+)\.md\)", re.MULTILINE)
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def with_contents(page: str, text: str) -> str:
    """Return the page as Sphinx is to read it; only pages that list others get something."""
    return text + "".join(_tree(page, *one) for one in sections(text)) if page in LISTS else text


def sections(text: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Return each heading with the titles and files (without `.md`) that are listed below it."""
    _, *parts = _HEADING.split(text)
    for heading, body in zip(parts[::2], parts[1::2], strict=True):
        entries = _ENTRY.findall(body)
        if entries:
            yield heading, entries


def listed(page: str, text: str) -> list[str]:
    """Return the pages, as paths below the root without `.md`, that a page lists."""
    return [_place(page, file) for _, entries in sections(text) for _, file in entries]


def _tree(page: str, heading: str, entries: list[tuple[str, str]]) -> str:
    lines = [f"{title} </{_place(page, file)}>" for title, file in entries]
    options = [":hidden:", f":caption: {heading}"] if page == ROOT_PAGE else [":hidden:"]
    return "\n".join(["", "```{toctree}", *options, "", *lines, "```", ""])


def _place(page: str, file: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), file))
