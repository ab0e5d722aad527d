"""Judgement of one reading of one metric: Pass, Fail or Unknown, with the numbers it used.

An outage, no data, too little traffic, or a baseline that says nothing is Unknown: never Fail,
never Pass. A limit that is broken is Fail even if another one cannot be judged. Used by
`engine.signs.metrics`.
"""

import math
from collections.abc import Iterable

from release_coordinator.api.measurement import Verdict
from release_coordinator.api.watch import Breach, Comparison, Direction, OnMissing

from . import ranks
from .ranks import Ranks
from .reading import Finding, Reading

LEAST = 8
"""Recent values that there must be to compare any: those of two minutes, as a rule."""
LEAST_BASELINE = 10
"""Values of a baseline with which nothing is compared if there are fewer."""

Part = tuple[Verdict, str]
"""What one limit says."""
SEVEREST = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS)


def judge(breach: Breach, reading: Reading) -> Finding:
    """The verdict on a reading and its explanation; values in the unit of the query."""
    verdict, message = _verdict(breach, reading)
    return Finding(verdict, message, _finite(reading.value), _finite(reading.baseline))


def _verdict(breach: Breach, reading: Reading) -> Part:
    value = _finite(reading.value)
    if reading.value is None or value is None:
        unfit = "no value" if reading.value is None else f"{reading.value} is no usable number"
        return Verdict.UNKNOWN, reading.problem or unfit
    if reading.traffic_problem:
        return Verdict.UNKNOWN, f"{_text(value)} proves nothing: {reading.traffic_problem}"
    parts = [
        *_absolute(breach, value),
        *_relative(breach, value, reading),
        *_compared(breach, value, reading),
    ]
    for verdict in SEVEREST:
        if texts := [text for one, text in parts if one is verdict]:
            return verdict, "; ".join(texts)
    return Verdict.UNKNOWN, f"{_text(value)} has no limit; set above, below or floor"


def _absolute(breach: Breach, value: float) -> list[Part]:
    above, below = breach.above, breach.below
    if above is not None and value > above:
        return [(Verdict.FAIL, f"{_text(value)} is above {_text(above)}")]
    if below is not None and value < below:
        return [(Verdict.FAIL, f"{_text(value)} is below {_text(below)}")]
    if above is not None and below is not None:
        return [(Verdict.PASS, f"{_text(value)} is between {_text(below)} and {_text(above)}")]
    if above is not None:
        return [(Verdict.PASS, f"{_text(value)} is not above {_text(above)}")]
    if below is not None:
        return [(Verdict.PASS, f"{_text(value)} is not below {_text(below)}")]
    return []


def _relative(breach: Breach, value: float, reading: Reading) -> list[Part]:
    ratio, floor, baseline = breach.ratio_to_baseline, breach.floor, _finite(reading.baseline)
    if ratio is None:
        return []
    if baseline is None:
        why = reading.baseline_problem or "there is no baseline to compare with"
        return _without_baseline(breach, value, reading.on_missing, why)
    if baseline <= 0:
        return _beside_nothing(breach, value, reading)
    factor = value / baseline
    text = f"{_text(value)} is {factor:.2f} times the baseline {_text(baseline)}"
    if floor is not None and value <= floor:
        return [(Verdict.PASS, f"{text}, and not above the floor {_text(floor)}")]
    verdict = Verdict.FAIL if factor > ratio else Verdict.PASS
    return [(verdict, f"{text}; the limit is {_text(ratio)} times")]


def _beside_nothing(breach: Breach, value: float, reading: Reading) -> list[Part]:
    """Judged by the floor alone: no value is a multiple of zero, or of less."""
    baseline, floor = _text(reading.baseline or 0.0), breach.floor
    if floor is not None:
        return [_by_floor(value, floor, f"the baseline is {baseline}")]
    if value <= 0:
        return [(Verdict.PASS, f"{_text(value)}, as before ({baseline})")]
    why = f"it cannot be put in relation to a baseline of {baseline}; set floor for this metric"
    return _without_baseline(breach, value, reading.on_missing, why)


