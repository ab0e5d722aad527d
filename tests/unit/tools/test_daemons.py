"""Background processes are found again by their record and never confused with strangers."""

import os
from dataclasses import replace
from pathlib import Path

from tools.cluster import daemons


def _alive(daemon: daemons.Daemon) -> bool:
    return daemon.alive  # asked through a function: a type checker takes a property for constant


def test_a_started_process_is_found_and_ended(tmp_path: Path) -> None:
    started = daemons.start(tmp_path, "sleeper", ["sleep", "60"])
    assert daemons.find(tmp_path, "sleeper") == started
    assert _alive(started)
    daemons.stop(started)
    assert not _alive(started)
    assert daemons.recorded(tmp_path) == [started]
    daemons.forget(tmp_path, started)
    assert daemons.recorded(tmp_path) == []


def test_output_goes_to_the_log(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo $WORD; echo loud >&2"]
    daemon = daemons.start(tmp_path, "speaker", command, {"WORD": "hi"})
    assert daemons.wait_until(lambda: not daemon.alive, 5)
    assert Path(daemon.log).read_text() == "hi\nloud\n"


def test_a_process_that_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    script = "trap '' TERM; echo ready; while :; do sleep 0.1; done"
    daemon = daemons.start(tmp_path, "stubborn", ["sh", "-c", script])
    assert daemons.wait_until(lambda: Path(daemon.log).read_text() == "ready\n", 5)
    daemons.stop(daemon, patience=0.2)
    assert not daemon.alive


def test_another_process_with_the_same_id_is_left_alone(tmp_path: Path) -> None:
    daemon = daemons.start(tmp_path, "sleeper", ["sleep", "60"])
    stranger = replace(daemon, started=daemon.started - 1)
    assert not stranger.alive
    daemons.stop(stranger)
    assert daemon.alive
    daemons.stop(daemon)


def test_a_missing_record_is_nothing(tmp_path: Path) -> None:
    assert daemons.find(tmp_path, "nobody") is None


def test_the_own_process_is_alive() -> None:
    own = daemons._start_time(os.getpid())
    assert own is not None
    assert daemons.Daemon("self", os.getpid(), own, [], {}, "").alive
