"""PromQL: whether a query can be asked at all, and the same query narrowed to label values.

Used by `engine.watchfaults`, and by whoever asks a source that is shared by several teams. Texts
are rewritten token by token, and the syntax tree of the result must then show what was meant.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from functools import lru_cache

from . import promlex, promtree
from .promlex import Sort, Token
from .promtree import Part

REMEMBERED = 2048
"""Queries whose check, or narrowed text, is kept: each is asked again and again."""
_RANGE = (
    "answers with a range of values; put it into a function that makes one of them, like "
    "rate(...) or avg_over_time(...)"
)
_WORDS = {"and", "or", "unless", "atan2", "bool", "offset", "inf", "nan"}
_INFO = (
    "uses info(), whose labels come from series that cannot be narrowed; join them by * on (...)"
)
_UNCLEAR = "cannot be narrowed; write braces after each name of a metric, like up{}"


@lru_cache(maxsize=REMEMBERED)
def checked(query: str) -> str:
    """What is wrong with a query, or nothing: its grammar, and that its answer can be a number.

    The text begins with a verb.
    """
    try:
        kind = promtree.answer(promlex.tokens(query))
    except ValueError as error:
        return str(error)
    if kind in promtree.RANGES:
        return _RANGE
    if kind == promtree.TEXT:
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
    found = promlex.tokens(query)
    before = promtree.parts(found)
    if "__name__" in matchers:
        raise ValueError("cannot be forced to one __name__, which is the name of the metric")
    forced = tuple(_forced(found, matchers))
    after = promtree.parts(forced)
    if _shape(after, matchers) != _shape(before, matchers):
        raise ValueError(_UNCLEAR)
    for part in after:
        _demand(part, matchers)
    return promlex.written(forced)


def _demand(part: Part, matchers: Mapping[str, str]) -> None:
    """See that a selector can find nothing else."""
    if part.kind == promtree.CALL and part.traits == ("info",):
        raise ValueError(_INFO)
    if part.kind != promtree.SELECTOR:
        return
    if part.has_alternatives:
        raise ValueError("has alternatives in a selector, which PromQL has not; use =~")
    for label, value in matchers.items():
        found = [(operator, text) for name, operator, text in part.matchers if name == label]
        if set(found) != {("=", value)}:
            raise ValueError(_UNCLEAR)


def _shape(parts: Sequence[Part], without: Container[str]) -> list[object]:
    """What a query consists of, less the matchers of some labels."""
    return [
        (part.kind, part.traits, sorted(one for one in part.matchers if one[0] not in without))
        for part in parts
    ]


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
