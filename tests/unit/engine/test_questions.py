"""What is asked of a source for one look at a metric, and what becomes of the answers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.fakes.world import DAWN
from tests.releases import bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import Step, StepState
from release_coordinator.api.measurement import Measurement, Verdict, WatchState
from release_coordinator.engine import questions
from release_coordinator.engine.context import Context
from release_coordinator.engine.judge import LEAST_BASELINE, judge
from release_coordinator.engine.observation import NotSeen, Observation
from release_coordinator.engine.outcome import Failed, Note, Wait
from release_coordinator.engine.phases import preparing
from release_coordinator.engine.ranks import LIMIT
from release_coordinator.engine.reading import Reading
from release_coordinator.engine.watchfacts import SampleFact, SampleWant, SeriesFact, SeriesWant

CHANGED = DAWN + timedelta(minutes=10)
DUE = CHANGED + timedelta(minutes=3)
MEASURED = DAWN + timedelta(seconds=50)
"""When the answers for the baseline had come, the second time that it was asked for."""
QUERY = 'errors{version="$(version)"}'
RATIO = {"ratioToBaseline": 2}
COMPARISON = {"comparison": {"window": "3m"}}

Answer = Callable[[Any], Any]


def watching(metric: dict[str, Any], baseline: float | None = None, **watch: Any) -> Context:
    """In the watch of one metric, three minutes after the first change."""
    body = bookshop()
    metric = {"name": "errors", "query": "errors", **metric}
    body["spec"]["watch"] = {"interval": "15s", **watch, "metrics": [metric]}
    step = Step(
        id=questions.BASELINE,
        state=StepState.SUCCEEDED,
        started_at=DAWN,
        finished_at=MEASURED,
    )
    return context(
        body,
        steps=(step,),
        now=DUE,
        watch=WatchState(changed_at=CHANGED),
        measurements=[Measurement(metric="errors", baseline=baseline)],
    )


def wanted(ctx: Context) -> list[Any]:
    """All that one look asks for, at once."""
    with pytest.raises(NotSeen) as asked:
        questions.ask(ctx, metric_of(ctx), DUE)
    return list(asked.value.wants)


def metric_of(ctx: Context) -> Any:
    assert ctx.plan.spec.watch is not None
    return ctx.plan.spec.watch.metrics[0]


def read(ctx: Context, answer: Answer) -> Reading | None:
    facts = {want: answer(want) for want in wanted(ctx)}
    return questions.ask(replace(ctx, seen=Observation(facts)), metric_of(ctx), DUE)


def test_an_absolute_limit_asks_for_a_value_alone() -> None:
    ctx = watching({"breach": {"above": 1}})

    assert wanted(ctx) == [SampleWant("default", "errors", DUE)]
    assert read(ctx, lambda _: SampleFact(0.5)) == Reading(0.5)
    assert read(ctx, lambda _: SampleFact(None, "down")) == Reading(None, "down")


def test_the_baseline_from_before_is_in_the_journal() -> None:
    ctx = watching({"breach": RATIO}, baseline=0.25)

    reading = read(ctx, lambda _: SampleFact(0.5))

    assert wanted(ctx) == [SampleWant("default", "errors", DUE)]
    assert reading == Reading(0.5, baseline=0.25)


def test_a_baseline_that_was_not_measured_is_said() -> None:
    reading = read(watching({"breach": RATIO}), lambda _: SampleFact(0.5))

    assert reading is not None
    assert reading.baseline is None
    assert reading.baseline_problem == "no baseline was measured"


@pytest.mark.parametrize(("taken", "days"), [("Yesterday", 1), ("LastWeek", 7)])
def test_the_baseline_from_another_day_ends_at_the_same_time(taken: str, days: int) -> None:
    ctx = watching({"breach": RATIO, "baseline": {"taken": taken, "window": "2m"}})
    _, series = wanted(ctx)

    assert series.end == DUE - timedelta(days=days)
    assert series.end - series.start <= timedelta(minutes=2)
    reading = read(ctx, lambda w: SampleFact(9.0) if w != series else SeriesFact((1.0, 2.0, 90.0)))
    assert reading is not None
    assert reading.baseline == 2.0


def test_the_old_version_is_asked_beside_at_the_same_time() -> None:
    ctx = watching({"query": QUERY, "breach": RATIO, "baseline": {"taken": "Beside"}})
    new, old = wanted(ctx)

    assert new == SampleWant("default", 'errors{version="1.3.0"}', DUE)
    assert old == SampleWant("default", 'errors{version="1.2.0"}', DUE)
    reading = read(ctx, lambda want: SampleFact(2.0 if want == new else 0.5))
    assert reading == Reading(2.0, baseline=0.5)
    silent = read(ctx, lambda w: SampleFact(2.0) if w == new else SampleFact(None, "no data"))
    assert silent is not None
    assert silent.baseline_problem == "the old version: no data"


def test_a_comparison_asks_for_all_at_once() -> None:
    ctx = watching(
        {"breach": COMPARISON, "minTraffic": {"query": "requests", "atLeast": 9}}, baseline=1.0
    )

    value, traffic, recent, before = wanted(ctx)

    assert (value.query, traffic.query) == ("errors", "requests")
    assert recent.end == DUE
    assert DUE - timedelta(minutes=3) < recent.start
    assert before.end == DAWN + timedelta(seconds=45), "the try whose answers were journalled"
    assert before.step == recent.step, "values as far apart on both sides"


def test_the_baseline_of_a_comparison_stays_the_same_however_late_it_is() -> None:
    ctx = watching({"breach": COMPARISON}, baseline=1.0)
    *_, before = wanted(ctx)

    with pytest.raises(NotSeen) as asked:
        questions.ask(ctx, metric_of(ctx), DUE + timedelta(hours=1))

    assert asked.value.wants[-1] == before


@pytest.mark.parametrize("seconds", [1, 15, 29, 30, 60, 179, 180, 181, 3600])
@pytest.mark.parametrize("delay", [0, 30])
def test_no_value_from_before_the_change_is_compared(seconds: int, delay: int) -> None:
    ctx = watching({"breach": COMPARISON}, initialDelay=f"{delay}s")
    begin = CHANGED + timedelta(seconds=delay)
    due = begin + timedelta(seconds=seconds)

    with pytest.raises(NotSeen) as asked:
        questions.ask(ctx, metric_of(ctx), due)

    _, recent, _ = asked.value.wants
    assert isinstance(recent, SeriesWant)
    assert begin < recent.start <= recent.end == due
    assert due - recent.start < timedelta(minutes=3)


def test_the_old_version_is_compared_over_the_same_time() -> None:
    ctx = watching({"query": QUERY, "breach": COMPARISON, "baseline": {"taken": "Beside"}})
    _, new, old = wanted(ctx)

    assert (new.start, new.end, new.step) == (old.start, old.end, old.step)
    assert (new.query, old.query) == ('errors{version="1.3.0"}', 'errors{version="1.2.0"}')


@pytest.mark.parametrize("interval", ["1s", "15s", "2m", "10m"])
@pytest.mark.parametrize("window", ["1m", "10m", "24h"])
def test_a_series_has_a_bounded_number_of_values_and_enough(interval: str, window: str) -> None:
    ctx = watching(
        {"breach": RATIO, "baseline": {"taken": "Yesterday", "window": window}},
        interval=interval,
    )
    _, series = wanted(ctx)

    count = 1 + (series.end - series.start).total_seconds() / series.step
    assert LEAST_BASELINE <= count <= LIMIT


@pytest.mark.parametrize("pending", [0, 1, 2, 3])
def test_nothing_is_judged_while_an_answer_is_missing(pending: int) -> None:
    ctx = watching(
        {"breach": COMPARISON, "minTraffic": {"query": "requests", "atLeast": 9}}, baseline=1.0
    )
    wants = wanted(ctx)

    assert read(ctx, lambda w: None if w == wants[pending] else _any(w)) is None
    assert read(ctx, _any) is not None


def _any(want: Any) -> Any:
    return SampleFact(10.0) if isinstance(want, SampleWant) else SeriesFact((10.0,) * 20)


@pytest.mark.parametrize(
    ("requests", "problem"),
    [
        (SampleFact(9.0), ""),
        (SampleFact(8.0), "minTraffic is 8, less than 9"),
        (SampleFact(None, "the source is down"), "minTraffic is unknown: the source is down"),
    ],
)
def test_too_little_traffic_proves_nothing(requests: SampleFact, problem: str) -> None:
    metric = {"breach": {"above": 1}, "minTraffic": {"query": "requests", "atLeast": 9}}
    ctx = watching(metric)

    reading = read(ctx, lambda w: requests if w.query == "requests" else SampleFact(5.0))

    assert reading is not None
    assert reading.traffic_problem == problem
    verdict = judge(metric_of(ctx).breach, reading).verdict
    assert verdict is (Verdict.UNKNOWN if problem else Verdict.FAIL)


def test_an_outage_of_the_baselines_source_is_unknown_and_named() -> None:
    ctx = watching({"breach": COMPARISON}, baseline=1.0)
    *_, before = wanted(ctx)

    reading = read(ctx, lambda w: SeriesFact((), "HTTP 503") if w == before else _any(w))

    assert reading is not None
    found = judge(metric_of(ctx).breach, reading)
    assert found.verdict is Verdict.UNKNOWN
    assert found.message == "10 cannot be judged: HTTP 503"


def preparing_with(metric: dict[str, Any], answer: Answer, later: timedelta) -> Any:
    """What Preparing says when the answers for its baseline are there."""
    body = bookshop()
    body["spec"]["watch"]["metrics"] = [{"name": "errors", "query": "errors", **metric}]
    step = Step(id=questions.BASELINE, state=StepState.RUNNING, started_at=DAWN)
    ctx = context(body, steps=(step,), now=DAWN + later)
    with pytest.raises(NotSeen) as asked:
        preparing.advance(ctx)
    facts = {want: answer(want) for want in asked.value.wants}
    return preparing.advance(replace(ctx, seen=Observation(facts)))


def short(_want: Any) -> SeriesFact:
    """One value less than a comparison needs."""
    return SeriesFact((1.0,) * (LEAST_BASELINE - 1))


SOON, PATIENCE = timedelta(seconds=20), timedelta(minutes=5)


def test_a_release_does_not_begin_with_too_few_values_to_compare_with() -> None:
    waiting = preparing_with({"breach": COMPARISON}, short, SOON)
    failed = preparing_with({"breach": COMPARISON}, short, PATIENCE)

    assert isinstance(waiting, Note)
    assert waiting.status.attempt is not None
    assert waiting.status.attempt.measurements == []
    assert isinstance(failed, Failed)
    assert "errors: has 9 values in the window of its baseline; 10 are needed" in failed.message


@pytest.mark.parametrize(
    "metric",
    [
        pytest.param({"breach": RATIO}, id="one value is a baseline of a ratio"),
        {"breach": COMPARISON, "baseline": {"onMissing": "Absolute"}},
        {"breach": COMPARISON, "onUnknown": "Pass"},
        {"breach": COMPARISON, "severity": "Report"},
    ],
)
def test_a_release_begins_with_few_values_where_they_do(metric: dict[str, Any]) -> None:
    begun = preparing_with(metric, short, SOON)

    assert isinstance(begun, Note)
    assert begun.status.attempt is not None
    assert [one.baseline for one in begun.status.attempt.measurements] == [1.0]


def test_an_answer_that_takes_its_time_is_waited_for() -> None:
    assert isinstance(preparing_with({"breach": RATIO}, lambda _: None, SOON), Wait)


def test_a_slow_source_is_asked_for_one_moment_in_the_end() -> None:
    ctx = watching({"breach": RATIO})
    step = Step(id=questions.BASELINE, state=StepState.RUNNING, started_at=DAWN)
    moments: list[datetime] = [
        questions.baseline_moment(ctx, step, DAWN + timedelta(seconds=second))
        for second in range(0, 3600, 7)
    ]

    assert moments == sorted(moments)
    assert moments[-1] == DAWN + timedelta(minutes=5)
    assert len(set(moments)) == 21
