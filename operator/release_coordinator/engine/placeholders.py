"""Placeholders in queries and labels of `spec.watch`, like $(namespace): a closed set.

Used by `engine.watchfaults` for what is wrong with them and by `engine.asked` to fill them. A value
is escaped for the place where it stands, so that it can never become a part of the query.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from release_coordinator.api.release import WorkloadRef
from release_coordinator.api.workload import WorkloadKind

from . import promlex
from .promlex import Sort, Token

PODS = "pods"
WINDOW = "window"
OF_COMPONENT = frozenset({"component", "workload", PODS})
"""Those that say nothing without a component."""
OF_LABELS = ("namespace", "release", "component", "version", "previousVersion", "workload")
"""Those that a plain text may use."""
ALL = (*OF_LABELS, PODS, WINDOW)
"""Those that a query may use."""

REMEMBERED = 2048
"""Queries whose faults, or filled text, are kept: each is asked again and again."""
_ANY = re.compile(r"\$\(([^()]*)\)")
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")

HASH = "[bcdfghjklmnpqrstvwxz2456789]"
"""What Kubernetes makes the random and hashed parts of names from."""
_SUFFIX = HASH + "{5}"
_GENERATED = 58
"""Characters before the random suffix of a generated name; longer ones are cut."""
_HASH_LENGTHS = range(5, 11)
"""Characters that the hash of a template has."""


def named(text: str) -> frozenset[str]:
    """The placeholders of a text, known or not."""
    return frozenset(_ANY.findall(text))


@lru_cache(maxsize=REMEMBERED)
def faults(query: str) -> tuple[tuple[str, str], ...]:
    """What is wrong with the placeholders of a query: problems, each with its remedy."""
    return tuple(_faults(query))


def _faults(query: str) -> Iterator[tuple[str, str]]:
    try:
        found = promlex.tokens(query)
    except ValueError as error:
        problem, _, remedy = str(error).partition("; ")
        yield problem, remedy or "correct it"
        return
    for token, is_regex in _placed(found):
        if token.sort is Sort.STRING:
            yield from text_faults(token.text, ALL)
            if not is_regex and PODS in named(token.text):
                yield f"compares with $({PODS}), which is a regular expression", "use =~ or !~"
        elif token.sort is Sort.PLACEHOLDER:
            yield from text_faults(str(token), ALL)
            if token.text in ALL and token.text != WINDOW:
                yield f"has $({token.text}) outside of a string", "put it in quotes"


def text_faults(text: str, known: tuple[str, ...] = OF_LABELS) -> Iterator[tuple[str, str]]:
    """What is wrong with the placeholders of a plain text."""
    allowed = "use one of " + ", ".join(f"$({name})" for name in known)
    for name in sorted(named(text) - set(known)):
        yield f"has $({name}), which stands for nothing here", allowed
    if "$(" in _ANY.sub("", text):
        yield "has a $( that is not closed", allowed


def filled(query: str, values: Mapping[str, str]) -> str:
    """The query with its values.

    Raises:
        LookupError: it has a placeholder that has no value.
        ValueError: it is no PromQL.
    """
    return _filled(query, tuple(values.items())) if "$(" in query else query


def text_filled(text: str, values: Mapping[str, str]) -> str:
    """A plain text with its values. Raises LookupError as `filled` does."""
    return _ANY.sub(lambda found: values[found[1]], text)


@lru_cache(maxsize=REMEMBERED)
def _filled(query: str, values: tuple[tuple[str, str], ...]) -> str:
    return promlex.written(_replaced(promlex.tokens(query), dict(values)))


def _replaced(found: Sequence[Token], values: Mapping[str, str]) -> Iterator[Token]:
    escaped = {name: value if name == PODS else literal(value) for name, value in values.items()}
    for token, is_regex in _placed(found):
        if token.sort is Sort.STRING:
            text = text_filled(token.text, escaped if is_regex else values)
            yield Token(Sort.STRING, text)
        elif token.sort is Sort.PLACEHOLDER:
            # Nothing but a duration can stand outside of strings and change nothing else.
            yield Token(Sort.NUMBER, {WINDOW: values[WINDOW]}[token.text])
        else:
            yield token


def _placed(found: Sequence[Token]) -> Iterator[tuple[Token, bool]]:
    """Every token, and whether it is a string that is read as a regular expression."""
    calls: list[list[int | str]] = []
    before = ""
    for at, token in enumerate(found):
        operator = found[at - 1].text if at and found[at - 1].sort is Sort.SIGN else ""
        yield token, operator in {"=~", "!~"} or calls[-1:] == [["label_replace", 4]]
        if token.sort is Sort.SIGN and token.text in "([{":
            calls.append([before if token.text == "(" else "", 0])
        elif token.sort is Sort.SIGN and token.text in ")]}":
            del calls[-1:]
        elif token.sort is Sort.SIGN and token.text == "," and calls:
            calls[-1][1] = int(calls[-1][1]) + 1
        before = token.text if token.sort is Sort.NAME else ""


def literal(text: str) -> str:
    """A regular expression (RE2) that matches this text and nothing else."""
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", text)


def pods_of(workload: WorkloadRef) -> str:
    """A regular expression (RE2) for the names of a workload's pods.

    Names can be ambiguous: those of a Job `shop-bcdfg` look like those of Deployment `shop`.
    """
    name = workload.name
    if workload.kind is WorkloadKind.STATEFUL_SET:
        return f"{literal(name)}-[0-9]+"
    if workload.kind is WorkloadKind.DAEMON_SET:
        return literal(f"{name}-"[:_GENERATED]) + _SUFFIX
    room = _GENERATED - len(name) - 1
    if room > _HASH_LENGTHS[-1]:
        return f"{literal(name)}-{HASH}{{{_HASH_LENGTHS[0]},{_HASH_LENGTHS[-1]}}}-{_SUFFIX}"
    if room <= 0:
        return literal(f"{name}-"[:_GENERATED]) + _SUFFIX
    return f"{literal(name)}-(?:{'|'.join(_cut(room))}){_SUFFIX}"


def _cut(room: int) -> list[str]:
    """What is left of a template's hash and the dash after it; each possibility once."""
    whole = [f"{HASH}{{{length}}}-" for length in _HASH_LENGTHS if length < room]
    return [*whole, f"{HASH}{{{room}}}"]
