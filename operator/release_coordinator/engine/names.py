"""Deterministic names of everything an attempt creates.

A name is a function of the Release's UID, the attempt, the step and the content, so that a
crash between "create" and "remember" finds its own object again, and no other attempt ever
meets it. At most 63 characters, because Job names become label values.
"""

from collections.abc import Mapping
from typing import Any

from release_coordinator.api.job import JobTemplate

from .plan import canonical, short_hash

OWN_PREFIX = "release-coordinator.io/"
LABEL_MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGED_BY = "release-coordinator"
LABEL_RELEASE = "release-coordinator.io/release"
LABEL_UID = "release-coordinator.io/release-uid"
LABEL_ATTEMPT = "release-coordinator.io/attempt"
ANNOTATION_WORKLOAD = "release-coordinator.io/workload"
ANNOTATION_STEP = "release-coordinator.io/step"
ANNOTATION_WITHDRAWN = "release-coordinator.io/withdrawn"
ANNOTATION_CONTENT = "release-coordinator.io/content"
ANNOTATION_SUSPEND = "release-coordinator.io/suspend"
ANNOTATION_RETRY = "release-coordinator.io/retry"
ANNOTATION_RESUME = "release-coordinator.io/resume"
ANNOTATION_ROLLBACK = "release-coordinator.io/rollback"
ANNOTATION_ABORT = "release-coordinator.io/abort"
ANNOTATION_ROLLBACK_REASON = "release-coordinator.io/rollback-reason"
ORDERS = (
    *(ANNOTATION_SUSPEND, ANNOTATION_RESUME, ANNOTATION_RETRY, ANNOTATION_ABORT),
    *(ANNOTATION_ROLLBACK, ANNOTATION_ROLLBACK_REASON),
)
"""Annotations by which people give orders."""
ANNOTATION_ORDERED_BY = "release-coordinator.io/ordered-by"
ANNOTATION_CHANGED_BY = "release-coordinator.io/changed-by"
ANNOTATION_COPY_OF = "release-coordinator.io/copy-of"
ANNOTATION_CONFIG = "release-coordinator.io/config"
ANNOTATION_DECLARED = "release-coordinator.io/declared"
ANNOTATION_BOTH_VERSIONS = "release-coordinator.io/both-versions"
"""With value "true" its owner lets a Service find the pods of both versions (BlueGreen)."""
ANNOTATION_DISPLAY_NAME = "release-coordinator.io/display-name"
"""What people call the application; shown by the status page."""
LABEL_EXPORT = "release-coordinator.io/export"
"""Of the ConfigMap that carries what another cluster has exported."""
ANNOTATION_REPOSITORY = "release-coordinator.io/repository"
ANNOTATION_PATH = "release-coordinator.io/path"
ANNOTATION_REVISION = "release-coordinator.io/revision"
"""Where in Git a Release is from, as its pipeline has written: told with a rollback."""
LABEL_SLOT = "release-coordinator.io/slot"
LABEL_TEMPLATE = "pod-template-hash"
"""Label that Kubernetes gives to the pods of each template of a Deployment."""
FINALIZER = "release-coordinator.io/attempt"
FIELD_MANAGER = "release-coordinator.io"


def lock_name(kind: str, name: str, uid: str) -> str:
    """Name of the Lease that locks a workload: by its UID, or by kind and name before it exists.

    Whoever holds the lock of one that does not exist yet creates it; from then on it has a UID.
    """
    return f"release-coordinator-{uid or short_hash(kind, name)}"


def locked_uid(lock: str) -> str:
    """What `lock_name` was made from."""
    return lock.removeprefix("release-coordinator-")


def content_hash(template: JobTemplate) -> str:
    """Hash of what a Job runs."""
    return short_hash(canonical(template.to_wire()))


def job_name(release: str, uid: str, attempt: int, step: str, template: JobTemplate) -> str:
    """Name of the Job of a step."""
    slug = step.replace("/", "-").lower()
    key = short_hash(uid, str(attempt), step, content_hash(template))
    return f"{release[:20].rstrip('-.')}-{attempt}-{slug[:24].strip('-')}-{key}"


def revision_name(release: str, uid: str, attempt: int, digest: str) -> str:
    """Name of the ControllerRevision of an attempt."""
    return f"{release[:40].rstrip('-.')}-{attempt}-{short_hash(uid, str(attempt), digest)}"


def record_name(release: str, uid: str, attempt: int) -> str:
    """Name of the ReleaseRecord of an attempt."""
    return f"{release[:40].rstrip('-.')}-{attempt}-{short_hash(uid, str(attempt))}"


def export_name(release: str) -> str:
    """Name of the ConfigMap that tells a Release what staging in another cluster has proved."""
    return f"{release}-staging-export"


def incident_name(release: str, uid: str, attempt: int) -> str:
    """Name of the Incident that the operator opens for an attempt."""
    return f"{release[:40].rstrip('-.')}-{attempt}-{short_hash('incident', uid, str(attempt))}"


def snapshot_name(release: str, uid: str, component: str, content: str) -> str:
    """Name of the ControllerRevision that keeps what a component ran."""
    key = short_hash(uid, content)
    return f"{release[:20].rstrip('-.')}-{component[:20].rstrip('-')}-{key}"


def is_named_for(snapshot: Mapping[str, Any]) -> bool:
    """Whether what a ControllerRevision contains is what its name was made from."""
    metadata = snapshot["metadata"]
    uid = (metadata.get("labels") or {}).get(LABEL_UID, "")
    key = short_hash(uid, canonical(snapshot.get("data") or {}))
    return str(metadata["name"]).endswith(f"-{key}")


def copy_name(source: str, uid: str, kind: str, version: str) -> str:
    """Name of the immutable copy of a ConfigMap or Secret, made for the Release of that UID."""
    return f"{source[:46].rstrip('-.')}-kept-{short_hash(uid, kind, source, version)}"


def slot(uid: str, attempt: int, component: str) -> str:
    """Value of the label that the pods of a second Deployment have, and no other pod."""
    return short_hash(uid, str(attempt), component)


def twin_name(workload: str, slot: str) -> str:
    """Name of the second Deployment of a component."""
    return f"{workload[:46].rstrip('-.')}-{slot}"
