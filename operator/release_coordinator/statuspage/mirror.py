"""What the page knows of the cluster, and how old that is.

`statuspage.__main__` runs it; `statuspage.server` reads from it. It keeps the last known state when
the API server cannot be reached, and says since when it is blind: old news must never look fresh.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from release_coordinator.clock import Clock
from release_coordinator.cluster.informer import Collections, Feed, Informer
from release_coordinator.cluster.port import (
    INCIDENT,
    POLICY,
    RECORD,
    RELEASE,
    Body,
    Cluster,
    Kind,
    Ref,
)
from release_coordinator.cluster.store import Store
from release_coordinator.errors import ReleaseCoordinatorError, Transient

logger = logging.getLogger(__name__)

KINDS = (RELEASE, RECORD, INCIDENT, POLICY)
"""All that the page reads; its Role in the chart says the same."""
PULSE = 10.0
"""Seconds between two questions whether the API server is there at all."""
PATIENCE = 5.0
"""Seconds in which it must answer."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """Whether what is shown is what is."""

    trouble: str = ""
    """What is wrong, for people; empty: all is as it should be."""
    as_of: datetime | None = None
    """Up to when what is shown is known to be right; None: nothing was read yet."""

    @property
    def is_blind(self) -> bool:
        """Whether the world may be another one by now."""
        return self.trouble != ""


class Mirror:
    """All releases, records, incidents and policies of the namespaces that are shown."""

    def __init__(
        self,
        cluster: Cluster,
        collections: Collections,
        clock: Clock,
        now: Callable[[], datetime],
        namespaces: Sequence[str] = (),
    ) -> None:
        """No namespaces: all of them."""
        self.store = Store()
        self.revisions: Counter[Kind] = Counter()
        """Raised with every change of a kind: what was made of it before is old."""
        self.now = now
        self._cluster = cluster
        self._collections = collections
        self._clock = clock
        self._pulse_trouble = ""
        spaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self.informers = [
            Informer(collections, self.store, Feed(kind, space), now, partial(self._raise, kind))
            for kind in KINDS
            for space in spaces
        ]

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for informer in self.informers:
                group.create_task(informer.run(self._clock))
            group.create_task(self._pulse())

    @property
    def is_ready(self) -> bool:
        """Whether everything was read once; from then on what is known is shown, however old."""
        return all(informer.good_until is not None for informer in self.informers)

    @property
    def freshness(self) -> Freshness:
        """How far what is known can be relied on."""
        known = [one.good_until for one in self.informers if one.good_until is not None]
        as_of = min(known, default=None) if len(known) == len(self.informers) else None
        troubles = [f"{one.feed.kind.plural}: {one.trouble}" for one in self.informers]
        first = next((said for said in troubles if not said.endswith(": ")), "")
        return Freshness(self._pulse_trouble or first, as_of)

    def serves(self, kind: Kind) -> bool:
        """Whether the cluster knows the kind at all."""
        return any(one.is_served for one in self.informers if one.feed.kind is kind)

    def get(self, kind: Kind, namespace: str, name: str) -> Body | None:
        """One object as it was last heard of."""
        return self.store.get(Ref(kind, namespace, name))

    def all(self, kind: Kind, namespace: str | None = None) -> list[Body]:
        """All objects of a kind, by namespace and name."""
        return self.store.select(kind, namespace)

    async def whole(self, kind: Kind, namespace: str, name: str) -> Body | None:
        """One object read anew, with what the store leaves out; None if that fails."""
        try:
            return await self._cluster.get(Ref(kind, namespace, name))
        except ReleaseCoordinatorError as error:
            logger.info("%s %s/%s could not be read: %s", kind.kind, namespace, name, error)
            return None

    def _raise(self, kind: Kind) -> None:
        self.revisions[kind] += 1

    async def _pulse(self) -> None:
        """A connection can die without a word: then this is what notices."""
        while True:
            try:
                await self._clock.within(PATIENCE, self._collections.serves(RELEASE))
                self._pulse_trouble = ""
            except (Transient, TimeoutError) as error:
                if not self._pulse_trouble:
                    logger.warning("The API server does not answer: %s", error)
                self._pulse_trouble = f"the API server does not answer ({error})"
            except ReleaseCoordinatorError as error:
                self._pulse_trouble = str(error)
            await self._clock.sleep(PULSE)
