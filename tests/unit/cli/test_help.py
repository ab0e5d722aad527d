"""The grammar of the plugin: every command says itself alike, with examples, and is in the docs."""

import inspect
import os
import re
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import get_type_hints

import pytest
import typer
from tests import goldens

from release_coordinator.cli import main as cli
from release_coordinator.cli.commands.registry import COMMANDS
from release_coordinator.cli.grammar import Command
from release_coordinator.cli.verdict import ExitCode

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = ROOT / "docs" / "reference" / "kubectl-release.md"
GOLDEN = Path(__file__).parent / "golden" / "help"
SHORT = {
    "--namespace": "-n",
    "--all-namespaces": "-A",
    "--output": "-o",
    "--watch": "-w",
    "--follow": "-f",
    "--yes": "-y",
    "--comment": "-c",
}
"""Long options that have the same short one wherever they are."""
WITHOUT_DOCUMENT = {"watch", "logs", "init", "completion", "chart"}
"""Streams, and what has a format of its own: see `cli.grammar`."""


def every() -> Iterator[tuple[str, Command]]:
    for entry in COMMANDS:
        if isinstance(entry, Command):
            yield entry.name, entry
        else:
            yield from ((f"{entry.name} {one.name}", one) for one in entry.commands)


COMMANDS_BY_WORDS = dict(every())


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Help as on a terminal with room."""
    monkeypatch.setenv("COLUMNS", "110")
    monkeypatch.setenv("TERM", "dumb")


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.run([*words, "--help"]) == ExitCode.YES
    return "".join(f"{line.rstrip()}\n" for line in capsys.readouterr().out.splitlines())


def test_the_help_of_the_plugin_reads_as_in_its_golden_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    goldens.check(GOLDEN / "kubectl-release.txt", told(capsys))


@pytest.mark.parametrize("words", COMMANDS_BY_WORDS)
def test_the_help_of_each_command_reads_as_in_its_golden_file(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    goldens.check(GOLDEN / f"{words.replace(' ', '-')}.txt", told(capsys, *words.split()))


@pytest.mark.parametrize("words", COMMANDS_BY_WORDS)
def test_each_command_is_one_sentence_and_has_an_example(words: str) -> None:
    entry = COMMANDS_BY_WORDS[words]
    sentence = (inspect.getdoc(entry.function) or "").partition("\n\n")[0]

    assert sentence.endswith(".")
    assert re.search(rf"^  .*kubectl release {words}\b", entry.examples, re.MULTILINE)


@pytest.mark.parametrize("words", sorted(COMMANDS_BY_WORDS.keys() - WITHOUT_DOCUMENT))
def test_what_a_command_says_can_be_had_as_a_document(words: str) -> None:
    said = get_type_hints(COMMANDS_BY_WORDS[words].function)["output"]

    assert {"json", "yaml"} <= {str(one) for one in said}


@pytest.mark.parametrize("words", COMMANDS_BY_WORDS)
def test_options_that_are_shared_are_spelled_alike(words: str) -> None:
    command = typer.main.get_command(cli.app)
    for word in words.split():
        command = command.commands[word]  # type: ignore[attr-defined]
    options = {name: one for one in command.params for name in one.opts if name[:2] == "--"}

    for long, short in SHORT.items():
        if long in options and options[long].param_type_name == "option":
            assert short in options[long].opts or long == "--follow", f"{words} {long}"
    assert "--no-color" in options
    asks = "--kubeconfig" in options
    assert asks == ("--context" in options) == ("--namespace" in options) or words.startswith("ch")


def test_the_reference_names_every_command() -> None:
    text = REFERENCE.read_text(encoding="utf-8")

    missing = [one.name for one in COMMANDS if f"`{one.name}`" not in text]
    assert missing == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["statu"], "No such command 'statu'"),
        (["status"], "Missing argument 'NAME'"),
        (["incident", "show"], "See kubectl release incident show --help"),
        (["list", "-o", "table", "--nope"], "No such option"),
    ],
)
def test_wrong_words_are_one_message_and_where_to_look(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(arguments) == ExitCode.UNANSWERED
    assert words in capsys.readouterr().err


def test_ctrl_c_is_no_message_and_its_own_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def stop(work: Coroutine[None, None, None]) -> None:
        work.close()
        raise KeyboardInterrupt

    monkeypatch.setattr("asyncio.run", stop)

    assert cli.run(["status", "x", f"--kubeconfig={tmp_path}"]) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err.strip() == ""


def test_no_color_holds_for_one_command_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    seen: list[str | None] = []

    def check(*_: str) -> tuple[list[object], list[object]]:
        seen.append(os.environ.get("NO_COLOR"))
        return [], []

    monkeypatch.setattr("release_coordinator.cli.commands.lint.read", check)
    file = tmp_path / "a.yaml"
    file.write_text("", encoding="utf-8")

    cli.run(["lint", str(file), "--no-color"])
    cli.run(["lint", str(file)])

    assert seen == ["1", None]
    assert capsys.readouterr().out == ""
