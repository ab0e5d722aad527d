"""Charts of a release: from where, of what, as text and as the same picture every time."""

import itertools
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from rich.cells import cell_len
from tests import goldens
from tests.unit.cli import pages, releases, watched
from tests.unit.cli.test_source import REF, Script, cluster_with, refused

from release_coordinator.api.conditions import Phase
from release_coordinator.api.measurement import Measurement
from release_coordinator.api.status import HistoryEntry
from release_coordinator.cli import curves, drawing, textchart
from release_coordinator.cli import main as cli
from release_coordinator.cli.commands import chart as command
from release_coordinator.cli.commands.chart import find
from release_coordinator.cli.curves import Chart
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.source import Question, Source
from release_coordinator.cluster.memory import MemoryCluster
from release_coordinator.cluster.port import RECORD, RELEASE

GOLDEN = Path(__file__).parent / "golden"
DOCUMENTED = Path(__file__).parents[3] / "docs" / "images" / "chart.svg"
KIB = 1024

EDGES: dict[str, list[float | None]] = {
    "all unknown": [None, None, None],
    "constant": [3.0] * 20,
    "zero": [0.0, 0.0],
    "one": [0.5],
    "huge": [1e18, -1e18, 1e300, None, -1.7e308, 1.7e308],
    "tiny": [1e-9, 3e-9, 5e-324],
    "negative": [-5.0, -3.0, None, -2.0],
    "full": [0.01 * place for place in range(60)],
}


def chart_of(*measurements: Measurement) -> Chart:
    return curves.of_release(watched.release(watched.attempt(*measurements)))


def text_of(chart: Chart, width: int = 80) -> str:
    return pages.text_of(textchart.page(chart, width), width=width)


def charts() -> dict[str, Chart]:
    found = {
        name: curves.of_release(state())
        for name, state in watched.STATES.items()
        if name != "unchanged"
    }
    return found | {"record": curves.of_record("shop", watched.record())}


@pytest.mark.parametrize("state", ["good", "breached", "flapping", "one-sample", "record"])
def test_each_chart_reads_as_in_its_golden_file(state: str) -> None:
    text = text_of(charts()[state])

    assert "\x1b" not in text
    goldens.check(GOLDEN / f"chart-{state}.txt", text)


@pytest.mark.parametrize("width", [30, 60, 80, 200])
@pytest.mark.parametrize("values", EDGES.values(), ids=EDGES)
def test_any_course_fits_into_a_chart(values: list[float | None], width: int) -> None:
    text = text_of(chart_of(watched.metric(values)), width)

    assert max(cell_len(line) for line in text.splitlines()) <= width


@pytest.mark.parametrize(
    ("values", "form"), list(zip(EDGES.values(), ["svg", "png"] * 4, strict=True)), ids=EDGES
)
def test_any_course_can_be_drawn(values: list[float | None], form: str) -> None:
    name = "count $x_1$ & <b> 日本"

    made = drawing.drawn(chart_of(watched.metric(values, name, baseline=None)), form)

    assert made.startswith(b"<?xml" if form == "svg" else b"\x89PNG")


def test_an_empty_course_is_no_chart() -> None:
    with pytest.raises(UnansweredError, match="nothing was measured in this attempt"):
        chart_of(watched.metric([]), watched.OTHERS[-1])


def test_without_an_attempt_there_is_no_chart() -> None:
    with pytest.raises(UnansweredError, match="has no attempt yet"):
        curves.of_release(releases.untouched())


@pytest.mark.parametrize("form", ["svg", "png"])
def test_the_same_chart_is_the_same_bytes(form: str) -> None:
    chart = charts()["record"]

    assert drawing.drawn(chart, form) == drawing.drawn(chart, form)


def test_the_chart_of_the_documentation_is_drawn_by_this_version() -> None:
    """It is written anew with UPDATE_GOLDEN=1, like every golden file."""
    record = watched.record(message="1.3.0 runs again")
    chart = curves.only(curves.of_record("shop", record), "p95-latency")

    goldens.check(DOCUMENTED, drawing.drawn(chart, "svg").decode())

    assert DOCUMENTED.stat().st_size < 60 * KIB


