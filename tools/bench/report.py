"""Prints rows as a table for people, or as JSON; says on what machine they were measured."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from tools.bench.measures import Row

_KIB_IN_GIB = 1 << 20


def machine() -> str:
    """Return what figures depend on: processors, memory, load, Python."""
    memory = Path("/proc/meminfo").read_text(encoding="utf-8").split()[1]
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{os.cpu_count()} cores, {int(memory) / _KIB_IN_GIB:.0f} GiB, load {load}, "
        f"Python {platform.python_version()}"
    )


def table(rows: Sequence[Row]) -> str:
    """Return the rows below each other."""
    width = max(len(row.what) for row in rows)
    figures = max(len(row.figure) for row in rows if len(row.figure) < width)
    lines = [f"{row.what:<{width}}  {row.figure:<{figures}}  {row.beside}".rstrip() for row in rows]
    return "\n".join(lines)


def data(rows: Sequence[Row], machines: Sequence[str]) -> dict[str, object]:
    """Return the same as JSON."""
    return {"machine": list(machines), "figures": {row.what: row.figure for row in rows}}
