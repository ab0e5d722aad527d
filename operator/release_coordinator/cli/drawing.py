"""Charts as SVG and PNG, drawn by matplotlib; the same chart is the same bytes every time.

Used by `cli.commands.chart`. matplotlib is an extra of the package (`charts`) and is imported only
when something is drawn. Nothing depends on colours alone: what is beyond the limit is a cross, the
limit is dashed, the baseline dotted, and colours are those that colour-blind people tell apart.
"""

import io
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from .curves import Chart, Curve, Event
from .failure import UnansweredError
from .watchrows import SYMBOLS
from .words import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Axes = Any
"""matplotlib's own types know no moments on an axis."""

HINT = (
    "charts as SVG and PNG need matplotlib, which is not installed.\n"
    'Install it with pip install ".[charts]" in a checkout, or take -o text.'
)
_WIDTH, _HEAD, _PANEL = 9.0, 1.6, 2.2
"""Inches."""
_LETTERS = 76
"""Characters that fit into a line, the widest letters too."""
_BLUE, _RED, _GREY = "#0072B2", "#D55E00", "#555555"
"""Blue and vermilion of Okabe and Ito."""
_HUGE = 1e300
_EVENTS = ("solid", (0, (6, 3)), (0, (1, 2)))
_SETTINGS = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "svg.hashsalt": "release-coordinator",
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
    "path.simplify": False,
}


def drawn(chart: Chart, form: str) -> bytes:
    """The chart as `svg` or `png`. Raises UnansweredError if matplotlib is not installed."""
    figure = figure_of(chart)
    stream = io.BytesIO()
    metadata = {"Date": None} if form == "svg" else {"Software": None}
    with _settings():
        figure.savefig(stream, format=form, dpi=150, metadata=metadata)
    return stream.getvalue()


def figure_of(chart: Chart) -> "Figure":
    """The picture before it is written. Raises UnansweredError if matplotlib is not installed."""
    try:
        import matplotlib as mpl  # noqa: F401, PLC0415 - an extra
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise UnansweredError(HINT) from error
    with _settings():
        height = _HEAD + _PANEL * len(chart.curves)
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        panels = list(figure.subplots(len(chart.curves), 1, sharex=True, squeeze=False)[:, 0])
        for axes, curve in zip(panels, chart.curves, strict=True):
            _panel(axes, curve, chart.events)
        _time_axis(panels[-1], chart)
        _around(figure, panels, chart)
    return figure


@contextmanager
def _settings() -> Iterator[None]:
    """The same on every machine, whatever its matplotlibrc says."""
    import matplotlib as mpl  # noqa: PLC0415

    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        settings: Any = mpl.rcParams
        settings.update(_SETTINGS)
        # Signs that the font does not have, and numbers so large that their ticks are not finite.
        warnings.simplefilter("ignore")
        yield


def _around(figure: "Figure", panels: list[Axes], chart: Chart) -> None:
    """What it is of, above; what every line and sign means, once for all panels, below."""
    title = "\n".join([*_wrapped(chart.title, 2), *_wrapped(chart.about, 3)])
    figure.suptitle(title, fontsize=9, ha="left", x=0.01)
    known: dict[str, Any] = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        known |= dict(zip(labels, handles, strict=True))
    figure.legend(
        list(known.values()),
        list(known),
        loc="outside lower left",
        ncols=3,
        frameon=False,
        fontsize=8,
    )


def _panel(axes: Axes, curve: Curve, events: tuple[Event, ...]) -> None:
    times = [point.at for point in curve.points]
    values = [
        float("nan") if point.value is None else _drawable(point.value) for point in curve.points
    ]
    axes.plot(times, values, color=_BLUE, marker="o", markersize=3, lw=1.3, label="value")
    beyond = [
        (p.at, _drawable(p.value)) for p in curve.points if p.is_beyond and p.value is not None
    ]
    if beyond:
        axes.plot(
            [at for at, _ in beyond], [value for _, value in beyond], color=_RED, marker="X",
            markersize=7, markeredgecolor="black", markeredgewidth=0.6, linestyle="none",
            label="beyond the limit", zorder=4,
        )  # fmt: skip
    _lines(axes, curve)
    _unknown(axes, curve)
    for style, event in zip(_EVENTS, events, strict=False):
        label = f"{event.label} {event.at:%H:%M:%SZ}"
        axes.axvline(event.at, color="black", lw=1.0, linestyle=style, label=label)
    verdict = f"{SYMBOLS[curve.verdict]} {curve.verdict}"
    head = [*_wrapped(f"{curve.name}   {verdict}   {curve.told}", 2), *_wrapped(curve.message, 2)]
    axes.set_title("\n".join(head), fontsize=8, loc="left")
    axes.grid(axis="y", color="#dddddd", lw=0.5)
    axes.spines[["top", "right"]].set_visible(False)


def _drawable(value: float) -> float:
    """Numbers with which matplotlib can still reckon."""
    return max(-_HUGE, min(_HUGE, value))


def _lines(axes: Axes, curve: Curve) -> None:
    """Limit and baseline where they are near enough, and a height that shows all of it."""
    low, high = map(_drawable, curve.span)
    for line in curve.limits:
        if low <= line <= high:
            axes.axhline(line, color=_RED, lw=1.2, linestyle=(0, (5, 2)), label="limit")
    if curve.baseline is not None and low <= curve.baseline <= high:
        axes.axhline(curve.baseline, color=_GREY, lw=1.2, linestyle=(0, (1, 1)), label="baseline")
    room = high / 12 - low / 12
    axes.set_ylim(low - room, high + room)
    axes.yaxis.set_major_formatter(lambda value, _: number(value))
    axes.locator_params(axis="y", nbins=5)


def _unknown(axes: Axes, curve: Curve) -> None:
    """A hatched stretch for looks without a usable answer, half a step to each side."""
    half = timedelta(seconds=curve.step / 2)
    for point in curve.points:
        if point.value is None:
            axes.axvspan(
                point.at - half, point.at + half, facecolor="#eeeeee", edgecolor="#bbbbbb",
                hatch="////", lw=0, label="no usable answer", zorder=0,
            )  # fmt: skip


def _time_axis(axes: Axes, chart: Chart) -> None:
    import matplotlib.dates  # noqa: PLC0415

    dates: Any = matplotlib.dates
    axes.xaxis.set_major_locator(dates.AutoDateLocator(maxticks=9))
    begin, end = chart.time
    clock = "%H:%M:%S" if end - begin < timedelta(days=1) else "%m-%d %H:%M"
    axes.xaxis.set_major_formatter(dates.DateFormatter(clock))
    axes.set_xlim(begin, end)
    axes.set_xlabel(f"UTC, {begin:%Y-%m-%d}", fontsize=8, loc="right")


def _wrapped(text: str, lines: int) -> list[str]:
    """At most so many lines of it."""
    return textwrap.wrap(text, _LETTERS, max_lines=lines, placeholder=" …")
