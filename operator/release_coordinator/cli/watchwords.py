"""What a plan watches, in words: one line for each thing, before any of it happens. Pure.

Used by `cli.planpage`. Only what is not the default is told, except what decides: the limit, what
a breach leads to, and what missing answers do.
"""

from collections.abc import Iterator

from release_coordinator.api.control import RollbackCause
from release_coordinator.api.watch import (
    AlertSign,
    Baseline,
    Breach,
    DataCheck,
    LogSign,
    Metric,
    OnMissing,
    OnUnknown,
    PodSign,
    Preset,
    Severity,
    Watch,
    WatchStart,
)
from release_coordinator.engine import asked

from .limits import BASELINES, breach_of, usual

Line = tuple[str, str]
"""Name and words."""

_LEADS_TO = {
    Severity.ROLLBACK: "rolls back",
    Severity.HOLD: "holds",
    Severity.REPORT: "is only reported",
}
_PRESETS = {
    Preset.ERROR_RATE: "share of requests that fail",
    Preset.LATENCY_P50: "seconds in which half of the requests are answered",
    Preset.LATENCY_P95: "seconds in which 95 % of the requests are answered",
    Preset.LATENCY_P99: "seconds in which 99 % of the requests are answered",
    Preset.REQUEST_RATE: "requests per second",
    Preset.CPU_SATURATION: "share of the CPU limit in use",
    Preset.MEMORY_SATURATION: "share of the memory limit in use",
    Preset.CPU_THROTTLING: "share of throttled CPU periods",
}


def head(watch: Watch) -> str:
    """How long, how often, and from when on."""
    start = "from the first change on, and"
    if watch.start is WatchStart.AFTER_ROLLOUT:
        start = "only"
    delay = f", not in its first {watch.initial_delay}" if watch.initial_delay != "0s" else ""
    return f"every {watch.interval}, {start} for {watch.duration} after the rollout{delay}"


def lines(watch: Watch) -> Iterator[Line]:
    """Everything that is watched."""
    for metric in watch.metrics:
        yield metric.name, _metric(metric, watch)
    for alerts in watch.alerts:
        yield f"alerts/{alerts.name}", _alerts(alerts, watch)
    if watch.pods is not None:
        yield "pods", _pods(watch.pods)
    for logs in watch.logs:
        yield f"logs/{logs.name}", _logs(logs, watch)
    for check in watch.data_checks:
        yield f"check/{check.name}", _check(check, watch)
    if watch.availability is not None:
        yield "availability", f"measures downtime, by MetricSource {watch.availability.source}"


def _metric(metric: Metric, watch: Watch) -> str:
    breach = usual(metric)
    limit = " or ".join(breach_of(breach)) if breach else "no limit"
    often = "".join(_often(metric))
    return "; ".join(
        [
            *_asked(metric),
            f"{limit}{often} {_LEADS_TO[metric.severity]}",
            *(_baseline(metric.baseline) if breach and breach.needs_baseline else []),
            *_conditions(metric, breach),
            f"without an answer for {watch.unknown_limit}: {metric.on_unknown}",
        ]
    )


def _asked(metric: Metric) -> Iterator[str]:
    """What a preset means; a query is not told, the name says what it is for."""
    if metric.preset is not None:
        about = [*([metric.component] if metric.component else []), metric.convention]
        yield f"{_PRESETS[metric.preset]} ({', '.join(about)})"
    elif metric.component:
        yield f"of {metric.component}"
    if metric.interval is not None:
        yield f"every {metric.interval}"


def _often(metric: Metric) -> Iterator[str]:
    if metric.failure_threshold > 1:
        yield f", {metric.failure_threshold} times in a row"
    if metric.failure_limit is not None:
        yield f", or {metric.failure_limit} times in all"


def _baseline(baseline: Baseline) -> Iterator[str]:
    without = ""
    if baseline.on_missing is OnMissing.ABSOLUTE:
        without = ", without one by above, below and floor alone"
    yield f"baseline: the median of {baseline.window} {BASELINES[baseline.taken]}{without}"


def _conditions(metric: Metric, breach: Breach | None) -> Iterator[str]:
    if breach is not None and breach.comparison is not None:
        yield f"compared over {breach.comparison.window}"
    least = asked.min_traffic_of(metric)
    if least is not None:
        yield f"not judged while minTraffic is less than {least.at_least:g}"
    if metric.min_samples > 1:
        yield f"not before {metric.min_samples} samples"
    if metric.success_threshold is not None:
        yield f"enough after {metric.success_threshold} good samples in a row"


def _alerts(sign: AlertSign, watch: Watch) -> str:
    which = " or ".join(sign.alerts) or "any alert"
    labels = ", ".join(f"{key}={value}" for key, value in sorted(sign.labels.items()))
    cause = "" if sign.cause is RollbackCause.FUNCTIONALITY else f" ({sign.cause})"
    what = f"{which}{f' with {labels}' if labels else ''} that fires{cause}"
    return _sentence(what, sign.severity, sign.on_unknown, watch)


def _pods(sign: PodSign) -> str:
    what = (
        f"a crash loop, more than {sign.restarts} restarts of a container, or too few ready pods "
        f"for {sign.unready_for}"
    )
    return _sentence(what, sign.severity)


def _logs(sign: LogSign, watch: Watch) -> str:
    place = f" of {sign.component}" if sign.component else ""
    place += f", container {sign.container}" if sign.container else ""
    patterns = " or ".join(f"/{pattern}/" for pattern in sign.patterns)
    what = f"more than {sign.above} lines{place} with {patterns}"
    return _sentence(what, sign.severity, sign.on_unknown, watch)


def _check(check: DataCheck, watch: Watch) -> str:
    what = f"Job {check.job.image}, again {check.interval} after each run: one that fails"
    return _sentence(what, check.severity, check.on_unknown, watch)


def _sentence(
    what: str,
    severity: Severity,
    on_unknown: OnUnknown | None = None,
    watch: Watch | None = None,
) -> str:
    text = f"{what} {_LEADS_TO[severity]}"
    if on_unknown is None or watch is None:
        return text
    return f"{text}; without an answer for {watch.unknown_limit}: {on_unknown}"
