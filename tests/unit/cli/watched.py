"""Releases whose watch people look at: good, breached, flapping, blind, and with one look only."""

from collections.abc import Sequence
from typing import Any

from tests.unit.cli import releases
from tests.unit.cli.releases import at

from release_coordinator.api.attempt import Attempt, End, Trigger
from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.measurement import (
    Downtime,
    History,
    Measurement,
    Run,
    Verdict,
    WatchState,
)
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.engine import plan
from release_coordinator.engine.summary import summarise

WATCH: dict[str, Any] = {
    "duration": "3m",
    "interval": "5s",
    "metrics": [
        {
            "name": "p95-latency",
            "preset": "LatencyP95",
            "component": "backend",
            "failureThreshold": 3,
        },
        {"name": "error-ratio", "query": "errors", "breach": {"above": 0.05}},
        {
            "name": "requests",
            "preset": "RequestRate",
            "component": "backend",
            "severity": "Report",
            "baseline": {"taken": "Yesterday"},
        },
    ],
    "alerts": [{"name": "payments", "labels": {"team": "payments"}, "cause": "Security"}],
    "pods": {},
    "logs": [{"name": "errors", "patterns": ["ERROR"], "above": 10}],
    "dataChecks": [{"name": "totals", "job": {"image": "check:1"}, "interval": "1m"}],
    "availability": {"query": "up"},
}
GOOD = [0.05, 0.051, 0.053, 0.052, 0.055, 0.058, 0.054, 0.052, 0.05, 0.049, 0.052, 0.056]
BREACHED = [0.05, 0.052, 0.055, 0.06, 0.09, 0.13, 0.18, 0.22, 0.26, 0.31]
FLAPPING = [0.05, 0.2, 0.05, None, 0.3, 0.06, None, None, 0.25, 0.05, 0.3, 0.04, 0.2, None, 0.05]


def history(values: Sequence[float | None], since: float = 40, step: float = 5) -> History:
    return History(since=at(since), step=step, values=list(values))


def metric(
    values: Sequence[float | None], name: str = "p95-latency", **changes: Any
) -> Measurement:
    fields: dict[str, Any] = {
        "metric": name,
        "baseline": 0.052,
        "value": values[-1] if values else None,
        "verdict": Verdict.PASS,
        "samples": sum(value is not None for value in values),
        "sampled_at": at(40 + 5 * len(values)),
        "watched_seconds": 60.0,
        "message": "0.056 is 1.08 times the baseline 0.052, and not above the floor 0.1",
        "history": history(values),
    }
    return Measurement(**(fields | changes))


OTHERS = [
    Measurement(
        metric="error-ratio",
        value=0.004,
        verdict=Verdict.PASS,
        sampled_at=at(100),
        watched_seconds=60.0,
        message="0.004 is not above 0.05",
        history=history([0, 0, 0.001, 0.004, 0.002, None, None, 0.003, 0.004]),
    ),
    Measurement(
        metric="requests",
        value=31.0,
        verdict=Verdict.UNKNOWN,
        sampled_at=at(100),
        unknown_since=at(60),
        message="31 cannot be judged: the baseline has 3 values, fewer than 10",
        history=history([30, 33, None, 31]),
    ),
    Measurement(
        metric="alerts/payments",
        value=1.0,
        verdict=Verdict.FAIL,
        failures=1,
        sampled_at=at(100),
        accepted=True,
        message="PaymentsSlow (severity=critical, since 09:01:20) fires",
        history=history([0, 0, 0, 0, 0, 1, 1]),
    ),
    Measurement(
        metric="pods",
        value=0.0,
        verdict=Verdict.PASS,
        sampled_at=at(100),
        watched_seconds=60.0,
        message="3 pods of the new version, at most 0 restarts of one",
        history=history([0, 0, 0, 0], step=10),
    ),
    Measurement(
        metric="logs/errors",
        value=4.0,
        verdict=Verdict.PASS,
        sampled_at=at(100),
        message="4 lines since the change (limit 10) in 3 pods; first: \x1b[31mERROR [red]boom",
        history=history([0, 0, 2, 4], step=10),
    ),
    Measurement(
        metric="check/totals",
        verdict=Verdict.PASS,
        sampled_at=at(90),
        runs=3,
        run=Run(since=at(95), message="Pod totals-3-x: ImagePullBackOff"),
        message="run 2 passed: 1204 orders add up",
    ),
]


