"""Sends Notifications: at least once, each with an id that never changes, one Release in order.

    Notification -> journal (Sending) -> signals.post -> journal (Delivered | Pending | Failed)

Each channel has a few slots of its own and every try has a time limit, in a task of its own: a
receiver that hangs keeps neither releases nor other channels waiting. A try whose end was not
journalled, because the operator ended in the middle, is made again with the same id.
"""

import asyncio
import logging
from functools import partial

from release_coordinator.api.base import parse_duration
from release_coordinator.api.channel import CloudEvents
from release_coordinator.api.codec import (
    ChannelObject,
    NotificationObject,
    parse_channel,
    parse_notification,
)
from release_coordinator.api.faults import told
from release_coordinator.api.notification import NotificationSpec, NotificationStatus
from release_coordinator.cluster.faults import Unserved
from release_coordinator.cluster.port import CHANNEL, NOTIFICATION, Ref
from release_coordinator.controllers.channels import Channels
from release_coordinator.controllers.port import PATIENCE, Key, Parts
from release_coordinator.engine import delivering, names
from release_coordinator.errors import Conflict, NotFound, ReleaseCoordinatorError, Transient
from release_coordinator.evidence.metricsources import authorization, material
from release_coordinator.evidence.sourcesecrets import NoSecret, SourceSecrets
from release_coordinator.render.cloudevent import request_of
from release_coordinator.render.message import text_of
from release_coordinator.render.notification import status_body
from release_coordinator.signals.port import Endpoint, TLSMaterial
from release_coordinator.signals.post import Post, Receipt

logger = logging.getLogger(__name__)

SLOTS = 2
"""Messages that are sent to one channel at the same time, of different Releases."""
LONGEST_TRY = 60.0
JOURNAL_TRIES = 5
JOURNAL_PAUSE = 2.0
"""Seconds; what was sent and not journalled would be sent again."""
AGAIN = 10.0
"""Seconds until a lane that an error has ended is looked at again."""

Lane = tuple[str, Key]
"""UID of a Channel, and a Release: within it messages go one after the other."""


