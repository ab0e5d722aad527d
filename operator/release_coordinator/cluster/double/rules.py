"""What an API server checks and derives on every write, for the kinds we use; pure.

Used by `double.server`. Each rule was measured on a real server; the contract suite repeats
the measurement on both.
"""

import re
from typing import Any

from release_coordinator.cluster.bodies import uid_of, version_of
from release_coordinator.cluster.port import (
    ADMISSION_BINDING,
    ADMISSION_POLICY,
    APPROVAL,
    CONFIG_MAP,
    CONTROLLER_REVISION,
    DAEMON_SET,
    DEPLOYMENT,
    EVENT,
    INCIDENT,
    JOB,
    LEASE,
    POD,
    POLICY,
    RECORD,
    SECRET,
    STATEFUL_SET,
    Body,
    Kind,
    Ref,
)
from release_coordinator.errors import Conflict, Invalid

_WITHOUT_STATUS = {
    APPROVAL,
    POLICY,
    CONFIG_MAP,
    CONTROLLER_REVISION,
    EVENT,
    LEASE,
    RECORD,
    SECRET,
}
_WORKLOADS = {DEPLOYMENT, STATEFUL_SET, DAEMON_SET}
_WITH_GENERATION = {*_WORKLOADS, JOB, POD, ADMISSION_POLICY, ADMISSION_BINDING}
_WITH_TEMPLATE = {*_WORKLOADS, JOB}
_CONFIGURATION = {CONFIG_MAP, SECRET}
_IMMUTABLE: dict[Kind, tuple[tuple[str, ...], ...]] = {
    CONTROLLER_REVISION: (("data",),),
    DEPLOYMENT: (("spec", "selector"),),
    STATEFUL_SET: (("spec", "selector"), ("spec", "serviceName"), ("spec", "volumeClaimTemplates")),
    DAEMON_SET: (("spec", "selector"),),
    INCIDENT: (("spec", "release"), ("spec", "releaseUid"), ("spec", "attempt")),
    JOB: (("spec", "template"), ("spec", "selector"), ("spec", "completions")),
}
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_NAME_LENGTH = 253
_DROPPED_WHEN_EMPTY = ("labels", "annotations", "finalizers", "ownerReferences")
_SYSTEM_METADATA = (
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)


def is_custom(kind: Kind) -> bool:
    """Tell whether a CRD defines the kind; groups without a dot or of k8s.io are built in."""
    return "." in kind.group and not kind.group.endswith(".k8s.io")


def has_status(kind: Kind) -> bool:
    """Tell whether the kind has a status subresource."""
    return kind not in _WITHOUT_STATUS


def is_workload(kind: Kind) -> bool:
    """Tell whether objects of the kind run pods that a Release can be about."""
    return kind in _WORKLOADS


def has_generation(kind: Kind) -> bool:
    """Tell whether objects of the kind count the versions of their spec."""
    return is_custom(kind) or kind in _WITH_GENERATION


def check_preconditions(ref: Ref, live: Body, given: Body) -> None:
    """Raise Conflict when the given UID or resourceVersion is not the live one."""
    for what, have, want in (
        ("uid", uid_of(live), uid_of(given)),
        ("resourceVersion", version_of(live), version_of(given)),
    ):
        if want and want != have:
            raise Conflict(f"{ref.kind.plural} {ref.name!r}: {what} is {have}, not {want}")


def check_identity(ref: Ref, given: Body) -> None:
    """Raise Invalid when a patch names another object than its URL."""
    metadata = given.get("metadata", {})
    if metadata.get("name", ref.name) != ref.name:
        raise Invalid(f"the name of the object does not match the name on the URL ({ref.name})")
    if metadata.get("namespace", ref.namespace) != ref.namespace:
        raise Invalid("the namespace of the object does not match the namespace of the request")


def check_content(ref: Ref, body: Body) -> None:
    """Raise Invalid for names and labels that no API server accepts."""
    if not _NAME.fullmatch(ref.name) or len(ref.name) > _NAME_LENGTH:
        raise Invalid(f"metadata.name: {ref.name!r} is not a lowercase RFC 1123 subdomain")
    if ref.kind == JOB and not _LABEL.fullmatch(ref.name):
        # Its pods get the name as a label.
        raise Invalid("metadata.name: must be no more than 63 bytes")
    pod = _at(body, ("spec", "template", "spec")) if ref.kind in _WITH_TEMPLATE else None
    if any(not container.get("image") for container in (pod or {}).get("containers") or ()):
        raise Invalid("spec.template.spec.containers: image: Required value")
    for key, value in (body.get("metadata", {}).get("labels") or {}).items():
        prefix, _, name = key.rpartition("/")
        good = name and _LABEL.fullmatch(name) and (not prefix or _NAME.fullmatch(prefix))
        if not good or not isinstance(value, str) or not _LABEL.fullmatch(value):
            raise Invalid(f"metadata.labels: {key}={value!r} is not a label")


def check_change(ref: Ref, old: Body, new: Body) -> None:
    """Raise Invalid when a write changes what may not change."""
    for path in _IMMUTABLE.get(ref.kind, ()):
        if _at(old, path) != _at(new, path):
            raise Invalid(f"{'.'.join(path)}: Invalid value: field is immutable")
    if ref.kind in _CONFIGURATION and old.get("immutable"):
        for key in ("data", "binaryData", "immutable"):
            if (old.get(key) or None) != (new.get(key) or None):
                raise Invalid(f"{key}: Forbidden: field is immutable when `immutable` is set")
    if "deletionTimestamp" in old["metadata"] and set(finalizers(new)) - set(finalizers(old)):
        raise Invalid("metadata.finalizers: no new ones can be added, the object is being deleted")


def tidy(kind: Kind, body: Body) -> Body:
    """Return the body without the empty members that the server does not keep."""
    metadata = {
        key: value
        for key, value in body["metadata"].items()
        if value or key not in _DROPPED_WHEN_EMPTY
    }
    body = {**body, "metadata": metadata}
    if kind in _CONFIGURATION and not body.get("data"):
        body.pop("data", None)
    return body


def finalizers(body: Body) -> list[str]:
    """Return who must agree before the object goes away."""
    return body["metadata"].get("finalizers") or []


def keep_system_fields(old: Body, new: Body) -> Body:
    """Return `new` with the metadata that only the server writes taken from `old`."""
    metadata = {key: value for key, value in new["metadata"].items() if key not in _SYSTEM_METADATA}
    system = {key: old["metadata"][key] for key in _SYSTEM_METADATA if key in old["metadata"]}
    return {**new, "metadata": {**system, **metadata}}


def counts_as_new_generation(kind: Kind, old: Body, new: Body) -> bool:
    """Tell whether the change bumps `metadata.generation`."""
    if not has_generation(kind):
        return False
    if kind == DEPLOYMENT and _annotations(old) != _annotations(new):
        return True  # a peculiarity of Deployments
    return _content(kind, old) != _content(kind, new)


def _annotations(body: Body) -> Any:
    return body["metadata"].get("annotations") or {}


def _content(kind: Kind, body: Body) -> Body:
    apart = {"metadata", "status"} if has_status(kind) else {"metadata"}
    return {key: value for key, value in body.items() if key not in apart}


def _at(body: Body, path: tuple[str, ...]) -> Any:
    value: Any = body
    for name in path:
        value = (value or {}).get(name)
    return value
