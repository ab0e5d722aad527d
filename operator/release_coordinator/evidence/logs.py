"""Lines in the logs of a workload's pods that match: read in bounded parts, searched with RE2.

What a pod logs is hostile until proved otherwise: it may be endless, binary, or made to upset a
terminal or a pattern. So bytes, containers and seconds are bounded, nothing of it is interpreted,
and one line of it is shown, cut and without control characters. Logs may contain secrets: that
line is all of a log that leaves this module.

A log is searched and dropped before another is read in its place, so what is held at any time is
bounded for all Releases together (`Sources.logs`).
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from release_coordinator.cluster import facts
from release_coordinator.cluster.port import POD, Body, LogRequest, Ref
from release_coordinator.engine import patterns
from release_coordinator.engine.watchfacts import LogFact, LogWant
from release_coordinator.errors import Denied, Invalid, NotFound, Transient
from release_coordinator.text import one_line

from . import ownpods
from .podshealth import states
from .searching import Found, Text
from .sources import Sources

BYTES = 256 * 1024
"""Of one container at one look."""
PODS = 40
"""Pods of a workload whose logs are read, by name."""
CONTAINERS = 80
"""Logs of a workload that are read at one look."""
TIMEOUT = 5.0
"""Seconds for one of them."""
READERS = 4
"""Logs that are read at the same time for one look: a node that does not answer stops only one."""
SEARCH = 2.0
"""Seconds of a processor for one look; only patterns made for it take so long."""
QUOTED = 120
OFF = (
    "the operator does not read logs here; the platform team can let it (`logs.enabled` of its "
    "chart)"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A log: of a container as it runs, or as it ran before its last restart."""

    pod: str
    container: str
    previous: bool


class _Unread(Exception):  # noqa: N818 - an answer like the others
    """Why a log could not be read."""


Result = Found | _Unread


async def look(sources: Sources, namespace: str, want: LogWant) -> LogFact:
    """Read what is new, and count."""
    if not sources.reads_logs:
        return LogFact(0, "", 0, OFF)
    try:
        expression = await sources.searcher.compiled(namespace, want.patterns)
    except ValueError as error:
        return LogFact(0, "", 0, f"the patterns cannot be used: {error}")
    found = await ownpods.of(sources, namespace, want.workload)
    if isinstance(found, str):
        return LogFact(0, "", 0, found)
    pods = [pod for pod in found[1] if _is_meant(pod, want)]
    read = pods[:PODS]
    places = [place for pod in read for place in _places(pod, want)]
    look = _Look(sources, namespace, want, expression)
    results = _without_twins(await look.results(places[:CONTAINERS]))
    return _fact(want, results, len(read), _left_out(len(pods), len(places), results))


def _fact(want: LogWant, results: Mapping[Source, Result], pods: int, cut: str) -> LogFact:
    """What was found in all logs together."""
    found = {place: one for place, one in results.items() if isinstance(one, Found)}
    seconds: Counter[datetime] = Counter()
    for one in found.values():
        seconds.update(one.seconds)
    early = tuple(sorted((at, lines) for at, lines in seconds.items() if at < want.until))
    firsts = (
        f"Pod {at.pod}, {at.container}: {one.first}" for at, one in found.items() if one.first
    )
    settled = sum(lines for _, lines in early)
    return LogFact(
        lines=settled,
        first=next(firsts, ""),
        pods=pods,
        problem=next((str(one) for one in results.values() if isinstance(one, _Unread)), ""),
        recent=seconds.total() - settled,
        cut=cut,
        reached=min((one.reached for one in found.values() if one.reached), default=None),
        per_second=early,
    )


