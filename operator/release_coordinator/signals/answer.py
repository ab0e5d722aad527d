"""Reads one answer of a Prometheus-compatible `/api/v1/query` into a SampleFact. Pure.

Called by `signals.prometheus`. The rule: a finite number is a value, everything else is
unknown and says why. Nothing is guessed, because a guess here releases or rolls back software:

- an empty vector is "no data", not zero;
- several series are a question that needs an aggregation, not a first element;
- a warning makes the answer unknown (`signals.envelope`): the number may be wrong in either
  direction.
"""

import math

from release_coordinator.engine.watchfacts import SampleFact
from release_coordinator.signals.envelope import Question, malformed, read_data
from release_coordinator.text import one_line

_QUERY = Question("query", "query result", "correct the query")


def read_answer(status: int, body: bytes) -> SampleFact:
    """The sample in an answer with this HTTP status; `problem` begins with a verb."""
    data = read_data(status, body, _QUERY)
    if isinstance(data, str):
        return SampleFact(None, data)
    return _read_result(data.get("resultType"), data.get("result"))


def _read_result(kind: object, result: object) -> SampleFact:
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


def _read_number(text: str) -> SampleFact:
    try:
        value = float(text)
    except ValueError:
        return _malformed()
    if math.isfinite(value):
        return SampleFact(value)
    return _problem(
        f"answered {one_line(text, 10)}, which is no number to judge by",
        "usually there was no traffic to divide by; guard the query against that",
    )


def _malformed() -> SampleFact:
    return SampleFact(None, malformed(_QUERY))


def _problem(what: str, advice: str) -> SampleFact:
    return SampleFact(None, f"{what}; {advice}")
