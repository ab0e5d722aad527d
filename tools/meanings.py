"""What each word of an enumeration means: the docstring below it or the comment beside it.

Used by `tools.api_reference`; Python keeps neither at run time, so the source is read.
"""

import ast
import inspect
import itertools
import textwrap
from enum import StrEnum


def meanings(kind: type[StrEnum]) -> dict[str, str]:
    """Return the meaning of each value, empty where the source says nothing."""
    source = textwrap.dedent(inspect.getsource(kind))
    lines = source.splitlines()
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.ClassDef)  # noqa: S101 - the source of a class is a class
    found = {}
    for node, following in itertools.zip_longest(definition.body, definition.body[1:]):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = kind[node.targets[0].id].value
            found[value] = _docstring(following) or _comment(lines[node.lineno - 1])
    return found


def _docstring(node: ast.stmt | None) -> str:
    match node:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return " ".join(text.split())
        case _:
            return ""


def _comment(line: str) -> str:
    _, _, text = line.partition("  # ")
    return "" if text.startswith("noqa") else text.strip()
