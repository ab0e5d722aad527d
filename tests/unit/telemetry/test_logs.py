"""What a line carries, and what it cannot carry."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import kopf
import pytest

from release_coordinator.telemetry import logs


class Output(io.StringIO):
    """What was logged, as text and as JSON documents."""

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Each line parsed."""
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def output() -> Iterator[Output]:
    """A stream; the root logger is left as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield Output()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


logger = logging.getLogger("test")


def test_a_json_line_names_time_level_logger_and_message(output: Output) -> None:
    logs.configure("json", stream=output)
    logger.info("Watching %s", "p95", extra={"seconds": 5})
    logger.debug("not shown")
    (line,) = output.lines
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "INFO", "logger": "test", "message": "Watching p95", "seconds": 5}


def test_what_is_bound_is_on_each_line_inside_and_on_none_outside(output: Output) -> None:
    logs.configure("json", stream=output)
    with logs.bound(namespace="shop", release="bookshop", reconcile_id="r1"):
        with logs.bound(attempt=3, step="Migrate"):
            logger.info("inner")
        logger.info("outer")
    logger.info("none")
    inner, outer, none = output.lines
    assert (inner["namespace"], inner["release"], inner["attempt"]) == ("shop", "bookshop", 3)
    assert (inner["step"], inner["reconcile_id"]) == ("Migrate", "r1")
    assert outer["release"] == "bookshop"
    assert "step" not in outer
    assert "release" not in none


async def test_passes_that_run_at_the_same_time_do_not_mix(output: Output) -> None:
    logs.configure("json", stream=output)
    both_bound = asyncio.Barrier(2)

    async def one_pass(release: str) -> None:
        with logs.bound(release=release):
            await both_bound.wait()
            logger.info(release)

    await asyncio.gather(one_pass("a"), one_pass("b"))
    assert [line["release"] == line["message"] for line in output.lines] == [True, True]


def test_kopfs_lines_name_their_object_and_not_its_settings(output: Output) -> None:
    logs.configure("json", stream=output)
    ref = {"kind": "Release", "name": "bookshop", "namespace": "shop", "uid": "u"}
    extra = {"k8s_ref": ref, "k8s_skip": True, "settings": kopf.OperatorSettings()}
    logging.getLogger("kopf.objects").warning("Retrying", extra=extra)
    (line,) = output.lines
    assert (line["namespace"], line["object"]) == ("shop", "Release/bookshop")
    assert not {"k8s_ref", "k8s_skip", "settings"} & line.keys()


@pytest.mark.parametrize(("level", "lines"), [("DEBUG", 2), ("INFO", 1), ("ERROR", 0)])
def test_events_that_were_handled_are_told_to_who_debugs(
    level: str, lines: int, output: Output
) -> None:
    logs.configure("json", level, output)
    logging.getLogger("kopf.objects").info("Handler 'jobs' succeeded.")
    logging.getLogger("kopf.objects").warning("Retrying")

    assert len(output.lines) == lines


def test_an_error_comes_with_its_trace_as_a_list_of_lines(output: Output) -> None:
    logs.configure("json", stream=output)
    _fail("a\x1b[2Jb")
    (line,) = output.lines
    assert line["trace"][0] == "Traceback (most recent call last):"
    assert line["trace"][1].startswith('  File "')
    assert line["trace"][-1] == "ValueError: a [2Jb"


def test_foreign_text_cannot_forge_a_line(output: Output) -> None:
    logs.configure("plain", stream=output)
    logger.warning("told: %s", "x\n12:00:00 INFO    all is well\x1b[2J")
    _fail("y\n12:00:00 INFO    all is well")
    with logs.bound(release="z\n12:00:00 INFO    all is well"):
        logger.warning("named")
    text = output.getvalue()
    assert "\x1b" not in text
    assert not any(line[9:].startswith("INFO") for line in text.splitlines())
    assert "  | 12:00:00 INFO    all is well" in text


@pytest.mark.parametrize("log_format", ["plain", "json"])
def test_a_message_has_an_end(output: Output, log_format: logs.LogFormat) -> None:
    logs.configure(log_format, stream=output)
    logger.info("x" * 100_000)
    assert len(output.getvalue()) < 2 * logs.MAX_MESSAGE


def test_a_plain_line_reads_well(output: Output) -> None:
    logs.configure("plain", stream=output)
    with logs.bound(namespace="shop", release="bookshop", attempt=1, step="Migrate"):
        logger.info("Job is running")
    logger.info("Bye")
    first, second = output.getvalue().splitlines()
    assert first[9:] == "INFO    Job is running (shop/bookshop attempt=1 step=Migrate)"
    assert second[9:] == "INFO    Bye"


def test_configuring_again_replaces_and_does_not_repeat(output: Output) -> None:
    logs.configure("json", stream=io.StringIO())
    logs.configure("plain", level="DEBUG", stream=output)
    logger.debug("once")
    assert output.getvalue().count("once") == 1


def _fail(text: str) -> None:
    try:
        _refuse(text)
    except ValueError:
        logger.exception("It failed")


def _refuse(text: str) -> None:
    raise ValueError(text)
