"""What a message says: title and body, by default or in the words of a Channel; pure.

    Notification, Channel -> Text -> `controllers.delivery`

The default texts are for two kinds of readers. Engineers read steps, reasons and commands; business
people read what it means for those who use the application, and what they have to do, if anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from release_coordinator.api.channel import Audience, ChannelSpec
from release_coordinator.api.notification import NotificationSpec
from release_coordinator.text import one_line

from . import ownwords
from .defaulttexts import BUSINESS, ENGINEERING

TITLE = 250
"""Characters of a title; what is longer is cut."""
BODY = 4000
"""Characters of a body; chats take no more."""


@dataclass(frozen=True, slots=True)
class Text:
    """A message as people read it."""

    title: str
    body: str


def text_of(namespace: str, spec: NotificationSpec, channel: ChannelSpec) -> Text:
    """The message in the words of the channel; in the default ones where it has none of its own.

    A template that cannot be used counts as none: the news must arrive. `template_faults` says why.
    """
    values = variables(namespace, spec)
    default = _default(spec, channel.audience, values)
    own = channel.template(spec.event)
    if own is None:
        return default
    title = ownwords.rendered(own.title, values) if own.title else ""
    body = ownwords.rendered(own.body, values) if own.body else ""
    return _bounded(title or default.title, _signed(body, spec) if body else default.body)


def template_faults(channel: ChannelSpec) -> list[str]:
    """Every template that cannot be used: which, why, and what to write instead."""
    faults = []
    for own in channel.templates:
        for field, text in (("title", own.title), ("body", own.body)):
            if problem := ownwords.fault(text):
                faults.append(f"spec.templates[{own.event}].{field} {problem}")
    return faults


def variables(namespace: str, spec: NotificationSpec) -> dict[str, str]:
    """What texts can mention; empty where it does not apply."""
    return {
        **spec.data.model_dump(),
        "namespace": namespace,
        "release": spec.release,
        "attempt": str(spec.attempt),
        "event": str(spec.event),
        "id": spec.id,
        "time": f"{spec.time:%Y-%m-%d %H:%M} UTC",
    }


def _default(spec: NotificationSpec, audience: Audience, values: Mapping[str, str]) -> Text:
    texts = BUSINESS if audience is Audience.BUSINESS else ENGINEERING
    title, *paragraphs = texts[spec.event]
    values = {name: value.rstrip(".") for name, value in values.items()}  # sentences end with one
    told = (_filled(paragraph, values) for paragraph in paragraphs)
    return _bounded(_filled(title, values), _signed("\n".join(filter(None, told)), spec))


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The sentence; nothing if what it is about is not known."""
    mentioned = [name for _, name, _, _ in Formatter().parse(template) if name]
    return template.format_map(values) if all(values[name] for name in mentioned) else ""


def _signed(body: str, spec: NotificationSpec) -> str:
    """With the id, by which somebody who got a message twice knows that it is one."""
    return f"{body[:BODY]}\n\nMessage {spec.id}"


def _bounded(title: str, body: str) -> Text:
    return Text(one_line(title, TITLE), body)
