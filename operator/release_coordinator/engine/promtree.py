"""The syntax tree of a query as plain data: what the parser says of tokens.

Used by `engine.promql`. The parser is not written in Python: whatever it raises, from a number that
has no place in its types to a panic, comes out of here as a fault of the query.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import promql_parser
from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    MatchOp,
    MatrixSelector,
    ParenExpr,
    StringLiteral,
    SubqueryExpr,
    UnaryExpr,
    VectorSelector,
)

from release_coordinator.errors import is_panic
from release_coordinator.text import one_line

from . import promlex
from .promlex import Sort, Token

LONGEST = 2**63 / 1e9
"""Seconds that Prometheus can count: 292 years."""
_ENDLESS = {"inf", "nan"}
_EXPECTED = ("expected type matrix", "expected a range of values, like up[5m],")


@dataclass(frozen=True, slots=True)
class Part:
    """A node of the tree."""

    kind: str
    traits: tuple[object, ...] = ()
    matchers: tuple[tuple[str, str, str], ...] = ()
    """Label, operator and value; of selectors alone."""
    has_alternatives: bool = False
    """Whether they are joined by `or`, which Prometheus does not know."""


def answer(found: Sequence[Token]) -> str:
    """The kind of what the query is outside of all brackets. Raises ValueError as `parts`."""
    with _parser():
        node = _parsed(found)
        while isinstance(node, ParenExpr):
            node = node.expr
        return type(node).__name__


def parts(found: Sequence[Token]) -> list[Part]:
    """Everything a query consists of, in the order of the tree.

    Raises:
        ValueError: it is no PromQL; the text says why and begins with a verb.
    """
    with _parser():
        return list(_parts(_parsed(found)))


@contextmanager
def _parser() -> Iterator[None]:
    try:
        yield
    except (ValueError, OverflowError) as error:
        reason = one_line(str(error)).replace(*_EXPECTED)
        raise ValueError(f"is no PromQL: {reason}") from None
    except BaseException as error:
        if not is_panic(error):
            raise
        raise ValueError("is no PromQL: it has a number that is out of all bounds") from None


def _parsed(found: Sequence[Token]) -> Expr:
    _see_times(found)
    return promql_parser.parse(promlex.written(found))


def _see_times(found: Iterable[Token]) -> None:
    """Refuse times that nobody can wait for, before the parser ends itself over them."""
    in_brackets = after_offset = False
    for token in found:
        if token.sort is Sort.SIGN:
            in_brackets = token.text == "[" or (in_brackets and token.text != "]")
            after_offset = after_offset and token.text in "+-"
            continue
        if (in_brackets or after_offset) and _is_endless(token):
            raise ValueError(f"{one_line(token.text, 20)} is no length of time, which is like 5m")
        after_offset = token.sort is Sort.NAME and token.text.lower() == "offset"


def _is_endless(token: Token) -> bool:
    text = token.text.lower()
    if token.sort is Sort.NAME:
        return text in _ENDLESS
    try:
        return float(int(text, 16) if text.startswith("0x") else text) > LONGEST
    except OverflowError:
        return True
    except ValueError:  # it has a unit, or is none: the parser knows
        return False


def _parts(expr: Expr) -> Iterator[Part]:
    """The expression and everything below it; without recursion, as it may be deep.

    Each child is asked for once: that copies whatever is below it.
    """
    waiting = [expr]
    while waiting:
        node = waiting.pop()
        below = _below(node)
        yield _part(node, is_leaf=not below)
        waiting.extend(below)


def _below(expr: Expr) -> Sequence[Expr]:
    if isinstance(expr, BinaryExpr):
        return [expr.lhs, expr.rhs]
    if isinstance(expr, Call):
        return expr.args
    if isinstance(expr, MatrixSelector):
        return [expr.vector_selector]
    if isinstance(expr, AggregateExpr):
        return [expr.expr, *([expr.param] if expr.param is not None else [])]
    return [expr.expr] if isinstance(expr, ParenExpr | UnaryExpr | SubqueryExpr) else []


def _part(node: Expr, *, is_leaf: bool) -> Part:
    kind = type(node).__name__
    if isinstance(node, VectorSelector):
        found = node.matchers
        own = tuple((one.name, str(one.op), one.value) for one in found.matchers)
        traits = (node.name, node.offset, str(node.at))
        return Part(kind, traits, own, bool(found.or_matchers))
    if isinstance(node, MatrixSelector):
        return Part(kind, (node.range,))
    if isinstance(node, SubqueryExpr):
        return Part(kind, (node.range, node.step, node.offset, str(node.at)))
    if isinstance(node, Call):
        return Part(kind, (node.func.name,))
    if isinstance(node, BinaryExpr | AggregateExpr):
        return Part(kind, (str(node.op),))
    return Part(kind, (str(node),) if is_leaf else ())


EQUAL = str(MatchOp.Equal)
SELECTOR = VectorSelector.__name__
CALL = Call.__name__
RANGES = {MatrixSelector.__name__, SubqueryExpr.__name__}
TEXT = StringLiteral.__name__
