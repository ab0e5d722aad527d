"""How often each judgement is wrong: `python -m tools.bench.verdicts`, or `tools.bench --verdicts`.

Simulated applications (`courses`) are watched by the real engine: questions, judge, and the books
on breaches. A false alarm is a good release that would be rolled back; a miss is a bad one that
would not be. The table in docs/metric-figures.md is made by this; the same seed gives the same
figures.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from tools.bench import courses
from tools.bench.courses import BAD, GOOD, KINDS, ROLLOUT, WATCH, Course, Kind, Shape

from release_coordinator.api.attempt import Attempt, Step, StepState
from release_coordinator.api.codec import parse_release
from release_coordinator.api.measurement import Measurement, WatchState
from release_coordinator.api.watch import Metric
from release_coordinator.engine import plan, questions, tracking, watchlist
from release_coordinator.engine.context import Context
from release_coordinator.engine.observation import Observation
from release_coordinator.engine.reading import Finding
from release_coordinator.engine.subject import Subject
from release_coordinator.engine.watchfacts import SampleFact, SampleWant, SeriesFact, SeriesWant

CHANGE = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MEASURED = timedelta(seconds=60)
"""How long before the first change the baseline was measured."""
THRESHOLDS = (1, 2, 3, 5)
"""Values of failureThreshold that are tried."""
FEW, MANY = 50, 1000
"""Requests within the window that minTraffic asks for: a percentile needs the one; the other makes
ten errors of the share that is normal, so that their number says something."""
FINE = 10
"""Percentages below this are shown with a digit behind the point."""
FLOORS: Mapping[Kind, float] = {"latency": 0.25, "errors": 0.01}
LIMITS: Mapping[Kind, float] = {"latency": 0.4, "errors": 0.02}


@dataclass(frozen=True)
class Judgement:
    """One way to judge a metric."""

    name: str
    breach: str
    """The breach as JSON."""
    floor: bool = False
    above: bool = False
    traffic: int = 0
    """What minTraffic asks for; 0: it is not set."""
    baseline: str = "10m"
    interval: int = 15


def _comparison(name: str, **more: Any) -> Judgement:
    fields = {one: more.pop(one) for one in ("floor", "traffic", "interval") if one in more}
    return Judgement(name, json.dumps({"comparison": more}), **fields)


CHOSEN: Mapping[str, Any] = {"confidence": 0.98, "minEffect": 1.5, "window": "5m"}
"""Settings of a comparison that were chosen from `SETTINGS`."""
RATIO = json.dumps({"ratioToBaseline": 2})
JUDGEMENTS = (
    Judgement("above", "{}", above=True),
    Judgement("ratio 2", RATIO),
    Judgement("ratio 2, floor", RATIO, floor=True),
    _comparison("comparison", **CHOSEN),
    Judgement("above, minTraffic 50", "{}", above=True, traffic=FEW),
    Judgement("ratio 2, floor, minTraffic 50", RATIO, floor=True, traffic=FEW),
    _comparison("comparison, floor, minTraffic 50", **CHOSEN, floor=True, traffic=FEW),
    Judgement("above, minTraffic 1000", "{}", above=True, traffic=MANY),
    Judgement("ratio 2, floor, minTraffic 1000", RATIO, floor=True, traffic=MANY),
    _comparison("comparison, floor, minTraffic 1000", **CHOSEN, floor=True, traffic=MANY),
)
SETTINGS = tuple(
    _comparison(
        f"{confidence}, {effect}, {window}",
        confidence=confidence,
        minEffect=effect,
        window=window,
        floor=True,
        traffic=FEW,
    )
    for window in ("3m", "5m", "10m")
    for confidence, effect in ((0.98, 1.25), (0.98, 1.5), (0.98, 2), (0.999, 1.25), (0.999, 1.5))
)
"""Settings of a comparison among which its defaults were chosen."""


@dataclass
class Tally:
    """What came of the windows of one shape."""

    windows: int = 0
    breached: int = 0
    held: int = 0
    """No usable answer for longer than unknownLimit."""
    delays: list[int] = field(default_factory=list)
    """Looks from the onset to the breach."""


Key = tuple[str, int, str]
"""Name of the judgement, failureThreshold, name of the shape."""


def measure(
    judgements: Sequence[Judgement], shapes: Sequence[Shape], windows: int, seed: int = 1
) -> dict[Key, Tally]:
    """Watch so many windows of each shape by each judgement; half of them for each metric."""
    found: dict[Key, Tally] = {}
    for shape in shapes:
        for number in range(windows):
            kind = KINDS[number % len(KINDS)]
            course = courses.make(shape, kind, f"{seed}/{shape.name}/{number}")
            for judgement in judgements:
                for threshold, (at, held) in watch(judgement, course).items():
                    key = judgement.name, threshold, shape.name
                    _count(found.setdefault(key, Tally()), course, at, judgement, held=held)
    return found


def _count(
    tally: Tally, course: Course, at: float | None, judgement: Judgement, *, held: bool
) -> None:
    tally.windows += 1
    tally.held += held
    if at is not None:
        tally.breached += 1
        tally.delays.append(max(0, round((at - course.onset) / judgement.interval)))


def watch(judgement: Judgement, course: Course) -> dict[int, tuple[float | None, bool]]:
    """Threshold -> the second of the breach, if any, and whether it was held for want of answers.

    One look serves all thresholds: they differ in the books alone.
    """
    ctx, subjects = _before(judgement, course)
    found: dict[int, tuple[float | None, bool]] = {}
    watched = ctx.plan.spec.watch
    assert watched is not None  # noqa: S101 - written below
    for second in range(judgement.interval, ROLLOUT + WATCH + 1, judgement.interval):
        now = CHANGE + timedelta(seconds=second)
        state = WatchState(
            changed_at=CHANGE,
            started_at=CHANGE + timedelta(seconds=ROLLOUT) if second >= ROLLOUT else None,
        )
        ctx = replace(ctx, now=now, attempt=ctx.with_attempt(watch=state))
        left = {n: one for n, one in subjects.items() if n not in found}
        if not left:
            break
        finding = next(iter(left.values())).look(ctx, now)
        assert isinstance(finding, Finding)  # noqa: S101 - every answer is there
        for threshold, subject in left.items():
            entry = tracking.updated(ctx, watched, subject, finding)
            ctx = replace(ctx, attempt=_journalled(ctx, entry))
            if tracking.is_breached(subject, entry):
                found[threshold] = second, False
            elif tracking.is_blind(ctx, watched, entry):
                found[threshold] = None, True
    return {threshold: found.get(threshold, (None, False)) for threshold in subjects}


def _journalled(ctx: Context, entry: Measurement) -> Attempt:
    known = [one for one in ctx.attempt.measurements if one.metric != entry.metric]
    return ctx.with_attempt(measurements=[*known, entry])


def _before(judgement: Judgement, course: Course) -> tuple[Context, dict[int, Subject]]:
    """The context right before the first change, with its baseline."""
    ctx = replace(_context(judgement, course.kind), seen=Observation(Answers(course)))
    subjects = dict(zip(THRESHOLDS, watchlist.of(ctx.plan), strict=True))
    watched = ctx.plan.spec.watch
    assert watched is not None  # noqa: S101 - written below
    measured = [
        Measurement(metric=metric.name, baseline=_baseline(ctx, metric))
        for metric in watched.metrics
        if questions.needs_before(metric)
    ]
    return replace(ctx, attempt=ctx.with_attempt(measurements=measured)), subjects


def _baseline(ctx: Context, metric: Metric) -> float | None:
    fact = ctx.seen.late(questions.baseline_want(ctx, metric, CHANGE - MEASURED))
    assert fact is not None  # noqa: S101 - every answer is there
    return questions.middle(fact)


class Answers(Mapping[Any, Any]):
    """What Prometheus says of a course, as facts of the engine."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._known: dict[SeriesWant, tuple[float, ...]] = {}

    def __contains__(self, want: object) -> bool:
        return isinstance(want, SampleWant | SeriesWant)

    def __getitem__(self, want: Any) -> SampleFact | SeriesFact:
        if isinstance(want, SeriesWant):
            return SeriesFact(self._series(want))
        if want.query == "requests":
            return SampleFact(self._course.requests_at(_second(want.at)))
        value = self._course.at(_second(want.at))
        return SampleFact(value, "" if value is not None else "NaN")

    def _series(self, want: SeriesWant) -> tuple[float, ...]:
        if want not in self._known:
            start, end = _second(want.start), _second(want.end)
            count = 1 + int((end - start) / want.step + 1e-6)
            values = (self._course.at(start + place * want.step) for place in range(count))
            self._known[want] = tuple(value for value in values if value is not None)
        return self._known[want]

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 1  # it answers


