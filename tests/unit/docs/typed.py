"""What the docs tell people to type: lines of the plugin and targets of make, and what is wrong.

A line of the plugin is parsed by the plugin itself, up to the point where it would run. Words like
`NAME` or `…` stand for something; they are taken as they are, and only the form is judged.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import typer
from tools.markdown import Page, Piece

from release_coordinator.cli.main import app

_LINE = re.compile(r"kubectl release\b([^|;&\n)]*)")
_MAKE = re.compile(r"(?:^|[\s(])make ([a-z][a-z0-9-]*)")
_REDIRECTED = re.compile(r"\s[0-9]?>>?\s.*$")
_CONTINUED = re.compile(r"\\\n\s*")
_STANDS_FOR = re.compile(r"[A-Z][A-Z_-]*|<.*>|.*(…|\.\.\.).*")
_SHELL = ("sh", "bash", "console")


def plugin_lines(page: Page) -> Iterator[Piece]:
    """Yield every line of the plugin that a page writes as code, with what follows its name."""
    for piece in _code(page):
        for found in _LINE.finditer(_CONTINUED.sub(" ", piece.text)):
            line = _REDIRECTED.sub("", " ".join(found[0].split()))
            yield Piece(piece.page, piece.line, line, piece.info)


def targets(page: Page) -> Iterator[Piece]:
    """Yield every target of make that a page writes as code."""
    for piece in _code(page):
        for found in _MAKE.finditer(_CONTINUED.sub(" ", piece.text)):
            yield Piece(piece.page, piece.line, found[1])


def fault(line: str, *, whole: bool = True) -> str:
    """Return why the plugin would not take a line.

    In a sentence, not `whole`, arguments may be missing.
    """
    words = _words(line.removeprefix("kubectl release"))
    command = _plugin()
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        name = words.pop(0)
        if _STANDS_FOR.fullmatch(name):
            return ""
        if name not in command.commands:
            return f"no command {name}"
        command = command.commands[name]
    if hasattr(command, "commands"):
        return ""
    return _refusal(command, words, whole=whole)


@cache
def _plugin() -> Any:
    return typer.main.get_command(app)


def _refusal(command: Any, words: Sequence[str], *, whole: bool) -> str:
    try:
        command.make_context(command.name, list(words), resilient_parsing=False)
    except typer.Exit:  # --help
        return ""
    except typer.TyperException as error:
        message = error.format_message()
        open_ = any(_STANDS_FOR.fullmatch(word) for word in words)
        lenient = (open_ and "No such option" not in message) or (
            not whole and message.startswith("Missing ")
        )
        return "" if lenient else message
    return ""


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:  # cut off in a quote
        return text.split()


def _code(page: Page) -> Iterator[Piece]:
    yield from (one for one in page.blocks if one.info.split(" ")[0] in _SHELL)
    yield from page.spans
