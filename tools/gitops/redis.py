"""A Redis on a port of the loopback address that keeps nothing: the cache of Argo CD."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from tools.cluster import debian
from tools.cluster.paths import free_ports
from tools.cluster.progress import Progress
from tools.gitops.process import running

# The program and what it is linked with beyond what every Debian has.
_PACKAGES = ("redis-server", "redis-tools", "libatomic1", "libjemalloc2", "liblzf1")


@contextlib.asynccontextmanager
async def redis(folder: Path) -> AsyncIterator[str]:
    """Run it; yield its address (host:port). Nobody has to wait: its clients try again."""
    unpacked = await asyncio.to_thread(debian.unpacked, _PACKAGES, Progress())
    libraries = next(unpacked.glob("usr/lib/*-linux-gnu*"))
    (port,) = free_ports(1)
    command = (
        *(unpacked / "usr/bin/redis-server", "--bind", "127.0.0.1", "--port", str(port)),
        *("--save", "", "--appendonly", "no", "--dir", folder),
    )
    async with running("redis", command, folder, {"LD_LIBRARY_PATH": str(libraries)}):
        yield f"127.0.0.1:{port}"
