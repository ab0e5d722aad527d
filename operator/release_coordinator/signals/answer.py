"""Reads one answer of a Prometheus-compatible `/api/v1/query` into a SampleFact. Pure.

Called by `signals.prometheus`. The rule: a finite number of about now is a value, everything else
is unknown and says why. Nothing is guessed, because a guess here releases or rolls back software:

- an empty vector is "no data", not zero;
- several series are a question that needs an aggregation, not a first element;
- a warning makes the answer unknown (`signals.envelope`): the number may be wrong in either
  direction;
- a number of another time (a cache in between, a clock that is wrong) says nothing about now.
"""

import math

from release_coordinator.engine.watchfacts import SampleFact
from release_coordinator.signals.envelope import Question, malformed, read_data
from release_coordinator.text import one_line

OLDEST = 300.0
"""Seconds that a value may be old; as far back as Prometheus itself looks for a sample."""
NEWEST = 60.0
"""Seconds that it may be ahead of our clock."""

QUERY = Question("query", "query result", "correct the query")
_EXACT = 2**53
"""Beyond it whole numbers are no longer exact as floats: no time is there."""
HISTOGRAM = "answered with a histogram; reduce it to one number, as histogram_quantile does"


def read_answer(status: int, body: bytes, now: float) -> SampleFact:
    """The sample in an answer with this HTTP status; `problem` begins with a verb.

    `now` in Unix seconds.
    """
    data = read_data(status, body, QUERY)
    if isinstance(data, str):
        return SampleFact(None, data)
    return _read_result(data.get("resultType"), data.get("result"), now)


def several(count: int) -> str:
    """The problem with more than one series."""
    return (
        f"answered with {count} series where one is expected; "
        "aggregate in the query, for example with sum() or max()"
    )


def moment(at: object) -> float | None:
    """Unix seconds in an answer; None if they are none."""
    if isinstance(at, bool) or not isinstance(at, int | float):
        return None
    return float(at) if -_EXACT <= at <= _EXACT else None


def _read_result(kind: object, result: object, now: float) -> SampleFact:
    match kind, result:
        case ("scalar", [at, str(value)]) | ("vector", [{"value": [at, str(value)]}]):
            return _read_number(at, value, now)
        case "vector", []:
            return _problem(
                "has no data for this query; "
                "check the metric's name and labels, and that its target is scraped"
            )
        case "vector", [{"histogram": _}]:
            return _problem(HISTOGRAM)
        case "vector", [_, _, *_] as series:
            return _problem(several(len(series)))
        case (("matrix" | "string"), _):
            return _problem(
                f"answered with a {kind} where one number is expected; "
                "make the query an instant vector of one series, or a scalar"
            )
        case _:
            return _problem(malformed(QUERY))


def _read_number(at: object, text: str, now: float) -> SampleFact:
    when = moment(at)
    if when is None:
        return _problem(malformed(QUERY))
    try:
        value = float(text)
    except ValueError:
        return _problem(malformed(QUERY))
    if not math.isfinite(value):
        return _problem(
            f"answered {one_line(text, 10)}, which is no number to judge by; "
            "usually there was no traffic to divide by; guard the query against that"
        )
    age = now - when
    if -NEWEST <= age <= OLDEST:
        return SampleFact(value)
    way = f"{age:.0f} s old" if age > 0 else f"from {-age:.0f} s in the future"
    return _problem(
        f"answered with a value that is {way}; set the clocks of the source and of the operator "
        "right, and see that nothing between them keeps answers"
    )


def _problem(problem: str) -> SampleFact:
    return SampleFact(None, problem)
