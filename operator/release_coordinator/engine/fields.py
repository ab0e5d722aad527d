"""One field of an object, named by a JSONPath (RFC 9535) that a person wrote.

Used by gates that read what CI writes. A path must not cost more than it is worth, whatever the
object looks like: what makes a query grow faster than the object (descendants, several selectors
in one bracket, queries from the root inside a filter) and functions, whose patterns can be made to
run for ever, are refused. Filters stay: conditions are found by them.
"""

import json
from collections.abc import Mapping
from typing import Any

from jsonpath import JSONPath, JSONPathEnvironment, JSONPathError
from jsonpath.token import TOKEN_COMMA, TOKEN_DDOT, TOKEN_FUNCTION, TOKEN_ROOT

_STRICT = JSONPathEnvironment(filter_caching=False, strict=True)
_REFUSED = {
    TOKEN_DDOT: "'..' searches the whole object; name the way to the field",
    TOKEN_COMMA: "',' selects several fields; name one",
    TOKEN_FUNCTION: "functions are not supported; compare with == instead",
    TOKEN_ROOT: "'$' stands at the beginning only; in a filter write '@'",
}


class PathError(ValueError):
    """The path cannot be used; the text says what to write instead."""


def find(path: str, body: Mapping[str, Any]) -> list[Any]:
    """Every value that the path selects in a JSON object. Raises PathError."""
    try:
        _check(path)
        query = _STRICT.compile(path)
        return query.findall(body) if isinstance(query, JSONPath) else []
    except JSONPathError as error:
        reason = error.args[0] if error.args else "it cannot be read"
        raise PathError(f"{reason}; write a path like $.status.phase (RFC 9535)") from error


def _check(path: str) -> None:
    for index, token in enumerate(_STRICT.lexer.tokenize(path)):
        if token.kind in _REFUSED and not (token.kind == TOKEN_ROOT and index == 0):
            raise PathError(_REFUSED[token.kind])


def said(value: Any) -> str | None:
    """A single value as a person writes it; None for an object or a list."""
    if isinstance(value, str):
        return value
    return None if isinstance(value, dict | list) else json.dumps(value)
