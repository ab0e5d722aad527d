"""Charts of what was watched, as numbers that a template draws: places in an SVG. Pure.

The charts are those of the plugin (`cli.curves`), drawn small enough for a phone. Nothing depends
on colours alone: what is beyond the limit is a cross, the limit is dashed, the baseline dotted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from release_coordinator.cli.curves import Chart, Curve, Point
from release_coordinator.cli.words import number

from .wording import Badge, Moment, said, verdict_badge

WIDTH, HEIGHT = 340, 160
LEFT, RIGHT, TOP, BOTTOM = 42, 6, 12, 22
HUGE = 1e300
"""Numbers with which one can still reckon."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point of the drawing."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """A horizontal line at a value."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line at a moment."""

    x: float
    label: str
    clock: str
    number: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A row of the table that tells the same as the picture."""

    at: Moment
    value: str
    is_beyond: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without a usable answer."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Picture:
    """One chart."""

    id: str
    name: str
    badge: Badge
    message: str
    told: str
    latest: str
    paths: tuple[str, ...]
    dots: tuple[Place, ...]
    crosses: tuple[Place, ...]
    gaps: tuple[Gap, ...]
    limits: tuple[Line, ...]
    baseline: Line | None
    ticks: tuple[Line, ...]
    moments: tuple[Mark, ...]
    events: tuple[Mark, ...]
    samples: tuple[Sample, ...]

    @property
    def summary(self) -> str:
        """The picture in a sentence, for those who do not see it."""
        beyond = sum(sample.is_beyond for sample in self.samples)
        bad = f"{beyond} beyond the limit" if beyond else "none beyond the limit"
        return f"{self.name}: {len(self.samples)} looks, {bad}, the last value is {self.latest}"


@dataclass(frozen=True, slots=True)
class _Scale:
    """From values and moments to places."""

    low: float
    high: float
    begin: datetime
    seconds: float

    def x(self, moment: datetime) -> float:
        share = (moment - self.begin).total_seconds() / self.seconds
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        share = (_drawable(value) - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    def shows(self, value: float) -> bool:
        return self.low <= value <= self.high


def pictures_of(chart: Chart, now: datetime) -> tuple[Picture, ...]:
    """All charts of an attempt, with one axis of time."""
    begin, end = chart.time
    seconds = max((end - begin).total_seconds(), 1.0)
    return tuple(
        _picture(curve, index, chart, _scale(curve, begin, seconds), now)
        for index, curve in enumerate(chart.curves)
    )


def _scale(curve: Curve, begin: datetime, seconds: float) -> _Scale:
    low, high = (_drawable(one) for one in curve.span)
    room = (high / 12 - low / 12) or 1.0
    return _Scale(low if low == 0 else low - room, high + room, begin, seconds)


def _picture(curve: Curve, index: int, chart: Chart, scale: _Scale, now: datetime) -> Picture:
    known = [(p, p.value) for p in curve.points if p.value is not None]
    places = [(point.is_beyond, Place(scale.x(point.at), scale.y(value))) for point, value in known]
    latest = known[-1][1] if known else None
    near = [line for line in dict.fromkeys(curve.limits) if scale.shows(line)]
    base = curve.baseline
    return Picture(
        id=f"chart-{index + 1}",
        name=said(curve.name),
        badge=verdict_badge(curve.verdict),
        message=said(curve.message),
        told=said(curve.told),
        latest=number(latest),
        paths=tuple(_paths(curve.points, scale)),
        dots=tuple(place for is_beyond, place in places if not is_beyond),
        crosses=tuple(place for is_beyond, place in places if is_beyond),
        gaps=tuple(_gaps(curve, scale)),
        limits=tuple(Line(scale.y(line), f"limit {number(line)}") for line in near),
        baseline=Line(scale.y(base), f"baseline {number(base)}")
        if base is not None and scale.shows(base)
        else None,
        ticks=tuple(_ticks(curve, scale)),
        moments=tuple(_moments(chart, scale)),
        events=tuple(
            Mark(scale.x(event.at), event.label, f"{event.at:%H:%M:%S}", place + 1)
            for place, event in enumerate(chart.events)
        ),
        samples=tuple(
            Sample(Moment(p.at, now), number(p.value), p.is_beyond) for p in curve.points
        ),
    )


def _paths(points: Sequence[Point], scale: _Scale) -> Iterator[str]:
    """A line for each stretch of values: where there was no answer there is none."""
    stretch: list[str] = []
    for point in points:
        if point.value is not None:
            stretch.append(f"{scale.x(point.at)},{scale.y(point.value)}")
        elif stretch:
            yield " ".join(stretch)
            stretch = []
    if stretch:
        yield " ".join(stretch)


def _gaps(curve: Curve, scale: _Scale) -> Iterator[Gap]:
    half = timedelta(seconds=curve.step / 2)
    for point in curve.points:
        if point.value is None:
            x = max(scale.x(point.at - half), LEFT)
            yield Gap(x, round(max(scale.x(point.at + half) - x, 1.0), 1))


def _ticks(curve: Curve, scale: _Scale) -> Iterator[Line]:
    low, high = (_drawable(one) for one in curve.span)
    for value in dict.fromkeys((low, low / 2 + high / 2, high)):
        yield Line(scale.y(value), number(value))


def _moments(chart: Chart, scale: _Scale) -> Iterator[Mark]:
    begin, end = chart.time
    clock = "%H:%M" if end - begin < timedelta(days=1) else "%m-%d"
    clock = "%H:%M:%S" if end - begin < timedelta(minutes=10) else clock
    for place, share in enumerate((0.0, 0.5, 1.0)):
        moment = begin + (end - begin) * share
        yield Mark(scale.x(moment), "", f"{moment:{clock}}", place)


def _drawable(value: float) -> float:
    return max(-HUGE, min(HUGE, value))
