"""Lines in the logs of a workload's pods that match: read in bounded parts, searched with RE2.

What a pod logs is hostile until proved otherwise: it may be endless, binary, or made to upset a
terminal or a pattern. So bytes, containers and seconds are bounded, nothing of it is interpreted,
and one line of it is shown, cut and without control characters. Logs may contain secrets: that
line is all of a log that leaves this module.
"""

import asyncio
import time
from collections.abc import Iterator
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
from .sources import Sources

BYTES = 256 * 1024
"""Of one container at one look."""
PODS = 10
"""Pods of a workload whose logs are read, by name."""
CONTAINERS = 20
"""Logs of a workload that are read at one look."""
TIMEOUT = 5.0
"""Seconds for one of them."""
SEARCH = 2.0
"""Seconds that are searched at one look; only patterns made for it take so long."""
ASIDE = 512
"""Characters from which on a text is searched in a thread."""
SHOWN = 120
"""Characters of a line that are shown."""
QUOTED = 120


@dataclass(frozen=True, slots=True)
class Source:
    """A log: of a container as it runs, or as it ran before its last restart."""

    pod: str
    container: str
    previous: bool


@dataclass(slots=True)
class Tally:
    """What was found so far."""

    lines: int = 0
    recent: int = 0
    first: str = ""
    seconds: float = 0.0


async def look(sources: Sources, namespace: str, want: LogWant) -> LogFact:
    """Read what is new, and count."""
    try:
        expression = patterns.compiled(want.patterns)
    except ValueError as error:
        return LogFact(0, "", 0, f"the patterns cannot be used: {error}")
    found = await ownpods.of(sources, namespace, want.workload)
    if isinstance(found, str):
        return LogFact(0, "", 0, found)
    pods = [pod for pod in found[1] if _is_meant(pod, want)]
    read = pods[:PODS]
    places = [place for pod in read for place in _places(pod, want)]
    answers = await _read_all(sources, namespace, want, places[:CONTAINERS])
    texts = _without_twins(answers)
    tally = Tally()
    for place, text in texts.items():
        if isinstance(text, str) and tally.seconds < SEARCH:
            await _search(expression, want, place, text, tally)
    problem = next((str(text) for text in texts.values() if isinstance(text, _Unread)), "")
    cut = _cut(len(pods), len(places), texts, tally)
    first, lines = tally.first, tally.lines
    return LogFact(lines, first, len(read), problem, tally.recent, cut)


class _Unread(Exception):  # noqa: N818 - an answer like the others
    """Why a log could not be read."""


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


async def _read_all(
    sources: Sources, namespace: str, want: LogWant, places: list[Source]
) -> dict[Source, str | _Unread]:
    async def read(place: Source) -> str | _Unread:
        async with sources.logs:
            return await _read(sources, namespace, want, place)

    texts = await asyncio.gather(*(read(place) for place in places))
    return dict(zip(places, texts, strict=True))


async def _read(sources: Sources, namespace: str, want: LogWant, place: Source) -> str | _Unread:
    request = LogRequest(place.container, want.since, BYTES, TIMEOUT, place.previous)
    where = f"the log of container {place.container} of Pod {place.pod}"
    try:
        return await sources.cluster.logs(Ref(POD, namespace, place.pod), request)
    except NotFound:
        return ""  # the pod is gone, and its log with it
    except Denied:
        return _Unread("the operator may not read pods/log; the platform team must let it")
    except Invalid as error:
        if place.previous or "waiting to start" in str(error):
            return ""  # it was removed, or the container was about to start
        return _Unread(f"{where} cannot be read: {one_line(str(error), QUOTED)}")
    except Transient as error:
        return _Unread(f"{where} cannot be read: {one_line(str(error), QUOTED)}")


def _without_twins(texts: dict[Source, str | _Unread]) -> dict[Source, str | _Unread]:
    """A container that has ended meanwhile gives the same log for the one before: it counts once.

    Lines are dated by the nanosecond, so no two logs begin with the same.
    """
    kept: dict[Source, str | _Unread] = {}
    for place, text in texts.items():
        other = texts.get(Source(place.pod, place.container, not place.previous))
        if place.previous and isinstance(text, str) and isinstance(other, str):
            begin = text.partition("\n")[0]
            if begin and begin == other.partition("\n")[0]:
                continue
        kept[place] = text
    return kept


async def _search(
    expression: patterns.Search, want: LogWant, place: Source, text: str, tally: Tally
) -> None:
    """Long texts in a thread: RE2 lets others run meanwhile."""
    if len(text) > ASIDE:
        await asyncio.to_thread(_count, expression, want, place, text, tally)
    else:
        _count(expression, want, place, text, tally)


def _count(
    expression: patterns.Search, want: LogWant, place: Source, text: str, tally: Tally
) -> None:
    """Count the lines of one log."""
    begin = time.perf_counter()
    for line in text.split("\n"):
        if time.perf_counter() - begin > SEARCH:
            break
        stamp, _, words = line.partition(" ")
        if not stamp or not patterns.matches(expression, words):
            continue
        moment = _dated(stamp)
        if moment is None or moment < want.since:
            continue
        settled = moment < want.until
        tally.lines += settled
        tally.recent += not settled
        tally.first = tally.first or f"Pod {place.pod}, {place.container}: {one_line(words, SHOWN)}"
    tally.seconds += time.perf_counter() - begin


def _dated(stamp: str) -> datetime | None:
    """The moment at the begin of a line; None for what no kubelet has written."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _cut(pods: int, places: int, texts: dict[Source, str | _Unread], tally: Tally) -> str:
    """What was left out because there was too much."""
    full = sum(
        isinstance(t, str) and len(t.encode(errors="replace")) >= BYTES for t in texts.values()
    )
    told = [
        f"only {PODS} of {pods} pods were read" if pods > PODS else "",
        f"only {CONTAINERS} of {places} logs were read" if places > CONTAINERS else "",
        f"only {BYTES // 1024} KiB of each of {full} logs were read" if full else "",
        "the patterns take too long: not all was searched" if tally.seconds > SEARCH else "",
    ]
    return ", ".join(text for text in told if text)
