"""A person sees that a long step starts, lives and ends."""

import io
import time

import pytest
from tools.cluster.progress import Progress


def test_a_long_step_shows_signs_of_life() -> None:
    stream = io.StringIO()
    with Progress(stream, heartbeat=0.02).step("build"):
        time.sleep(0.1)
    lines = stream.getvalue().splitlines()
    assert lines[0].endswith("build ...")
    assert "build: still running" in lines[1]
    assert "build: done after " in lines[-1]


def test_a_failed_step_says_so() -> None:
    stream = io.StringIO()
    with pytest.raises(RuntimeError), Progress(stream).step("build"):
        raise RuntimeError
    assert "build: failed after" in stream.getvalue()