def spec(watch: dict[str, Any] | None = None) -> ReleaseSpec:
    return ReleaseSpec.model_validate(releases.SPEC | {"watch": watch or WATCH})


def digest_of(wanted: ReleaseSpec) -> str:
    return plan.spec_digest(wanted)


def attempt(*measurements: Measurement, **changes: Any) -> Attempt:
    fields: dict[str, Any] = {
        "spec_digest": digest_of(spec()),
        "frozen": True,
        "steps": [*releases.BEFORE, *releases.ROLLED_OUT, releases.running("watch", 68)],
        "measurements": list(measurements),
        "watch": WatchState(changed_at=at(15), started_at=at(68)),
        "downtime": Downtime(seconds=4.2, component="backend", measured_seconds=1.25),
    }
    return releases.attempt(**(fields | changes))


def release(entry: Attempt | None, watch: dict[str, Any] | None = None) -> ReleaseObject:
    made = releases.release(entry, watch=watch or WATCH)
    report = summarise(made, made.status, at(60))
    body = {
        "metadata": {"namespace": "shop", "name": "bookshop", "uid": "u-1", "generation": 2},
        "spec": releases.SPEC | {"watch": watch or WATCH},
        "status": report.to_wire(),
    }
    return parse_release(body)


def good() -> ReleaseObject:
    return release(attempt(metric(GOOD), *OTHERS))


def breached() -> ReleaseObject:
    """Turned back; nothing is gone back on yet."""
    text = "0.31 is 5.96 times the baseline 0.052; the limit is 2 times"
    bad = metric(BREACHED, verdict=Verdict.FAIL, failures=3, breaches=3, message=text)
    reason = Reason.METRIC_BREACH
    trigger = Trigger(reason=reason, message=f"metric p95-latency: {text}", at=at(90))
    downtime = Downtime(seconds=0.0, since=at(88), component="backend")
    steps = [*releases.BEFORE, *releases.ROLLED_OUT, releases.failed("watch", 68, 90, text)]
    return release(attempt(bad, OTHERS[0], trigger=trigger, downtime=downtime, steps=steps))


def flapping() -> ReleaseObject:
    text = "0.05 is 0.96 times the baseline 0.052, and not above the floor 0.1"
    return release(attempt(metric(FLAPPING, breaches=5, message=text)))


def one_sample() -> ReleaseObject:
    """In the middle of the rollout, right after the first look."""
    steps = [*releases.BEFORE, releases.running("rollout/backend", 15, "1 of 2 pods are available")]
    state = WatchState(changed_at=at(15))
    return release(attempt(metric([0.05]), steps=steps, watch=state, downtime=Downtime()))


def unchanged() -> ReleaseObject:
    """Before the first change: nothing was looked at."""
    return release(attempt(steps=releases.BEFORE, watch=None, downtime=None))


def ended(outcome: Phase = Phase.ROLLED_BACK) -> ReleaseObject:
    """Over, whatever became of it."""
    end = End(outcome=outcome, reason=Reason.COMPLETED, message="it is over", at=at(120))
    return release(attempt(metric(GOOD), end=end, record="r", recorded=True))


STATES = {
    "good": good,
    "breached": breached,
    "flapping": flapping,
    "one-sample": one_sample,
    "unchanged": unchanged,
}


def record(**changes: Any) -> RecordSpec:
    """The record of the attempt that was turned back, with all of its samples."""
    entry = breached().status.attempt
    assert entry is not None
    assert entry.trigger is not None
    fields: dict[str, Any] = {
        "release": "bookshop",
        "release_uid": "u-1",
        "attempt": 2,
        "version": entry.version,
        "previous_version": entry.previous_version,
        "digest": releases.DIGEST,
        "plan": spec(),
        "outcome": Phase.ROLLED_BACK,
        "reason": Reason.METRIC_BREACH,
        "message": f"1.3.0 runs again; {entry.trigger.message}",
        "started_at": entry.started_at,
        "ended_at": at(150),
        "duration_seconds": 150.0,
        "timeline": entry.steps,
        "measurements": entry.measurements,
        "rollback": entry.trigger,
    }
    return RecordSpec(**(fields | changes))


def record_body(name: str, found: RecordSpec) -> dict[str, Any]:
    return {"metadata": {"namespace": "shop", "name": name}, "spec": found.to_wire()}
