"""From the API server's JSON to typed objects; the way back is `Model.to_wire`.

First step of every pass: `reconcile` reads a Release through here and hands it to `engine`. A
broken object is a fact to report, so nothing in here raises: a spec that cannot be read becomes
`faults`, a memory that cannot be read becomes `journal_fault`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from .approval import ApprovalSpec
from .attempt import JOURNAL_SCHEMA
from .base import Model
from .channel import ChannelSpec, ChannelStatus
from .faults import Fault, faults_of
from .incident import IncidentSpec, IncidentStatus
from .metricsource import MetricSourceSpec, MetricSourceStatus
from .notification import NotificationSpec, NotificationStatus
from .policy import ReleasePolicySpec
from .release import ReleaseSpec
from .status import ReleaseStatus

M = TypeVar("M", bound=Model)

BEGINNING = "1970-01-01T00:00:00Z"
"""Of an object that the API server has not yet dated."""

MEMORY = ("attempt", "current", "history", "suspension", "prunedRecords", "staging")
"""Fields of a status that are read back; all others are reports, written anew on every pass."""


@dataclass(frozen=True, slots=True)
class ReleaseObject:
    """A Release as one pass sees it."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    generation: int
    deleting: bool
    annotations: dict[str, str]
    finalizers: tuple[str, ...]
    spec: ReleaseSpec | None
    """None if it has faults."""
    faults: tuple[Fault, ...]
    status: ReleaseStatus
    """What could be read; with a `journal_fault` it must not be written over `raw_status`."""
    raw_status: dict[str, Any]
    journal_fault: str | None
    """Why the memory cannot be read. Nothing may be done to the cluster without it."""


@dataclass(frozen=True, slots=True)
class MetricSourceObject:
    """A MetricSource as a query sees it."""

    name: str
    spec: MetricSourceSpec | None
    faults: tuple[Fault, ...]
    generation: int
    status: MetricSourceStatus
    """What was last reported; empty if that cannot be read."""


@dataclass(frozen=True, slots=True)
class ChannelObject:
    """A Channel as a message sees it."""

    name: str
    uid: str
    generation: int
    created: datetime
    spec: ChannelSpec | None
    """None if it has faults."""
    faults: tuple[Fault, ...]
    status: ChannelStatus
    """What was last reported; empty if that cannot be read."""


@dataclass(frozen=True, slots=True)
class NotificationObject:
    """A Notification as who delivers it sees it."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    spec: NotificationSpec | None
    """None if it has faults."""
    faults: tuple[Fault, ...]
    status: NotificationStatus
    """Empty, as if it was never sent, if it cannot be read."""


@dataclass(frozen=True, slots=True)
class IncidentObject:
    """An Incident as the controller and the plugin see it."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    generation: int
    created: datetime
    spec: IncidentSpec | None
    """None if it has faults."""
    faults: tuple[Fault, ...]
    status: IncidentStatus
    """Empty, as if nobody had looked, if it cannot be read."""


def parse_release(body: Mapping[str, Any]) -> ReleaseObject:
    """Read a Release."""
    metadata = _mapping(body.get("metadata"))
    raw_status = dict(_mapping(body.get("status")))
    spec, faults = _parse_spec(ReleaseSpec, body)
    status, journal_fault = _parse_status(raw_status)
    return ReleaseObject(
        namespace=metadata.get("namespace", ""),
        name=metadata.get("name", ""),
        uid=metadata.get("uid", ""),
        resource_version=metadata.get("resourceVersion", ""),
        generation=metadata.get("generation", 0),
        deleting=bool(metadata.get("deletionTimestamp")),
        annotations=dict(_mapping(metadata.get("annotations"))),
        finalizers=tuple(metadata.get("finalizers") or ()),
        spec=spec,
        faults=faults,
        status=status,
        raw_status=raw_status,
        journal_fault=journal_fault,
    )


def parse_metric_source(body: Mapping[str, Any]) -> MetricSourceObject:
    """Read a MetricSource."""
    metadata = _mapping(body.get("metadata"))
    spec, faults = _parse_spec(MetricSourceSpec, body)
    status = _parse_report(MetricSourceStatus, body)
    return MetricSourceObject(
        metadata.get("name", ""), spec, faults, metadata.get("generation", 0), status
    )


