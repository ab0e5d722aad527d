"""Writes `docs/reference/commands.md`: every command, argument and option of `kubectl release`.

Made from the application itself; the texts are those of `--help`.
"""

import inspect
import itertools
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any

import typer
from tools.reference.tables import cell, code, page, table

from release_coordinator.cli.main import PROGRAM, app

_INTRODUCTION = """\
# Commands

Everything that `kubectl release` can do, as its `--help` says it. What the commands are for, their
exit codes and what they need is told in [kubectl release](kubectl-release.md)."""
_MARKUP = re.compile(r"(?<!\\)\[/?[a-z ]+\]")
_PAGE = re.compile(r"\bdocs/([\w/-]+\.md)\b")
_HEADING = re.compile(r"^\[bold\](.*)\[/bold\]$")


def render() -> str:
    """Return the whole page."""
    return page(_INTRODUCTION, *(part for path, one in commands() for part in _command(path, one)))


def commands() -> Iterator[tuple[str, Any]]:
    """Yield each command with its words after the program's name, groups left out."""
    yield from _below("", typer.main.get_command(app))


def _below(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    for name, one in getattr(command, "commands", {}).items():
        words = f"{path} {name}".strip()
        if hasattr(one, "commands"):
            yield from _below(words, one)
        elif not one.hidden:
            yield words, one


def _command(path: str, command: Any) -> list[str | list[str]]:
    context = typer.Context(command, info_name=f"{PROGRAM} {path}")
    usage = " ".join(_usage(command))
    rows = [_parameter(one, context) for one in command.params if not getattr(one, "hidden", False)]
    parts: list[str | list[str]] = [
        f"## {path}",
        _plain(" ".join((command.help or "").split())),
        f"```text\n{PROGRAM} {path} {usage}\n```",
        table(("", "Value", "Default", ""), rows),
    ]
    return parts + _epilog(command.epilog or "")


def _usage(command: Any) -> list[str]:
    words = [one for one in command.params if one.param_type_name == "argument"]
    return [_word(one) if one.required else f"[{_word(one)}]" for one in words] + ["[OPTIONS]"]


def _parameter(one: Any, context: Any) -> tuple[str, str, str, str]:
    option = one.param_type_name == "option"
    flag = option and one.is_flag
    names = [*one.opts, *one.secondary_opts] if option else [_word(one)]
    value = code(_value(one, context)) if option and not flag else ""
    default = "" if flag or callable(one.default) or not one.default else str(one.default)
    if one.required:
        default = "*required*"
    return ", ".join(map(code, names)), value, default, cell(_plain(one.help or ""))


def _value(one: Any, context: Any) -> str:
    """What an option takes: a kind of word, or the words of a choice."""
    annotation = one.type_descriptor.annotation
    if inspect.isclass(annotation) and issubclass(annotation, Enum):
        return ", ".join(str(choice.value) for choice in annotation)
    kind = str(one.display_type(context)).strip("<>").removeprefix("list[").removesuffix("]")
    return {"str": "text", "int": "number", "int range": "number", "Path": "path"}.get(kind, kind)


def _word(argument: Any) -> str:
    """The name of an argument as people write it."""
    return str(argument.metavar or argument.name.upper()).strip("[]")


def _plain(text: str) -> str:
    """Without rich's markup; a bracket that it is kept from reading is a bracket."""
    return _MARKUP.sub("", text).replace("\\[", "[")


def _epilog(text: str) -> list[str | list[str]]:
    """The examples and exit codes below a command's help: headings, code, sentences."""
    parts: list[str | list[str]] = []
    filled = (line.rstrip() for line in text.splitlines() if line.strip())
    for indented, lines in itertools.groupby(filled, lambda line: line.startswith("  ")):
        if indented:
            shown = [_plain(line.strip()) for line in lines]
            language = "text" if shown[0][0].isdigit() else "sh"
            parts.append([f"```{language}", *_aligned(shown), "```"])
        else:
            parts += _sentences(list(lines))
    return parts


def _sentences(lines: list[str]) -> Iterator[str]:
    """Headings, each apart, and the lines of sentences together."""
    for heading, some in itertools.groupby(lines, lambda line: bool(_HEADING.match(line))):
        if heading:
            yield from (_HEADING.sub(r"**\1**", line) for line in some)
        else:
            yield _PAGE.sub(r"[\1](../\1)", _plain(" ".join(some)))


def _aligned(lines: list[str]) -> list[str]:
    """Examples with what they are for as comments, below each other."""
    parts = [re.split(r"\s{2,}", line, maxsplit=1) for line in lines]
    if lines[0][0].isdigit():
        return lines
    width = max((len(one[0]) for one in parts if len(one) > 1), default=0)
    return [f"{one[0]:{width}}  # {one[1]}" if len(one) > 1 else one[0] for one in parts]
