"""Deployments, StatefulSets and DaemonSets to the one fact the engine thinks in; pure.

The three differ in what they count and in how an update can be kept from happening; whoever uses
a `WorkloadFact` need not know which of them it is from.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from release_coordinator.api.release import WorkloadKind, WorkloadRef
from release_coordinator.api.snapshot import ConfigKind, Source
from release_coordinator.engine import names, templates
from release_coordinator.engine.documents import kept_back
from release_coordinator.engine.runfacts import WorkloadFact

from .port import DAEMON_SET, DEPLOYMENT, STATEFUL_SET, Body, Kind, Ref

_GROUP = f"{DEPLOYMENT.group}/"
_KUBECTL = "kubectl.kubernetes.io/last-applied-configuration"

KINDS: Mapping[WorkloadKind, Kind] = {
    WorkloadKind.DEPLOYMENT: DEPLOYMENT,
    WorkloadKind.STATEFUL_SET: STATEFUL_SET,
    WorkloadKind.DAEMON_SET: DAEMON_SET,
}
"""The resource type of each kind of workload."""


def ref_in(namespace: str, workload: WorkloadRef) -> Ref:
    """The workload's place in a namespace."""
    return Ref(KINDS[workload.kind], namespace, workload.name)


def named(body: Body) -> WorkloadRef:
    """How a Release names the workload."""
    return WorkloadRef(kind=WorkloadKind(body["kind"]), name=body["metadata"]["name"])


def fact_of(body: Body) -> WorkloadFact:
    """What a workload says."""
    workload = named(body)
    metadata, spec, status = body["metadata"], body.get("spec", {}), body.get("status", {})
    template = spec.get("template", {})
    seen = status.get("observedGeneration", 0) >= metadata.get("generation", 0)
    wanted, done = _COUNTS[workload.kind](spec, status)
    return WorkloadFact(
        ref=workload,
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        images={c["name"]: c.get("image", "") for c in templates.containers(template)},
        init=frozenset(c["name"] for c in template.get("spec", {}).get("initContainers", [])),
        template_hash=templates.hash_of(template),
        mark=metadata.get("annotations", {}).get(names.ANNOTATION_STEP, ""),
        labelled_for=metadata.get("labels", {}).get(names.LABEL_RELEASE, ""),
        rolled_out=seen and done,
        replicas=wanted,
        ready=status.get(_READY[workload.kind], 0),
        available_since=_available_since(status),
        trouble=kept_back(spec) or _trouble(status),
        kept_back=kept_back(spec),
        template=template,
        renamed=_renamed(metadata),
        document=_document(metadata, spec),
        declared=_declared(metadata),
        created_for=metadata.get("labels", {}).get(names.LABEL_UID, ""),
        deleting="deletionTimestamp" in metadata,
        ordered=_ordered(workload.kind, spec, status) if seen else ("", ""),
        slot=selector_of(body).get(names.LABEL_SLOT, ""),
    )


def _renamed(metadata: Body) -> dict[Source, str]:
    """What our annotation says; whoever has spoilt it by hand has said nothing."""
    text = metadata.get("annotations", {}).get(names.ANNOTATION_CONFIG, "")
    try:
        entries = [entry.split("/") for entry in json.loads(text or "[]")]
        return {(ConfigKind(kind), copy): original for kind, copy, original in entries}
    except (ValueError, TypeError, AttributeError):
        return {}


def _document(metadata: Body, spec: Body) -> Body:
    """Our own annotations and kubectl's copy of the whole are no part of it."""
    annotations = {
        key: value
        for key, value in metadata.get("annotations", {}).items()
        if not key.startswith((names.OWN_PREFIX, _KUBECTL))
    }
    labels = {
        key: value
        for key, value in metadata.get("labels", {}).items()
        if not key.startswith((names.OWN_PREFIX, names.LABEL_MANAGED_BY))
    }
    return {
        "metadata": {"labels": labels, "annotations": annotations},
        "spec": spec,
    }


def _declared(metadata: Body) -> Any:
    """As `_renamed`: what cannot be read has not been said."""
    try:
        found = json.loads(metadata.get("annotations", {}).get(names.ANNOTATION_DECLARED, "0"))
    except (ValueError, TypeError):
        return 0
    return found if isinstance(found, dict) else 0


