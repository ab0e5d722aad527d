"""All objects of a kind as they change: one list, then the server's watch, without end.

For what is not Kopf's business: `statuspage`, and what is kept beside releases. A list is read
page by page and put away at once, so that a long release log is never in memory as a whole; the
watch goes on from where the list was, and a new list is needed only when the server has forgotten
that place.
"""

import json
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlencode

import aiohttp

from release_coordinator.clock import Clock
from release_coordinator.cluster.bodies import kept, ref_of, uid_of, version_of
from release_coordinator.cluster.faults import Expired
from release_coordinator.cluster.follow import NotServed, Watches
from release_coordinator.cluster.port import Body, Kind, Listing
from release_coordinator.cluster.store import Store
from release_coordinator.cluster.urls import collection_path
from release_coordinator.errors import ReleaseCoordinatorError, Transient

logger = logging.getLogger(__name__)

WINDOW = 60
"""Seconds until the server ends a watch: a connection that is dead is noticed before long."""
_GRACE = 20
PAGE = 100
PAUSES = (1.0, 2.0, 5.0, 10.0)
"""Seconds between attempts to get the connection back; the last one repeats."""
ABSENT = 60.0
"""Seconds until a kind that the server does not serve is asked for again."""


class Collections(Protocol):
    """Where lists and changes come from."""

    async def page(self, kind: Kind, namespace: str | None, token: str) -> Body:
        """A page of a list as the API sends it; `token` is empty for the first one.

        Raises Denied, Transient, Expired (start anew) and NotServed.
        """

    def changes(
        self, kind: Kind, namespace: str | None, resource_version: str
    ) -> AsyncGenerator[Body, None]:
        """Yield watch events as the API sends them. Raises what `page` raises."""

    async def serves(self, kind: Kind) -> bool:
        """Whether the server knows this type; everybody may ask that. Raises Transient."""


class ApiCollections:
    """`Collections` of a real API server."""

    def __init__(self, watches: Watches) -> None:
        self._watches = watches

    async def page(self, kind: Kind, namespace: str | None, token: str) -> Body:
        """A page of a list."""
        query = {"limit": str(PAGE)} | ({"continue": token} if token else {})
        lines = [line async for line in self._lines(kind, namespace, query)]
        page: Body = json.loads(b"".join(lines))
        return page

    async def changes(
        self, kind: Kind, namespace: str | None, resource_version: str
    ) -> AsyncGenerator[Body, None]:
        """Yield watch events until the server ends the watch."""
        query = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(WINDOW),
        }
        async for line in self._lines(kind, namespace, query):
            yield json.loads(line)

    async def serves(self, kind: Kind) -> bool:
        """Whether the server knows this type. Raises Transient."""
        return await self._watches.serves(kind)

    async def _lines(
        self, kind: Kind, namespace: str | None, query: dict[str, str]
    ) -> AsyncGenerator[bytes, None]:
        path = f"{collection_path(kind, namespace)}?{urlencode(query)}"
        try:
            async for line in self._watches.lines(path, WINDOW + _GRACE):
                yield line
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise Transient(f"the connection broke off: {error!r}") from error


@dataclass(frozen=True, slots=True)
class Feed:
    """A kind in one namespace, or in all (None)."""

    kind: Kind
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class News:
    """An object as it was known and as it is now; None where there is none."""

    before: Body | None
    after: Body | None


class Informer:
    """Keeps the store up to date with one feed."""

    def __init__(
        self,
        collections: Collections,
        store: Store,
        feed: Feed,
        now: Callable[[], datetime],
        changed: Callable[[], None] = lambda: None,
        heard: Callable[[News], None] = lambda _: None,
    ) -> None:
        """What is told of.

        Args:
            collections: where it asks.
            store: what it keeps.
            feed: what it follows.
            now: the time of day, for `good_until`.
            changed: called after every change of the store, and after the first list.
            heard: told each change that a list brings, and each event of the watch, also those
                that are no news to the store because we have written that state ourselves.
        """
        self.feed = feed
        self.good_until: datetime | None = None
        """When the server was last heard of; None: never yet."""
        self.trouble = "not asked for yet"
        """Why the store may be behind; empty as long as the watch holds."""
        self.is_served = True
        """False if the server does not know the kind: there are none, and that is no trouble."""
        self._collections = collections
        self._store = store
        self._now = now
        self._changed = changed
        self._heard = heard
        self._version = ""

    async def run(self, clock: Clock) -> None:
        """Work until cancelled. What goes wrong is told by `trouble`, and tried again."""
        losses = 0
        while True:
            pause = PAUSES[0]
            try:
                await self.once()
                losses = 0
            except NotServed:
                self._has_none()
                pause = ABSENT
            except Expired:
                self._version = ""
            except ReleaseCoordinatorError as error:
                if not self.trouble:
                    logger.warning("No news of %s: %s", self.feed.kind.plural, error)
                self.trouble = str(error)
                pause = PAUSES[min(losses, len(PAUSES) - 1)]
                losses += 1
            await clock.sleep(pause)

    async def once(self) -> None:
        """List if need be, then watch until the server ends it."""
        if not self._version:
            self._version = await self._list()
        self.is_served, self.trouble = True, ""
        self.good_until = self._now()
        changes = self._collections.changes(self.feed.kind, self.feed.namespace, self._version)
        async with aclosing(changes) as events:
            async for event in events:
                self._take(event)
                self.good_until = self._now()
        self.good_until = self._now()

    async def _list(self) -> str:
        mark, token = self._store.mark(), ""
        bodies = Listing()
        while True:
            page = await self._collections.page(self.feed.kind, self.feed.namespace, token)
            metadata = page.get("metadata", {})
            bodies.version = bodies.version or str(metadata.get("resourceVersion") or "")
            bodies += [kept(self.feed.kind, body) for body in page.get("items") or ()]
            token = metadata.get("continue") or ""
            if not token:
                break
        self._replace(bodies, mark)
        return bodies.version

    def _has_none(self) -> None:
        self.trouble, self.is_served, self._version = "", False, ""
        self.good_until = self._now()
        self._replace(Listing(), self._store.mark())

    def _replace(self, bodies: Listing, mark: int) -> None:
        kind, namespace = self.feed.kind, self.feed.namespace
        is_first = not self._store.complete(kind, namespace)
        known = {ref_of(kind, body): body for body in self._store.select(kind, namespace)}
        changed = self._store.replace_all(
            kind, bodies, since=mark, version=bodies.version, namespace=namespace
        )
        for ref in changed:
            self._heard(News(known.get(ref), self._store.get(ref)))
        if changed or is_first:
            self._changed()

    def _take(self, event: Body) -> None:
        """One event. Raises Expired when the watch has to begin anew."""
        body = event.get("object") or {}
        kind = event.get("type")
        if kind == "ERROR":
            raise Expired(str(body.get("message") or "the watch has ended"))
        self._version = version_of(body) or self._version
        if kind == "BOOKMARK":
            return
        ref = ref_of(self.feed.kind, body)
        known = self._store.get(ref)
        if kind == "DELETED":
            is_news = self._store.remove(ref, uid_of(body), version_of(body))
            self._heard(News(known or body, None))
        else:
            is_news = self._store.put(self.feed.kind, body)
            self._heard(News(known, body))
        if is_news:
            self._changed()