def _second(moment: datetime) -> float:
    return (moment - CHANGE).total_seconds()


@cache
def _context(judgement: Judgement, kind: Kind) -> Context:
    body = {
        "metadata": {"name": "shop", "namespace": "shop", "uid": "1", "resourceVersion": "1"},
        "spec": _spec(judgement, kind),
    }
    release = parse_release(body)
    assert release.spec is not None, release.faults  # noqa: S101 - written below
    resolved = plan.resolve(release.spec)
    assert isinstance(resolved, plan.Plan), resolved  # noqa: S101
    measured = CHANGE - MEASURED
    attempt = Attempt(
        number=1,
        digest=resolved.digest,
        spec_digest=resolved.spec_digest,
        generation=1,
        version=release.spec.version,
        previous_version="1.2.0",
        started_at=measured,
        steps=[
            Step(
                id=questions.BASELINE,
                state=StepState.SUCCEEDED,
                started_at=measured,
                finished_at=measured,
            )
        ],
    )
    status = release.status.model_copy(update={"attempt": attempt})
    return Context(release, status, attempt, resolved, None, Observation(), measured)


def _spec(judgement: Judgement, kind: Kind) -> dict[str, Any]:
    breach = json.loads(judgement.breach)
    breach |= {"floor": FLOORS[kind]} if judgement.floor else {}
    breach |= {"above": LIMITS[kind]} if judgement.above else {}
    traffic = {"minTraffic": {"query": "requests", "atLeast": judgement.traffic}}
    metrics = [
        {
            "name": f"after-{threshold}",
            "query": "value",
            "breach": breach,
            "baseline": {"window": judgement.baseline},
            "failureThreshold": threshold,
            **(traffic if judgement.traffic else {}),
        }
        for threshold in THRESHOLDS
    ]
    return {
        "version": "1.3.0",
        "components": [
            {
                "name": "api",
                "workloadRef": {"kind": "Deployment", "name": "api"},
                "images": {"main": "example/api:1.3.0"},
            }
        ],
        "watch": {
            "duration": f"{WATCH}s",
            "interval": f"{judgement.interval}s",
            "metrics": metrics,
        },
    }


