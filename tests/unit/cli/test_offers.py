"""What shells are offered, and that the script for bash understands it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from release_coordinator.cli import main as cli
from release_coordinator.cli.commands.completion import SCRIPTS, Shell
from release_coordinator.cli.offers import FILES, NO_FILES, lines


def offered(text: str) -> list[str]:
    return [line.partition("\t")[0] for line in lines(cli.app, cli.PROGRAM, text.split(" "))]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("stat", ["status", NO_FILES]),
        ("incident sh", ["show", NO_FILES]),
        ("list -o j", ["json", NO_FILES]),
        ("completion f", ["fish", NO_FILES]),
        ("status --wat", ["--watch", NO_FILES]),
        ("lint ", [FILES]),
        ("lint a.yaml --strict ", [FILES]),
        ("list --kubeconfig ", [FILES]),
        ("list ", [NO_FILES]),
        ("nonsense here ", [NO_FILES]),
    ],
)
def test_what_fits_is_offered(typed: str, expected: list[str]) -> None:
    assert offered(typed) == expected


def test_names_are_asked_for_in_the_namespace_of_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def listed(_: object, place: object) -> object:
        asked.append(place)
        raise TimeoutError

    monkeypatch.setattr("release_coordinator.cli.completion._names", listed)

    assert offered("status -n shop --context c b") == [NO_FILES]
    assert [(one.namespace, one.context) for one in asked] == [("shop", "c")]  # type: ignore[attr-defined]
    assert offered("status bookshop ") == [NO_FILES]
    assert len(asked) == 1


def test_words_that_are_wrong_so_far_are_no_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["__complete", "waive", "x", "--gate", "nonsense", "--"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == NO_FILES


@pytest.mark.parametrize("shell", Shell)
def test_the_script_of_each_shell_asks_this_program(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["completion", shell]) == 0
    script = capsys.readouterr().out

    assert "kubectl-release __complete" in script
    interpreter = shutil.which({Shell.KUBECTL: "sh"}.get(shell, shell))
    if interpreter:
        subprocess.run([interpreter, "-n"], input=script, text=True, check=True)


def test_bash_completes_with_its_script(tmp_path: Path) -> None:
    program = tmp_path / "kubectl-release"
    module = "release_coordinator.cli.main"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m {module} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    typed = 'COMP_WORDS=(kubectl-release completion "z"); COMP_CWORD=2; _kubectl_release'
    script = f'PATH="{tmp_path}:$PATH"\n{SCRIPTS[Shell.BASH]}\n{typed}\necho "${{COMPREPLY[*]}}"'

    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout == "zsh\n"
