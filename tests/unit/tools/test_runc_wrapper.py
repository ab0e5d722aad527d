"""The wrapper before runc asks for no more than the process that runs it holds."""

import json
import resource
from pathlib import Path
from typing import Any

import pytest
from tools.cluster import runc_wrapper

ALL_BUT_RESOURCE = "Name:\tx\nCapBnd:\t000001fffeffffff\n"


def test_names_of_capabilities_follow_their_bits() -> None:
    assert runc_wrapper.held_capabilities("CapBnd:\t0000000000000021\n") == {
        "CAP_CHOWN",
        "CAP_KILL",
    }


def test_only_the_missing_capability_is_absent() -> None:
    held = runc_wrapper.held_capabilities(ALL_BUT_RESOURCE)
    assert "CAP_SYS_RESOURCE" not in held
    assert "CAP_SYS_ADMIN" in held
    assert "CAP_CHECKPOINT_RESTORE" in held


def test_wishes_are_lowered_to_what_is_held() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    process: dict[str, Any] = {
        "capabilities": {"bounding": ["CAP_KILL", "CAP_SYS_RESOURCE"], "ambient": None},
        "oomScoreAdj": -999,
        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": hard + 1, "soft": hard + 1}],
    }
    runc_wrapper.lower(process, runc_wrapper.held_capabilities(ALL_BUT_RESOURCE))
    assert process["capabilities"] == {"bounding": ["CAP_KILL"], "ambient": []}
    assert process["oomScoreAdj"] == 0
    assert process["rlimits"] == [{"type": "RLIMIT_NOFILE", "hard": hard, "soft": hard}]


@pytest.mark.parametrize("bundle", [["--bundle", "{}"], ["--bundle={}"]])
def test_it_changes_the_bundle_and_becomes_runc(
    bundle: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"process": {"capabilities": {"bounding": ["CAP_NONE"]}}}))
    became: list[list[str]] = []
    monkeypatch.setattr("os.execv", lambda _, arguments: became.append(arguments))
    arguments = ["create", *[part.format(tmp_path) for part in bundle], "container"]
    runc_wrapper.main(["/bin/runc", *arguments])
    assert became == [["/bin/runc", *arguments]]
    assert json.loads(config.read_text())["process"]["capabilities"] == {"bounding": []}


def test_other_commands_pass_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr("os.execv", lambda _, arguments: became.append(arguments))
    runc_wrapper.main(["/bin/runc", "--version"])
    assert became == [["/bin/runc", "--version"]]
