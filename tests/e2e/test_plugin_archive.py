"""The archive that krew installs, made from the locked wheels, runs where nothing is installed."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from tools import plugin
from tools.cluster.progress import Progress

pytestmark = pytest.mark.e2e


def test_the_archive_runs_without_an_environment(tmp_path: Path) -> None:
    archive = plugin.pack(tmp_path / "out", Progress())
    with tarfile.open(archive) as content:
        content.extractall(tmp_path / "krew", filter="data")
    environ = {"PATH": os.defpath, "KUBECTL_RELEASE_PYTHON": sys.base_prefix + "/bin/python3"}

    def said(program: str, *arguments: str) -> str:
        command = [str(tmp_path / "krew" / program), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, check=True, env=environ
        ).stdout

    assert "Prepare a release" in said(plugin.MAIN, "--help")
    assert said(plugin.COMPLETE, "stat").startswith("status\t")
    assert "complete -F" in said(plugin.MAIN, "completion", "bash")
