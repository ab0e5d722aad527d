"""The log of one container, line by line, as long as somebody reads it.

For `cli.logs`. `Cluster.logs` is another thing: one bounded part, for a program that searches it.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

import aiohttp

from release_coordinator.cluster.follow import NotServed
from release_coordinator.cluster.port import POD, Ref
from release_coordinator.cluster.urls import object_path
from release_coordinator.errors import NotFound, Transient

SILENCE = 240.0
"""Seconds without a line after which a followed log is asked for again: some proxies forget it."""


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which lines of a container's log."""

    container: str
    since: float | None = None
    """Only lines of the last so many seconds."""
    since_time: str = ""
    """Only lines from this moment on, by the second; in place of `since`."""
    tail: int | None = None
    """Only so many lines from the end."""
    previous: bool = False
    """Of the container as it ran before its last restart."""
    follow: bool = False
    limit: int | None = None
    """Bytes after which it ends."""

    def parameters(self) -> dict[str, str]:
        """As the API wants it; each line begins with its moment and a space."""
        asked = {"container": self.container, "timestamps": "true"}
        if self.since_time:
            asked["sinceTime"] = self.since_time
        elif self.since is not None:
            asked["sinceSeconds"] = str(max(int(self.since), 1))
        if self.tail is not None:
            asked["tailLines"] = str(self.tail)
        if self.limit is not None:
            asked["limitBytes"] = str(self.limit)
        flags = {"previous": self.previous, "follow": self.follow}
        return asked | {name: "true" for name, value in flags.items() if value}


class Lines(Protocol):
    """Answers to a GET, line by line; `follow.Watches` is one."""

    def lines(self, path: str, silence: float = SILENCE) -> AsyncIterator[bytes]:
        """The lines. Raises Denied, Invalid, NotServed and Transient, and what aiohttp raises."""


async def read(source: Lines, pod: Ref, query: LogQuery) -> AsyncIterator[bytes]:
    """Yield the lines.

    Raises NotFound (pod), Denied, Invalid (no such container, or none that has started) and
    Transient.
    """
    assert pod.kind is POD  # noqa: S101 - nothing else has a log
    path = f"{object_path(pod)}/log?{urlencode(query.parameters())}"
    try:
        async for line in source.lines(path, SILENCE):
            yield line
    except NotServed as error:
        raise NotFound(f"Pod {pod.name} is gone") from error
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise Transient(f"the log of Pod {pod.name} broke off: {error!r}") from error
