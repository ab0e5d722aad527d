"""Builds the smaller bodies: workload patch, revision, record, finalizers, status.

Called by `act` and `reconcile`; pure.
"""

from typing import Any

from release_coordinator.api.attempt import Revision
from release_coordinator.api.codec import MEMORY, ReleaseObject
from release_coordinator.api.status import ReleaseStatus
from release_coordinator.engine import names
from release_coordinator.engine.action import (
    ApplyImages,
    CreateRecord,
    CreateRevision,
    TakeLock,
)

Body = dict[str, Any]


def workload_patch(release: ReleaseObject, action: ApplyImages) -> Body:
    """Server-side apply body: our label and the images, nothing else."""
    lists: dict[str, list[Body]] = {"containers": [], "initContainers": []}
    for name, image in action.images:
        kind = "initContainers" if name in action.init else "containers"
        lists[kind].append({"name": name, "image": image})
    return {
        "metadata": {
            "name": action.workload.name,
            "namespace": release.namespace,
            "uid": action.uid,
            "resourceVersion": action.resource_version,
            "labels": {names.LABEL_RELEASE: release.name},
            "annotations": {names.ANNOTATION_STEP: action.mark},
        },
        "spec": {"template": {"spec": {kind: items for kind, items in lists.items() if items}}},
    }


def revision_body(release: ReleaseObject, action: CreateRevision) -> Body:
    """ControllerRevision with plan and way back. No owner: deleting a Release keeps it."""
    return {
        "metadata": {
            "name": action.name,
            "namespace": release.namespace,
            "labels": {
                "app.kubernetes.io/managed-by": "release-coordinator",
                names.LABEL_RELEASE: release.name,
                names.LABEL_UID: release.uid,
                names.LABEL_ATTEMPT: str(action.number),
            },
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
            "labels": {
                names.LABEL_MANAGED_BY: names.MANAGED_BY,
                names.LABEL_RELEASE: release.name,
                names.LABEL_UID: release.uid,
                names.LABEL_ATTEMPT: str(action.attempt),
            },
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
