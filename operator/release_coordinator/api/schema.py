"""The CustomResourceDefinitions: what the API server checks before the operator ever looks.

Last station on the way from the types to `crds/`; `make generate` writes what `crds()` returns.
"""

from typing import Any

from .approval import ApprovalSpec
from .base import INCIDENT_NAME
from .channel import ChannelSpec, ChannelStatus
from .conditions import Phase
from .incident import IncidentSpec, IncidentStatus
from .job import rules
from .metricsource import MetricSourceSpec, MetricSourceStatus
from .notification import NotificationSpec, NotificationStatus
from .policy import ReleasePolicySpec
from .record import RecordSpec
from .release import ReleaseSpec
from .status import ReleaseStatus
from .structural import RULES, Schema, structural

GROUP = "release-coordinator.io"
VERSION = "v1alpha1"

NAME_LIMIT = 52
"""Characters of a Release's name: names of Jobs are made from it and have at most 63."""

FIRST_STATUS: Schema = {"observedGeneration": -1, "phase": Phase.PENDING.value}
"""Tools that wait for a Release (kstatus) see from the first write that nobody looked yet."""
FIRST_REPORT: Schema = {"observedGeneration": -1}
"""The same of other kinds; a status without it would count as good."""


def crds() -> dict[str, dict[str, Any]]:
    """Return every CustomResourceDefinition by the name of its file."""
    return {
        "approvals.yaml": _approval(),
        "channels.yaml": _channel(),
        "incidents.yaml": _incident(),
        "metricsources.yaml": _metric_source(),
        "notifications.yaml": _notification(),
        "releasepolicies.yaml": _policy(),
        "releaserecords.yaml": _record(),
        "releases.yaml": _release(),
    }


def _release() -> dict[str, Any]:
    schema = _schema(
        "An application and the version it shall run. Editing it starts the next attempt.",
        spec=structural(ReleaseSpec),
        status=structural(ReleaseStatus, reported=True) | {"default": FIRST_STATUS},
    )
    schema |= rules(
        (
            f"self.metadata.name.size() <= {NAME_LIMIT}",
            f"metadata.name has at most {NAME_LIMIT} characters: names of Jobs are made from it",
        )
    )
    columns = [
        _column("Version", ".spec.version"),
        _column("Phase", ".status.phase"),
        _column("Message", ".status.message"),
        _age(),
        _column("Type", ".status.attempt.type", priority=1),
        _column("Previous", ".status.attempt.previousVersion", priority=1),
        _column("Digest", ".status.attempt.digest", priority=1),
    ]
    names = {"kind": "Release", "plural": "releases", "shortNames": ["rel"]}
    return _crd(names, schema, columns, subresources={"status": {}})


def _record() -> dict[str, Any]:
    spec = structural(RecordSpec, reported=True)
    spec |= rules(
        (
            "self == oldSelf",
            "a ReleaseRecord says what happened and never changes; edit the Release instead",
        )
    )
    schema = _schema("The log of one ended attempt, written by the operator.", spec=spec)
    columns = [
        _column("Release", ".spec.release"),
        _column("Version", ".spec.version"),
        _column("Outcome", ".spec.outcome"),
        _column("Ended", ".spec.endedAt", kind="date"),
        _column("Type", ".spec.type", priority=1),
        _column("Reason", ".spec.reason", priority=1),
        _column("Message", ".spec.message", priority=1),
    ]
    return _crd({"kind": "ReleaseRecord", "plural": "releaserecords"}, schema, columns)


def _approval() -> dict[str, Any]:
    spec = structural(ApprovalSpec)
    spec[RULES] = [
        *spec.get(RULES, []),
        {
            "rule": "self == oldSelf",
            "message": "an Approval never changes; create a new one, with decision: Revoked to "
            "take this one back",
        },
    ]
    schema = _schema("The word of one person about one plan.", spec=spec)
    columns = [
        _column("Release", ".spec.release"),
        _column("Decision", ".spec.decision"),
        _column("Role", ".spec.role"),
        _column("Gate", ".spec.gate"),
        _column("By", ".spec.by"),
        _age(),
        _column("Comment", ".spec.comment", priority=1),
        _column("Digest", ".spec.digest", priority=1),
    ]
    return _crd({"kind": "Approval", "plural": "approvals"}, schema, columns)