def overlapping(chart: Chart) -> list[tuple[str, str]]:
    """Texts of a picture that touch one another, or that are cut off."""
    figure = drawing.figure_of(chart)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    whole = figure.bbox
    shown = [*figure.texts, *(text for one in figure.legends for text in one.get_texts())]
    panels: list[Any] = figure.axes
    for axes in panels:
        shown += [axes._left_title, axes.xaxis.label]
        for axis in (axes.xaxis, axes.yaxis):
            shown += [tick.label1 for tick in axis._update_ticks()]
    shown = [text for text in shown if text.get_visible() and text.get_text()]
    boxes = [(text.get_text(), text.get_window_extent(canvas.get_renderer())) for text in shown]
    touching = [
        (one, other)
        for (one, box), (other, its) in itertools.combinations(boxes, 2)
        if box.overlaps(its)
    ]
    cut = [
        (text, "the edge")
        for text, box in boxes
        if box.x0 < whole.x0 or box.x1 > whole.x1 or box.y0 < whole.y0 or box.y1 > whole.y1
    ]
    return touching + cut


@pytest.mark.parametrize("state", ["good", "breached", "flapping", "one-sample", "record"])
def test_no_text_of_a_picture_touches_another(state: str) -> None:
    assert overlapping(charts()[state]) == []


def test_long_names_and_messages_touch_nothing() -> None:
    entry = watched.metric(EDGES["full"], "n" * 80, message="words " * 40, baseline=None)

    assert overlapping(chart_of(entry, entry.model_copy(update={"metric": "m" * 80}))) == []


def test_values_beyond_the_limit_are_crosses_and_what_is_unknown_is_a_gap() -> None:
    figure = drawing.figure_of(charts()["flapping"])
    lines = {line.get_label(): line for line in figure.axes[0].get_lines()}

    beyond: Sequence[float] = lines["beyond the limit"].get_ydata()  # type: ignore[assignment]
    assert list(beyond) == [0.2, 0.3, 0.25, 0.3, 0.2]
    value: Sequence[float] = lines["value"].get_ydata()  # type: ignore[assignment]
    assert [one != one for one in value] == [one is None for one in watched.FLAPPING]  # noqa: PLR0124
    assert {"limit", "baseline", "first change 09:00:15Z"} <= {str(label) for label in lines}


def test_a_limit_that_is_far_away_does_not_flatten_the_course() -> None:
    near = chart_of(watched.metric([0.004, 0.002], "error-ratio", baseline=None)).curves[0]
    far = chart_of(watched.metric([0.0004, 0.0002], "error-ratio", baseline=None)).curves[0]

    assert near.span == (0.0, 0.05)
    assert far.span == (0.0, 0.0004)
    assert far.told == "limit > 0.05"


def test_without_matplotlib_the_message_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(UnansweredError, match=r"pip install \"\.\[charts\]\""):
        drawing.drawn(charts()["good"], "svg")
    assert "p95-latency" in text_of(charts()["good"])


def test_matplotlib_is_not_imported_before_something_is_drawn() -> None:
    script = "import sys; import release_coordinator.cli.main; print('matplotlib' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "False"


RECORD_NAME = "bookshop-2-77aa"


async def source_with(cluster: MemoryCluster | None = None) -> Source:
    """The bookshop in its third attempt, with the record of its second."""
    cluster = cluster or await cluster_with()
    third = watched.attempt(watched.metric(watched.GOOD), number=3)
    state = watched.release(third)
    history = [
        HistoryEntry(
            attempt=2,
            version="1.4.0",
            outcome=Phase.ROLLED_BACK,
            ended_at=releases.at(0),
            record=RECORD_NAME,
        )
    ]
    report = state.status.model_copy(update={"history": history})
    body = {
        "metadata": {"namespace": "shop", "name": "bookshop"},
        "spec": releases.SPEC | {"watch": watched.WATCH},
    }
    stored = await cluster.create(RELEASE, body)
    await cluster.replace_status(RELEASE, stored | {"status": report.to_wire()})
    await cluster.create(RECORD, watched.record_body(RECORD_NAME, watched.record()))
    uid = stored["metadata"]["uid"]
    first = watched.record(attempt=1, release_uid=uid)
    await cluster.create(RECORD, watched.record_body("bookshop-1-0aaa", first))
    other = watched.record(release="website")
    await cluster.create(RECORD, watched.record_body("website-2-1bbb", other))
    return Source(cluster, Script(), REF)


