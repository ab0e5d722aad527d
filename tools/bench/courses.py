"""Simulated applications before and after a release, for `verdicts`: what Prometheus would say.

Time goes in scrapes of `SCRAPE` seconds; an answer is about the last `WINDOW` seconds, as
`rate(...[1m])` is, so four answers in a row share data. An application has a rate of requests, a
share of errors and a log-normal latency, all of which wander a little. `GOOD` and `BAD` say what
happens to it. Everything follows from the seed.
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Literal

Kind = Literal["latency", "errors"]
KINDS: tuple[Kind, ...] = ("latency", "errors")
NOMINAL: Mapping[Kind, float] = {"latency": 0.2, "errors": 0.01}
"""What the author believes is normal: seconds of the 95th percentile, share of errors."""

SCRAPE = 15
WINDOW = 60
BEFORE = 900
"""Seconds before the first change that are simulated."""
ROLLOUT = 120
"""Seconds in which more and more requests reach the new version."""
WATCH = 600
"""Seconds that are watched after it."""
_ACROSS = WINDOW // SCRAPE
_SPREAD = 0.5
"""Standard deviation of the logarithm of a latency."""
_NORMAL = NormalDist()
_MANY = 50
"""Events from which on their number is as good as normally distributed."""
_SLOW = 0.05
"""Share of the requests beyond the 95th percentile."""
_EXACT = 1e-3
"""How well the logarithm of a percentile is found."""
_BURST = 90
_P95 = _NORMAL.inv_cdf(1 - _SLOW)


@dataclass(slots=True)
class Scrape:
    """What happened in one scrape interval."""

    requests: float
    errors: float
    level: float
    """Logarithm of the 95th percentile of the old version's latency."""
    worse: float = 0.0
    """What the new version adds to that."""
    share: float = 0.0
    """Requests that the new version gets."""


@dataclass(slots=True)
class Course:
    """One application around one release; seconds count from the first change."""

    kind: Kind
    onset: float = 0.0
    """When it goes bad, if it does."""
    scrapes: list[Scrape] = field(default_factory=list)
    answers: list[float | None] = field(default_factory=list)
    traffic: list[float] = field(default_factory=list)

    def at(self, second: float) -> float | None:
        """What Prometheus answers at a second; None: no data."""
        return self.answers[_place(second)]

    def requests_at(self, second: float) -> float:
        """Requests within the window."""
        return self.traffic[_place(second)]


