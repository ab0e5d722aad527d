"""The lexical grammar of PromQL: tokens of a query, and its strings without their quotes.

`engine.placeholders` fills strings and `engine.promql` rewrites selectors by it. Strings are
written again in one form, and comments are left out, so that no server can read another query than
was checked.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum


class Sort(Enum):
    """What a token is."""

    NAME = "name"  # a metric, a label, a function or a keyword
    NUMBER = "number"  # also a duration
    STRING = "string"
    PLACEHOLDER = "placeholder"
    SIGN = "sign"  # an operator, a bracket, a comma


@dataclass(frozen=True, slots=True)
class Token:
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

_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\])|([\"'])|x([0-9a-fA-F]{2})|([0-7]{3})"
    r"|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|.)"
)
_SHORT = dict(zip("abfnrtv\\", "\a\b\f\n\r\t\v\\", strict=True))
_WRITTEN = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_UNWRITTEN = re.compile(r'[\x00-\x1f\x7f"\\]')


def tokens(query: str) -> tuple[Token, ...]:
    """The tokens of a query, without comments.

    Raises:
        ValueError: it has characters that PromQL does not have; the text begins with a verb.
    """
    return tuple(_tokens(query))


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
_MATCHES = {"=", "=~", "!~", "!="}
_TIGHT_BEFORE = {")", "]", "}", ",", "[", ":", *_MATCHES}
_TIGHT_AFTER = {"(", "[", "{", ":", *_MATCHES}


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
