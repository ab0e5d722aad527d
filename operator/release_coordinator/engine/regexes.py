"""The regular expressions of a query: whether a server can read them. RE2 says so, within bounds.

Used by `engine.promtree`. The server that is asked runs them; here they are read and nothing else.
Even that can cost seconds and gigabytes: a repeated class of a few characters is thousands of
instructions.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

import re2  # type: ignore[import-untyped]

from release_coordinator.text import one_line

COUNT = 20
"""Expressions that a query may have."""
CLASSES = 8
"""Classes of Unicode, like \\pL, that they may have together: each costs 0.1 ms to read."""
REPEATED = 64
"""Sets and repetitions, like [a-z]{5}, that they may have together."""
MEMORY = 1 << 16
"""Bytes that they may take together."""
_INSTRUCTION = 12
"""Bytes that RE2 counts for one; a plain character is one."""
_LEAST = 1024
"""Bytes that are left to each; RE2 takes none for any number."""

_CLASS = re.compile(r"\\[pP]")
_REPEATED = re.compile(r"[\[{]")


class _Expression(Protocol):
    programsize: int

    def fullmatch(self, text: bytes) -> object | None:
        """Something that is not None if the expression matches all of the text."""


def matching_nothing(found: Sequence[str]) -> frozenset[str]:
    """Those of the expressions that an empty text matches.

    Raises:
        ValueError: one cannot be read, or all of them are too much; the text begins with a verb.
    """
    _count(found, COUNT, len(found), "regular expressions")
    for limit, what, kind in (
        (CLASSES, "classes like \\pL in its regular expressions", _CLASS),
        (REPEATED, "sets [] and repetitions {} in its regular expressions", _REPEATED),
    ):
        _count(found, limit, sum(len(kind.findall(text)) for text in found), what)
    return frozenset(_matching_nothing(dict.fromkeys(found)))


def _count(found: Sequence[str], limit: int, number: int, what: str) -> None:
    if found and number > limit:
        raise ValueError(f"has {number} {what}; use {limit} or fewer")


def _matching_nothing(found: Iterable[str]) -> Iterable[str]:
    left = MEMORY
    for text in found:
        expression = _read(text, max(left, _LEAST))
        left -= expression.programsize * _INSTRUCTION
        if expression.fullmatch(b"") is not None:
            yield text


def _read(text: str, memory: int) -> _Expression:
    options = re2.Options()
    options.max_mem = memory
    options.never_capture = True
    options.log_errors = False
    try:
        expression: _Expression = re2.compile(text, options)
    except re2.error as error:
        reason = one_line(error.args[0].decode(errors="replace"))
        if reason.startswith("pattern too large"):
            reason = "it is too large, alone or with the others; use smaller repetitions"
        raise ValueError(f"has a regular expression that RE2 does not take: {reason}") from None
    return expression
