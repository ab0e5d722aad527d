"""What is printed: pages for people, documents for programs. Used by all commands."""

import io
import json
import os
import sys
from collections.abc import Sequence
from typing import IO, Any, TextIO

import yaml
from rich.console import Console, RenderableType

from release_coordinator.cluster.port import Body, Kind

from .options import Form, Rows

WIDTH = 120
"""Columns where there is no terminal to ask."""


def console_of(stream: TextIO) -> Console:
    """A console that colours and measures only terminals."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")  # a terminal that is not UTF-8 gets question marks
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH
    return Console(file=stream, highlight=False, width=width)


def show(page: RenderableType) -> None:
    """Print a page, whole, however long its commands are."""
    console_of(sys.stdout).print(page, crop=False)


def document(body: Any, form: Form, stream: IO[str], *, compact: bool = False) -> None:
    """Write one JSON or YAML document; `compact` ones follow one another."""
    if form is Form.YAML:
        stream.write("---\n" if compact else "")
        yaml.safe_dump(body, stream, sort_keys=False, allow_unicode=True)
    else:
        stream.write(json.dumps(body, indent=None if compact else 2) + "\n")
    stream.flush()


def stored(body: Body, kind: Kind, form: Form, stream: IO[str]) -> bool:
    """Write an object as the API server has it, as kubectl does; False if `form` is a page.

    The shape of everything that a command has written: what became of it is in it, or soon will be.
    """
    if form is Form.PAGE:
        return False
    typed = {"apiVersion": kind.api_version, "kind": kind.kind}
    document(typed | body, form, stream)
    return True


def objects(bodies: Sequence[Body], kind: Kind, form: Rows, stream: IO[str]) -> bool:
    """Write a list of objects as kubectl does; False if `form` is a table, which is not for here.

    `-o name` is one `kind.group/name` on each line, `-o json` and `-o yaml` a List.
    """
    if form is Rows.NAME:
        group = f".{kind.group}" if kind.group else ""
        lines = (f"{kind.kind.lower()}{group}/{body['metadata']['name']}" for body in bodies)
        stream.writelines(f"{line}\n" for line in lines)
    elif form in (Rows.JSON, Rows.YAML):
        typed = {"apiVersion": kind.api_version, "kind": kind.kind}
        items = [typed | body for body in bodies]
        listed = {"apiVersion": "v1", "kind": "List", "items": items}
        document(listed, Form(form), stream)
    else:
        return False
    return True
