"""Judgement of one reading of one metric: Pass, Fail or Unknown, with the numbers it used.

An outage, no data, too little traffic, or a baseline that says nothing is Unknown: never Fail,
never Pass. Used by `engine.signs.metrics`.
"""

from release_coordinator.api.measurement import Verdict
from release_coordinator.api.watch import Breach

from .reading import Finding, Reading


def judge(breach: Breach, reading: Reading) -> Finding:
    """The verdict on a reading and its explanation; values in the unit of the query."""
    verdict, message = _verdict(breach, reading)
    return Finding(verdict, message, reading.value, reading.baseline)


def _verdict(breach: Breach, reading: Reading) -> tuple[Verdict, str]:
    value = reading.value
    if value is None:
        return Verdict.UNKNOWN, reading.problem or "no value"
    if breach.above is not None and value > breach.above:
        return Verdict.FAIL, f"{_text(value)} is above {_text(breach.above)}"
    if breach.below is not None and value < breach.below:
        return Verdict.FAIL, f"{_text(value)} is below {_text(breach.below)}"
    if breach.ratio_to_baseline is not None:
        return _relative(value, breach.ratio_to_baseline, reading.baseline)
    return Verdict.PASS, f"{_text(value)} is within its limits"


def _relative(value: float, ratio: float, baseline: float | None) -> tuple[Verdict, str]:
    if baseline is None:
        return Verdict.UNKNOWN, f"{_text(value)} has no baseline to compare with"
    if baseline <= 0:
        if value <= 0:
            return Verdict.PASS, f"{_text(value)}, as before ({_text(baseline)})"
        text = f"{_text(value)} cannot be put in relation to a baseline of {_text(baseline)}"
        return Verdict.UNKNOWN, f"{text}; use above or below for this metric"
    factor = value / baseline
    text = f"{_text(value)} is {factor:.2f} times the baseline {_text(baseline)}"
    if factor > ratio:
        return Verdict.FAIL, f"{text}; the limit is {_text(ratio)} times"
    return Verdict.PASS, text


def _text(number: float) -> str:
    return f"{number:.4g}"
