"""The archive of the plugin: it has what it needs, the same bytes each time, and it runs."""

import hashlib
import os
import stat
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from tools import plugin

PROGRAMS = [plugin.MAIN, plugin.COMPLETE]


def wheel(folder: Path) -> Path:
    """A wheel with a stand-in for the plugin."""
    file = folder / "release_coordinator-0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as content:
        content.writestr("release_coordinator/__init__.py", "")
        content.writestr("release_coordinator/cli/__init__.py", "")
        content.writestr("release_coordinator/cli/main.py", "import sys; print(sys.argv[1:])")
        content.writestr("release_coordinator-0.data/scripts/other", "")
    return file


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """The archive of the stand-in, taken apart."""
    data = plugin.packed(dict(plugin.files([wheel(tmp_path)])))
    (tmp_path / "a.tar.gz").write_bytes(data)
    with tarfile.open(tmp_path / "a.tar.gz") as archive:
        archive.extractall(tmp_path / "krew", filter="data")
    return tmp_path / "krew"


def run(program: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    plain = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [str(program), *arguments], capture_output=True, text=True, check=False, env=plain | environ
    )


def test_the_programs_can_be_run_and_nothing_else_can(unpacked: Path) -> None:
    programs = [
        file.name
        for file in unpacked.rglob("*")
        if file.is_file() and file.stat().st_mode & stat.S_IXUSR
    ]

    assert sorted(programs) == sorted(PROGRAMS)
    assert not list(unpacked.rglob("other"))


def test_a_link_to_it_finds_its_library_and_hands_the_words_on(unpacked: Path) -> None:
    link = unpacked / "somewhere"
    link.symlink_to(unpacked / plugin.MAIN)

    done = run(link, "status", "two words", KUBECTL_RELEASE_PYTHON=sys.executable)

    assert done.stdout == "['status', 'two words']\n", done.stderr
    done = run(unpacked / plugin.COMPLETE, "sta", KUBECTL_RELEASE_PYTHON=sys.executable)
    assert done.stdout == "['__complete', 'sta']\n", done.stderr


def test_without_the_right_python_it_says_what_to_do(unpacked: Path) -> None:
    launcher = unpacked / plugin.MAIN
    launcher.write_text(launcher.read_text().replace("3.11", "2.1"))

    done = run(launcher, "--help")

    assert done.returncode == 3
    assert "needs Python 2.1" in done.stderr


def test_the_same_files_are_the_same_bytes_in_any_order() -> None:
    content = {"b": b"2", "a": b"1", plugin.MAIN: b"3"}

    assert plugin.packed(content) == plugin.packed(dict(reversed(content.items())))


def test_the_manifest_names_the_archive_and_its_sum(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(b"content")

    found = plugin.manifest(archive, "https://example.com/a.tar.gz")

    platform = found["spec"]["platforms"][0]
    assert found["metadata"]["name"] == "release"
    assert platform["sha256"] == hashlib.sha256(b"content").hexdigest()
    assert platform["bin"] == plugin.MAIN
    assert found["spec"]["version"] == f"v{plugin.version()}"
