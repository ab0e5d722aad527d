"""The commits of a version, as CI lists them: the second source of a draft of release notes.

Read are Conventional Commits in what `git log` prints: with `--oneline` or `--format=%s`, with
bodies (`--format=%s%n%b`), or as it comes. Commits of another form say nothing to users.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_BEGIN = re.compile(
    r"^\s*(?:[-*]\s+)?(?:[0-9a-f]{7,40}\s+)?(?:\([^)]*\)\s+)?"
    r"(?P<type>[a-zA-Z]+)(?:\((?P<scope>[^()\n]*)\))?(?P<breaks>!)?:[ \t]+(?P<text>\S.*)$"
)
_FOOTER = re.compile(
    r"^\s*(?P<token>BREAKING[ -]CHANGE|[A-Za-z][A-Za-z-]*)(?:: | (?=#))(?P<text>.+)$"
)
_REFERS = {"closes", "close", "closed", "fixes", "fix", "fixed", "resolves", "resolve", "resolved",
           "refs", "ref", "issue", "issues", "see", "see-also", "related"}  # fmt: skip
TYPES = frozenset(
    {"feat", "fix", "perf", "build", "chore", "ci", "docs", "refactor", "revert", "style", "test"}
)
"""Types of commits; any other word before a colon is a part of somebody's sentence."""
_NEW = re.compile(r"^(?:commit )?[0-9a-f]{7,40}(?: .*)?$")


@dataclass(slots=True)
class Commit:
    """One commit in the form of Conventional Commits."""

    type: str
    """feat, fix, perf and so on, in small letters."""
    scope: str
    text: str
    """What its subject says."""
    breaks: bool
    breaking: list[str] = field(default_factory=list)
    """What its footers say of what breaks."""
    refers: list[str] = field(default_factory=list)
    """Footers that name issues, as they are written."""


def read(text: str) -> list[Commit]:
    """All commits of a list, in its order."""
    found: list[Commit] = []
    present: Commit | None = None
    for line in text.splitlines():
        commit = _begun(line)
        if commit is not None:
            found.append(commit)
            present = commit
        elif _NEW.match(line):
            present = None  # of another form; its lines are not those of the one before
        elif present is not None:
            _take(present, line)
    return found


def _begun(line: str) -> Commit | None:
    match = _BEGIN.match(line)
    if match is None or match["type"].lower() not in TYPES:
        return None
    breaks = bool(match["breaks"])
    return Commit(match["type"].lower(), match["scope"] or "", match["text"].strip(), breaks)


def _take(commit: Commit, line: str) -> None:
    """A line of its body."""
    match = _FOOTER.match(line)
    if match is None:
        return
    token, text = match["token"], match["text"].strip()
    if token in {"BREAKING CHANGE", "BREAKING-CHANGE"}:
        commit.breaks = True
        commit.breaking.append(text)
    elif token.lower() in _REFERS:
        commit.refers.append(text)


def told(found: list[Commit]) -> Iterator[Commit]:
    """Those that say something to users."""
    return (commit for commit in found if commit.breaks or commit.type in {"feat", "fix", "perf"})
