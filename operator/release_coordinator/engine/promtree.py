"""The syntax tree of a query as plain data: what the parser says of tokens.

Used by `engine.promql`. The parser is not written in Python: whatever it raises, from a number that
has no place in its types to a panic, comes out of here as a fault of the query.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import promql_parser
from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    MatrixSelector,
    ParenExpr,
    StringLiteral,
    SubqueryExpr,
    UnaryExpr,
    VectorSelector,
)

from release_coordinator.errors import is_panic
from release_coordinator.text import one_line

from . import promlex, regexes
from .promlex import Sort, Token

LONGEST = 2**63 / 1e9
"""Seconds that Prometheus can count: 292 years."""
_BY_REGEX = {"=~", "!~"}
_NEGATED = {"!=", "!~"}
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
    """The kind of what the query is outside of all brackets.

    Raises:
        ValueError: it is no PromQL, or has regular expressions that are none or too much; the
            text says why and begins with a verb.
    """
    values = list(_values(found))
    matching = regexes.matching_nothing([one.text for one in values if one.is_regex])
    tamed = _tamed(found, values, [one.stand_in(matching) for one in values])
    with _parser():
        node = _parsed(tamed)
        while isinstance(node, ParenExpr):
            node = node.expr
        return type(node).__name__


def parts(found: Sequence[Token]) -> list[Part]:
    """Everything a query consists of, in the order of the tree.

    Its regular expressions are not read: `answer` was asked first, and now they may be longer.

    Raises:
        ValueError: it is no PromQL; the text says why and begins with a verb.
    """
    values = list(_values(found))
    tamed = _tamed(found, values, [str(number) for number in range(len(values))])
    with _parser():
        return list(_parts(_parsed(tamed), values))


class _Value(NamedTuple):
    """What a label is compared with."""

    at: int
    """Index of its token."""
    operator: str
    """Before it; of a metric's name in quotes there is none."""
    text: str

    @property
    def is_regex(self) -> bool:
        return self.operator in _BY_REGEX

    def stand_in(self, matching: Container[str]) -> str:
        """A text that matches nothing if this does: not all of a selector may."""
        finds = self.text in matching if self.is_regex else self.text == ""
        if finds != (self.operator in _NEGATED):
            return ""
        return self.text if self.operator in {"", "="} else "x"


def _values(found: Sequence[Token]) -> Iterator[_Value]:
    in_braces, before = False, ""
    for at, token in enumerate(found):
        if token.sort is Sort.SIGN and token.text in "{}":
            in_braces = token.text == "{"
        elif in_braces and token.sort is Sort.STRING and not _operator(found, at + 1):
            yield _Value(at, before, token.text)
        before = _operator(found, at)


def _operator(found: Sequence[Token], at: int) -> str:
    is_sign = at < len(found) and found[at].sort is Sort.SIGN
    return found[at].text if is_sign and found[at].text in promlex.MATCHES else ""


def _tamed(found: Sequence[Token], values: list[_Value], stand_ins: list[str]) -> list[Token]:
    """The query for the parser: what is equal to a stand-in stands for each comparison.

    The parser would read regular expressions without any bound, and hold up all threads meanwhile.
    """
    tamed = list(found)
    for value, stand_in in zip(values, stand_ins, strict=True):
        tamed[value.at] = Token(Sort.STRING, stand_in)
        if value.operator:
            tamed[value.at - 1] = Token(Sort.SIGN, "=")
    return tamed


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


def _parts(expr: Expr, values: Sequence[_Value]) -> Iterator[Part]:
    """The expression and everything below it; without recursion, as it may be deep.

    Each child is asked for once: that copies whatever is below it.
    """
    waiting = [expr]
    while waiting:
        node = waiting.pop()
        below = _below(node)
        yield _selector(node, values) if isinstance(node, VectorSelector) else _part(node, below)
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


def _selector(node: VectorSelector, values: Sequence[_Value]) -> Part:
    compared = [(one.name, values[int(one.value)]) for one in node.matchers.matchers]
    matchers = tuple((name, value.operator or "=", value.text) for name, value in compared)
    traits = (node.name, node.offset, str(node.at))
    return Part(SELECTOR, traits, matchers, bool(node.matchers.or_matchers))


def _part(node: Expr, below: Sequence[Expr]) -> Part:
    kind = type(node).__name__
    if isinstance(node, MatrixSelector):
        return Part(kind, (node.range,))
    if isinstance(node, SubqueryExpr):
        return Part(kind, (node.range, node.step, node.offset, str(node.at)))
    if isinstance(node, Call):
        return Part(kind, (node.func.name,))
    if isinstance(node, BinaryExpr | AggregateExpr):
        return Part(kind, (str(node.op),))
    return Part(kind, () if below else (str(node),))


SELECTOR = VectorSelector.__name__
CALL = Call.__name__
RANGES = {MatrixSelector.__name__, SubqueryExpr.__name__}
TEXT = StringLiteral.__name__
