"""R4.2: the pods of the new version: restarts, crash loops, readiness lost. One subject for all.

While a workload is rolled out new pods are not ready, which is no trouble: there only restarts and
crash loops count. Once it was complete, a pod that was ready then has to be ready; one that came
later (a scale-up, a drained node) has its component's `progressDeadline` to become so.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from release_coordinator.api.base import parse_duration
from release_coordinator.api.conditions import Reason
from release_coordinator.api.measurement import Carried, Verdict
from release_coordinator.api.watch import PodSign, Watch
from release_coordinator.engine import renewed, tracking
from release_coordinator.engine.context import Context
from release_coordinator.engine.reading import Finding
from release_coordinator.engine.renewed import Renewed
from release_coordinator.engine.subject import Subject
from release_coordinator.engine.watchfacts import PodHealth, PodsHealthFact, PodsHealthWant

NAME = "pods"
SECONDS = 10.0
"""Least time between two looks: each lists the pods of every component."""
SHOWN = 3
"""Pods that a message names."""

Seen = list[tuple[Renewed, PodsHealthFact]]


def subjects(watch: Watch) -> list[Subject]:
    """One, if pods are watched."""
    if watch.pods is None:
        return []
    return [
        Subject(
            name=NAME,
            what="pods of the new version",
            reason=Reason.PODS_FAILING,
            look=_look_at(watch.pods, _interval(watch)),
            interval=_interval(watch),
            severity=watch.pods.severity,
            keeps_history=False,
        )
    ]


def _interval(watch: Watch) -> float:
    return max(SECONDS, parse_duration(watch.interval))


def _look_at(sign: PodSign, interval: float) -> Callable[[Context, datetime], Finding | None]:
    def look(ctx: Context, due: datetime) -> Finding | None:
        there = renewed.workloads(ctx)
        wants = [PodsHealthWant(one.workload, due) for one in there]
        ctx.seen.gather(*wants)
        facts = [fact for want in wants if (fact := ctx.seen.late(want)) is not None]
        if len(facts) < len(wants):
            return None
        return _judged(ctx, sign, interval, list(zip(there, facts, strict=True)))

    return look


def _judged(ctx: Context, sign: PodSign, interval: float, seen: Seen) -> Finding:
    young = [(one, pod) for one, fact in seen for pod in fact.pods if _is_new(one, pod)]
    most = float(max((pod.restarts for _, pod in young), default=0))
    crashing = [f"Pod {pod.name}: {pod.crashing}" for _, pod in young if pod.crashing]
    if crashing:
        return Finding(Verdict.FAIL, f"crash loop: {_named(crashing)}", most)
    restarted = [
        f"Pod {pod.name}: {pod.restarts}" for _, pod in young if pod.restarts > sign.restarts
    ]
    if restarted:
        text = f"more than {sign.restarts} restarts since the change: {_named(restarted)}"
        return Finding(Verdict.FAIL, text, most)
    problem = next((fact.problem for _, fact in seen if fact.problem), "")
    if problem:
        return Finding(Verdict.UNKNOWN, problem)
    return _ready(ctx, sign, interval, seen, most)


def _is_new(one: Renewed, pod: PodHealth) -> bool:
    """Of the new version, and counting since the change."""
    if pod.created < one.created:
        return False
    return one.complete is not None or one.images <= pod.images


def _ready(ctx: Context, sign: PodSign, interval: float, seen: Seen, most: float) -> Finding:
    short = [text for one, fact in seen if (text := _short(ctx, one, fact))]
    if not short:
        count = sum(_is_new(one, pod) for one, fact in seen for pod in fact.pods)
        text = f"{count} pods of the new version, at most {most:.0f} restarts of one"
        return Finding(Verdict.PASS, text, most, carried=Carried())
    since = _since(ctx, interval)
    passed = ctx.now - since - ctx.seen.lost_since(since)
    text = f"{_named(short)}, for {passed.total_seconds():.0f} s; the limit is {sign.unready_for}"
    late = passed >= timedelta(seconds=parse_duration(sign.unready_for))
    verdict = Verdict.FAIL if late else Verdict.PASS
    return Finding(verdict, text, most, carried=Carried(since=since))


def _since(ctx: Context, interval: float) -> datetime:
    """Since when it was seen like that, look after look: what nobody has seen does not count."""
    since = tracking.carried(ctx, NAME).since
    last = next((m.sampled_at for m in ctx.attempt.measurements if m.metric == NAME), None)
    if since is None or last is None:
        return ctx.now
    gap = (ctx.now - last).total_seconds() > tracking.LATE * interval
    return ctx.now if gap else min(since, ctx.now)


def _short(ctx: Context, one: Renewed, fact: PodsHealthFact) -> str:
    """Which pods have lost their readiness, or nothing."""
    if one.complete is None:
        return ""
    young = timedelta(seconds=parse_duration(one.component.progress_deadline))
    lost = [
        pod.name
        for pod in fact.pods
        if not pod.ready and (pod.created <= one.complete or ctx.now - pod.created > young)
    ]
    ready = sum(pod.ready for pod in fact.pods)
    if lost:
        return f"{one.workload}: {ready} of {fact.wanted} pods are ready (not {_named(lost)})"
    if fact.wanted > 0 and ready == 0:
        return f"{one.workload}: none of {fact.wanted} pods is ready"
    return ""


def _named(texts: Iterable[str]) -> str:
    told = list(texts)
    more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    return f"{', '.join(told[:SHOWN])}{more}"
