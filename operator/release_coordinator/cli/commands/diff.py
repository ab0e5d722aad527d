"""`kubectl release diff`: two plans of a Release side by side, of versions or attempts.

place -> logbook (records keep their plans) and lookup (the live spec) -> plandiff
"""

import asyncio
import sys
from typing import Annotated

import typer

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.api.record import RecordSpec
from release_coordinator.cli import options, paper, plandiff
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.logbook import Logbook, read
from release_coordinator.cli.lookup import Lookup
from release_coordinator.cli.place import Place, Session, connected
from release_coordinator.cli.plandiff import DiffView, Side
from release_coordinator.cli.verdict import ExitCode
from release_coordinator.engine import policy
from release_coordinator.engine.versions import kind_of

EXAMPLES = """
[bold]Examples[/bold]

  kubectl release diff bookshop -n shop          what runs, and what the Release asks for now

  kubectl release diff bookshop 1.3.0            a version that was released, and what is asked now

  kubectl release diff bookshop 1.3.0 1.4.0      two versions

  kubectl release diff bookshop 3 4              two attempts

[bold]Exit codes[/bold]

  0  no difference

  1  they differ

  3  no answer: wrong arguments, no such version, no access
"""

Which = Annotated[
    str | None,
    typer.Argument(
        metavar="VERSION|ATTEMPT", help="A version, or the number of an attempt; else what runs."
    ),
]
Other = Annotated[
    str | None,
    typer.Argument(metavar="VERSION|ATTEMPT", help="The same; else what the Release asks for now."),
]


def diff(  # noqa: PLR0913 - each is an option
    name: options.Name,
    before: Which = None,
    after: Other = None,
    *,
    namespace: options.Namespace = None,
    output: options.Output = options.Form.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Compare two plans: components, migrations, tests, and what was required of them."""
    place = Place(namespace, kubeconfig=kubeconfig, context=context)
    found = asyncio.run(_diff(place, name, before, after))
    if output is options.Form.PAGE:
        paper.show(plandiff.page(found))
    else:
        paper.document(found.to_wire(), output, sys.stdout)
    raise typer.Exit(ExitCode.NO if found.sections else ExitCode.YES)


async def _diff(place: Place, name: str, before: str | None, after: str | None) -> DiffView:
    async with connected(place) as session:
        book = await read(session, name)
        old = _recorded(book, before) if before else _running(book)
        new = _recorded(book, after) if after else await _asked(session, book)
    return plandiff.diff(book.namespace, name, old, new)


def _recorded(book: Logbook, which: str) -> Side:
    """The plan of a version or attempt, as its record keeps it."""
    if which.isdecimal():
        record = book.of_attempt(int(which)).page.record
        found = [record] if record else []
    else:
        version = which.removeprefix("v")
        records = [entry.page.record for entry in book.own() if entry.page.record]
        found = [one for one in records if one.version == version]
    kept = [one for one in found if one.plan is not None]
    # What completed is what the version was; else the last try.
    kept.sort(key=lambda one: one.outcome is Phase.COMPLETED, reverse=True)
    if not kept:
        known = dict.fromkeys(e.page.record.version for e in book.own() if e.page.record)
        raise UnansweredError(
            f"no record of release {book.name!r} keeps a plan of {which}; versions with a record: "
            f"{', '.join(known) or 'none'}"
        )
    return _side(kept[0])


def _running(book: Logbook) -> Side:
    """What completed last."""
    current = book.release.status.current if book.release else None
    for entry in book.own():
        record = entry.page.record
        done = record is not None and record.outcome is Phase.COMPLETED and record.plan is not None
        if record is not None and done and (current is None or record.digest == current.digest):
            return _side(record)
    raise UnansweredError(
        f"no attempt of release {book.name!r} with a plan has completed; name the version or the "
        "attempt to compare with"
    )


async def _asked(session: Session, book: Logbook) -> Side:
    """What the spec of the live Release asks for."""
    release: ReleaseObject | None = book.release
    if release is None:
        raise UnansweredError(f"release {book.name!r} is gone; name two versions or attempts")
    if release.spec is None:
        raise UnansweredError("; ".join(str(fault) for fault in release.faults))
    lookup = Lookup(session.cluster, book.namespace)
    async with session.explained():
        fact = await lookup.policy(book.name)
    known = not fact.problem and not (fact.name and fact.spec is None)
    current = release.status.current
    kind = kind_of(current.version if current else None, release.spec.version, release.spec.type)
    return Side(
        f"{release.spec.version} (asked for now)",
        release.spec,
        policy.requirements(fact.spec) if known else None,
        kind,
    )


def _side(record: RecordSpec) -> Side:
    assert record.plan is not None  # noqa: S101 - the caller looked
    label = f"{record.version} (attempt {record.attempt}, {record.outcome})"
    return Side(label, record.plan, record.requirements, record.type)
