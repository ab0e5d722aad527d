"""Searches of people's patterns in strangers' logs: in threads of their own, for a bounded time.

Used by `evidence.logs`. A search of a hostile pattern keeps a processor busy, so it is never done
in the event loop, nor in the threads that look up host names. RE2 lets other threads run.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakValueDictionary

from release_coordinator.engine import patterns
from release_coordinator.text import one_line

THREADS = 2
SHARE = 4
"""Logs that are held at the same time for the Releases of one namespace."""
EXPRESSIONS = 64
"""Compiled expressions that are kept: of `patterns.MEMORY` bytes each, in the worst case. RE2's
module keeps 128 of its own, whosever they are."""
BEGIN = 512
"""Bytes by which two logs are told apart: its first line's moment, to the nanosecond, and more."""
STAMP = 40
"""Bytes that a moment may have."""
SHOWN = 120
"""Characters of a line that are shown."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in one log."""

    seconds: Mapping[datetime, int] = field(default_factory=dict)
    """Whole second -> lines that match."""
    first: str = ""
    """The first that matched, cut and on one line."""
    begin: bytes = b""
    reached: datetime | None = None
    """The second up to which all was read and searched; None: all of it was."""
    slow: bool = False
    """It was not searched to its end, for that took too long."""
    took: float = 0.0
    """Seconds of a processor."""


@dataclass(frozen=True, slots=True)
class Text:
    """The log of a container, as far as it was read."""

    content: bytes
    since: datetime
    """Lines from before are not counted."""
    full: bool
    """There is more of it than was read."""


class Expressions:
    """The compiled expressions that were used last. For several threads.

    If there are too many, whoever has most of them loses the one not used for longest: so nobody
    can have those of others compiled again and again.
    """

    def __init__(self, most: int = EXPRESSIONS) -> None:
        """Keep at most so many."""
        self._most = most
        self._known: dict[tuple[str, tuple[str, ...]], patterns.Search] = {}
        self._lock = threading.Lock()

    def get(self, owner: str, wanted: tuple[str, ...]) -> patterns.Search:
        """The expression of these patterns. Raises ValueError if they cannot be used."""
        key = (owner, wanted)
        with self._lock:
            known = self._known.pop(key, None)
            if known is not None:
                self._known[key] = known  # now the one used last
                return known
        expression = patterns.compiled(wanted)
        with self._lock:
            self._known[key] = expression
            if len(self._known) > self._most:
                ((most, _),) = Counter(one for one, _ in self._known).most_common(1)
                del self._known[next(key for key in self._known if key[0] == most)]
        return expression


class Share:
    """What the Releases of one namespace may take at a time, so that others have their turns."""

    def __init__(self) -> None:
        """Nothing is taken."""
        self.logs = asyncio.Semaphore(SHARE)
        self.search = asyncio.Lock()


class Searcher:
    """Threads that search, and what they have compiled. For one process."""

    def __init__(self) -> None:
        """Threads begin with the first search."""
        self._threads = ThreadPoolExecutor(THREADS, "search")
        self._expressions = Expressions()
        self._shares: WeakValueDictionary[str, Share] = WeakValueDictionary()

    def share(self, namespace: str) -> Share:
        """That of a namespace; to be kept as long as it is used."""
        return self._shares.setdefault(namespace, Share())

    async def compiled(self, owner: str, wanted: tuple[str, ...]) -> patterns.Search:
        """The expression of these patterns, for a namespace. Raises ValueError."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._expressions.get, owner, wanted)

    async def search(self, expression: patterns.Search, text: Text, budget: float) -> Found:
        """What is found in a log, within so many seconds of a processor."""
        if not text.content:
            return Found()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, search, expression, text, budget)

    def close(self) -> None:
        """Begin no more searches; those under way end soon."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def search(expression: patterns.Search, text: Text, budget: float) -> Found:
    """Count the lines of a log that match. Processor time counts, not that of a busy machine."""
    begin = time.thread_time()
    seconds: Counter[datetime] = Counter()
    first, stamp, slow = "", b"", False
    for line, whole in _lines(text.content):
        last, (stamp, _, words) = stamp, line.partition(b" ")
        slow = time.thread_time() - begin > budget
        # What is cut off is read again, unless as much of it is here as is searched of any line.
        if slow or (text.full and not whole and len(words) < patterns.LINE):
            stamp = stamp if _dated(stamp) else last
            break
        if not stamp or not patterns.matches(expression, words):
            continue
        moment = _dated(stamp)
        if moment is not None and moment >= text.since:
            seconds[moment.replace(microsecond=0)] += 1
            first = first or one_line(words[: patterns.LINE].decode(errors="replace"), SHOWN)
    reached = (_dated(stamp) or text.since) if slow or text.full else None
    return Found(
        seconds,
        first,
        text.content[:BEGIN].partition(b"\n")[0],
        reached and max(reached.replace(microsecond=0), text.since),
        slow,
        time.thread_time() - begin,
    )


def _lines(content: bytes) -> Iterator[tuple[bytes, bool]]:
    """The lines, one after the other, and whether their end is there."""
    at = 0
    while at < len(content):
        end = content.find(b"\n", at)
        yield content[at : end if end >= 0 else None], end >= 0
        at = end + 1 if end >= 0 else len(content)


def _dated(stamp: bytes) -> datetime | None:
    """The moment at the begin of a line; None for what no kubelet has written."""
    try:
        moment = datetime.fromisoformat(stamp[:STAMP].decode())
    except ValueError:
        return None
    return moment if moment.tzinfo else None
