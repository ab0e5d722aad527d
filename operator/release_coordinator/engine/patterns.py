"""People's regular expressions, by an engine whose time is linear in the text: RE2.

Used by `engine.watchfaults` to refuse what it does not take, and by `evidence.logs` to search.
Python's own engine is never let near them: one pattern could keep it busy for ever.
"""

from functools import lru_cache
from typing import Protocol

import re2  # type: ignore[import-untyped]

MEMORY = 1 << 20
"""Bytes that an expression may take, its automata included."""
LINE = 4096
"""Bytes of a line that are searched."""
CACHED = 64


class Search(Protocol):
    """A compiled expression."""

    def search(self, text: bytes) -> object | None:
        """Whether a text contains it; something that is not None if so."""


def _options() -> "re2.Options":
    options = re2.Options()
    options.max_mem = MEMORY
    options.never_capture = True
    options.log_errors = False
    return options


def fault(pattern: str) -> str:
    """Why a pattern cannot be used, or nothing."""
    try:
        re2.compile(pattern, _options())
    except re2.error as error:
        (reason,) = error.args
        return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
    except UnicodeError:
        return "it is no text that could be logged"
    return ""


@lru_cache(CACHED)
def compiled(patterns: tuple[str, ...]) -> Search:
    """One expression that is found where any of the patterns is. Raises ValueError.

    Not a set of RE2's, which says "no match" when its memory is used up: this one goes on by a
    slower way, whose time is linear all the same.
    """
    try:
        expression: Search = re2.compile("|".join(f"(?:{p})" for p in patterns), _options())
    except (re2.error, UnicodeError) as error:
        raise ValueError(f"the patterns cannot be used together: {error}") from error
    return expression


def matches(expression: Search, line: str) -> bool:
    """Whether a line of a log contains it, in as much of the line as is searched."""
    return expression.search(line[:LINE].encode(errors="replace")[:LINE]) is not None
