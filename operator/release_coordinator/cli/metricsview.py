"""The release metrics as `kubectl release metrics -o json` and `-o yaml` show them.

Shares from 0 to 1, times in seconds; what was not measured is left out.
"""

from datetime import datetime

from pydantic import Field

from release_coordinator.api.base import Model, Time
from release_coordinator.engine.releasemetrics import Judged, ReleaseMetrics
from release_coordinator.engine.releasereport import Measured, ReleaseReport


class WindowView(Model):
    """The metrics of one window."""

    deployments: int
    outcomes: dict[str, int] = Field(description="How they ended.")
    success_ratio: float | None = None
    rollback_ratio: float | None = None
    time_to_deploy_median_seconds: float | None = None
    downtime_mean_seconds: float | None = None
    longest_downtime_seconds: float | None = None
    time_to_restore_median_seconds: float | None = None
    gate_waiting_mean_seconds: dict[str, float] = Field(description="By the name of the gate.")


class TargetView(Model):
    """The last 30 days beside a target."""

    target: float
    value: float | None = None
    missed: bool | None = Field(None, description="Empty if there is nothing to judge.")
    before: float | None = Field(None, description="The value of the 30 days before.")


class MeasuredView(Model):
    """One application, or all together."""

    namespace: str | None = None
    release: str | None = None
    windows: dict[str, WindowView]
    targets: dict[str, TargetView] = Field(description="Empty for a staging Release.")


class MetricsView(Model):
    """The whole document."""

    measured_at: Time
    notes: list[str]
    overall: MeasuredView
    releases: list[MeasuredView]


def view_of(report: ReleaseReport, notes: list[str], now: datetime) -> MetricsView:
    """The document of a report."""
    return MetricsView(
        measured_at=now,
        notes=notes,
        overall=_measured(report.overall),
        releases=[_measured(one, *who) for who, one in report.applications.items()],
    )


def _measured(
    measured: Measured, namespace: str | None = None, release: str | None = None
) -> MeasuredView:
    earlier = {one.target: one.value for one in measured.before}
    return MeasuredView(
        namespace=namespace,
        release=release,
        windows={name: _window(metrics) for name, metrics in measured.windows.items()},
        targets={str(one.target): _target(one, earlier.get(one.target)) for one in measured.judged},
    )


def _target(judged: Judged, before: float | None) -> TargetView:
    return TargetView(target=judged.limit, value=judged.value, missed=judged.missed, before=before)


def _window(metrics: ReleaseMetrics) -> WindowView:
    return WindowView(
        deployments=metrics.deployments,
        outcomes={str(outcome): count for outcome, count in metrics.outcomes.items()},
        success_ratio=metrics.success,
        rollback_ratio=metrics.rollbacks,
        time_to_deploy_median_seconds=metrics.time_to_deploy,
        downtime_mean_seconds=metrics.downtime,
        longest_downtime_seconds=metrics.longest_downtime,
        time_to_restore_median_seconds=metrics.time_to_restore,
        gate_waiting_mean_seconds=metrics.waited,
    )
