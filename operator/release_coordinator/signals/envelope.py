"""The envelope around every answer of a Prometheus-compatible API: status, errors, warnings. Pure.

Opened for `signals.answer` and `signals.rules`, which read what is inside. A `warnings` entry
makes any answer unusable: such servers use it for partial answers (a store was away), and what
is missing cannot be told. `infos` are hints about style and are ignored.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic_core import from_json

from release_coordinator.text import one_line

CHECK_ADDRESS = "check that the address is the root of a Prometheus-compatible API"
MOST_VALUES = 500_000
"""Of an answer that is read: what small values take in memory is many times their text."""
_REDIRECTS = range(300, 400)
_CALLERS_FAULT = range(400, 500)


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, in the words of a message."""

    name: str
    """What the server refuses, like "query"."""
    answer: str
    """What it answers with, like "query result"."""
    remedy: str
    """What its author does if the server finds fault with it."""


def read_data(status: int, body: bytes, question: Question) -> dict[str, Any] | str:
    """The `data` of an answer with this HTTP status, or a problem that begins with a verb."""
    document = _document(body)
    if status != HTTPStatus.OK or (document is not None and document.get("status") == "error"):
        return _refused(status, document, question)
    if document is None and _is_heavy(body):
        return f"answered with more than {MOST_VALUES} values; {CHECK_ADDRESS}"
    if document is None:
        return f"answered something that is not JSON; {CHECK_ADDRESS}"
    warnings = document.get("warnings")
    if warnings:
        return (
            f"answered with a warning, so the {question.answer} may be partial: "
            f"{_first(warnings)}; repair the source, or {question.remedy}"
        )
    data = document.get("data")
    if document.get("status") != "success" or not isinstance(data, dict):
        return malformed(question)
    return data


def malformed(question: Question) -> str:
    """The problem with JSON of another shape."""
    return f"answered JSON that is not a {question.answer}; {CHECK_ADDRESS}"


def _refused(status: int, document: dict[str, Any] | None, question: Question) -> str:
    """An error status: the text of Prometheus' own error is quoted, other bodies are not."""
    told = document.get("error") if document else None
    quoted = f": {one_line(told)}" if isinstance(told, str) else ""
    if status in _REDIRECTS:
        return f"redirects (HTTP {status}), which is not followed; name the final address"
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        advice = "give the operator access to the source"
    elif status in _CALLERS_FAULT and quoted:
        advice = question.remedy
    elif status in _CALLERS_FAULT:
        advice = CHECK_ADDRESS
    else:
        advice = "check the health and load of the source"
    return f"refused the {question.name} with HTTP {status}{quoted}; {advice}"


def _is_heavy(body: bytes) -> bool:
    """Whether there may be too many values in it; those in texts count too, as that is cheap."""
    return sum(map(body.count, (b"{", b"[", b","))) > MOST_VALUES


def _document(body: bytes) -> dict[str, Any] | None:
    """Strict: a hostile depth and text that has no form in UTF-8 are not JSON either."""
    if _is_heavy(body):
        return None
    try:
        document = from_json(body, cache_strings="keys")
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _first(warnings: object) -> str:
    if isinstance(warnings, list) and warnings and isinstance(warnings[0], str):
        return one_line(warnings[0])
    return "without words"
