"""Texts of messages that people write: Jinja without anything that could loop, call or look inside.

Used by `render.message`; pure. The sandbox of Jinja keeps templates away from the interpreter, but
not from a loop over a thousand million, and a thread that computes cannot be stopped. So a template
may only mention the known variables, filter them, compare them, and choose between parts. What it
can cost is then bounded by its length, which the definition of a Channel bounds.
"""

from collections.abc import Mapping
from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import SandboxedEnvironment

from release_coordinator.api.notification import Facts
from release_coordinator.text import one_line

VARIABLES = (
    *Facts.model_fields,
    *("namespace", "release", "attempt", "event", "id", "time"),
)
"""What a template can mention; all of them are texts, empty where they do not apply."""
FILTERS = ("upper", "lower", "capitalize", "title", "trim", "truncate", "default", "escape")
DEPTH = 24
"""Of expressions in one another; Jinja compiles them by recursion."""

_FAULTS = (TemplateError, ValueError, TypeError, ArithmeticError)
_SAMPLES = tuple(dict.fromkeys(VARIABLES, text * 40) for text in ("", "a ", "7"))
"""Whatever is not known before is a fault of the template, if it is one at all."""

_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr),
    *(nodes.Name, nodes.Const, nodes.Filter, nodes.Keyword),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat),
)
_WORDS: Mapping[type[nodes.Node], str] = {
    nodes.For: "loops",
    nodes.Call: "calls",
    nodes.Getattr: "looks inside a variable",
    nodes.Getitem: "looks inside a variable",
    nodes.BinExpr: "computes",
    nodes.UnaryExpr: "computes",
}
"""What people try, in words; everything else is called by the name that Jinja has for it."""


class _Unusable(Exception):  # noqa: N818 - a fact about a template
    """The message begins with a verb."""


_environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, cache_size=0)
_environment.filters = {name: _environment.filters[name] for name in FILTERS}
_environment.tests = {}
_environment.globals = {}


def fault(source: str) -> str:
    """Why a template cannot be used and what to write instead; empty if it can."""
    try:
        _compiled(source)
    except _Unusable as error:
        return str(error)
    return ""


def rendered(source: str, values: Mapping[str, str]) -> str:
    """The text; empty if the template cannot be used. `values` has all VARIABLES."""
    try:
        return _compiled(source).render(values)
    except (_Unusable, *_FAULTS):
        return ""


@lru_cache(maxsize=256)
def _compiled(source: str) -> Template:
    try:
        parsed = _environment.parse(source)
        _check(parsed, 0)
        made = _environment.from_string(source)
        for sample in _SAMPLES:
            made.render(sample)
    except _FAULTS as error:
        raise _Unusable(f"is no valid template: {one_line(str(error))}; correct it") from None
    except RecursionError:
        raise _Unusable("is nested too deeply; make it simpler") from None
    return made


def _check(node: nodes.Node, depth: int) -> None:
    if not isinstance(node, _ALLOWED):
        words = (text for kind, text in _WORDS.items() if isinstance(node, kind))
        what = next(words, f"uses {type(node).__name__}")
        raise _Unusable(
            f"{what} in line {node.lineno}; templates only have variables, the filters "
            f"{', '.join(FILTERS)}, comparisons, and `if`"
        )
    if isinstance(node, nodes.Name) and node.name not in VARIABLES:
        known = ", ".join(VARIABLES)
        raise _Unusable(f"mentions {one_line(node.name, 64)!r}; there are: {known}")
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        known = ", ".join(FILTERS)
        raise _Unusable(f"uses the filter {one_line(node.name, 64)!r}; there are: {known}")
    if depth > DEPTH:
        raise _Unusable("is nested too deeply; make it simpler")
    for child in node.iter_child_nodes():
        _check(child, depth + 1)
