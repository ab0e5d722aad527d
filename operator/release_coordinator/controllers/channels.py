"""How each Channel is: whether messages arrive, and whether its texts can be used.

`controllers.delivery` tells what came of each message -> status of the Channel, metrics. It is the
only writer of that status, and writes when something is news, never because a message was sent.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from release_coordinator.api.channel import TEXTS_VALID, ChannelStatus
from release_coordinator.api.codec import ChannelObject, parse_channel
from release_coordinator.api.conditions import Condition, ConditionType, Reason, Status
from release_coordinator.api.faults import told
from release_coordinator.cluster.port import CHANNEL, Body, Ref
from release_coordinator.controllers.port import Key, Parts
from release_coordinator.errors import Conflict, NotFound, ReleaseCoordinatorError
from release_coordinator.render.message import template_faults
from release_coordinator.text import one_line

logger = logging.getLogger(__name__)

REWORDED = timedelta(minutes=5)
"""Another message or moment alone is news after this time."""
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Heard:
    """What is known of a channel besides its status."""

    generation: int
    """Of the spec by which a message was last sent."""
    problem: str
    success: datetime | None = None
    failure: datetime | None = None
    written: datetime | None = None


class Channels:
    """Keeps the status of Channels."""

    name = "channels"

    def __init__(self, parts: Parts) -> None:
        self._cluster, self._store, self._now = parts.cluster, parts.store, parts.now
        self._post, self._metrics = parts.post, parts.message_metrics
        self._heard: dict[str, _Heard] = {}
        """By UID."""
        self._known: dict[str, str] = {}
        """Name -> UID."""

    async def reconcile(self, _key: Key) -> float | None:
        """Look at all channels that have changed, whichever Release is looked at."""
        bodies = self._store.select(CHANNEL)
        found = {body["metadata"]["name"]: body["metadata"]["uid"] for body in bodies}
        await self._forget_others(found)
        for body in bodies:
            channel = parse_channel(body)
            if self._metrics:
                self._metrics.present(channel.name)
            if channel.status.observed_generation != channel.generation:
                await self._tell(body, channel)
        return None

    def is_mended(self, channel: ChannelObject) -> bool:
        """Whether somebody has changed the channel since a message last failed to arrive."""
        heard = self._heard.get(channel.uid)
        return bool(heard and heard.problem and heard.generation != channel.generation)

    async def heard(self, channel: ChannelObject, problem: str) -> None:
        """A message arrived, or did not for this reason."""
        now = self._now()
        known = self._heard.setdefault(channel.uid, _Heard(channel.generation, problem))
        known.generation, known.problem = channel.generation, problem
        if problem:
            known.failure = now
        else:
            known.success = now
        body = self._store.get(Ref(CHANNEL, None, channel.name))
        if body is not None:
            await self._tell(body, parse_channel(body))

    async def _tell(self, body: Body, channel: ChannelObject) -> None:
        """Write the status if it is news. What fails is tried again with the next message."""
        heard, now = self._heard.get(channel.uid), self._now()
        status = _status(channel, heard, now)
        if not _is_news(channel.status, status, heard.written if heard else None, now):
            return
        try:
            stored = await self._cluster.replace_status(
                CHANNEL, {**body, "status": status.to_wire()}
            )
        except (Conflict, NotFound):
            return  # changed or gone meanwhile: the watch tells
        except ReleaseCoordinatorError as error:
            logger.warning("Status of Channel %s not written: %s", channel.name, error)
            return
        if heard is not None:
            heard.written = now
        self._store.put(CHANNEL, stored)

    async def _forget_others(self, found: dict[str, str]) -> None:
        for name, uid in self._known.items() - found.items():
            self._heard.pop(uid, None)
            if self._metrics:
                self._metrics.forget(name)
            if self._post:
                await self._post.forget(name)
        self._known = found


def _status(channel: ChannelObject, heard: _Heard | None, now: datetime) -> ChannelStatus:
    last = channel.status
    conditions = [_ready(channel, heard), _texts(channel)]
    return ChannelStatus(
        observed_generation=channel.generation,
        conditions=[_since(channel, one, now) for one in conditions],
        last_success=(heard and heard.success) or last.last_success,
        last_failure=(heard and heard.failure) or last.last_failure,
        message=one_line(
            " ".join(one.message for one in conditions if one.status is Status.FALSE), 256
        ),
    )


def _ready(channel: ChannelObject, heard: _Heard | None) -> Condition:
    if channel.spec is None:
        text = f"It has faults: {told(channel.faults)}."
        return _condition(ConditionType.READY, Status.FALSE, Reason.MISCONFIGURED, text)
    if heard is not None and heard.generation == channel.generation:
        if heard.problem:
            text = f"It {heard.problem}."
            return _condition(ConditionType.READY, Status.FALSE, Reason.NOT_DELIVERED, text)
        text = "The last message arrived."
        return _condition(ConditionType.READY, Status.TRUE, Reason.DELIVERING, text)
    before = _before(channel, ConditionType.READY)
    if before is not None and before.observed_generation == channel.generation:
        return before
    text = "Nothing was sent yet since it was written."
    return _condition(ConditionType.READY, Status.UNKNOWN, Reason.NOT_USED, text)


def _texts(channel: ChannelObject) -> Condition:
    faults = template_faults(channel.spec) if channel.spec else []
    if faults:
        text = f"Default texts are used: {'; '.join(faults)}."
        return _condition(TEXTS_VALID, Status.FALSE, Reason.BAD_TEMPLATE, text)
    return _condition(TEXTS_VALID, Status.TRUE, Reason.VALID, "All texts can be used.")


def _condition(kind: str, status: Status, reason: Reason, message: str) -> Condition:
    return Condition(
        type=kind,
        status=status,
        reason=reason,
        message=one_line(message, 1024),
        last_transition_time=_NEVER,
    )


def _since(channel: ChannelObject, condition: Condition, now: datetime) -> Condition:
    before = _before(channel, condition.type)
    same = before is not None and before.status is condition.status
    moment = before.last_transition_time if before and same else now
    return condition.model_copy(
        update={"last_transition_time": moment, "observed_generation": channel.generation}
    )


def _before(channel: ChannelObject, kind: str) -> Condition | None:
    return next((one for one in channel.status.conditions if one.type == kind), None)


def _is_news(
    before: ChannelStatus, after: ChannelStatus, written: datetime | None, now: datetime
) -> bool:
    def facts(status: ChannelStatus) -> list[tuple[str, str, str, int]]:
        return [
            (one.type, one.status, one.reason, one.observed_generation) for one in status.conditions
        ]

    if facts(before) != facts(after) or before.observed_generation != after.observed_generation:
        return True
    return before != after and (written is None or now - written >= REWORDED)