def _policy() -> dict[str, Any]:
    schema = _schema(
        "What each type of release requires. Named like a Release it counts for that one, named "
        "default for all others of its namespace.",
        spec=structural(ReleasePolicySpec),
    )
    names = {"kind": "ReleasePolicy", "plural": "releasepolicies", "shortNames": ["relpol"]}
    return _crd(names, schema, [_age()])


def _metric_source() -> dict[str, Any]:
    schema = _schema(
        "A Prometheus-compatible endpoint that Releases may name.",
        spec=structural(MetricSourceSpec),
        status=structural(MetricSourceStatus, reported=True) | {"default": FIRST_REPORT},
    )
    ready = ".status.conditions[?(@.type=='Ready')]"
    columns = [
        _column("URL", ".spec.url"),
        _column("Ready", f"{ready}.status"),
        _column("Message", ".status.message"),
        _age(),
        _column("Reason", f"{ready}.reason", priority=1),
    ]
    names = {"kind": "MetricSource", "plural": "metricsources"}
    return _crd(names, schema, columns, scope="Cluster", subresources={"status": {}})


def _channel() -> dict[str, Any]:
    schema = _schema(
        "Where messages about releases go, and which.",
        spec=structural(ChannelSpec),
        status=structural(ChannelStatus, reported=True) | {"default": FIRST_REPORT},
    )
    ready = ".status.conditions[?(@.type=='Ready')]"
    columns = [
        _column("Audience", ".spec.audience"),
        _column("Ready", f"{ready}.status"),
        _column("Message", ".status.message"),
        _age(),
        _column("Reason", f"{ready}.reason", priority=1),
    ]
    names = {"kind": "Channel", "plural": "channels"}
    return _crd(names, schema, columns, scope="Cluster", subresources={"status": {}})


def _notification() -> dict[str, Any]:
    spec = structural(NotificationSpec, reported=True)
    spec |= rules(("self == oldSelf", "a Notification says what happened and never changes"))
    schema = _schema(
        "One message to one Channel, written by the operator.",
        spec=spec,
        status=structural(NotificationStatus, reported=True),
    )
    columns = [
        _column("Release", ".spec.release"),
        _column("Event", ".spec.event"),
        _column("Channel", ".spec.channel"),
        _column("Phase", ".status.phase"),
        _column("Error", ".status.lastError"),
        _age(),
        _column("Tries", ".status.tries", kind="integer", priority=1),
    ]
    names = {"kind": "Notification", "plural": "notifications", "shortNames": ["relmsg"]}
    return _crd(names, schema, columns, subresources={"status": {}})


def _incident() -> dict[str, Any]:
    schema = _schema(
        "What went wrong with a release, what is done about it, and what was learned.",
        spec=structural(IncidentSpec),
        status=structural(IncidentStatus, reported=True) | {"default": FIRST_REPORT},
    )
    schema |= rules(
        (
            f"self.metadata.name.size() <= {INCIDENT_NAME}",
            f"metadata.name has at most {INCIDENT_NAME} characters: Releases name it in spec.fixes",
        )
    )
    columns = [
        _column("Release", ".spec.release"),
        _column("Version", ".status.version"),
        _column("Severity", ".status.severity"),
        _column("State", ".spec.state"),
        _column("Decision", ".status.decision"),
        _column("Detected", ".status.detectedAt", kind="date"),
        _column("Title", ".spec.title"),
        _column("Resolved", ".status.resolvedAt", kind="date", priority=1),
        _column("FollowUp", ".status.followUp.state", priority=1),
        _column("Message", ".status.message", priority=1),
    ]
    names = {"kind": "Incident", "plural": "incidents", "shortNames": ["inc"]}
    return _crd(names, schema, columns, subresources={"status": {}})


def _schema(description: str, **parts: Schema) -> Schema:
    return {
        "description": description,
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            **parts,
        },
    }


def _crd(
    names: dict[str, Any],
    schema: Schema,
    columns: list[dict[str, Any]],
    *,
    scope: str = "Namespaced",
    **version: Any,
) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names['plural']}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {
                "singular": names["kind"].lower(),
                "listKind": f"{names['kind']}List",
                **names,
            },
            "scope": scope,
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    **version,
                    "additionalPrinterColumns": columns,
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


def _column(name: str, path: str, *, kind: str = "string", priority: int = 0) -> dict[str, Any]:
    """A column of `kubectl get`; one with a priority above 0 needs `-o wide`."""
    return {"name": name, "type": kind, "jsonPath": path, "priority": priority}


def _age() -> dict[str, Any]:
    return _column("Age", ".metadata.creationTimestamp", kind="date")
