"""Who is told what: the messages that should exist, from what is stored; pure (ADR 0020).

    attempts, incidents -> news -> Channels that want it -> Notifications

Nothing is remembered here. The name of a Notification follows from the Release, the attempt, the
news and the Channel, so "exists already" means told, in whatever order and however often this is
asked. What has happened is not told a day later, nor to a Channel that was made afterwards: so a
Notification that was deleted does not come back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from release_coordinator.api.channel import ChannelSpec, Event
from release_coordinator.api.codec import ChannelObject, IncidentObject, NotificationObject
from release_coordinator.api.notification import NotificationSpec

from .gates.sign_off import PREFIX
from .incidentnews import course_of, is_known, news_of
from .news import Course, News, news
from .plan import short_hash

NEWS_FOR = timedelta(days=1)
"""After this time nobody is told any more of what has happened."""
KEPT_FOR = timedelta(days=2)
"""A message is kept after its end; longer than news are told, or it would be told again."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What messages of one Release follow from."""

    courses: tuple[Course, ...]
    """Its attempts, oldest first."""
    incidents: tuple[IncidentObject, ...]
    labels: Mapping[str, str]
    """Of the Release; none if it is gone."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A Notification that should exist."""

    namespace: str
    name: str
    spec: NotificationSpec


def wanted(scene: Scene, channels: Iterable[ChannelObject], now: datetime) -> list[Wanted]:
    """Every Notification of the Release that should exist, in the order of what happened."""
    told = [(course, item) for course in scene.courses for item in news(course, now)]
    told += [_of_incident(scene, one, now) for one in scene.incidents if is_known(one)]
    return [
        _notification(course, item, channel)
        for course, item in told
        for channel in channels
        if channel.spec is not None
        and _is_fresh(item, channel, now)
        and _wants(channel.spec, scene, course, item)
    ]


def expires_at(message: NotificationObject) -> datetime | None:
    """When a message may go, unless it is still wanted; None before its end."""
    status = message.status
    ended = status.delivered_at or status.last_try
    return ended + KEPT_FOR if status.ended and ended is not None else None


def _is_fresh(item: News, channel: ChannelObject, now: datetime) -> bool:
    if item.since is not None:
        return item.since >= channel.created
    return item.at >= channel.created and now - item.at < NEWS_FOR


def _wants(spec: ChannelSpec, scene: Scene, course: Course, item: News) -> bool:
    """Whether the channel is told."""
    only = spec.releases
    role = item.facts.gate.removeprefix(PREFIX)
    return (
        _among(course.namespace, spec.namespaces)
        and _among(course.release, only.names)
        and all(scene.labels.get(key) == value for key, value in only.labels.items())
        and _among(course.type, spec.types)
        and _among(item.event, spec.events)
        and (item.event is not Event.SIGN_OFF_NEEDED or _among(role, spec.roles))
    )


def _among(one: object, some: Iterable[object]) -> bool:
    """Whether it is one of them; none named means all."""
    named = list(some)
    return not named or one in named


def _notification(course: Course, item: News, channel: ChannelObject) -> Wanted:
    key = short_hash(course.uid, str(course.number), item.key, channel.uid)
    name = f"{course.release[:40].rstrip('-.')}-{course.number}-{key}"
    spec = NotificationSpec(
        id=name,
        release=course.release,
        release_uid=course.uid,
        attempt=course.number,
        event=item.event,
        channel=channel.name,
        channel_uid=channel.uid,
        time=item.at,
        data=item.facts,
        revert=item.revert,
    )
    return Wanted(course.namespace, name, spec)


def _of_incident(scene: Scene, incident: IncidentObject, now: datetime) -> tuple[Course, News]:
    """The news of an incident, with the attempt it is about as far as that is known."""
    own = course_of(incident)
    found = (one for one in scene.courses if one.number == own.number and one.uid == own.uid)
    course = next(found, own)
    return course, news_of(incident, course, now)
