"""A foreign program as a process that ends with its `async with`, whatever happens in it."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 10.0
_TAIL = 3000


@dataclass(frozen=True)
class Running:
    """One process and where it writes."""

    name: str
    process: asyncio.subprocess.Process
    file: Path

    @property
    def alive(self) -> bool:
        """Tell whether it has not ended."""
        return self.process.returncode is None

    @property
    def tail(self) -> str:
        """Return its last words."""
        return self.file.read_text(encoding="utf-8", errors="replace")[-_TAIL:]


@contextlib.asynccontextmanager
async def running(
    name: str, command: Sequence[str | Path], folder: Path, environment: Mapping[str, str]
) -> AsyncIterator[Running]:
    """Run a program with its output in `<name>.log` of a folder that is there."""
    file = folder / f"{name}.log"
    with file.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **environment},
        )
    try:
        yield Running(name, process, file)
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End it politely, then for good."""
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
