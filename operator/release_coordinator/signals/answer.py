"""Reads one answer of a Prometheus-compatible `/api/v1/query` into a Sample. Pure.

Called by `signals.prometheus`. The rule: a finite number is a value, everything else is
unknown and says why. Nothing is guessed, because a guess here releases or rolls back software:

- an empty vector is "no data", not zero;
- several series are a question that needs an aggregation, not a first element;
- `warnings` make the answer unknown. Prometheus-compatible servers use them for partial
  answers (a store was away) and for arithmetic that lost samples: the number may be wrong in
  either direction. `infos` are hints about style and are ignored.
"""

import json
import math
from http import HTTPStatus
from typing import Any

from release_coordinator.signals.port import Sample
from release_coordinator.text import one_line

_REDIRECTS = range(300, 400)
_CALLERS_FAULT = range(400, 500)


def read_answer(status: int, body: bytes) -> Sample:
    """The sample in an answer with this HTTP status; `problem` begins with a verb."""
    document = _document(body)
    if status != HTTPStatus.OK or (document is not None and document.get("status") == "error"):
        return _refused(status, document)
    if document is None:
        return _problem(
            "answered something that is not JSON",
            "check that the address is the root of a Prometheus-compatible API",
        )
    warnings = document.get("warnings")
    if warnings:
        return _problem(
            f"answered with a warning, so the value may be partial: {_first(warnings)}",
            "repair the source or the query",
        )
    data = document.get("data")
    if document.get("status") != "success" or not isinstance(data, dict):
        return _malformed()
    return _read_result(data.get("resultType"), data.get("result"))


def _read_result(kind: object, result: object) -> Sample:
    match kind, result:
        case "scalar", [_, str(value)]:
            return _read_number(value)
        case "vector", []:
            return _problem(
                "has no data for this query",
                "check the metric's name and labels, and that its target is scraped",
            )
        case "vector", [{"value": [_, str(value)]}]:
            return _read_number(value)
        case "vector", [{"histogram": _}]:
            return _problem(
                "answered with a histogram", "reduce it to one number, as histogram_quantile does"
            )
        case "vector", [_, _, *_] as series:
            return _problem(
                f"answered with {len(series)} series where one is expected",
                "aggregate in the query, for example with sum() or max()",
            )
        case (("matrix" | "string"), _):
            return _problem(
                f"answered with a {kind} where one number is expected",
                "make the query an instant vector of one series, or a scalar",
            )
        case _:
            return _malformed()


def _read_number(text: str) -> Sample:
    try:
        value = float(text)
    except ValueError:
        return _malformed()
    if math.isfinite(value):
        return Sample(value)
    return _problem(
        f"answered {one_line(text, 10)}, which is no number to judge by",
        "usually there was no traffic to divide by; guard the query against that",
    )


def _refused(status: int, document: dict[str, Any] | None) -> Sample:
    """An error status: the text of Prometheus' own error is quoted, other bodies are not."""
    told = document.get("error") if document else None
    quoted = f": {one_line(told)}" if isinstance(told, str) else ""
    if status in _REDIRECTS:
        return _problem(
            f"redirects (HTTP {status}), which is not followed", "name the final address"
        )
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        advice = "give the operator access to the source"
    elif status in _CALLERS_FAULT and quoted:
        advice = "correct the query"
    elif status in _CALLERS_FAULT:
        advice = "check that the address is the root of a Prometheus-compatible API"
    else:
        advice = "check the health and load of the source"
    return _problem(f"refused the query with HTTP {status}{quoted}", advice)


def _document(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):  # a hostile depth is not JSON either
        return None
    return document if isinstance(document, dict) else None


def _first(warnings: object) -> str:
    if isinstance(warnings, list) and warnings and isinstance(warnings[0], str):
        return one_line(warnings[0])
    return "without words"


def _malformed() -> Sample:
    return _problem(
        "answered JSON that is not a query result",
        "check that the address is the root of a Prometheus-compatible API",
    )


def _problem(what: str, advice: str) -> Sample:
    return Sample(None, f"{what}; {advice}")
