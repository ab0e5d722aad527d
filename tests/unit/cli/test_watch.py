"""What `kubectl release watch` shows and how it ends; the golden frames are meant to be read."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from tests import goldens
from tests.unit.cli import pages, releases, watched
from tests.unit.cli.test_source import REF, Script, cluster_with

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.api.measurement import Measurement
from release_coordinator.api.watch import Breach, Comparison, Direction
from release_coordinator.cli import main as cli
from release_coordinator.cli.follow import follow
from release_coordinator.cli.layout import layout
from release_coordinator.cli.limits import breach_of, limits_of
from release_coordinator.cli.owners import must_act
from release_coordinator.cli.paper import console_of
from release_coordinator.cli.source import Source
from release_coordinator.cli.sparkline import sparkline
from release_coordinator.cli.verdict import ExitCode
from release_coordinator.cli.watchpage import page
from release_coordinator.cli.watchscreen import WatchScreen
from release_coordinator.cluster.port import RELEASE, Body

GOLDEN = Path(__file__).parent / "golden"
WIDTHS = (80, 120)


def frame(release: ReleaseObject, width: int = 120, *, terminal: bool = False) -> str:
    shown = page(release, releases.at(105))
    return pages.text_of(shown, width=width, terminal=terminal)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("state", watched.STATES)
def test_each_frame_reads_as_in_its_golden_file(state: str, width: int) -> None:
    text = frame(watched.STATES[state](), width)

    assert "\x1b" not in text
    goldens.check(GOLDEN / f"watch-{state}-{width}.txt", text)


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("state", watched.STATES)
def test_no_frame_is_wider_than_the_terminal(state: str, width: int) -> None:
    lines = frame(watched.STATES[state](), width).splitlines()

    assert max(cell_len(line) for line in lines) <= width


def test_more_room_gives_a_longer_chart_until_all_values_have_a_column() -> None:
    values = [0.01 * place for place in range(60)]
    entry = watched.metric(values, "error-ratio", baseline=None)
    lengths = []
    for width in (80, 100, 120, 200):
        text = frame(watched.release(watched.attempt(entry)), width)
        line = next(one for one in text.splitlines() if one.startswith("error-ratio"))
        lengths.append(sum(sign in "▁▂▃▄▅▆▇█!" for sign in line))

    assert lengths == sorted(lengths)
    assert lengths[-1] == 60


def test_what_others_wrote_can_neither_steer_the_terminal_nor_use_markup() -> None:
    text = frame(watched.good())

    assert "\x1b" not in text
    assert "[red]boom" in text


def test_a_verdict_can_be_told_without_colours() -> None:
    text = frame(watched.good())

    assert {"✓ Pass", "✗ Fail", "? Unknown"} <= {
        f"{sign} {word}" for sign, word in zip(text.split(), text.split()[1:], strict=False)
    }


def test_status_shows_the_same_things_in_its_table() -> None:
    text = pages.text_of(layout(watched.good(), releases.at(105)), width=160)

    found = {line.split()[0]: line for line in text.split("Measurements")[1].splitlines()[2:9]}
    assert list(found) == [*limits_of(watched.spec())]
    assert "any fires" in found["alerts/payments"]
    assert "Fail (accepted)" in found["alerts/payments"]
    assert "> 2 restarts, unready 1m" in found["pods"]
    assert "a run fails" in found["check/totals"]
    assert "Downtime     4.2 s without a ready pod (backend), " in text


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        (watched.good, "nobody: it goes on by itself"),
        (releases.gating, "Developer (Changelog)"),
        (releases.held, "a person: resume, or abort or roll back"),
        (releases.completed, "nobody: it is over"),
        (releases.untouched, "nobody: it goes on by itself"),
    ],
)
def test_who_must_act_is_told(release: Callable[[], ReleaseObject], expected: str) -> None:
    assert must_act(release()) == expected


def test_a_terminal_that_is_not_utf8_breaks_nothing() -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="ascii")

    console_of(stream).print(page(watched.good(), releases.at(105)))
    stream.flush()

    assert written.getvalue().startswith(b"Application  shop/bookshop")


def test_a_name_that_is_too_long_has_a_line_of_its_own() -> None:
    name = "check/" + "n" * 60
    lines = frame(watched.release(watched.attempt(Measurement(metric=name))), 80).splitlines()

    assert name in lines


def test_what_the_spec_no_longer_watches_is_shown_as_it_was_measured() -> None:
    entry = watched.metric([1.0], "gone", message="1 is not above 2")
    text = frame(watched.release(watched.attempt(entry, spec_digest=releases.DIGEST)))

    assert "1 is not above 2" in text
    assert "The spec was edited since" in text


@pytest.mark.parametrize(
    ("breach", "expected"),
    [
        (Breach(ratio_to_baseline=2, floor=0.1), ["2x and > 0.1"]),
        (Breach(above=5, below=1), ["> 5", "< 1"]),
        (Breach(comparison=Comparison()), ["1.5x more (p < 0.02)"]),
        (
            Breach(comparison=Comparison(direction=Direction.DECREASE, min_effect=2), floor=3),
            ["2x less (p < 0.02) and > 3"],
        ),
    ],
)
def test_a_limit_is_told_in_a_few_characters(breach: Breach, expected: list[str]) -> None:
    assert breach_of(breach) == expected


def test_a_spec_without_any_limit_breaks_no_page() -> None:
    """A preset that its convention does not have is a fault of the spec, and no fault of ours."""
    metric = {"name": "slow", "preset": "LatencyP99", "convention": "NginxGatewayFabric"}
    spec = watched.spec({"metrics": [metric]})

    assert limits_of(spec)["slow"].words == "-"


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.lists(st.none() | NUMBERS, max_size=80)


@given(VALUES, st.integers(0, 100), NUMBERS)
def test_a_chart_of_any_values_fits_and_marks_what_is_beyond_the_limit(
    values: list[float | None], width: int, limit: float
) -> None:
    line = sparkline(values, width, lambda value: value > limit).plain

    assert cell_len(line) <= width
    if width > 0:
        assert bool(line) == bool(values)
        beyond = any(value is not None and value > limit for value in values[-width:])
        assert "!" in line or not beyond


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], ""),
        ([None, None], "··"),
        ([3.0, 3.0, 3.0], "▄▄▄"),
        ([0.0, 0.0], "▁▁"),
        ([-2.0, -1.0], "▁█"),
        ([1e18, -1e18, 0.0], "█▁▅"),
        ([1.0, 2.0, 11.0, None, 1.0], "▁█!·▁"),
    ],
)
def test_a_chart_in_a_line(values: list[float | None], expected: str) -> None:
    def is_beyond(value: float) -> bool:
        return value == 11.0

    assert sparkline(values, 10, is_beyond).plain == expected


def test_a_full_bar_is_the_upper_limit() -> None:
    assert (
        sparkline([0.0, 1.0, 5.0, 9.9, 12.0], 10, lambda value: value > 10, 10.0).plain == "▁▁▅█!"
    )


def test_neighbours_share_a_column_and_the_worst_of_them_is_shown() -> None:
    values = [1.0, 1.0, 9.0, 1.0, None, 1.0, None, None]

    assert sparkline(values, 4, lambda value: value > 5).plain == "▄!▄·"


ENDS = {
    Phase.COMPLETED: ExitCode.COMPLETED,
    Phase.ROLLED_BACK: ExitCode.ROLLED_BACK,
    Phase.ROLLBACK_FAILED: ExitCode.ROLLED_BACK,
    Phase.FAILED: ExitCode.ROLLED_BACK,
}


class Server:
    """A Release whose status is written while somebody watches it."""

    def __init__(self, *states: ReleaseObject) -> None:
        self.states = states

    async def source(self) -> Source:
        """The place to read it from; each later state comes by the server's watch."""
        first = {
            "metadata": {"namespace": "shop", "name": "bookshop"},
            "spec": releases.SPEC | {"watch": watched.WATCH},
        }
        cluster = await cluster_with(first)
        await cluster.replace_status(RELEASE, await self._with(cluster, self.states[0]))

        async def later() -> AsyncIterator[Body]:
            for state in self.states[1:]:
                stored = await cluster.replace_status(RELEASE, await self._with(cluster, state))
                yield stored
            await asyncio.Event().wait()

        return Source(cluster, Script(later), REF)

    async def _with(self, cluster: object, state: ReleaseObject) -> Body:
        stored: Body = await cluster.get(REF)  # type: ignore[attr-defined]
        generation = stored["metadata"]["generation"]
        status = state.raw_status
        attempt = status["attempt"] | {"generation": generation}
        return stored | {"status": status | {"attempt": attempt, "observedGeneration": generation}}


