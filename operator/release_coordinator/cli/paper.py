"""What is printed: pages for people, documents for programs. Used by all commands."""

import io
import json
import os
import sys
from typing import IO, Any, TextIO

import yaml
from rich.console import Console, RenderableType

from .options import Form

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
