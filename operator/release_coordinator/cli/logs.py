"""Reads the logs of a Release side by side: once in the order of time, or as they grow.

Between `commands.logs` and `cluster.podlogs`. New pods and Jobs are found while it follows; a log
that breaks off goes on where it was.
"""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from release_coordinator.cluster.podlogs import Lines, LogQuery, read
from release_coordinator.cluster.port import POD, Ref
from release_coordinator.errors import Denied, Invalid, NotFound, Transient

from .logsources import LogSource

LIMIT = 8 * 1024 * 1024
"""Bytes of one log that are read at once; nobody reads more, and memory is bounded."""
SOURCES = 40
"""Logs that are read side by side; an API server has better things to do."""
READERS = 8
PAUSE = 2.0
"""Seconds between two looks for new pods, and until a log that broke off is asked for again."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a log."""

    source: LogSource
    at: str
    """Its moment as the server told it; empty if it has none."""
    text: str


_Order = tuple[int, str]
_BEGINNING: _Order = (0, "")
Find = Callable[[], Awaitable[tuple[list[LogSource], bool]]]
"""The containers there are now, and whether the attempt is over."""
Note = Callable[[str], None]


class Logs:
    """The logs of one namespace."""

    def __init__(self, source: Lines, namespace: str, query: LogQuery, note: Note) -> None:
        """`query` is asked of each container; its own name is put into it."""
        self._source = source
        self._namespace = namespace
        self._query = query
        self._note = note

    async def all(self, places: list[LogSource]) -> list[Line]:
        """Everything there is, in the order of time; lines of the same log stay in theirs."""
        some = asyncio.Semaphore(READERS)

        async def one(place: LogSource) -> list[Line]:
            query = replace(self._query, container=place.container, limit=LIMIT)
            async with some:
                return await self._tolerant(place, query)

        found = await asyncio.gather(*(one(place) for place in self._bounded(places)))
        # A line without a moment, or with an earlier one, comes right after the line above it.
        return list(heapq.merge(*found, key=lambda line: _order(line.at)))

    async def follow(self, find: Find, pause: float = PAUSE) -> AsyncIterator[Line]:
        """Lines as they come, until the attempt is over and its Jobs have ended."""
        queue: asyncio.Queue[Line] = asyncio.Queue(1_000)
        readers: dict[tuple[str, str], asyncio.Task[None]] = {}
        finding = asyncio.create_task(self._find(find, readers, queue, pause))
        try:
            while not (finding.done() and queue.empty()):
                getting = asyncio.create_task(queue.get())
                await asyncio.wait({getting, finding}, return_when=asyncio.FIRST_COMPLETED)
                if getting.done():
                    yield getting.result()
                else:
                    getting.cancel()
            await finding
        finally:
            for task in (finding, *readers.values()):
                task.cancel()
            await asyncio.gather(finding, *readers.values(), return_exceptions=True)

    async def _find(
        self,
        find: Find,
        readers: dict[tuple[str, str], asyncio.Task[None]],
        queue: asyncio.Queue[Line],
        pause: float,
    ) -> None:
        while True:
            places, over = await find()
            for place in self._bounded(places):
                key = (place.pod, place.container)
                if key not in readers:
                    readers[key] = asyncio.create_task(self._grow(place, queue, pause))
            ending = [
                readers[place.pod, place.container]
                for place in places
                if place.ends and (place.pod, place.container) in readers
            ]
            if over and all(task.done() for task in ending):
                return
            await asyncio.sleep(pause)

    async def _grow(self, place: LogSource, queue: asyncio.Queue[Line], pause: float) -> None:
        """One log to its end; it is asked for again when it breaks off."""
        query, last = replace(self._query, container=place.container, follow=True), ""
        while True:
            try:
                async for raw in read(self._source, self._ref(place), query):
                    line = _line(place, raw)
                    if line.at and _order(line.at) <= _order(last):
                        continue  # it was shown before the log broke off
                    last = line.at or last
                    await queue.put(line)
                if place.ends:
                    return
            except NotFound:
                return
            except Denied as error:
                self._note(f"{place.label}: {error}")
                return
            except Invalid as error:
                self._note(f"{place.label}: {error}")
            except Transient:
                pass
            if last:
                query = replace(query, since_time=_second(last), since=None, tail=None)
            await asyncio.sleep(pause)

    async def _tolerant(self, place: LogSource, query: LogQuery) -> list[Line]:
        """The lines of one log; why there are none is a note: the others are worth reading."""
        lines = []
        try:
            async for raw in read(self._source, self._ref(place), query):
                lines.append(_line(place, raw))  # noqa: PERF401 - those before a fault stay
        except NotFound:
            self._note(f"{place.label}: the pod is gone, and its log with it")
        except (Invalid, Transient) as error:
            self._note(f"{place.label}: {error}")
        return lines

    def _bounded(self, places: list[LogSource]) -> Iterable[LogSource]:
        if len(places) > SOURCES:
            self._note(
                f"only {SOURCES} of {len(places)} logs are read: name a --step or --component"
            )
        return places[:SOURCES]

    def _ref(self, place: LogSource) -> Ref:
        return Ref(POD, self._namespace, place.pod)


def _line(place: LogSource, raw: bytes) -> Line:
    text = raw.decode("utf-8", "replace").rstrip("\r\n")
    at, _, rest = text.partition(" ")
    return Line(place, at, rest) if _moment(at) else Line(place, "", text)


def _order(at: str) -> _Order:
    """Seconds and nanoseconds of a moment: those of one log may be of the same microsecond."""
    moment = _moment(at)
    if moment is None:
        return _BEGINNING
    _, _, rest = at.partition(".")
    digits = "".join(itertools.takewhile(str.isdecimal, rest))
    return int(moment.timestamp()), digits.ljust(9, "0")


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _second(at: str) -> str:
    """As the API wants a moment: it knows no fractions."""
    moment = _moment(at)
    return moment.replace(microsecond=0).isoformat() if moment else at
