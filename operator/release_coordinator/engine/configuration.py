"""Where the configuration of two workloads differs, and which differences are allowed.

Used by the gate StagingConfig. A pattern is `component/path`; `*` stands for anything between two
slashes, or for a part of it: `backend/env/LOG_*`, `*/config/*/host`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SHOWN = 32
"""Characters of a value that are shown."""

_TELLTALE = re.compile(
    r"passw|passphrase|secret|token|credential|private|api[-_.]?key|dsn", re.IGNORECASE
)
_USER_INFO = re.compile(r"://[^/\s@]+@")
_REFERENCE = re.compile(r"secret [a-z0-9.-]+/[-\w.]+")


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that is not the same; None: it is missing on that side."""

    path: str
    staging: str | None
    here: str | None

    def __str__(self) -> str:
        if self.staging is None:
            return f"{self.path}: missing in staging, here {_shown(self.path, self.here)}"
        if self.here is None:
            return f"{self.path}: staging {_shown(self.path, self.staging)}, missing here"
        there, here = _shown(self.path, self.staging), _shown(self.path, self.here)
        return f"{self.path}: staging {there}, here {here}"


def differences(
    component: str, staging: Mapping[str, str], here: Mapping[str, str], allowed: Iterable[str]
) -> list[Difference]:
    """Entries that differ and may not, sorted by path."""
    patterns = list(allowed)
    found = []
    for path in sorted({*staging, *here}):
        there, own = staging.get(path), here.get(path)
        if there != own and not any(matches(one, f"{component}/{path}") for one in patterns):
            found.append(Difference(path, there, own))
    return found


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern covers a path, segment by segment. Time is linear in both lengths."""
    wanted, given = pattern.split("/"), path.split("/")
    return len(wanted) == len(given) and all(map(_covers, wanted, given))


def _covers(pattern: str, text: str) -> bool:
    """The parts between the stars must follow one another; the first place for each is best."""
    head, *rest = pattern.split("*")
    if not rest:
        return pattern == text
    *middle, tail = rest
    at, end = len(head), len(text) - len(tail)
    if at > end or not text.startswith(head) or not text.endswith(tail):
        return False
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def is_telling(path: str, value: str) -> bool:
    """Whether a value looks like a credential by its name or by itself."""
    told = _TELLTALE.search(path) and not _REFERENCE.fullmatch(value)
    return bool(told or _USER_INFO.search(value))


def _shown(path: str, value: str | None) -> str:
    """A value as it may be shown: short, and not at all if it looks like a credential."""
    text = value or ""
    if is_telling(path, text):
        return "(not shown)"
    return f'"{text}"' if len(text) <= SHOWN else f'"{text[: SHOWN - 1]}…"'
