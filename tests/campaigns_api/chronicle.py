"""Everything that happened to the objects of all namespaces, in the order in which it happened.

Independent of the operator and its proxy. Watches of several kinds arrive in any order, but all
resourceVersions of an API server are numbers of one sequence: sorted by them, the story of a
namespace is what the API server stored, moment by moment.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tools.bench.stream import Streams

from release_coordinator.cluster.port import (
    APPROVAL,
    CONTROLLER_REVISION,
    DEPLOYMENT,
    JOB,
    LEASE,
    POD,
    RECORD,
    RELEASE,
    Body,
    Kind,
)

KINDS: tuple[Kind, ...] = (
    RELEASE,
    RECORD,
    APPROVAL,
    JOB,
    DEPLOYMENT,
    POD,
    CONTROLLER_REVISION,
    LEASE,
)


@dataclass(frozen=True)
class Moment:
    """One change of one object."""

    version: int
    event: str
    body: Body


@dataclass
class Story:
    """What happened in one namespace, and who wants to hear of it at once."""

    hear: Callable[[str, Body], None]
    moments: list[Moment] = field(default_factory=list)
    newest: dict[str, int] = field(default_factory=dict)
    """UID -> resourceVersion of its newest state."""

    def take(self, event: str, body: Body) -> None:
        """Keep what is new: a watch that begins anew repeats what is there."""
        metadata = body["metadata"]
        version = int(metadata["resourceVersion"])
        if version <= self.newest.get(metadata["uid"], 0):
            return
        self.newest[metadata["uid"]] = version
        self.moments.append(Moment(version, event, body))
        self.hear(event, body)

    def in_order(self) -> list[Moment]:
        """What happened, in the order of the API server."""
        return sorted(self.moments, key=lambda moment: moment.version)


class Chronicle:
    """Watches of the whole cluster; a story per namespace that somebody follows."""

    def __init__(self) -> None:
        self._stories: dict[str, Story] = {}

    async def begin(self, streams: Streams) -> None:
        """Open the watches."""
        for kind in KINDS:
            await streams.open(kind, None, self._hear(kind))

    def follow(self, namespace: str, hear: Callable[[str, Body], None]) -> Story:
        """Return the story of a namespace from here on; `hear` is called with each change."""
        story = self._stories[namespace] = Story(hear)
        return story

    def forget(self, namespace: str) -> None:
        """Listen no longer."""
        self._stories.pop(namespace, None)

    def _hear(self, kind: Kind) -> Callable[[str, Body, float], None]:
        def hear(event: str, body: Body, _at: float) -> None:
            story = self._stories.get(body["metadata"].get("namespace", ""))
            if story is not None:
                body["metadata"].pop("managedFields", None)
                story.take(event, {**body, "kind": kind.kind, "apiVersion": kind.api_version})

        return hear
