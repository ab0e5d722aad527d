"""What a chart of a release shows, whatever it is drawn with. Pure.

Made from the journal of an attempt or from its ReleaseRecord, which tell the same: the course of
all that was watched, its limits, and when the version was changed, watched and taken back. Drawn by
`cli.textchart` and `cli.drawing`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from release_coordinator.api.attempt import Step
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.measurement import Measurement, Verdict
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.engine import braking, history, plan
from release_coordinator.engine.phases import watching
from release_coordinator.text import one_line

from .failure import UnansweredError
from .limits import Limit, limits_of
from .words import number

EDITED = "the spec was edited since: its limits are not drawn; a record has those of its attempt"
FAR = 15.0
"""A limit further than so many times the largest value would flatten the curve: it is only told."""


@dataclass(frozen=True, slots=True)
class Point:
    """One look."""

    at: datetime
    value: float | None
    """None: there was no usable answer."""
    is_beyond: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """One thing that was watched."""

    name: str
    points: tuple[Point, ...]
    step: float
    """Seconds between two points."""
    verdict: Verdict
    message: str
    limit: str
    """In words."""
    limits: tuple[float, ...]
    baseline: float | None

    @property
    def known(self) -> list[float]:
        """The values there are."""
        return [point.value for point in self.points if point.value is not None]

    @property
    def span(self) -> tuple[float, float]:
        """From where to where a chart goes: all values, and zero and the lines if they are near."""
        known = self.known or [0.0]
        reach = max(abs(value) for value in known)
        near = [line for line in self.lines if reach == 0 or abs(line) <= FAR * reach]
        low, high = min([*known, *near]), max([*known, *near])
        low = min(low, 0.0) if low >= 0 else low
        return (low, high) if high > low else (low, low + (abs(low) or 1.0))

    @property
    def lines(self) -> list[float]:
        """The values at which a chart has a line."""
        return [*self.limits, *([] if self.baseline is None else [self.baseline])]

    @property
    def told(self) -> str:
        """Limit and baseline in words."""
        parts = [f"limit {self.limit}"] if self.limit != "-" else []
        if self.baseline is not None:
            parts.append(f"baseline {number(self.baseline)}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Event:
    """A moment that every chart marks."""

    label: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Chart:
    """All charts of one attempt."""

    title: str
    about: str
    """What became of it, or what it does now."""
    events: tuple[Event, ...]
    curves: tuple[Curve, ...]

    @property
    def time(self) -> tuple[datetime, datetime]:
        """From when to when it goes: every look and event, and a step more on both sides."""
        moments = [point.at for curve in self.curves for point in curve.points]
        moments += [event.at for event in self.events]
        step = timedelta(seconds=max(curve.step for curve in self.curves))
        return min(moments) - step, max(moments) + step


def of_release(release: ReleaseObject) -> Chart:
    """The attempt that is under way or has ended last. Raises UnansweredError: nothing to draw."""
    attempt = release.status.attempt
    if attempt is None:
        raise UnansweredError(f"release {release.name!r} has no attempt yet: nothing was measured")
    step = f"{attempt.previous_version or 'nothing'} -> {attempt.version}"
    end, trigger = attempt.end, attempt.trigger
    about = f"{end.outcome}: {end.message}" if end else release.status.message
    spec = release.spec
    if spec is not None and plan.spec_digest(spec) != attempt.spec_digest:
        spec, about = None, f"{about} ({EDITED})"
    return Chart(
        f"{release.namespace}/{release.name} {step}, attempt {attempt.number}",
        about or f"{release.status.phase}",
        _events(attempt.steps, trigger.at if trigger else None, end.at if end else None),
        _curves(attempt.measurements, spec),
    )


def of_record(namespace: str, record: RecordSpec) -> Chart:
    """An attempt that has ended. Raises UnansweredError: nothing to draw."""
    step = f"{record.previous_version or 'nothing'} -> {record.version}"
    trigger = record.rollback
    return Chart(
        f"{namespace}/{record.release} {step}, attempt {record.attempt}",
        f"{record.outcome}: {record.message}",
        _events(record.timeline, trigger.at if trigger else None, record.ended_at),
        _curves(record.measurements, record.plan),
    )


def only(chart: Chart, name: str | None) -> Chart:
    """The chart with one curve, or with all. Raises UnansweredError for a name it does not have."""
    if name is None:
        return chart
    found = tuple(curve for curve in chart.curves if curve.name == name)
    if not found:
        known = ", ".join(curve.name for curve in chart.curves)
        raise UnansweredError(f"there is no course of {name!r}; there are those of: {known}")
    return Chart(chart.title, chart.about, chart.events, found)


def _events(
    steps: Sequence[Step], turned: datetime | None, ended: datetime | None
) -> tuple[Event, ...]:
    return tuple(_moments(steps, turned, ended))


def _moments(
    steps: Sequence[Step], turned: datetime | None, ended: datetime | None
) -> Iterator[Event]:
    changes = [step.started_at for step in steps if step.id.startswith(braking.CHANGES)]
    if changes:
        yield Event("first change", min(changes))
    for step in steps:
        if step.id == watching.STEP:
            yield Event("watch after the rollout", step.started_at)
    if turned is not None:
        yield Event("rollback decided", turned)
    elif ended is not None:
        yield Event("end", ended)


def _curves(measurements: Sequence[Measurement], spec: ReleaseSpec | None) -> tuple[Curve, ...]:
    limits = limits_of(spec)
    found = [
        _curve(entry, limits.get(entry.metric, Limit()))
        for entry in measurements
        if entry.history is not None and entry.history.values
    ]
    if not found:
        raise UnansweredError(
            "nothing was measured in this attempt, or nothing of which a course is kept (data "
            "checks have none); kubectl release status shows what it has found"
        )
    return tuple(found)


def _curve(entry: Measurement, limit: Limit) -> Curve:
    assert entry.history is not None  # noqa: S101 - others were left out
    times = history.times(entry.history)
    return Curve(
        name=one_line(entry.metric),
        points=tuple(
            Point(at, value, limit.is_beyond(value, entry.baseline))
            for at, value in zip(times, entry.history.values, strict=True)
        ),
        step=entry.history.step,
        verdict=entry.verdict,
        message=one_line(entry.message, 256),
        limit=limit.words,
        limits=tuple(limit.lines(entry.baseline)),
        baseline=entry.baseline,
    )