@pytest.mark.parametrize(
    ("attempt", "record", "expected"),
    [
        (None, None, "attempt 3"),
        (3, None, "attempt 3"),
        (2, None, "attempt 2"),
        (1, None, "attempt 1"),  # no longer named in the status
        (None, RECORD_NAME, "attempt 2"),
    ],
)
async def test_a_chart_is_of_the_attempt_that_was_asked_for(
    attempt: int | None, record: str | None, expected: str
) -> None:
    found = await find(await source_with(), attempt, record)

    assert found.title == f"shop/bookshop 1.3.0 -> 1.4.0, {expected}"


async def test_a_record_has_the_same_curves_as_the_status() -> None:
    record = curves.of_record("shop", watched.record())

    assert record.curves == charts()["breached"].curves
    assert record.events == charts()["breached"].events


def test_limits_of_a_spec_that_was_edited_since_are_not_drawn() -> None:
    entry = watched.attempt(watched.metric(watched.BREACHED), spec_digest=releases.DIGEST)

    chart = curves.of_release(watched.release(entry))

    assert "the spec was edited since: its limits are not drawn" in chart.about
    assert not chart.curves[0].limits
    assert not any(point.is_beyond for point in chart.curves[0].points)


@pytest.mark.parametrize(
    ("attempt", "record", "expected"),
    [
        (9, None, "no record of attempt 9 .* known: 1, 3"),
        (None, "none", "there is no ReleaseRecord 'none'"),
        (None, "website-2-1bbb", "is of release 'website', not 'bookshop'"),
    ],
)
async def test_what_is_not_there_is_told(
    attempt: int | None, record: str | None, expected: str
) -> None:
    source = await source_with()

    with pytest.raises(UnansweredError, match=expected):
        await find(source, attempt, record)


async def test_a_record_of_another_version_of_the_operator_is_told() -> None:
    source = await source_with()
    body = watched.record_body("odd", watched.record())
    body["spec"]["outcome"] = "Sideways"
    cluster = source.cluster
    assert isinstance(cluster, MemoryCluster)
    await cluster.create(RECORD, body)

    with pytest.raises(UnansweredError, match="written by another version of the operator"):
        await find(source, None, "odd")


async def test_without_the_right_to_read_the_role_is_named() -> None:
    cluster = await cluster_with()
    source = await source_with(cluster)
    cluster.before = refused

    with pytest.raises(UnansweredError, match="role 'view'"):
        await find(source, None, RECORD_NAME)


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command with a cluster of its own."""

    @asynccontextmanager
    async def opened(question: Question) -> AsyncIterator[Source]:
        assert question.name == "bookshop"
        yield await source_with()

    monkeypatch.setattr(command, "opened", opened)


@pytest.mark.usefixtures("plugin")
def test_the_name_of_the_file_says_what_to_make(tmp_path: Path) -> None:
    made = {}
    for name in ("a.svg", "a.png", "a.txt", "a"):
        assert cli.run(["chart", "bookshop", "--file", str(tmp_path / name)]) == 0
        made[name] = (tmp_path / name).read_bytes()[:5]

    assert made["a.svg"] == b"<?xml"
    assert made["a.png"] == b"\x89PNG\r"
    assert made["a.txt"] == made["a"] == b"shop/"


@pytest.mark.usefixtures("plugin")
def test_a_picture_goes_to_a_pipe(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert cli.run(["chart", "bookshop", "--metric", "p95-latency", "-o", "png"]) == 0

    assert capfdbinary.readouterr().out.startswith(b"\x89PNG")


@pytest.mark.usefixtures("plugin")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--attempt", "2", "--record", "x"], "name either --attempt or --record"),
        (["--metric", "gone"], "there is no course of 'gone'; there are those of: p95-latency"),
        (["--file", "/nowhere/a.svg"], "/nowhere/a.svg cannot be written: No such file"),
        (["--file", "/nowhere/a.txt"], "/nowhere/a.txt cannot be written: No such file"),
        (["--attempt", "0"], "Invalid value for '--attempt'"),
    ],
)
def test_what_cannot_be_meant_is_one_message(
    options: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["chart", "bookshop", *options]) == 3

    shown = capsys.readouterr().err
    assert expected in shown
    assert "Traceback" not in shown


def test_a_terminal_gets_no_binary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)

    with pytest.raises(UnansweredError, match="a terminal shows no PNG"):
        command._form(command.Drawing.PNG, None)


def test_it_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["chart", "--help"]) == 0

    shown = capsys.readouterr().out
    assert "kubectl release chart bookshop --attempt 3 --file chart.svg" in shown
    assert 'pip install ".[charts]"' in shown