@pytest.mark.parametrize(("outcome", "code"), ENDS.items())
async def test_it_ends_with_the_attempt_and_its_exit_code(
    outcome: Phase, code: ExitCode, capsys: pytest.CaptureFixture[str]
) -> None:
    source = await Server(watched.one_sample(), watched.good(), watched.ended(outcome)).source()

    found = await asyncio.wait_for(follow(source, WatchScreen(lambda: releases.at(120))), 30)

    shown = capsys.readouterr().out
    assert found is code
    assert "\x1b" not in shown
    lines = shown.splitlines()
    told = [line for line in lines if "p95-latency: " in line]
    assert len(told) == 1, "a verdict that stays the same is told once"
    assert any("✗ Fail" in line and "alerts/payments: " in line for line in lines)
    assert any(line.startswith("Application  shop/bookshop") for line in lines)


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


async def test_on_a_terminal_the_frame_is_redrawn_and_the_last_one_stays() -> None:
    source = await Server(watched.good(), watched.ended(Phase.COMPLETED)).source()
    terminal = Terminal()

    screen = WatchScreen(lambda: releases.at(120), terminal)
    found = await asyncio.wait_for(follow(source, screen), 30)

    shown = terminal.getvalue()
    assert found is ExitCode.COMPLETED
    assert "\x1b[" in shown
    assert "alerts/payments: " not in shown, "no lines of news on a terminal"
    assert "Completed" in shown[shown.rindex("Application") :]


async def test_one_frame_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    source = await Server(watched.good()).source()

    WatchScreen(lambda: releases.at(105)).once(await source.read())

    shown = capsys.readouterr().out
    assert shown.startswith("Application  shop/bookshop")
    assert "\x1b" not in shown


def test_colours_are_for_terminals_alone() -> None:
    assert "\x1b[" in frame(watched.good(), terminal=True)
    assert "\x1b[" not in frame(watched.good())


def test_it_has_examples_and_its_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["watch", "--help"]) == 0

    shown = capsys.readouterr().out
    assert "kubectl release watch bookshop -n shop --once" in shown
    assert "2  Held or stalled" in shown