def _by_floor(value: float, floor: float, why: str) -> Part:
    text = f"the floor {_text(floor)}, which judges alone: {why}"
    if value > floor:
        return Verdict.FAIL, f"{_text(value)} is above {text}"
    return Verdict.PASS, f"{_text(value)} is not above {text}"


def _without_baseline(
    breach: Breach, value: float, on_missing: OnMissing, why: str, *, floored: bool = True
) -> list[Part]:
    """What can be said without a baseline; `floored`: the floor bounds this limit from below."""
    floor = breach.floor if floored else None
    if floor is not None and (value <= floor or on_missing is OnMissing.ABSOLUTE):
        return [_by_floor(value, floor, why)]
    if on_missing is OnMissing.ABSOLUTE and (breach.above, breach.below) != (None, None):
        return []  # the others have spoken
    return [(Verdict.UNKNOWN, f"{_text(value)} cannot be judged: {why}")]


def _compared(breach: Breach, value: float, reading: Reading) -> list[Part]:
    wanted = breach.comparison
    if wanted is None:
        return []
    rising = wanted.direction is not Direction.DECREASE
    new, old = _usable(reading.values), _usable(reading.baseline_values)
    if len(old) < LEAST_BASELINE:
        why = f"the baseline has {len(old)} values, fewer than {LEAST_BASELINE}"
        why = reading.baseline_problem or why
        return _without_baseline(breach, value, reading.on_missing, why, floored=rising)
    if len(new) < LEAST:
        why = reading.values_problem or f"there are {len(new)} values, fewer than {LEAST}"
        return [(Verdict.UNKNOWN, f"{_text(value)} cannot be compared yet: {why}")]
    tested, effect = ranks.mann_whitney(new, old), ranks.effect(new, old)
    chance = _chance(wanted.direction, tested)
    differs = chance < 1 - wanted.confidence and _is_large(wanted, effect)
    text = _compared_text(new, old, effect, chance)
    limit = f"the limit is {_text(wanted.min_effect)} times at p < {1 - wanted.confidence:.2g}"
    if not differs:
        return [(Verdict.PASS, f"{text}; {limit}")]
    if breach.floor is not None and _is_small(breach.floor, value, old, rising=rising):
        return [(Verdict.PASS, f"{text}, and not above the floor {_text(breach.floor)}")]
    if breach.floor is None and math.isinf(effect):
        why = f"{text}, and nothing is a multiple of 0; set floor for this metric"
        return _without_baseline(breach, value, reading.on_missing, why)
    return [(Verdict.FAIL, f"{text}; {limit}")]


def _chance(direction: Direction, tested: Ranks) -> float:
    match direction:
        case Direction.INCREASE:
            return tested.greater
        case Direction.DECREASE:
            return tested.less
        case Direction.EITHER:
            return tested.two_sided


def _is_large(wanted: Comparison, effect: float) -> bool:
    more, less = effect >= wanted.min_effect, effect <= 1 / wanted.min_effect
    match wanted.direction:
        case Direction.INCREASE:
            return more
        case Direction.DECREASE:
            return less
        case Direction.EITHER:
            return more or less


def _is_small(floor: float, value: float, old: list[float], *, rising: bool) -> bool:
    """Whether nobody minds: what is greater, the value or what it fell from, is not much."""
    return (value if rising else ranks.mean(old)) <= floor


def _compared_text(new: list[float], old: list[float], effect: float, chance: float) -> str:
    moved = ranks.shift(new, old)
    return (
        f"the mean {_text(ranks.mean(new))} of {len(ranks.bounded(new))} values is "
        f"{effect:.2f} times the baseline's {_text(ranks.mean(old))} of "
        f"{len(ranks.bounded(old))} (p {chance:.2g}, shift {moved:+.3g})"
    )


def _usable(values: Iterable[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _text(number: float) -> str:
    return f"{number:.4g}"
