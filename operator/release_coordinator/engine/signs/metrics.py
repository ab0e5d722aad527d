"""R4.4: metrics, by PromQL. One subject per metric of `spec.watch.metrics`.

What is asked is made by `engine.questions`; the verdict by `engine.judge`.
"""

from collections.abc import Callable
from datetime import datetime

from release_coordinator.api.base import parse_duration
from release_coordinator.api.conditions import Reason
from release_coordinator.api.measurement import Verdict
from release_coordinator.api.watch import Metric, Watch
from release_coordinator.engine import asked, judge, questions
from release_coordinator.engine.context import Context
from release_coordinator.engine.reading import Finding
from release_coordinator.engine.subject import Subject


def subjects(watch: Watch) -> list[Subject]:
    """One subject per metric."""
    return [
        Subject(
            name=metric.name,
            what=f"metric {metric.name}",
            reason=Reason.METRIC_BREACH,
            look=_look_at(metric),
            interval=parse_duration(metric.interval or watch.interval),
            severity=metric.severity,
            on_unknown=metric.on_unknown,
            min_samples=metric.min_samples,
            failure_threshold=metric.failure_threshold,
            failure_limit=metric.failure_limit,
            success_threshold=metric.success_threshold,
        )
        for metric in watch.metrics
    ]


def _look_at(metric: Metric) -> Callable[[Context, datetime], Finding | None]:
    def look(ctx: Context, due: datetime) -> Finding | None:
        try:
            reading = questions.ask(ctx, metric, due)
        except asked.Unfillable as problem:
            return Finding(Verdict.UNKNOWN, str(problem))
        return None if reading is None else judge.judge(asked.breach_of(metric), reading)

    return look
