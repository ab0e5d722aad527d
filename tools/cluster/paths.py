"""Where everything lives outside the checkout; the lowest layer, used by all other modules.

The cache is addressed by content (a digest of the pins) and shared by all checkouts of a user.
The state holds what is running: process ids, ports, kubeconfigs.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

APP = "release-coordinator"


def cache_dir(*parts: str) -> Path:
    """Return (and create) a folder below the cache."""
    return _below("XDG_CACHE_HOME", ".cache", parts)


def state_dir(*parts: str) -> Path:
    """Return (and create) a folder below the run state."""
    return _below("XDG_STATE_HOME", ".local/state", parts)


def _below(variable: str, default: str, parts: tuple[str, ...]) -> Path:
    root = Path(os.environ.get(variable) or Path.home() / default)
    folder = root.joinpath(APP, *parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def digest(*parts: str | bytes) -> str:
    """Return a short digest that names a cache entry."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(str(len(data)).encode() + b":" + data)
    return total.hexdigest()[:12]


@contextlib.contextmanager
def locked(name: str, folder: Path | None = None) -> Iterator[None]:
    """Hold a lock across processes, so that two never build or start the same thing."""
    file = (folder or state_dir("locks")) / f"{name}.lock"
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def cached(folder: Path, key: str, build: Callable[[Path], None]) -> Path:
    """Return `folder/key`, made by `build(path)` on first use.

    The result appears by one rename, so a killed build leaves nothing that looks finished.
    """
    final = folder / key
    if final.exists():
        return final
    folder.mkdir(parents=True, exist_ok=True)
    with locked(key, cache_dir("locks")):
        if final.exists():
            return final
        scratch = folder / f".{key}.partial"
        shutil.rmtree(scratch, ignore_errors=True)  # of a build that was killed
        scratch.mkdir()
        try:
            build(scratch / key)
            (scratch / key).rename(final)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return final


def free_ports(count: int) -> list[int]:
    """Return `count` different TCP ports of the loopback address that are free now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
