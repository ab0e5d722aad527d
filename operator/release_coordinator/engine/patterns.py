"""People's regular expressions, by an engine whose time is linear in the text: RE2.

Used by `engine.watchfaults` to refuse what it does not take, and by `evidence.logs` to search.
Python's own engine is never let near them: one pattern could keep it busy for ever.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import re2  # type: ignore[import-untyped]

MEMORY = 1 << 20
"""Bytes that an expression may take, its automata included."""
SIZE = 5000
"""Instructions that an expression may have: in the worst case a byte costs time for each."""
LINE = 4096
"""Bytes of a line that are searched."""
KNOWN = 4096
"""Answers of `fault` that are remembered: every pass asks for them."""


class Search(Protocol):
    """A compiled expression."""

    programsize: int

    def search(self, text: bytes) -> object | None:
        """Whether a text contains it; something that is not None if so."""


@lru_cache(KNOWN)
def fault(pattern: str) -> str:
    """Why a pattern cannot be used, or nothing."""
    try:
        _expression(pattern)
    except ValueError as error:
        return str(error)
    return ""


def fault_together(patterns: Sequence[str]) -> str:
    """Why patterns that can be used one by one cannot all be, or nothing."""
    return _fault_together(tuple(patterns))


@lru_cache(KNOWN)
def _fault_together(patterns: tuple[str, ...]) -> str:
    try:
        compiled(patterns)
    except ValueError as error:
        return str(error)
    return ""


def compiled(patterns: tuple[str, ...]) -> Search:
    """One expression that is found where any of the patterns is. Raises ValueError.

    Not a set of RE2's, which says "no match" when its memory is used up: this one goes on by a
    slower way, whose time is linear all the same.
    """
    return _expression("|".join(f"(?:{pattern})" for pattern in patterns))


def _expression(text: str) -> Search:
    options = re2.Options()
    options.max_mem = MEMORY
    options.never_capture = True
    options.log_errors = False
    try:
        expression: Search = re2.compile(text, options)
    except re2.error as error:
        (reason,) = error.args
        raise ValueError(reason.decode(errors="replace")) from error
    except UnicodeError as error:
        raise ValueError("it is no text that could be logged") from error
    if expression.programsize > SIZE:
        times = expression.programsize / SIZE
        raise ValueError(f"{times:.1f} times too large; use smaller repetitions and classes")
    return expression


def matches(expression: Search, line: bytes) -> bool:
    """Whether a line of a log contains it, in as much of the line as is searched.

    What is no UTF-8 is replaced: as it is, not even a dot would match it.
    """
    text = line[:LINE].decode(errors="replace")
    return expression.search(text.encode()[:LINE]) is not None
