"""PromQL: whether a query can be asked at all, and the same query narrowed to label values.

Used by `engine.watchfaults`, and by whoever asks a source that is shared by several teams. Texts
are rewritten token by token, and the syntax tree of the result must then show what was meant.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import promql_parser
from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    Matcher,
    MatchOp,
    MatrixSelector,
    ParenExpr,
    StringLiteral,
    SubqueryExpr,
    UnaryExpr,
    VectorSelector,
)

from . import promlex
from .promlex import Sort, Token

REMEMBERED = 2048
"""Queries whose check, or narrowed text, is kept: each is asked again and again."""
_RANGE = (
    "answers with a range of values; put it into a function that makes one of them, like "
    "rate(...) or avg_over_time(...)"
)
_WORDS = {"and", "or", "unless", "atan2", "bool", "offset", "inf", "nan"}
_EXPECTED = ("expected type matrix", "expected a range of values, like up[5m],")
_INFO = (
    "uses info(), whose labels come from series that cannot be narrowed; join them by * on (...)"
)
_UNCLEAR = "cannot be narrowed; write braces after each name of a metric, like up{}"


def parsed(query: str) -> Expr:
    """The syntax tree of a query.

    Raises:
        ValueError: it is no PromQL; the text says why and begins with a verb.
    """
    text = promlex.written(promlex.tokens(query))
    try:
        return promql_parser.parse(text)
    except ValueError as error:
        reason = " ".join(str(error).split()).replace(*_EXPECTED)
        raise ValueError(f"is no PromQL: {reason}") from None


@lru_cache(maxsize=REMEMBERED)
def checked(query: str) -> str:
    """What is wrong with a query, or nothing: its grammar, and that its answer can be a number.

    The text begins with a verb.
    """
    try:
        answer = parsed(query)
    except ValueError as error:
        return str(error)
    while isinstance(answer, ParenExpr):
        answer = answer.expr
    if isinstance(answer, MatrixSelector | SubqueryExpr):
        return _RANGE
    if isinstance(answer, StringLiteral):
        return "is a text in quotes; write a query whose answer is a number"
    return ""


def narrowed(query: str, matchers: Mapping[str, str]) -> str:
    """The query with every selector forced to these label values, in place of its own matchers.

    Raises:
        ValueError: that cannot be done; the text says why and begins with a verb.
    """
    if not matchers:
        return query
    return _narrowed(query, tuple(matchers.items()))


@lru_cache(maxsize=REMEMBERED)
def _narrowed(query: str, labels: tuple[tuple[str, str], ...]) -> str:
    matchers = dict(labels)
    before = parsed(query)
    if "__name__" in matchers:
        raise ValueError("cannot be forced to one __name__, which is the name of the metric")
    text = promlex.written(_forced(promlex.tokens(query), matchers))
    after = parsed(text)
    if _shape(after, set(matchers)) != _shape(before, set(matchers)):
        raise ValueError(_UNCLEAR)
    for selector in _selectors(after):
        _demand(selector, matchers)
    return text


def _demand(selector: VectorSelector, matchers: Mapping[str, str]) -> None:
    """See that a selector can find nothing else."""
    if selector.matchers.or_matchers:
        raise ValueError("has alternatives in a selector, which PromQL has not; use =~")
    for label, value in matchers.items():
        found = [one for one in selector.matchers.matchers if one.name == label]
        if not all(one.op == MatchOp.Equal and one.value == value for one in found) or not found:
            raise ValueError(_UNCLEAR)


def _selectors(expr: Expr) -> list[VectorSelector]:
    found = []
    for node in _nodes(expr):
        if isinstance(node, VectorSelector):
            found.append(node)
        elif isinstance(node, Call) and node.func.name == "info":
            raise ValueError(_INFO)
    return found


def _nodes(expr: Expr) -> Iterator[Expr]:
    """The expression and everything below it; without recursion, as it may be very deep."""
    waiting = [expr]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(_below(node))


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


def _shape(expr: Expr, without: set[str]) -> list[object]:
    """What a query consists of, less the matchers of some labels."""
    return [_trait(node, without) for node in _nodes(expr)]


def _trait(node: Expr, without: set[str]) -> object:
    kind = type(node).__name__
    if isinstance(node, VectorSelector):
        kept = [_text(one) for one in node.matchers.matchers if one.name not in without]
        return kind, node.name, sorted(kept), node.offset, str(node.at)
    if isinstance(node, MatrixSelector):
        return kind, node.range
    if isinstance(node, SubqueryExpr):
        return kind, node.range, node.step, node.offset, str(node.at)
    if isinstance(node, Call):
        return kind, node.func.name
    if isinstance(node, BinaryExpr | AggregateExpr):
        return kind, str(node.op)
    return kind if _below(node) else (kind, str(node))


def _text(matcher: Matcher) -> str:
    return f"{matcher.name} {matcher.op} {matcher.value}"


def _forced(found: Sequence[Token], matchers: Mapping[str, str]) -> Iterator[Token]:
    at = 0
    while at < len(found):
        token, after = found[at], _sign(found, at + 1)
        at += 1
        if token.sort is Sort.NAME and token.text.lower() in promlex.LISTS and after == "(":
            end = _closing(found, at, ")")
            yield from [token, *found[at:end]]
            at = end
        elif _is_metric(token, found, at) or (token.sort is Sort.SIGN and token.text == "{"):
            begins = at if token.text == "{" else at + 1
            has_list = token.text == "{" or after == "{"
            end = _closing(found, begins, "}") if has_list else at
            own = _items(found[begins : end - 1]) if has_list else []
            if token.text != "{":
                yield token
            yield from _list(own, matchers)
            at = end
        else:
            yield token


def _sign(found: Sequence[Token], at: int) -> str:
    return found[at].text if at < len(found) and found[at].sort is Sort.SIGN else ""


def _is_metric(token: Token, found: Sequence[Token], after: int) -> bool:
    if token.sort is not Sort.NAME or _sign(found, after) == "(":
        return False
    word = token.text.lower()
    following = found[after].text.lower() if after < len(found) else ""
    return word not in promlex.LISTS | _WORDS and following not in {"by", "without"}


def _closing(found: Sequence[Token], at: int, sign: str) -> int:
    """Where the list ends that begins there; there are no lists within such lists."""
    while _sign(found, at) != sign:
        at += 1
    return at + 1


def _items(found: Sequence[Token]) -> list[list[Token]]:
    items: list[list[Token]] = [[]]
    for token in found:
        if token.sort is Sort.SIGN and token.text == ",":
            items.append([])
        else:
            items[-1].append(token)
    return [item for item in items if item]


def _list(own: list[list[Token]], matchers: Mapping[str, str]) -> Iterator[Token]:
    """The matchers of a selector, with those that are forced in place of its own."""
    kept = [item for item in own if len(item) == 1 or item[0].text not in matchers]
    forced = [
        [_label(label), Token(Sort.SIGN, "="), Token(Sort.STRING, value)]
        for label, value in matchers.items()
    ]
    yield Token(Sort.SIGN, "{")
    for number, item in enumerate([*kept, *forced]):
        yield from [*([Token(Sort.SIGN, ",")] if number else []), *item]
    yield Token(Sort.SIGN, "}")


def _label(name: str) -> Token:
    return Token(Sort.NAME, name)
