"""`kubectl release history`: the release log, a record as a document, and whether it was changed.

place -> logbook -> historypage | render.logpage | engine.ledger
"""

import asyncio
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from release_coordinator.cli import historypage, options, paper
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.logbook import Entry, Logbook, read
from release_coordinator.cli.options import Form, Rows
from release_coordinator.cli.place import Place, connected
from release_coordinator.cli.verdict import ExitCode
from release_coordinator.cluster.port import RECORD
from release_coordinator.render.logpage import markdown

EXAMPLES = """
[bold]Examples[/bold]

  kubectl release history bookshop -n shop                    every attempt, and how it ended

  kubectl release history bookshop --attempt 3                one attempt, with all that was found

  kubectl release history bookshop -o markdown > log.md       the whole log, for an auditor

  kubectl release history bookshop --verify                   was a record changed or deleted?

  kubectl release history bookshop -o json | jq '.items[].spec.outcome'

[bold]Exit codes of --verify[/bold]

  0  each record is as the operator wrote it, and none is missing but those that the policy let go

  1  a record was changed, deleted, swapped or slipped in, or cannot be read

  3  no answer: wrong arguments, no such release, no access
"""


class Output(StrEnum):
    """Values of `-o`."""

    TABLE = "table"
    WIDE = "wide"
    NAME = "name"
    JSON = "json"
    YAML = "yaml"
    MARKDOWN = "markdown"


Number = Annotated[int | None, typer.Option("--attempt", min=1, help="Only this attempt.")]
Verify = Annotated[
    bool, typer.Option("--verify", help="Check that nobody has changed or deleted a record.")
]
Form_ = Annotated[Output, typer.Option("--output", "-o", help="What to print.", show_default=False)]


def history(  # noqa: PLR0913 - each is an option
    name: options.Name,
    *,
    namespace: options.Namespace = None,
    attempt: Number = None,
    verify: Verify = False,
    output: Form_ = Output.TABLE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Show the release log: every attempt, also of a Release that was deleted."""
    if verify and attempt is not None:
        raise typer.BadParameter("--verify checks the whole log: leave --attempt out")
    place = Place(namespace, kubeconfig=kubeconfig, context=context)
    if verify:
        raise typer.Exit(_verify(asyncio.run(_checked(place, name)), output))
    book = asyncio.run(_read(place, name))
    if attempt is not None:
        _one(book, book.of_attempt(attempt), output)
        return
    _all(book, output)


async def _read(place: Place, name: str) -> Logbook:
    async with connected(place) as session:
        return await read(session, name)


async def _checked(place: Place, name: str) -> Logbook:
    """Read twice if there is a fault: the operator may have written or deleted in between."""
    async with connected(place) as session:
        book = await read(session, name)
        whole = historypage.verification(book).intact
        return book if whole else await read(session, name)


def _verify(book: Logbook, output: Output) -> ExitCode:
    if output in (Output.NAME, Output.MARKDOWN):
        raise typer.BadParameter("--verify prints a table, json or yaml")
    found = historypage.verification(book)
    if output in (Output.JSON, Output.YAML):
        paper.document(found.to_wire(), Form(output), sys.stdout)
    else:
        paper.show(historypage.verified(found))
    return ExitCode.YES if found.intact else ExitCode.NO


def _one(book: Logbook, entry: Entry, output: Output) -> None:
    """One record; as a page it is the document, which reads well as text too."""
    typed = {"apiVersion": RECORD.api_version, "kind": RECORD.kind}
    if output is Output.NAME:
        paper.objects([entry.body], RECORD, Rows.NAME, sys.stdout)
    elif output in (Output.JSON, Output.YAML):
        paper.document(typed | entry.body, Form(output), sys.stdout)
    else:
        sys.stdout.write(_document(book, entry))


def _all(book: Logbook, output: Output) -> None:
    if output is Output.MARKDOWN:
        documents = [_document(book, entry) for entry in book.entries]
        sys.stdout.write("\n---\n\n".join(documents) or "The log is empty.\n")
        return
    bodies = [entry.body for entry in book.entries]
    if paper.objects(bodies, RECORD, Rows(output), sys.stdout):
        return
    if not bodies:
        sys.stderr.write(f"no attempt of release {book.name} has ended yet\n")
        return
    paper.show(historypage.page(book, datetime.now(UTC), wide=output is Output.WIDE))


def _document(book: Logbook, entry: Entry) -> str:
    if entry.page.record is None:
        name = entry.page.name
        raise UnansweredError(f"ReleaseRecord {name} cannot be read: {entry.page.problem}")
    return markdown(book.namespace, entry.page.name, entry.page.record)