class _Look:
    """One look at a workload's logs."""

    def __init__(
        self, sources: Sources, namespace: str, want: LogWant, expression: patterns.Search
    ) -> None:
        self._sources = sources
        self._namespace = namespace
        self._want = want
        self._expression = expression
        self._share = sources.searcher.share(namespace)
        self._left = SEARCH

    async def results(self, places: list[Source]) -> dict[Source, Result]:
        """What was found in each."""
        results: dict[Source, Result] = {}
        waiting = iter(places)

        async def read() -> None:
            for place in waiting:
                async with self._share.logs, self._sources.logs:
                    results[place] = await self._result(place, len(places) - len(results))

        await asyncio.gather(*(read() for _ in range(min(READERS, len(places)))))
        return {place: results[place] for place in places}

    async def _result(self, place: Source, remaining: int) -> Result:
        text = await _read(self._sources, self._namespace, self._want, place)
        if isinstance(text, _Unread):
            return text
        part = Text(text, self._want.since, len(text) >= BYTES)
        # One search at a time, so that another namespace finds a thread.
        async with self._share.search:
            found = await self._sources.searcher.search(
                self._expression, part, self._left / remaining
            )
            self._left -= found.took
        return found


def _is_meant(pod: Body, want: LogWant) -> bool:
    created = datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
    if want.created is not None and created < want.created:
        return False
    return want.images <= facts.pod_fact(pod).images


def _places(pod: Body, want: LogWant) -> Iterator[Source]:
    """The logs that a pod has: none of a container that has not started.

    One that was restarted since has two; while it waits to be started again, the last one is the
    previous.
    """
    name = pod["metadata"]["name"]
    for state in states(pod):
        if want.container not in {"", state.get("name")}:
            continue
        ended = state.get("lastState", {}).get("terminated")
        if ended and _moment(ended.get("finishedAt"), want.since) >= want.since:
            yield Source(name, state["name"], previous=True)
        if state.get("state", {}).keys() & {"running", "terminated"}:
            yield Source(name, state["name"], previous=False)


def _moment(text: str | None, otherwise: datetime) -> datetime:
    return datetime.fromisoformat(text) if text else otherwise


async def _read(sources: Sources, namespace: str, want: LogWant, place: Source) -> bytes | _Unread:
    request = LogRequest(place.container, want.since, BYTES, TIMEOUT, place.previous)
    where = f"the log of container {place.container} of Pod {place.pod}"
    try:
        return await sources.cluster.logs(Ref(POD, namespace, place.pod), request)
    except NotFound:
        return b""  # the pod is gone, and its log with it
    except Denied:
        return _Unread("the operator may not read pods/log; the platform team must let it")
    except Invalid as error:
        if place.previous or "waiting to start" in str(error):
            return b""  # it was removed, or the container was about to start
        return _Unread(f"{where} cannot be read: {one_line(str(error), QUOTED)}")
    except Transient as error:
        return _Unread(f"{where} cannot be read: {one_line(str(error), QUOTED)}")


def _without_twins(results: Mapping[Source, Result]) -> dict[Source, Result]:
    """A container that has ended meanwhile gives the same log for the one before: it counts once.

    Lines are dated by the nanosecond, so no two logs begin with the same.
    """

    def is_twin(place: Source, result: Result) -> bool:
        other = results.get(Source(place.pod, place.container, previous=False))
        return (
            place.previous
            and isinstance(result, Found)
            and isinstance(other, Found)
            and other.begin == result.begin != b""
        )

    return {place: one for place, one in results.items() if not is_twin(place, one)}


def _left_out(pods: int, places: int, results: Mapping[Source, Result]) -> str:
    """What was left out because there was too much."""
    found = [one for one in results.values() if isinstance(one, Found)]
    slow = sum(one.slow for one in found)
    full = sum(one.reached is not None for one in found) - slow
    told = [
        f"only {PODS} of {pods} pods were read" if pods > PODS else "",
        f"only {CONTAINERS} of {places} logs were read" if places > CONTAINERS else "",
        f"only {BYTES // 1024} KiB of each of {full} logs were read" if full else "",
        f"the patterns take too long: {slow} logs were not searched to their end" if slow else "",
    ]
    return ", ".join(text for text in told if text)
