"""What is asked of a metric source for an entry of `spec.watch`: queries with their values.

Between the plan and whoever asks (`engine.questions`, `engine.signs.alerts`, `engine.downtime`).
A text that cannot be filled is a fault of the spec and was told by `engine.watchfaults`.
"""

from release_coordinator.api.release import Component
from release_coordinator.api.watch import Breach, Metric, MinTraffic

from . import bluegreen, traffic
from .context import Context

WINDOW = "1m"
"""What $(window) stands for where nothing else is said."""


def query_of(ctx: Context, metric: Metric, *, beside: bool = False) -> str:
    """The query of a metric, for the new version or the one it takes the place of.

    `beside` is right for every baseline that another version gives: for the one that runs beside,
    and for the one that ran before.
    """
    return _filled(ctx, metric.query or "", metric.component, metric.window, beside=beside)


def min_traffic_of(metric: Metric) -> MinTraffic | None:
    """How much must be going on before the metric is judged: as said, else as for the preset.

    Its query is not filled; see `traffic_of`.
    """
    return metric.min_traffic


def traffic_of(ctx: Context, metric: Metric, *, beside: bool = False) -> str | None:
    """The query of how much is going on, None if that does not matter."""
    least = min_traffic_of(metric)
    if least is None:
        return None
    return _filled(ctx, least.query, metric.component, metric.window, beside=beside)


def breach_of(metric: Metric) -> Breach:
    """When an answer is bad: as the author says, else as is usual for the preset."""
    assert metric.breach is not None  # noqa: S101 - a rule of the CRD
    return metric.breach


def filled(ctx: Context, query: str, component: str | None = None) -> str:
    """PromQL with placeholders, about a component, for the new version; values are escaped."""
    return _filled(ctx, query, component, WINDOW, beside=False)


def filled_label(ctx: Context, text: str, component: str | None = None) -> str:
    """A plain text with placeholders, such as the value of a label: nothing is escaped."""
    return _filled(ctx, text, component, WINDOW, beside=False)


def _filled(ctx: Context, text: str, component: str | None, window: str, *, beside: bool) -> str:
    spec = ctx.plan.spec
    one = next((c for c in spec.components if component in (None, c.name)), spec.components[0])
    target = (one if beside else _new(ctx, one)).target
    previous = ctx.attempt.previous_version or "none"
    values = {
        "namespace": ctx.release.namespace,
        "release": ctx.release.name,
        "component": one.name,
        "version": previous if beside else spec.version,
        "previousVersion": previous,
        "workload": target.name,
        "pods": f"{target.name}-.*",
        "window": window,
    }
    for name, value in values.items():
        text = text.replace(f"$({name})", value)
    return text


def _new(ctx: Context, component: Component) -> Component:
    """The component with the workload whose pods run the new version, or will run it."""
    begun = component.is_blue_green and ctx.step(traffic.TWIN + component.name) is not None
    if begun and ctx.attempt.trigger is None:
        handed = ctx.succeeded(traffic.HANDOVER + component.name)
        return component if handed else bluegreen.beside(ctx, component)
    return component
