"""A message as a CloudEvent 1.0 in an HTTP request, in binary or structured mode; pure.

    Notification, Text -> headers and body -> `signals.post`

Who takes events for their data finds the facts there; title and text are for people. The id is that
of the Notification, so it is the same however often the event is sent.
"""

import json
from collections.abc import Mapping
from typing import Any

from release_coordinator.api.base import format_time
from release_coordinator.api.channel import Mode
from release_coordinator.api.notification import NotificationSpec

from .message import Text

TYPE = "io.release-coordinator.release"
"""Before the event, like io.release-coordinator.release.RolledBack."""
IDEMPOTENCY = "Idempotency-Key"
JSON, STRUCTURED = "application/json", "application/cloudevents+json; charset=utf-8"

Request = tuple[dict[str, str], bytes]
"""Headers and body."""


def request_of(namespace: str, spec: NotificationSpec, text: Text, mode: Mode) -> Request:
    """The request that tells it."""
    attributes = _attributes(namespace, spec)
    data = _data(namespace, spec, text)
    once = {IDEMPOTENCY: spec.id}
    if mode is Mode.STRUCTURED:
        whole = {**attributes, "datacontenttype": JSON, "data": data}
        return {"Content-Type": STRUCTURED, **once}, _bytes(whole)
    headers = {f"ce-{name}": _encoded(value) for name, value in attributes.items()}
    return {"Content-Type": JSON, **headers, **once}, _bytes(data)


def _attributes(namespace: str, spec: NotificationSpec) -> dict[str, str]:
    source = f"/apis/release-coordinator.io/v1alpha1/namespaces/{namespace}/releases/{spec.release}"
    return {
        "specversion": "1.0",
        "id": spec.id,
        "source": source,
        "type": f"{TYPE}.{spec.event}",
        "subject": f"attempts/{spec.attempt}",
        "time": format_time(spec.time),
    }


def _data(namespace: str, spec: NotificationSpec, text: Text) -> dict[str, Any]:
    revert = {"revert": spec.revert.to_wire()} if spec.revert else {}
    return {
        "namespace": namespace,
        "release": spec.release,
        "releaseUid": spec.release_uid,
        "attempt": spec.attempt,
        "event": str(spec.event),
        "channel": spec.channel,
        "title": text.title,
        "text": text.body,
        **{name: value for name, value in spec.data.to_wire().items() if value},
        **revert,
    }


def _bytes(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _encoded(value: str) -> str:
    """As a header carries it: percent-encoded where the HTTP binding (3.1.3.2) wants it."""
    return "".join(
        character
        if "!" <= character <= "~" and character not in '"%'
        else "".join(f"%{octet:02X}" for octet in character.encode())
        for character in value
    )