def parse_channel(body: Mapping[str, Any]) -> ChannelObject:
    """Read a Channel."""
    metadata = _mapping(body.get("metadata"))
    spec, faults = _parse_spec(ChannelSpec, body)
    return ChannelObject(
        metadata.get("name", ""),
        metadata.get("uid", ""),
        metadata.get("generation", 0),
        datetime.fromisoformat(metadata.get("creationTimestamp") or BEGINNING),
        spec,
        faults,
        _parse_report(ChannelStatus, body),
    )


def parse_notification(body: Mapping[str, Any]) -> NotificationObject:
    """Read a Notification."""
    metadata = _mapping(body.get("metadata"))
    spec, faults = _parse_spec(NotificationSpec, body)
    return NotificationObject(
        metadata.get("namespace", ""),
        metadata.get("name", ""),
        metadata.get("uid", ""),
        metadata.get("resourceVersion", ""),
        spec,
        faults,
        _parse_report(NotificationStatus, body),
    )


def parse_incident(body: Mapping[str, Any]) -> IncidentObject:
    """Read an Incident."""
    metadata = _mapping(body.get("metadata"))
    spec, faults = _parse_spec(IncidentSpec, body)
    return IncidentObject(
        metadata.get("namespace", ""),
        metadata.get("name", ""),
        metadata.get("uid", ""),
        metadata.get("resourceVersion", ""),
        metadata.get("generation", 0),
        datetime.fromisoformat(metadata.get("creationTimestamp") or BEGINNING),
        spec,
        faults,
        _parse_report(IncidentStatus, body),
    )


def parse_policy(
    body: Mapping[str, Any],
) -> tuple[ReleasePolicySpec | None, tuple[Fault, ...]]:
    """Read a ReleasePolicy: its spec, or what is wrong with it."""
    return _parse_spec(ReleasePolicySpec, body)


def parse_approval(body: Mapping[str, Any]) -> tuple[ApprovalSpec | None, tuple[Fault, ...]]:
    """Read an Approval: its spec, or what is wrong with it."""
    return _parse_spec(ApprovalSpec, body)


def _parse_report(model: type[M], body: Mapping[str, Any]) -> M:
    try:
        return model.model_validate(_mapping(body.get("status")))
    except ValidationError:
        return model()


def _parse_spec(model: type[M], body: Mapping[str, Any]) -> tuple[M | None, tuple[Fault, ...]]:
    if "spec" not in body:
        return None, (Fault("spec", "is missing", "add it"),)
    try:
        return model.model_validate(_without_nulls(body["spec"])), ()
    except ValidationError as error:
        return None, faults_of(error, "spec")


def _without_nulls(value: object) -> object:
    """Read a file as the API server does: a field that is null is not there."""
    if isinstance(value, Mapping):
        return {name: _without_nulls(one) for name, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def _parse_status(raw: Mapping[str, Any]) -> tuple[ReleaseStatus, str | None]:
    """The status and why its memory is unreadable, if it is."""
    fault = _schema_fault(raw.get("attempt"))
    if fault is None:
        try:
            return ReleaseStatus.model_validate(raw), None
        except ValidationError as error:
            fault = _memory_fault(error)
    return _readable(raw, without_memory=fault is not None), fault


def _schema_fault(attempt: object) -> str | None:
    """Before anything else is read: may this operator interpret the journal at all?"""
    if attempt is None:
        return None
    number = _mapping(attempt).get("journalSchema")
    if number == JOURNAL_SCHEMA:
        return None
    return (
        f"status.attempt.journalSchema: {number} is not the schema {JOURNAL_SCHEMA} that this "
        "operator reads; run the operator version that wrote it"
    )


def _memory_fault(error: ValidationError) -> str | None:
    """The first fault in a field that is read back; faults in reports are healed by writing."""
    paths = tuple(f"status.{name}" for name in MEMORY)
    found = (f for f in faults_of(error, "status") if f.path.startswith(paths))
    first = next(found, None)
    return None if first is None else f"{first.path}: {first.problem}"


def _readable(raw: Mapping[str, Any], *, without_memory: bool) -> ReleaseStatus:
    """The fields that can be read one by one."""
    kept: dict[str, Any] = {}
    for name, value in raw.items():
        if without_memory and name in MEMORY:
            continue
        try:
            ReleaseStatus.model_validate({name: value})
        except ValidationError:
            continue
        kept[name] = value
    return ReleaseStatus.model_validate(kept)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