def table(found: Mapping[Key, Tally], shapes: Sequence[Shape], *, bad: bool) -> str:
    """Percentages in Markdown: breaches of good windows, or those missing of bad ones.

    Four in a cell: for each failureThreshold. Held is a release that waits for a person because
    nothing was known of it.
    """
    names = [shape.name for shape in shapes]
    head = ["Judgement", *names, "All", "Held", *(["Looks until found"] if bad else [])]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for judgement in dict.fromkeys(key[0] for key in found):
        rows = [_row(found, (judgement, threshold), names, bad=bad) for threshold in THRESHOLDS]
        cells = [" / ".join(column) for column in zip(*rows, strict=True)]
        lines.append(f"| {judgement} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _row(
    found: Mapping[Key, Tally], key: tuple[str, int], names: Sequence[str], *, bad: bool
) -> list[str]:
    tallies = [found[*key, name] for name in names]
    rates = [_rate([one], bad=bad) for one in tallies]
    delays = [delay for one in tallies for delay in one.delays]
    held = 100 * sum(one.held for one in tallies) / sum(one.windows for one in tallies)
    found_after = [f"{median(delays):.0f}" if delays else "-"] if bad else []
    return [*(_percent(rate) for rate in (*rates, _rate(tallies, bad=bad), held)), *found_after]


def _percent(rate: float) -> str:
    """Return a rate of which one digit behind the point is shown if it is small."""
    return f"{rate:.1f}" if 0 < round(rate, 1) < FINE else f"{rate:.0f}"


def _rate(tallies: Sequence[Tally], *, bad: bool) -> float:
    windows = sum(one.windows for one in tallies)
    breached = sum(one.breached for one in tallies)
    return 100 * ((windows - breached) if bad else breached) / windows


def report(judgements: Sequence[Judgement], windows: int, seed: int) -> str:
    """Both tables for some judgements."""
    parts = []
    for title, shapes, bad in (
        (f"False alarms in {windows} good windows each, %", GOOD, False),
        (f"Misses in {windows} bad windows each, %", BAD, True),
    ):
        found = measure(judgements, shapes, windows, seed)
        parts += [title, table(found, shapes, bad=bad)]
    return "\n\n".join(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="tools.bench.verdicts", description=__doc__)
    parser.add_argument("--windows", type=int, default=200, help="windows of each shape")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--settings", action="store_true", help="settings of a comparison instead")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the tables there too")
    given = parser.parse_args(arguments)
    text = report(SETTINGS if given.settings else JUDGEMENTS, given.windows, given.seed)
    print(text)
    if given.out:
        given.out.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
