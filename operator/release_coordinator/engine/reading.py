"""All numbers that one verdict on a metric uses, and the verdict on anything that is watched.

A reading is made by `engine.questions` from the answers of a source and judged by `engine.judge`;
a finding goes from whoever looked to `engine.tracking`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from release_coordinator.api.measurement import Carried, Verdict
from release_coordinator.api.watch import OnMissing


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one verdict on a metric uses."""

    value: float | None
    problem: str = ""
    baseline: float | None = None
    """What the value is compared with."""
    baseline_problem: str = ""
    values: Sequence[float] = ()
    """Recent values, for a comparison: none from before the change."""
    values_problem: str = ""
    """Why there are no recent values, or empty."""
    baseline_values: Sequence[float] = ()
    traffic_problem: str = ""
    """Why too little is going on for a verdict, or empty."""
    on_missing: OnMissing = OnMissing.UNKNOWN
    """What a missing or zero baseline leads to."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look has shown."""

    verdict: Verdict
    message: str
    """The numbers it used, or why it is unknown; on one line after `context.shorten`."""
    value: float | None = None
    baseline: float | None = None
    carried: Carried | None = None
    """What the next look has to know; None: what the last one has handed on stays."""
    took: float = 0.0
    """Seconds that the look itself has taken, as a Job does: they count as watched."""