def _place(second: float) -> int:
    return int((second + BEFORE) // SCRAPE)


@dataclass(frozen=True, slots=True)
class Shape:
    """What is special about an application or its release."""

    name: str
    rate: tuple[float, float] = (5, 200)
    """Requests per second, from and to."""
    slope: float = 0.0
    """By what the logarithms of rate and level grow per hour."""
    factor: Callable[[float], float] = lambda _: 1.0
    """Second -> how many times worse the new version is."""
    onset: Callable[[random.Random], float] = lambda _: 0.0
    spoil: Callable[[random.Random, Course], None] | None = None
    """What happens to scrapes before they are added up."""
    garble: Callable[[random.Random, Course], None] | None = None
    """What happens to answers."""


def make(shape: Shape, kind: Kind, seed: str) -> Course:
    """Simulate an application and its release."""
    dice = random.Random(seed)  # noqa: S311 - a simulation
    course = Course(kind, shape.onset(dice))
    rate = math.exp(dice.uniform(*map(math.log, shape.rate)))
    usual = math.log(NOMINAL[kind]) + dice.gauss(0, 0.15)
    wander = Wander(dice)
    for place in range(1 + (BEFORE + ROLLOUT + WATCH + WINDOW) // SCRAPE):
        second = place * SCRAPE - BEFORE
        slope = shape.slope * second / 3600
        mean = rate * SCRAPE * math.exp(slope + dice.gauss(0, 0.1))
        requests = _poisson(dice, mean)
        noise = dice.gauss(0, 0.05) + wander.next()
        level = usual + slope / 2 + noise
        share = min(1.0, max(0.0, second / ROLLOUT))
        factor = shape.factor(second - course.onset)
        failing = math.exp(usual + noise) * (1 + share * (factor - 1))
        errors = min(requests, _poisson(dice, requests * min(1.0, failing)))
        course.scrapes.append(Scrape(requests, errors, level, math.log(factor), share))
    if shape.spoil is not None:
        shape.spoil(dice, course)
    _answer(dice, course)
    if shape.garble is not None:
        shape.garble(dice, course)
    return course


class Wander:
    """A level that drifts away and comes back, within about two minutes."""

    def __init__(self, dice: random.Random, deviation: float = 0.1, memory: float = 0.88) -> None:
        self._dice, self._memory = dice, memory
        self._step = deviation * math.sqrt(1 - memory**2)
        self._now = dice.gauss(0, deviation)

    def next(self) -> float:
        """Return where it is after another scrape."""
        self._now = self._memory * self._now + self._dice.gauss(0, self._step)
        return self._now


def _poisson(dice: random.Random, mean: float) -> float:
    if mean > _MANY:
        return max(0.0, round(dice.gauss(mean, math.sqrt(mean))))
    count, left = 0, mean
    while (left := left - dice.expovariate(1)) > 0:
        count += 1
    return float(count)


def _answer(dice: random.Random, course: Course) -> None:
    """Add the scrapes of each window up. A percentile of few requests is a guess."""
    noise = [1.06 * dice.gauss(0, 1) / math.sqrt(max(1.0, s.requests)) for s in course.scrapes]
    for end in range(1, len(course.scrapes) + 1):
        last = slice(max(0, end - _ACROSS), end)
        scrapes = course.scrapes[last]
        requests = sum(one.requests for one in scrapes)
        course.traffic.append(requests)
        if requests == 0:
            course.answers.append(None)  # 0 / 0 is NaN
        elif course.kind == "errors":
            course.answers.append(sum(one.errors for one in scrapes) / requests)
        else:
            course.answers.append(_percentile(scrapes, noise[last], requests))


def _percentile(scrapes: Sequence[Scrape], noise: Sequence[float], requests: float) -> float:
    """The 95th percentile of all requests of some scrapes, old and new version together."""
    parts = []
    for one, guess in zip(scrapes, noise, strict=True):
        weight = one.requests / requests
        parts.append((weight * (1 - one.share), one.level + guess))
        parts.append((weight * one.share, one.level + guess + one.worse))
    parts = [(weight, level) for weight, level in parts if weight > 0]
    low, high = min(level for _, level in parts), max(level for _, level in parts)
    while high - low > _EXACT:
        middle = (low + high) / 2
        above = sum(w * _NORMAL.cdf((at - middle) / _SPREAD - _P95) for w, at in parts)
        low, high = (middle, high) if above > _SLOW else (low, middle)
    return math.exp((low + high) / 2)


def _within_watch(dice: random.Random) -> float:
    return dice.uniform(ROLLOUT, ROLLOUT + WATCH - 120)


def _outlier(dice: random.Random, course: Course) -> None:
    """One answer is ten times what it should be."""
    place = _place(_within_watch(dice))
    course.answers[place] = 10 * (course.answers[place] or NOMINAL[course.kind])


def _hiccup(dice: random.Random, course: Course) -> None:
    """Fifteen seconds are ten times as bad: four answers know of it."""
    one = course.scrapes[_place(_within_watch(dice))]
    one.level += math.log(10)
    one.errors = min(one.requests, 10 * max(one.errors, one.requests * NOMINAL["errors"]))


def _reset(dice: random.Random, course: Course) -> None:
    """Counters begin anew when pods are replaced: requests are lost, errors are not."""
    for _ in range(3):
        place = _place(dice.uniform(0, ROLLOUT))
        course.scrapes[place].requests *= dice.uniform(0, 0.7)
        course.scrapes[place].errors = min(
            course.scrapes[place].errors, course.scrapes[place].requests
        )


def _stale(dice: random.Random, course: Course) -> None:
    course.answers[_place(dice.uniform(0, ROLLOUT))] = None


def _after(factor: float) -> Callable[[float], float]:
    return lambda second: factor if second >= 0 else 1.0


def _ramp(second: float) -> float:
    return 1 + 2 * min(1.0, max(0.0, second / (ROLLOUT + WATCH)))


GOOD = (
    Shape("noise"),
    Shape("low traffic", rate=(0.05, 0.5)),
    Shape("one outlier", garble=_outlier),
    Shape("counter reset", spoil=_reset, garble=_stale),
    Shape("daily slope", slope=1.0),
    Shape("hiccup of 15 s", spoil=_hiccup),
)
BAD = (
    Shape("2x", factor=_after(2)),
    Shape("3x", factor=_after(3)),
    Shape("10x", factor=_after(10)),
    Shape(
        "burst of 90 s",
        factor=lambda second: 20.0 if 0 <= second < _BURST else 1.0,
        onset=_within_watch,
    ),
    Shape("slow ramp to 3x", factor=_ramp),
)