def selector_of(body: Body) -> dict[str, str]:
    """Labels that the pods of a workload have; a selector may say more, see `own_pods`."""
    selector: dict[str, str] = body.get("spec", {}).get("selector", {}).get("matchLabels", {})
    return selector


def own_pods(body: Body, pods: Iterable[Body]) -> list[Body]:
    """Those of the pods that are its own: a selector may fit the pods of other workloads too."""
    workload, uid = named(body), body["metadata"]["uid"]
    return [pod for pod in pods if has_made(workload, pod, uid)]


def has_made(workload: WorkloadRef, pod: Body, uid: str = "") -> bool:
    """Whether a workload of this name has made the pod; with `uid`, whether this one has.

    A Deployment makes pods through ReplicaSets, which are named after it and the pods' template:
    then the name is all that the pod knows of it.
    """
    metadata = pod["metadata"]
    owners = metadata.get("ownerReferences", [])
    owner = next((one for one in owners if one.get("controller")), None)
    if owner is None or not owner.get("apiVersion", "").startswith(_GROUP):
        return False
    if workload.kind is WorkloadKind.DEPLOYMENT:
        template = metadata.get("labels", {}).get(names.LABEL_TEMPLATE, "")
        made_by = ("ReplicaSet", f"{workload.name}-{template}")
        return (owner["kind"], owner["name"]) == made_by
    if (owner["kind"], owner["name"]) != (workload.kind, workload.name):
        return False
    return uid in {"", owner["uid"]}


def _deployment(spec: Body, status: Body) -> tuple[int, bool]:
    wanted = spec.get("replicas", 1)
    return wanted, _all(status, wanted, "updatedReplicas", "replicas", "availableReplicas")


def _stateful_set(spec: Body, status: Body) -> tuple[int, bool]:
    """Without pods the counts say nothing; the revisions do.

    On the way back from half an update they are the same at once; the counts are not.
    """
    wanted = spec.get("replicas", 1)
    same = status.get("currentRevision") == status.get("updateRevision")
    return wanted, same and _all(status, wanted, "replicas", "updatedReplicas", "availableReplicas")


def _ordered(kind: WorkloadKind, spec: Body, status: Body) -> tuple[str, str]:
    """Revisions of a StatefulSet that waits for each pod before it touches the next one."""
    one_by_one = spec.get("podManagementPolicy", "OrderedReady") == "OrderedReady"
    if kind is not WorkloadKind.STATEFUL_SET or not one_by_one or kept_back(spec):
        return "", ""
    return status.get("currentRevision", ""), status.get("updateRevision", "")


def _daemon_set(_spec: Body, status: Body) -> tuple[int, bool]:
    """How many pods are wanted is known to its controller alone: one for each node that fits."""
    wanted = status.get("desiredNumberScheduled", 0)
    return wanted, _all(
        status, wanted, "currentNumberScheduled", "updatedNumberScheduled", "numberAvailable"
    )


_COUNTS: Mapping[WorkloadKind, Callable[[Body, Body], tuple[int, bool]]] = {
    WorkloadKind.DEPLOYMENT: _deployment,
    WorkloadKind.STATEFUL_SET: _stateful_set,
    WorkloadKind.DAEMON_SET: _daemon_set,
}
"""Spec and status to the number of pods wanted, and whether all run the template and no other."""


_READY: Mapping[WorkloadKind, str] = {
    WorkloadKind.DEPLOYMENT: "readyReplicas",
    WorkloadKind.STATEFUL_SET: "readyReplicas",
    WorkloadKind.DAEMON_SET: "numberReady",
}
"""Where the controller counts ready pods; it leaves a zero out."""


def _available_since(status: Body) -> datetime | None:
    """Only Deployments say so."""
    for condition in status.get("conditions", []):
        if (condition.get("type"), condition.get("status")) == ("Available", "True"):
            moment = condition.get("lastTransitionTime")
            return datetime.fromisoformat(moment) if moment else None
    return None


def _all(status: Body, wanted: int, *counts: str) -> bool:
    return all(status.get(key, 0) == wanted for key in counts)


def _trouble(status: Body) -> str:
    for condition in status.get("conditions", []):
        about, state = condition.get("type"), condition.get("status")
        if (about, state) in {("Progressing", "False"), ("ReplicaFailure", "True")}:
            return str(condition.get("message", ""))
    return ""
