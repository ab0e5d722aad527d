"""The lexical grammar of PromQL: tokens of a query, and its strings without their quotes.

`engine.placeholders` fills strings and `engine.promql` rewrites selectors by it. Strings are
written again in one form, and comments are left out, so that no server can read another query than
was checked.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

LIMIT = 250
"""Tokens that a query may have: the time of its parser grows with their square."""
REMEMBERED = 64
"""Queries whose tokens are kept: a check asks for them several times in a row."""


class Sort(Enum):
    """What a token is."""

    NAME = "name"  # a metric, a label, a function or a keyword
    NUMBER = "number"  # also a duration
    STRING = "string"
    PLACEHOLDER = "placeholder"
    SIGN = "sign"  # an operator, a bracket, a comma


class Token(NamedTuple):
    """A part of a query."""

    sort: Sort
    text: str
    """As it is to be written; of a string what is in it, of a placeholder its name."""

    def __str__(self) -> str:
        if self.sort is Sort.STRING:
            return quoted(self.text)
        return f"$({self.text})" if self.sort is Sort.PLACEHOLDER else self.text


_SKIPPED = r"(?:[ \t\r\n]|#[^\r\n]*)+"
_SORTS: Mapping[Sort, str] = {
    Sort.PLACEHOLDER: r"\$\([^()\[\]{}\"'`]*\)",
    Sort.NUMBER: r"0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[A-Za-z0-9_]*",
    Sort.NAME: r"[A-Za-z_:][A-Za-z0-9_:]*",
    Sort.STRING: r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`",
    Sort.SIGN: r"=~|!~|==|!=|<=|>=|[-+*/%^=<>@,(){}\[\]]",
}
_GROUPS = "|".join(f"(?P<{sort.value}>{pattern})" for sort, pattern in _SORTS.items())
_OUTSIDE = re.compile(f"{_SKIPPED}|{_GROUPS}")
# Between brackets a colon parts range and step, as in [5m:30s].
_INSIDE = re.compile(f"{_SKIPPED}|(?P<colon>:)|{_GROUPS}")

_HALVES = re.compile("[\ud800-\udfff]")  # of a surrogate pair: no server could be sent one
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\])|([\"'])|x([0-9a-fA-F]{2})|([0-7]{3})"
    r"|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|.)"
)
_SHORT = dict(zip("abfnrtv\\", "\a\b\f\n\r\t\v\\", strict=True))
_WRITTEN = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_UNWRITTEN = re.compile(r'[\x00-\x1f\x7f"\\]')


@lru_cache(REMEMBERED)
def tokens(query: str) -> tuple[Token, ...]:
    """The tokens of a query, without comments.

    Raises:
        ValueError: it has characters that PromQL does not have, or too many tokens; the text begins
            with a verb.
    """
    if _HALVES.search(query):
        raise ValueError("has half of a character; write the character")
    found = tuple(islice(_tokens(query), LIMIT + 1))
    if len(found) > LIMIT:
        raise ValueError(
            f"has more than {LIMIT} words, numbers, texts and signs; ask for less, or let a "
            "recording rule of the source ask it"
        )
    return found


def written(found: Iterable[Token]) -> str:
    """A query of these tokens, on one line."""
    text = ""
    before = None
    for token in found:
        text += f" {token}" if before is not None and _apart(before, token) else str(token)
        before = token
    return text


def quoted(text: str) -> str:
    """A text as a string of PromQL."""
    return f'"{_UNWRITTEN.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    return _WRITTEN.get(found[0]) or f"\\x{ord(found[0]):02x}"


def _apart(before: Token, after: Token) -> bool:
    """Whether a space belongs between two tokens; between two words it has to be."""
    if before.sort is not Sort.SIGN and after.sort is not Sort.SIGN:
        return True
    if after.sort is Sort.SIGN and after.text in _TIGHT_BEFORE:
        return False
    if after.sort is Sort.SIGN and after.text in "({" and before.sort is Sort.NAME:
        return after.text == "(" and before.text in LISTS
    return before.sort is not Sort.SIGN or before.text not in _TIGHT_AFTER


LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
"""Words that are followed by names of labels."""
MATCHES = {"=", "=~", "!~", "!="}
"""Signs between a label and what it is compared with."""
_TIGHT_BEFORE = {")", "]", "}", ",", "[", ":", *MATCHES}
_TIGHT_AFTER = {"(", "[", "{", ":", *MATCHES}


def _tokens(query: str) -> Iterator[Token]:
    at, brackets = 0, 0
    while at < len(query):
        found = (_INSIDE if brackets else _OUTSIDE).match(query, at)
        if found is None:
            raise ValueError(_unread(query[at:]))
        at = found.end()
        if found.lastgroup is None:
            continue
        token = _token(found.lastgroup, found[0])
        brackets += (found[0] == "[") - (found[0] == "]")
        yield token


def _token(kind: str, text: str) -> Token:
    if kind == "colon":
        return Token(Sort.SIGN, text)
    sort = Sort(kind)
    if sort is Sort.PLACEHOLDER:
        return Token(sort, text[2:-1])
    if sort is Sort.STRING:
        inner = text[1:-1]
        is_plain = text[0] == "`" or "\\" not in inner
        return Token(sort, inner if is_plain else _ESCAPE.sub(_unescape(text[0]), inner))
    return Token(sort, text)


def _unread(rest: str) -> str:
    start = " ".join(rest[:20].split())
    if rest[0] in "\"'`":
        return f"has a string that is not closed: {start}"
    if rest.startswith("$("):
        return f"has a placeholder that is not closed: {start}"
    return f"has {rest[0]!r} where PromQL has no such character"


def _unescape(quote: str) -> Callable[[re.Match[str]], str]:
    def unescaped(found: re.Match[str]) -> str:
        short, mark, byte, octal, *wide = found.groups()
        if short or mark == quote:
            return _SHORT.get(short) or quote
        digits = byte or wide[0] or wide[1]
        if not digits and not octal:
            raise ValueError(f"has an escape that PromQL does not know: {found[0]}")
        try:
            char = chr(int(octal, 8) if octal else int(digits, 16))
            char.encode()
        except (ValueError, OverflowError):
            raise ValueError(f"{_NO_CHARACTER}: {found[0]}; write the character") from None
        if not char.isascii() and (byte or octal):  # a byte above 127 is half a character
            raise ValueError(f"{_NO_CHARACTER}: {found[0]}; write the character")
        return char

    return unescaped


_NO_CHARACTER = "has an escape that is no character"
