"""Starts, finds and ends background processes by id; the id is kept in a file with its proof.

A process id alone may belong to a stranger after a restart of the machine, so the start time of
the process is kept beside it and compared before any signal.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Daemon:
    """One background process and all that is needed to start it again."""

    name: str
    pid: int
    started: int
    command: list[str]
    env: dict[str, str]
    log: str

    @property
    def alive(self) -> bool:
        """Tell whether exactly this process still runs."""
        return _start_time(self.pid) == self.started


def start(
    folder: Path, name: str, command: Sequence[str | Path], env: Mapping[str, str] | None = None
) -> Daemon:
    """Start a process that outlives this one, and write its record into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    argv = [str(part) for part in command]
    # Not subprocess.Popen: it warns about children that are meant to stay.
    mode = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawnp(
        argv[0],
        argv,
        {**os.environ, **(env or {})},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), mode, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    daemon = Daemon(name, pid, _start_time(pid) or 0, argv, dict(env or {}), str(log))
    _record(folder, name).write_text(json.dumps(asdict(daemon)), encoding="utf-8")
    return daemon


def find(folder: Path, name: str) -> Daemon | None:
    """Return the recorded process, whether it still runs or not."""
    try:
        return Daemon(**json.loads(_record(folder, name).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def recorded(folder: Path) -> list[Daemon]:
    """Return all recorded processes of a folder."""
    names = sorted(file.name.removesuffix(".pid.json") for file in folder.glob("*.pid.json"))
    return [daemon for name in names if (daemon := find(folder, name))]


def stop(daemon: Daemon, patience: float = 10.0) -> None:
    """End a process politely, then for good."""
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        if not daemon.alive:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(daemon.pid, number)
        wait_until(lambda: not daemon.alive, seconds)


def forget(folder: Path, daemon: Daemon) -> None:
    """Remove the record of an ended process."""
    _record(folder, daemon.name).unlink(missing_ok=True)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll a condition; tell whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _record(folder: Path, name: str) -> Path:
    return folder / f"{name}.pid.json"


def _start_time(pid: int) -> int | None:
    """Return the start of a process in clock ticks since boot, None when it is gone or dead."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # a child of this very process would stay as a zombie
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else int(fields[19])
