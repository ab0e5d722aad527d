"""The body of a Notification; pure. Used by `controllers.messages` and `controllers.delivery`."""

from typing import Any

from release_coordinator.api.codec import NotificationObject
from release_coordinator.api.notification import NotificationStatus
from release_coordinator.engine import names
from release_coordinator.engine.announcing import Wanted

Body = dict[str, Any]


def notification_body(wanted: Wanted) -> Body:
    """A new one. No owner: what was told outlives its Release."""
    spec = wanted.spec
    labels = {
        names.LABEL_MANAGED_BY: names.MANAGED_BY,
        names.LABEL_RELEASE: spec.release,
        names.LABEL_UID: spec.release_uid,
        names.LABEL_ATTEMPT: str(spec.attempt),
    }
    return {
        "metadata": {"name": wanted.name, "namespace": wanted.namespace, "labels": labels},
        "spec": spec.to_wire(),
    }


def status_body(message: NotificationObject, status: NotificationStatus) -> Body:
    """PUT body of the status subresource, if the Notification is still the one we saw."""
    return {
        "metadata": {
            "name": message.name,
            "namespace": message.namespace,
            "uid": message.uid,
            "resourceVersion": message.resource_version,
        },
        "status": status.to_wire(),
    }
