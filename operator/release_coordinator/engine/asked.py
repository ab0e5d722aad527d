"""What is asked of a metric source for an entry of `spec.watch`: queries with their values.

Between the plan and whoever asks (`engine.questions`, `engine.signs.alerts`, `engine.downtime`).
A text that cannot be filled is a fault of the spec and was told by `engine.watchfaults`; only an
attempt that another version of the operator has begun may have one.
"""

from collections.abc import Mapping

from release_coordinator.api.release import Component
from release_coordinator.api.watch import Breach, Metric, MinTraffic
from release_coordinator.text import one_line

from . import bluegreen, placeholders, presets, traffic
from .context import Context

WINDOW = "1m"
"""What $(window) stands for where nothing else is said."""
QUOTED = 60
"""Characters of a text that a problem quotes."""
NONE = "none"
"""What $(previousVersion) stands for if nobody knows what ran before: no version is called so."""


class Unfillable(Exception):  # noqa: N818 - a fact
    """A text cannot be asked; the message says why and who mends it."""


def query_of(ctx: Context, metric: Metric, *, beside: bool = False) -> str:
    """The query of a metric, for the new version or the one it takes the place of.

    `beside` is right for every baseline that another version gives: for the one that runs beside,
    and for the one that ran before. Raises Unfillable, as all that fills.
    """
    preset = _preset(metric)
    query = preset.query if preset is not None else metric.query or ""
    return _filled(ctx, query, metric.component, metric.window, beside=beside)


def min_traffic_of(metric: Metric) -> MinTraffic | None:
    """How much must be going on before the metric is judged: as said, else as for the preset.

    Its query is not filled; see `traffic_of`.
    """
    preset = _preset(metric)
    usual = preset.min_traffic if preset is not None else None
    return metric.min_traffic or usual


def traffic_of(ctx: Context, metric: Metric, *, beside: bool = False) -> str | None:
    """The query of how much is going on, None if that does not matter."""
    least = min_traffic_of(metric)
    if least is None:
        return None
    return _filled(ctx, least.query, metric.component, metric.window, beside=beside)


def breach_of(metric: Metric) -> Breach:
    """When an answer is bad: as the author says, else as is usual for the preset."""
    preset = _preset(metric)
    breach = metric.breach or (preset.breach if preset is not None else None)
    assert breach is not None  # noqa: S101 - else the spec has a fault
    return breach


def filled(ctx: Context, query: str, component: str | None = None) -> str:
    """PromQL with placeholders, about a component, for the new version; values are escaped."""
    return _filled(ctx, query, component, WINDOW, beside=False)


def filled_label(ctx: Context, text: str, component: str | None = None) -> str:
    """A plain text with placeholders, such as the value of a label: nothing is escaped."""
    values = _values(ctx, component, WINDOW, beside=False)
    try:
        return placeholders.text_filled(text, values)
    except LookupError as error:
        raise _unfillable(text, error) from None


def _preset(metric: Metric) -> presets.Asked | None:
    return presets.asked(metric.preset, metric.convention) if metric.preset is not None else None


def _filled(ctx: Context, query: str, component: str | None, window: str, *, beside: bool) -> str:
    try:
        return placeholders.filled(query, _values(ctx, component, window, beside=beside))
    except (LookupError, ValueError) as error:
        raise _unfillable(query, error) from None


def _unfillable(text: str, error: LookupError | ValueError) -> Unfillable:
    problem = str(error) if isinstance(error, ValueError) else f"has no value for {error}"
    return Unfillable(
        f"{one_line(text, QUOTED)} {problem}; this attempt was begun by another version of the "
        "operator; the author corrects it in the spec of the next release"
    )


def _values(ctx: Context, component: str | None, window: str, *, beside: bool) -> Mapping[str, str]:
    previous = ctx.attempt.previous_version or NONE
    about = _about(ctx, component)
    values = {
        "namespace": ctx.release.namespace,
        "release": ctx.release.name,
        "version": previous if beside else ctx.plan.spec.version,
        "previousVersion": previous,
        placeholders.WINDOW: window,
    }
    if about is None:
        return values
    target = (about if beside else _new(ctx, about)).target
    return {
        **values,
        "component": about.name,
        "workload": target.name,
        placeholders.PODS: placeholders.pods_of(target),
        presets.SERVICE: about.strategy.service or about.target.name,
    }


def _about(ctx: Context, name: str | None) -> Component | None:
    """The component of that name; without one, the only one."""
    components = ctx.plan.spec.components
    if name is None:
        return components[0] if len(components) == 1 else None
    return next((component for component in components if component.name == name), None)


def _new(ctx: Context, component: Component) -> Component:
    """The component with the workload whose pods run the new version, or will run it."""
    begun = component.is_blue_green and ctx.step(traffic.TWIN + component.name) is not None
    if not begun or ctx.attempt.trigger is not None:
        return component
    handed = ctx.succeeded(traffic.HANDOVER + component.name)
    return component if handed else bluegreen.beside(ctx, component)
