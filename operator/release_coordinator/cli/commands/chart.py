"""`kubectl release chart`: the course of what was watched, of a release that runs or has ended.

status or ReleaseRecord -> curves -> textchart | drawing
"""

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.api.record import RecordSpec
from release_coordinator.cli import curves, options, textchart
from release_coordinator.cli.curves import Chart
from release_coordinator.cli.drawing import drawn
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.paper import console_of
from release_coordinator.cli.source import Question, Source, opened
from release_coordinator.cluster.port import RECORD, Body, Ref
from release_coordinator.errors import NotFound

EXAMPLES = """
[bold]Examples[/bold]

  kubectl release chart bookshop -n shop                         the present attempt, as text

  kubectl release chart bookshop --attempt 3 --file chart.svg    an earlier one, as SVG

  kubectl release chart bookshop --record bookshop-3-77aa -o png > chart.png

  kubectl release chart bookshop --metric p95-latency            one metric alone

SVG and PNG need matplotlib: pip install ".\\[charts]" in a checkout.
"""


class Drawing(StrEnum):
    """Values of `-o`."""

    TEXT = "text"
    SVG = "svg"
    PNG = "png"


Number = Annotated[
    int | None, typer.Option("--attempt", min=1, help="Number of the attempt; else the present.")
]
Record = Annotated[
    str | None, typer.Option("--record", help="Name of a ReleaseRecord, also of a deleted Release.")
]
Metric = Annotated[
    str | None, typer.Option("--metric", help="Only this one: a metric, alerts/NAME, logs/NAME, …")
]
Form = Annotated[
    Drawing | None,
    typer.Option("--output", "-o", help="What to make; else as the file is named, else text."),
]
File = Annotated[Path | None, typer.Option("--file", help="Write it here; else to stdout.")]


def chart(  # noqa: PLR0913 - each is an option
    name: options.Name,
    *,
    namespace: options.Namespace = None,
    attempt: Number = None,
    record: Record = None,
    metric: Metric = None,
    output: Form = None,
    file: File = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Draw what was watched of a release: values, baseline, limit, and what happened when."""
    if attempt is not None and record is not None:
        raise UnansweredError("name either --attempt or --record")
    form = _form(output, file)
    question = Question(name, namespace, kubeconfig, context)
    found = curves.only(asyncio.run(_find(question, attempt, record)), metric)
    if form is Drawing.TEXT:
        _print(found, file)
    else:
        _write(drawn(found, form), file)


def _form(output: Drawing | None, file: Path | None) -> Drawing:
    """As it was said, else by the name of the file; binary is not poured into a terminal."""
    suffix = file.suffix.removeprefix(".").lower() if file else ""
    by_name = Drawing(suffix) if suffix in {*Drawing} else Drawing.TEXT
    form = output or by_name
    if form is Drawing.PNG and file is None and sys.stdout.isatty():
        raise UnansweredError("a terminal shows no PNG; name a file with --file, or redirect")
    return form


async def _find(question: Question, attempt: int | None, record: str | None) -> Chart:
    async with opened(question) as source:
        return await find(source, attempt, record)


async def find(source: Source, attempt: int | None = None, record: str | None = None) -> Chart:
    """The charts of an attempt, of the record of that name, or of the present attempt."""
    namespace = source.ref.namespace or ""
    if record is not None:
        return curves.of_record(namespace, await _record(source, record))
    release = parse_release(await source.read())
    present = release.status.attempt
    if release.journal_fault:
        raise UnansweredError(f"the status cannot be read: {release.journal_fault}")
    if attempt is None or (present is not None and present.number == attempt):
        return curves.of_release(release)
    return curves.of_record(namespace, await _record_of(source, release, attempt))


async def _record(source: Source, name: str) -> RecordSpec:
    """The record of that name, if it is one of the Release."""
    ref = Ref(RECORD, source.ref.namespace, name)
    async with source.explained():
        try:
            found = _parsed(await source.cluster.get(ref))
        except NotFound as error:
            look = f"kubectl -n {ref.namespace} get releaserecords"
            text = f"there is no ReleaseRecord {name!r} in namespace {ref.namespace!r}; see: {look}"
            raise UnansweredError(text) from error
    if found.release != source.ref.name:
        text = f"ReleaseRecord {name!r} is of release {found.release!r}, not {source.ref.name!r}"
        raise UnansweredError(text)
    return found


async def _record_of(source: Source, release: ReleaseObject, attempt: int) -> RecordSpec:
    """The record of an attempt: the status names those of the last ones, others are looked for."""
    named = (entry.record for entry in release.status.history if entry.attempt == attempt)
    name = next(named, None)
    if name is not None:
        return await _record(source, name)
    async with source.explained():
        bodies = await source.cluster.list(RECORD, source.ref.namespace)
    of_release = [body for body in bodies if body["spec"].get("releaseUid") == release.uid]
    for body in of_release:
        if body["spec"].get("attempt") == attempt:
            return _parsed(body)
    known = ", ".join(str(number) for number in sorted(_numbers(of_release, release)))
    raise UnansweredError(
        f"there is no record of attempt {attempt} of release {release.name!r}; "
        f"attempts that are known: {known or 'none'}"
    )


def _numbers(bodies: list[Body], release: ReleaseObject) -> set[int]:
    present = release.status.attempt
    return {body["spec"]["attempt"] for body in bodies} | ({present.number} if present else set())


def _parsed(body: Body) -> RecordSpec:
    try:
        return RecordSpec.model_validate(body["spec"])
    except ValidationError as error:
        name = body["metadata"]["name"]
        text = f"ReleaseRecord {name!r} was written by another version of the operator: {error}"
        raise UnansweredError(text) from error


def _print(found: Chart, file: Path | None) -> None:
    if file is None:
        console = console_of(sys.stdout)
        console.print(textchart.page(found, console.width))
        return
    try:
        with file.open("w", encoding="utf-8") as stream:
            console = console_of(stream)
            console.print(textchart.page(found, console.width))
    except OSError as error:
        raise UnansweredError(f"{file} cannot be written: {error.strerror}") from error


def _write(data: bytes, file: Path | None) -> None:
    if file is None:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    try:
        file.write_bytes(data)
    except OSError as error:
        raise UnansweredError(f"{file} cannot be written: {error.strerror}") from error
