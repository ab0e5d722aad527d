"""Everything a plan wants watched, as subjects in a fixed order.

Used by `engine.observing` and, for words, by `engine.describe`.
"""

from release_coordinator.api.watch import Watch
from release_coordinator.text import enumerated

from .plan import Plan
from .signs import alerts, checks, logs, metrics, pods
from .subject import Subject


def of(plan: Plan) -> list[Subject]:
    """What is watched of a release; empty if nothing is."""
    watch = plan.spec.watch
    return [] if watch is None else subjects(watch)


def subjects(watch: Watch) -> list[Subject]:
    """The same, of a spec that has not become a plan."""
    return [
        *metrics.subjects(watch),
        *alerts.subjects(watch),
        *pods.subjects(watch),
        *logs.subjects(watch),
        *checks.subjects(watch),
    ]


def named(watch: Watch) -> str:
    """What is watched, in a sentence: "2 metrics, alerts and pods"."""
    return enumerated(
        [
            *_counted(len(watch.metrics), "metric"),
            *(["alerts"] if watch.alerts else []),
            *(["pods"] if watch.pods else []),
            *(["logs"] if watch.logs else []),
            *_counted(len(watch.data_checks), "data check"),
        ]
    )


def _counted(count: int, what: str) -> list[str]:
    return [f"{count} {what}{'s' if count > 1 else ''}"] if count else []
