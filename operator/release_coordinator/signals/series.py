"""Reads one answer of a Prometheus-compatible `/api/v1/query_range` into a SeriesFact. Pure.

Called by `signals.prometheus`, and as strict as `signals.answer`. Two things are different: a range
without any data is an answer (there was nothing), and values that are no finite number are left
out, as a moment without traffic says nothing about the others.
"""

import math

from release_coordinator.engine.watchfacts import SeriesFact
from release_coordinator.signals.answer import HISTOGRAM, QUERY, moment, several
from release_coordinator.signals.envelope import malformed, read_data

POINTS = 11_000
"""Values of a series that Prometheus gives at most."""


def read_series(status: int, body: bytes, within: tuple[float, float]) -> SeriesFact:
    """The values in an answer with this HTTP status; `problem` begins with a verb.

    `within` are the Unix seconds between which all values must lie.
    """
    data = read_data(status, body, QUERY)
    if isinstance(data, str):
        return SeriesFact((), data)
    match data.get("resultType"), data.get("result"):
        case "matrix", []:
            return SeriesFact(())
        case "matrix", [{"histograms": [_, *_]}]:
            return SeriesFact((), HISTOGRAM)
        case "matrix", [{"values": list(points)}]:
            return _read(points, within)
        case "matrix", [_, _, *_] as series:
            return SeriesFact((), several(len(series)))
        case _:
            return SeriesFact((), malformed(QUERY))


def _read(points: list[object], within: tuple[float, float]) -> SeriesFact:
    values: list[float] = []
    last = -math.inf
    for point in points:
        match point:
            case [stamp, str(text)] if (at := moment(stamp)) is not None and last < at:
                last = at
            case _:
                return SeriesFact((), malformed(QUERY))
        if not within[0] <= at <= within[1]:
            return SeriesFact(
                (),
                "answered with values of another time than was asked for; see that nothing "
                "between the source and the operator keeps answers",
            )
        try:
            values.append(float(text))
        except ValueError:
            return SeriesFact((), malformed(QUERY))
    return SeriesFact(tuple(value for value in values if math.isfinite(value)))
