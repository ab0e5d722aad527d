"""Operators that start fast: a process that has imported everything and forks on request.

Each is a real process that runs the operator's own `main` and is ended by SIGKILL; only the import
of its modules, two seconds of work, is done once. `python -m tests.proxy.nursery` is that process.
"""

import asyncio
import contextlib
import ctypes
import gc
import json
import os
import random
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn, Self

ROOT = Path(__file__).resolve().parents[2]
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class Offspring:
    """One operator process; `ended` is set when it is no more, whatever ended it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.ended = asyncio.Event()
        try:
            self._handle = os.pidfd_open(pid)
        except ProcessLookupError:
            self.ended.set()
        else:
            asyncio.get_running_loop().add_reader(self._handle, self._gone)

    async def kill(self) -> None:
        """End it as a lost node would."""
        if not self.ended.is_set():
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            await self.ended.wait()

    def _gone(self) -> None:
        asyncio.get_running_loop().remove_reader(self._handle)
        os.close(self._handle)
        self.ended.set()


class Nursery:
    """The parent of the operators; they end with it."""

    def __init__(self, package_root: Path | None = None) -> None:
        """`package_root` holds another copy of the product, for example one with a defect."""
        self._root = package_root
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        search = [str(self._root)] if self._root else []
        search += [part for part in (os.environ.get("PYTHONPATH"),) if part]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.proxy.nursery"),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(search)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def start(self, environment: Mapping[str, str], log: Path) -> Offspring:
        """Start an operator with exactly these variables; its output is appended to the log."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._turn:
            order = json.dumps({"env": dict(environment), "log": str(log)})
            self._process.stdin.write(f"{order}\n".encode())
            said = await self._process.stdout.readline()
        if not said:
            raise RuntimeError("the process that starts operators has ended; see its output")
        return Offspring(int(said))


PATIENCE = 5.0
"""Seconds that a pass waits for the scripted metric source, which answers at once."""


def serve() -> None:
    """Fork an operator per line of the input, until its end."""
    from release_coordinator import __main__ as operator  # noqa: PLC0415 - of the chosen copy
    from release_coordinator.look import Looker  # noqa: PLC0415 - the same

    # On a busy machine a pass would go on without an answer, and writes would have other numbers.
    defaults = Looker.__init__.__kwdefaults__
    assert defaults is not None
    defaults["patience"] = PATIENCE
    gc.collect()
    gc.freeze()  # a collection in a child would write to, and so copy, every page it shares
    for line in iter(sys.stdin.readline, ""):
        _bury()
        order = json.loads(line)
        pid = os.fork()
        if not pid:
            _become(operator.main, order["env"], order["log"])
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _bury() -> None:
    """Forget those that have ended; until now their numbers could not be given to others."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _become(main: Callable[[], None], environment: dict[str, str], log: str) -> NoReturn:
    """Run the operator in this process, as if it had been started by its script."""
    code = 1
    try:
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        os.environ.clear()
        os.environ.update(environment)
        nothing = os.open(os.devnull, os.O_RDONLY)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(nothing, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        random.seed()
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
