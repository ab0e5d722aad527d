"""R4.2, R4.3: alerts of a metric source that must not fire. One subject per entry.

An alert that was active before the first change says nothing about the new version: it is told,
and does not count. It is remembered, for a source that was started anew says of every alert that
it has only begun; it counts again when nothing of that kind has fired for a while.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from release_coordinator.api.base import format_time, parse_duration
from release_coordinator.api.conditions import Reason
from release_coordinator.api.measurement import CARRIED_KNOWN, Carried, Verdict
from release_coordinator.api.watch import AlertSign, Watch
from release_coordinator.engine import asked, renewed, tracking
from release_coordinator.engine.context import Context
from release_coordinator.engine.plan import canonical, short_hash
from release_coordinator.engine.reading import Finding
from release_coordinator.engine.subject import Subject
from release_coordinator.engine.watchfacts import AlertFact, FiringWant
from release_coordinator.text import one_line

FORGOTTEN = timedelta(minutes=2)
"""Rules are evaluated every minute or more often: what has not fired for so long has ended."""
SHOWN = 3
"""Alerts that a message names."""
LABELS = ("severity", "component", "pod", "instance")
"""Labels that a message shows, if an alert has them."""


def subjects(watch: Watch) -> list[Subject]:
    """One subject per entry."""
    return [
        Subject(
            name=f"alerts/{sign.name}",
            what=f"alerts {sign.name}",
            reason=Reason.ALERT_FIRING,
            look=_look_at(sign),
            interval=parse_duration(watch.interval),
            severity=sign.severity,
            on_unknown=sign.on_unknown,
            cause=sign.cause,
            keeps_history=False,
        )
        for sign in watch.alerts
    ]


def _look_at(sign: AlertSign) -> Callable[[Context, datetime], Finding | None]:
    def look(ctx: Context, due: datetime) -> Finding | None:
        fact = ctx.seen.late(FiringWant(sign.source, due))
        if fact is None:
            return None
        if fact.problem:
            return Finding(Verdict.UNKNOWN, fact.problem)
        try:
            labels = {key: asked.filled_label(ctx, text) for key, text in sign.labels.items()}
        except asked.Unfillable as problem:
            return Finding(Verdict.UNKNOWN, str(problem))
        named = frozenset(sign.alerts)
        firing = [alert for alert in fact.alerts if _is_meant(alert, named, labels)]
        return _judged(ctx, sign, firing)

    return look


def _is_meant(alert: AlertFact, named: frozenset[str], labels: dict[str, str]) -> bool:
    if named and alert.name not in named:
        return False
    return all(alert.labels.get(key) == value for key, value in labels.items())


def _judged(ctx: Context, sign: AlertSign, firing: list[AlertFact]) -> Finding:
    changed = renewed.changed_at(ctx)
    carried = tracking.carried(ctx, f"alerts/{sign.name}")
    known = set(carried.known)
    old = [a for a in firing if hash_of(a) in known or (a.since and a.since <= changed)]
    new = [a for a in firing if a not in old]
    following = _remembered(ctx, carried, old)
    text = f"{_named(old)} since before the change: not counted" if old else ""
    if new:
        told = f"{_named(new)}{f'; {text}' if text else ''}"
        return Finding(Verdict.FAIL, told, float(len(new)), carried=following)
    return Finding(Verdict.PASS, text or "none fires", 0.0, carried=following)


def _remembered(ctx: Context, carried: Carried, old: list[AlertFact]) -> Carried:
    """What fired before the change, until nothing of it has fired for a while."""
    if not old:
        since = carried.since or ctx.now
        over = bool(carried.known) and ctx.now - since >= FORGOTTEN + ctx.seen.lost_since(since)
        return Carried() if over or not carried.known else _with(carried, since=since)
    hashes = list(dict.fromkeys([*carried.known, *(hash_of(alert) for alert in old)]))
    return _with(carried, since=None, known=hashes[:CARRIED_KNOWN])


def _with(carried: Carried, **changes: object) -> Carried:
    return carried.model_copy(update=changes)


def hash_of(alert: AlertFact) -> str:
    """The same for the same alert, whatever its state."""
    return short_hash(alert.name, canonical(dict(alert.labels)))


def _named(alerts: Iterable[AlertFact]) -> str:
    """As a sentence begins: "HighLatency (severity=critical) fires since 12:00:00"."""
    told = [_one(alert) for alert in alerts]
    more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    verb = "fires" if len(told) == 1 else "fire"
    return f"{', '.join(told[:SHOWN])}{more} {verb}"


def _one(alert: AlertFact) -> str:
    said = [f"{key}={one_line(alert.labels[key], 40)}" for key in LABELS if key in alert.labels]
    if alert.since is not None:
        said.append(f"since {format_time(alert.since)[11:19]}")
    name = one_line(alert.name, 80)
    return f"{name} ({', '.join(said)})" if said else name
