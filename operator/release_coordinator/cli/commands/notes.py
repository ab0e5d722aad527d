"""`kubectl release notes`: the release notes of a version, published, written or drafted.

notesources (what there is) -> notebook (what is best, what is missing) -> page, JSON or YAML
                                        -> noteswriting (the document, with --write and --edit)
"""

import asyncio
import re
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from release_coordinator.api.base import SEMVER_PATTERN
from release_coordinator.api.codec import parse_release
from release_coordinator.cli import noteswriting, options, paper
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.notebook import Notebook, State
from release_coordinator.cli.notesources import read
from release_coordinator.cli.source import Question, Source, opened
from release_coordinator.cli.words import plain
from release_coordinator.engine.gates.documents import place
from release_coordinator.text import lines

EXAMPLES = """
[bold]Examples[/bold]

  kubectl release notes bookshop -n shop                   published, written, else a draft

  kubectl release notes bookshop --version 1.2.0           of a version released before

  kubectl release notes bookshop --write                   store a draft in the Release's ConfigMap

  kubectl release notes bookshop --edit                    write what the draft leaves open

  git log --format='%s%n%b' v1.2.0.. | kubectl release notes bookshop --draft --commits -

A draft is made from the changelog, the commits and the migration guide that the Release names. What
nobody but you can know stands there as TODO, and gate ReleaseNotes stays shut until you wrote it.
"""


class Form(StrEnum):
    """Values of `-o`."""

    MARKDOWN = "markdown"
    JSON = "json"
    YAML = "yaml"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done."""

    version: str | None
    draft: bool
    write: bool
    edit: bool
    force: bool
    commits: str


def semantic(text: str) -> str:
    """A SemVer 2 version. Raises BadParameter."""
    if not re.fullmatch(SEMVER_PATTERN, text):
        raise typer.BadParameter(f"{text!r} is no version; write it like 1.3.0")
    return text


def notes(  # noqa: PLR0913 - each is an option
    name: options.Name,
    *,
    version: Annotated[
        str | None,
        typer.Option(
            "--version",
            metavar="VERSION",
            parser=semantic,
            help="Version; else that of the Release.",
        ),
    ] = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="Show a draft, even if notes are written.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Store a draft in the ConfigMap the Release names.")
    ] = False,
    edit: Annotated[
        bool, typer.Option("--edit", help="Edit the notes, or a draft, and store them.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With --write: replace what is written.")
    ] = False,
    commits: Annotated[
        str | None,
        typer.Option("--commits", help="File with what git log says; - reads stdin."),
    ] = None,
    namespace: options.Namespace = None,
    output: Annotated[Form, typer.Option("--output", "-o", help="What to print.")] = Form.MARKDOWN,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Show, draft or edit the release notes of a version."""
    if write and edit:
        raise typer.BadParameter("name at most one of --write and --edit")
    if force and not write:
        raise typer.BadParameter("--force goes with --write")
    text = _text(commits) if commits else ""
    wish = Wish(version, draft, write, edit, force, text)
    question = Question(name, namespace, kubeconfig, context)
    book, state, text = asyncio.run(_notes(question, wish))
    _show(book, state, text, output)


def _text(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnansweredError(f"{file} cannot be read: {error}") from error


async def _notes(question: Question, wish: Wish) -> tuple[Notebook, State, str]:
    async with opened(question) as source:
        release = parse_release(await source.read())
        book = await read(source, release, wish.version, wish.commits)
        if wish.edit:
            return book, State.WRITTEN, await _edit(source, book, wish)
        if wish.write:
            text = book.draft
            noteswriting.may_replace(book, text, force=wish.force)
            await noteswriting.write(source, book, text)
            return book, State.WRITTEN, text
    return (book, State.DRAFT, book.draft) if wish.draft else (book, *book.best)


async def _edit(source: Source, book: Notebook, wish: Wish) -> str:
    before = book.draft if wish.draft else book.written or book.draft
    noteswriting.body_of(book, before)  # what cannot be stored need not be written
    text, file = noteswriting.edited(before, book.version)
    try:
        await noteswriting.write(source, book, text)
    except UnansweredError as error:
        raise UnansweredError(f"{error}\nWhat you wrote is in {file}") from error
    noteswriting.discard(file)
    return text


def _show(book: Notebook, state: State, text: str, form: Form) -> None:
    if form is not Form.MARKDOWN:
        paper.document(book.to_wire(state, text), options.Form(form), sys.stdout)
        return
    # A terminal must not be steered by what somebody wrote; a file gets it as it is.
    shown = lines(text) if sys.stdout.isatty() else text
    sys.stdout.write(f"{shown}\n")
    sys.stdout.flush()
    remark = book.remark(state, text)
    if state is State.DRAFT and book.ref:
        remark += f" --write stores it in {place(book.ref)}."
    paper.console_of(sys.stderr).print(plain(remark), soft_wrap=True)