class Deliveries:
    """Sends what is due."""

    name = "delivery"

    def __init__(self, parts: Parts, channels: Channels) -> None:
        self._cluster, self._store, self._now = parts.cluster, parts.store, parts.now
        self._post, self._metrics = parts.post, parts.message_metrics
        self._again = parts.again
        self._channels = channels
        self._secrets = SourceSecrets(parts.cluster, parts.own_namespace, listed="channels.secrets")
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._lanes: dict[Lane, asyncio.Task[float]] = {}

    async def reconcile(self, key: Key) -> float | None:
        """Start what is due; returns the seconds until the next one is."""
        if self._post is None or not self._knows_all(key[0]):
            return None
        waits = []
        for uid, head in self._heads(key).items():
            wait = self._wait(head)
            if wait > 0:
                waits.append(wait)
            elif (uid, key) not in self._lanes:
                task = asyncio.create_task(self._work(self._post, (uid, key)))
                self._lanes[uid, key] = task
                task.add_done_callback(partial(self._freed, (uid, key)))
        return min(waits, default=None)

    def _knows_all(self, namespace: str) -> bool:
        """Before, it could take a channel for gone, or a later message for the first."""
        return self._store.complete(CHANNEL, None) and self._store.complete(NOTIFICATION, namespace)

    def _freed(self, lane: Lane, task: "asyncio.Task[float]") -> None:
        """Look again: what became due, or was changed, while the lane was taken was left to it."""
        del self._lanes[lane]
        if not task.cancelled():
            self._again(lane[1], task.result())

    async def idle(self) -> None:
        """Return when nothing is being sent."""
        while self._lanes:
            await asyncio.wait(list(self._lanes.values()))

    def _wait(self, head: NotificationObject) -> float:
        """Seconds until it is to be sent; at once if its channel was mended."""
        channel = self._channel_of(head)
        if channel is not None and self._channels.is_mended(channel):
            return 0.0
        return delivering.due(head, self._now())

    def _channel_of(self, message: NotificationObject) -> ChannelObject | None:
        """The very Channel it was made for, if it is still there."""
        spec = message.spec
        body = self._store.get(Ref(CHANNEL, None, spec.channel)) if spec else None
        channel = parse_channel(body) if body else None
        return channel if channel and spec and channel.uid == spec.channel_uid else None

    def _heads(self, key: Key) -> dict[str, NotificationObject]:
        bodies = self._store.select(NOTIFICATION, key[0], {names.LABEL_RELEASE: key[1]})
        return delivering.heads(map(parse_notification, bodies))

    async def _work(self, post: Post, lane: Lane) -> float:
        """Send what is due in one lane, one after the other.

        Returns the seconds until it is to be looked at again: 0 unless something went wrong here.
        """
        uid, key = lane
        slot = self._slots.setdefault(uid, asyncio.Semaphore(SLOTS))
        try:
            async with slot:
                while (head := self._heads(key).get(uid)) is not None:
                    if self._wait(head) > 0:
                        return 0.0
                    await self._deliver(post, head)
        except ReleaseCoordinatorError as error:
            logger.warning("Messages of %s/%s are not sent: %s", *key, error)
            if isinstance(error, Transient | Conflict) and not isinstance(error, Unserved):
                return AGAIN
        except Exception:
            logger.exception("Messages of %s/%s are not sent", *key)
        else:
            return 0.0
        return PATIENCE

    async def _deliver(self, post: Post, message: NotificationObject) -> None:
        """One try, journalled before and after: it has ended then, or waits for the next one."""
        spec = message.spec
        assert spec is not None  # noqa: S101 - only such ones are heads
        channel = self._channel_of(message)
        try:
            if channel is None:
                gone = f"is gone: there is no Channel {spec.channel} any more"
                await self._journal(message, self._failed(message, Receipt(gone, hopeless=True)))
                return
            sending = await self._journal(message, delivering.begun(message.status, self._now()))
            receipt = await self._try(post, sending, spec, channel)
            await self._ended(sending, channel, receipt)
        except NotFound:
            self._store.remove(Ref(NOTIFICATION, message.namespace, message.name), message.uid)

    async def _ended(
        self, sending: NotificationObject, channel: ChannelObject, receipt: Receipt
    ) -> None:
        status = (
            self._failed(sending, receipt)
            if receipt.problem
            else delivering.delivered(sending.status, self._now())
        )
        if receipt.problem:
            logger.warning("Channel %s %s", channel.name, receipt.problem)
        if self._metrics:
            given_up = "failed" if status.ended else "retried"
            self._metrics.tried(channel.name, given_up if receipt.problem else "delivered")
        await self._persist(sending, status)
        await self._channels.heard(channel, receipt.problem)

    def _failed(self, message: NotificationObject, receipt: Receipt) -> NotificationStatus:
        text = f"the Channel {receipt.problem}"
        return delivering.failed(
            message.status, message.name, text, self._now(), hopeless=receipt.hopeless
        )

    async def _persist(self, message: NotificationObject, status: NotificationStatus) -> None:
        """Journal the end of a try, insistently: what is not journalled is sent again."""
        for _ in range(JOURNAL_TRIES - 1):
            try:
                await self._journal(message, status)
            except Transient:
                await asyncio.sleep(JOURNAL_PAUSE)
            except Conflict:
                ref = Ref(NOTIFICATION, message.namespace, message.name)
                message = parse_notification(await self._cluster.get(ref))
            else:
                return
        await self._journal(message, status)

    async def _journal(
        self, message: NotificationObject, status: NotificationStatus
    ) -> NotificationObject:
        stored = await self._cluster.replace_status(NOTIFICATION, status_body(message, status))
        self._store.put(NOTIFICATION, stored)
        return parse_notification(stored)

    async def _try(
        self,
        post: Post,
        message: NotificationObject,
        spec: NotificationSpec,
        channel: ChannelObject,
    ) -> Receipt:
        """Send it. Whatever goes wrong is a fact about the channel."""
        if channel.spec is None:
            return Receipt(f"cannot be used: it has faults: {told(channel.faults)}")
        text = text_of(message.namespace, spec, channel.spec)
        limit = min(parse_duration(channel.spec.timeout), LONGEST_TRY)
        try:
            if channel.spec.cloud_events is not None:
                to = channel.spec.cloud_events
                endpoint = await self._endpoint(channel.name, to, limit)
                request = request_of(message.namespace, spec, text, to.mode)
                return await post.post(endpoint, *request)
            assert channel.spec.apprise is not None  # noqa: S101 - it is the one or the other
            url = await self._secrets.value(channel.spec.apprise.url_from)
            return await post.apprise(url.strip(), text.title, text.body, limit)
        except NoSecret as error:
            return Receipt(f"cannot be used: {error}")
        except Transient as error:
            return Receipt(f"cannot be used: its Secret is not read: {error}")

    async def _endpoint(self, name: str, to: CloudEvents, limit: float) -> Endpoint:
        return Endpoint(
            name=name,
            url=to.url,
            timeout=limit,
            authorization=await authorization(self._secrets, to.auth) if to.auth else "",
            tls=await material(self._secrets, to.tls) if to.tls else TLSMaterial(),
            allow=frozenset(to.allow),
        )
