"""Hears of what is kept beside releases: Incidents, Notifications and Channels.

    API server -> cluster.informer, one for each kind and namespace -> store, Manager.add

Releases do without all of this, so it is not Kopf's, which ends the process when it may not watch
one of its kinds, and never asks for a kind again that was not there at the start. Here each feed
stands alone, says what it lacks, and tries again until it gets it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from release_coordinator.clock import Clock
from release_coordinator.cluster.faults import Expired
from release_coordinator.cluster.follow import NotServed
from release_coordinator.cluster.informer import PAUSES, Collections, Feed, Informer, News
from release_coordinator.cluster.port import CHANNEL, INCIDENT, NOTIFICATION, RELEASE, Body
from release_coordinator.cluster.store import Store
from release_coordinator.controllers.port import Key
from release_coordinator.errors import Denied, ReleaseCoordinatorError, Transient

logger = logging.getLogger(__name__)

KINDS = (INCIDENT, NOTIFICATION, CHANNEL)
NOBODY: Key = ("", "")
"""Stands for no Release: a channel has a status before there is one."""
PATIENCE = 60.0
"""Seconds until a kind is asked for again that is not served, or not to us."""


class Watching:
    """Keeps the store up to date with these kinds, and tells whom it concerns."""

    def __init__(
        self,
        collections: Collections,
        store: Store,
        tell: Callable[[Key], None],
        *,
        clock: Clock,
        now: Callable[[], datetime],
        namespaces: Sequence[str] = (),
    ) -> None:
        """`tell` is given the keys; no namespaces means all."""
        self._collections = collections
        self._store = store
        self._tell = tell
        self._clock = clock
        self._now = now
        spaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self._known: set[Feed] = set()
        self.feeds = [Feed(CHANNEL)] + [
            Feed(kind, space) for kind in KINDS if kind.namespaced for space in spaces
        ]

    async def run(self) -> None:
        """Work until cancelled; nothing that goes wrong ends it."""
        async with asyncio.TaskGroup() as group:
            for feed in self.feeds:
                group.create_task(self._follow(feed))

    async def _follow(self, feed: Feed) -> None:
        informer, losses = self._informer(feed), 0
        told: type[Exception | None] = type(None)
        while True:
            trouble = await _watched(informer)
            if _goes_on(trouble):
                losses = losses + 1 if trouble else 0
            else:
                informer = self._informer(feed)
            if type(trouble) is not told and not isinstance(trouble, Expired):
                _report(feed, trouble)
                told = type(trouble)
            await self._clock.sleep(_pause(trouble, losses))

    def _informer(self, feed: Feed) -> Informer:
        """One that begins with a list."""
        return Informer(
            self._collections,
            self._store,
            feed,
            self._now,
            changed=partial(self._listed, feed),
            heard=partial(self._hear, feed),
        )

    def _listed(self, feed: Feed) -> None:
        """Controllers may have waited until all of a kind is known, even if there is none."""
        if feed not in self._known:
            self._known.add(feed)
            self._tell_all(feed)

    def _hear(self, feed: Feed, news: News) -> None:
        if feed.kind is not CHANNEL:
            for key in {_key(body) for body in (news.before, news.after) if body is not None}:
                self._tell(key)
        elif not _is_report(news):
            self._tell_all(feed)

    def _tell_all(self, feed: Feed) -> None:
        """Whoever there is, also those of whom only messages are left."""
        releases = self._store.select(RELEASE, feed.namespace)
        messages = self._store.select(NOTIFICATION, feed.namespace)
        keys = {(one["metadata"]["namespace"], one["metadata"]["name"]) for one in releases}
        for key in sorted(keys | {_key(one) for one in messages}) or [NOBODY]:
            self._tell(key)


async def _watched(informer: Informer) -> Exception | None:
    """Why the watch ended; None: as every watch does after a while."""
    try:
        await informer.once()
    except Exception as error:  # noqa: BLE001 - told by `_report`, and tried again
        return error
    return None


def _goes_on(trouble: Exception | None) -> bool:
    """Whether the same watch can be taken up where it was; otherwise it begins with a list."""
    if isinstance(trouble, Expired | NotServed):
        return False
    return trouble is None or isinstance(trouble, Transient)


def _pause(trouble: Exception | None, losses: int) -> float:
    if _goes_on(trouble) or isinstance(trouble, Expired):
        return PAUSES[min(max(losses - 1, 0), len(PAUSES) - 1)]
    return PATIENCE


def _report(feed: Feed, trouble: Exception | None) -> None:
    kind, where = feed.kind, f" in {feed.namespace}" if feed.namespace else ""
    what = f"{kind.plural}.{kind.group}{where}"
    again = f"tried again every {PATIENCE:.0f} s"
    if trouble is None:
        logger.info("%s: watched again", what)
    elif isinstance(trouble, NotServed):
        logger.warning(
            "%s: the API server does not know this kind; releases go on without it. Apply the"
            " CustomResourceDefinitions of this version (kubectl apply -f crds/); %s",
            what,
            again,
        )
    elif isinstance(trouble, Denied):
        logger.warning(
            "%s: may not be listed and watched; releases go on without it. Give the operator's"
            " account the role of this version (helm upgrade, or manifests/install.yaml); %s: %s",
            what,
            again,
            trouble,
        )
    elif isinstance(trouble, ReleaseCoordinatorError):
        logger.warning("%s: no news, trying again: %s", what, trouble)
    else:
        logger.error("%s: the watch failed, %s", what, again, exc_info=trouble)


def _key(body: Body) -> Key:
    """The Release that an Incident or a Notification is about."""
    return body["metadata"]["namespace"], str((body.get("spec") or {}).get("release") or "")


def _is_report(news: News) -> bool:
    """Whether only the status has changed: how a channel is says nothing to Releases."""
    if news.before is None or news.after is None:
        return False
    before, after = news.before["metadata"], news.after["metadata"]
    return all(before.get(mark) == after.get(mark) for mark in ("uid", "generation"))
