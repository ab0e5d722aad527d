"""One field of an object, named by a JSONPath (RFC 9535) that a person wrote.

Used by gates that read what CI writes. A path must not cost more than it is worth, whatever the
object looks like. So what looks at many members (a filter, '*', a slice) stands there once, over
a number of members, and a filter is short. What makes a query grow faster than the object
(descendants, several selectors in one bracket, queries from the root inside a filter) and
functions, whose patterns can be made to run for ever, are refused.
"""

import json
from collections.abc import Mapping
from typing import Any

from jsonpath import JSONPath, JSONPathEnvironment, JSONPathError
from jsonpath.selectors import IndexSelector, NameSelector
from jsonpath.token import (
    TOKEN_COLON,
    TOKEN_COMMA,
    TOKEN_DDOT,
    TOKEN_EQ,
    TOKEN_FILTER,
    TOKEN_FLOAT,
    TOKEN_FUNCTION,
    TOKEN_GE,
    TOKEN_GT,
    TOKEN_INT,
    TOKEN_LBRACKET,
    TOKEN_LE,
    TOKEN_LT,
    TOKEN_NE,
    TOKEN_ROOT,
    TOKEN_WHITESPACE,
    TOKEN_WILD,
    Token,
)

MEMBERS = 1_000
"""What a filter, '*' or a slice may have to look at."""

COMPARISONS = 2
TOKENS = 64
"""Names, signs and brackets of a path."""

_STRICT = JSONPathEnvironment(filter_caching=False, strict=True)
_REFUSED = {
    TOKEN_DDOT: "'..' searches the whole object; name the way to the field",
    TOKEN_COMMA: "',' selects several fields; name one",
    TOKEN_FUNCTION: "functions are not supported; compare with == instead",
    TOKEN_ROOT: "'$' stands at the beginning only; in a filter write '@'",
}
_COMPARISONS = {TOKEN_EQ, TOKEN_NE, TOKEN_LT, TOKEN_LE, TOKEN_GT, TOKEN_GE}
_SEVERAL = {TOKEN_FILTER, TOKEN_WILD}


class PathError(ValueError):
    """The path cannot be used; the text says what to write instead."""


def find(path: str, body: Mapping[str, Any]) -> list[Any]:
    """Every value that the path selects in a JSON object. Raises PathError."""
    try:
        _check([t for t in _STRICT.lexer.tokenize(path) if t.kind != TOKEN_WHITESPACE])
        query = _STRICT.compile(path)
        if not isinstance(query, JSONPath):
            return []
        _measure(query, body)
        return query.findall(body)
    except JSONPathError as error:
        reason = error.args[0] if error.args else "it cannot be read"
        raise PathError(f"{reason}; write a path like $.status.phase (RFC 9535)") from error
    except RecursionError as error:
        raise PathError("what it compares is nested too deep; name a field further in") from error


def _check(tokens: list[Token]) -> None:
    """Refuse what could cost much, or would not be understood, before it is compiled."""
    for token in tokens:
        if token.kind in _REFUSED and not (token.kind == TOKEN_ROOT and token.index == 0):
            raise PathError(_REFUSED[token.kind])
        if token.kind in {TOKEN_INT, TOKEN_FLOAT} and "e" in token.value.lower():
            raise PathError(f"{token.value} is no number here; write it without an exponent")
    if sum(_looks_at_several(tokens, index) for index in range(len(tokens))) > 1:
        raise PathError("one filter, '*' or slice is enough for one value; name the rest")
    if sum(token.kind in _COMPARISONS for token in tokens) > COMPARISONS:
        raise PathError(f"a filter may have {COMPARISONS} comparisons; remove the rest")
    if len(tokens) > TOKENS:
        raise PathError(f"it has {len(tokens)} parts, more than {TOKENS}; write a shorter path")


def _looks_at_several(tokens: list[Token], index: int) -> bool:
    """Whether a selector of many members begins here. Of a slice the first ':' counts."""
    kind, before = tokens[index].kind, [token.kind for token in tokens[max(0, index - 2) : index]]
    if kind != TOKEN_COLON:
        return kind in _SEVERAL
    return before[-1:] == [TOKEN_LBRACKET] or before == [TOKEN_LBRACKET, TOKEN_INT]


def _measure(query: JSONPath, body: Mapping[str, Any]) -> None:
    """Count what the selector of several members will look at; the way to it costs nothing."""
    names = (NameSelector, IndexSelector)
    single = [all(isinstance(one, names) for one in part.selectors) for part in query.segments]
    if all(single):
        return
    way = JSONPath(env=_STRICT, segments=query.segments[: single.index(False)])
    for value in way.findall(body):
        if isinstance(value, Mapping | list) and len(value) > MEMBERS:
            raise PathError(
                f"{way} has {len(value):,} members, more than the {MEMBERS:,} that are looked at; "
                "name one"
            )


def said(value: Any) -> str | None:
    """A single value as a person writes it; None for an object or a list."""
    if isinstance(value, str):
        return value
    return None if isinstance(value, dict | list) else json.dumps(value)
