"""Builds the smaller bodies: workload patch, revision, record, finalizers, status.

Called by `act` and `reconcile`; pure.
"""

from collections.abc import Mapping
from typing import Any

from release_coordinator.api.attempt import Revision
from release_coordinator.api.codec import MEMORY, ReleaseObject
from release_coordinator.api.snapshot import Snapshot
from release_coordinator.api.status import ReleaseStatus
from release_coordinator.engine import names
from release_coordinator.engine.action import (
    ApplyTemplate,
    CreateRecord,
    CreateRevision,
    CreateWorkload,
    TakeLock,
)
from release_coordinator.engine.documents import outline
from release_coordinator.engine.plan import canonical

from . import labels

Body = dict[str, Any]


def template_patch(release: ReleaseObject, action: ApplyTemplate, live: Body) -> Body:
    """Merge patch from what a workload says to the template that is wanted, with our marks."""
    annotations = live["metadata"].get("annotations") or {}
    renamed = canonical([f"{kind}/{copy}/{name}" for (kind, copy), name in action.renamed.items()])
    known = names.ANNOTATION_CONFIG in annotations
    marks: Body = {names.ANNOTATION_STEP: action.mark}
    if action.renamed or known:
        marks[names.ANNOTATION_CONFIG] = renamed if action.renamed else None
    if action.declared is not None:
        marks[names.ANNOTATION_DECLARED] = canonical(action.declared) if action.declared else None
    rest: Mapping[str, Any] = action.rest.get("metadata", {})
    return {
        "metadata": {
            "uid": action.uid,
            "resourceVersion": action.resource_version,
            "labels": {**_members(rest, "labels"), names.LABEL_RELEASE: release.name},
            "annotations": {**_members(rest, "annotations"), **marks},
        },
        "spec": {
            **action.rest.get("spec", {}),
            "template": difference(live["spec"]["template"], action.template),
        },
    }


def _members(metadata: Mapping[str, Any], field: str) -> Body:
    """Labels or annotations of a patch; all of them may have been taken back."""
    return dict(metadata.get(field) or {})


def workload_body(release: ReleaseObject, action: CreateWorkload) -> Body:
    """An inline workload. No owner: deleting a Release leaves what runs."""
    metadata = action.document.get("metadata", {})
    return {
        "metadata": {
            "name": action.workload.name,
            "namespace": release.namespace,
            "labels": {
                **metadata.get("labels", {}),
                **labels.working_for(release),
            },
            "annotations": {
                **metadata.get("annotations", {}),
                names.ANNOTATION_STEP: action.mark,
                names.ANNOTATION_DECLARED: canonical(outline(action.document)),
            },
        },
        "spec": action.document["spec"],
    }


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Body:
    """The merge patch (RFC 7386) that makes `after` of `before`."""
    patch: Body = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            inner = difference(old, value)
            if inner:
                patch[key] = inner
        elif old != value:
            patch[key] = value
    return patch


def snapshot_body(release: ReleaseObject, name: str, snapshot: Snapshot) -> Body:
    """ControllerRevision with what a component ran. No owner: it outlives its Release."""
    return {
        "metadata": {
            "name": name,
            "namespace": release.namespace,
            "labels": labels.kept_for(release),
        },
        "revision": 0,
        "data": snapshot.to_wire(),
    }


def read_snapshot(body: Body) -> Snapshot:
    """The way back from `snapshot_body`. Raises pydantic.ValidationError."""
    return Snapshot.model_validate(body.get("data") or {})


def copy_body(release: ReleaseObject, name: str, source: Body) -> Body:
    """Immutable copy of a ConfigMap or Secret."""
    content = ("type", "data", "binaryData")
    return {
        "metadata": {
            "name": name,
            "namespace": release.namespace,
            "labels": labels.kept_for(release),
            "annotations": {names.ANNOTATION_COPY_OF: source["metadata"]["name"]},
        },
        "immutable": True,
        **{key: source[key] for key in content if key in source},
    }


def revision_body(release: ReleaseObject, action: CreateRevision) -> Body:
    """ControllerRevision with plan and way back. No owner: deleting a Release keeps it."""
    return {
        "metadata": {
            "name": action.name,
            "namespace": release.namespace,
            "labels": labels.of_attempt(release, action.number),
        },
        "revision": action.number,
        "data": action.revision.to_wire(),
    }


def read_revision(body: Body) -> Revision:
    """The way back from `revision_body`. Raises pydantic.ValidationError."""
    return Revision.model_validate(body.get("data") or {})


def record_body(release: ReleaseObject, action: CreateRecord) -> Body:
    """ReleaseRecord of an ended attempt. No owner: the log outlives its Release."""
    return {
        "metadata": {
            "name": action.name,
            "namespace": release.namespace,
            "labels": {names.LABEL_RELEASE: release.name, names.LABEL_UID: release.uid},
        },
        "spec": action.record.to_wire(),
    }


def lock_body(release: ReleaseObject, action: TakeLock) -> Body:
    """Lease that locks a workload. No owner: its owner's journal says when it is over."""
    return {
        "metadata": {
            "name": action.name,
            "namespace": release.namespace,
            "labels": labels.of_attempt(release, action.attempt),
            "annotations": {names.ANNOTATION_WORKLOAD: action.workload},
        },
        "spec": {"holderIdentity": f"{release.name}/{action.attempt}"},
    }


def finalizers_patch(release: ReleaseObject, finalizers: list[str]) -> Body:
    """Merge patch that replaces the finalizers, if the Release is still the one we saw."""
    return {
        "metadata": {
            "resourceVersion": release.resource_version,
            "uid": release.uid,
            "finalizers": finalizers,
        }
    }


def status_body(release: ReleaseObject, status: ReleaseStatus) -> Body:
    """PUT body of the status subresource, if the Release is still the one we saw.

    A memory that could not be read is passed on as it is.
    """
    wire = status.to_wire()
    if release.journal_fault:
        kept = {key: release.raw_status[key] for key in MEMORY if key in release.raw_status}
        wire = {key: value for key, value in wire.items() if key not in MEMORY} | kept
    return {
        "metadata": {
            "name": release.name,
            "namespace": release.namespace,
            "resourceVersion": release.resource_version,
            "uid": release.uid,
        },
        "status": wire,
    }
