"""Kubernetes bodies to the facts the engine thinks in; pure.

Texts are kept free of what changes by itself (counters, back-off times), because a changed text
is a status write.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from release_coordinator.engine import names, templates
from release_coordinator.engine.runfacts import JobFact, JobPhase, PodFact

from .port import Body

REVISION_LABEL = "controller-revision-hash"
"""Label by which StatefulSets and DaemonSets say which template a pod is from."""
_STARTING = {"ContainerCreating", "PodInitializing"}
_PULLING = {"ErrImagePull", "ImagePullBackOff"}
_SIGNALS = range(129, 193)
"""Exit codes of programs that a signal has ended."""


def job_fact(body: Body) -> JobFact:
    """What a Job says."""
    metadata, spec, status = body["metadata"], body.get("spec", {}), body.get("status", {})
    labels, annotations = metadata.get("labels", {}), metadata.get("annotations", {})
    conditions = {c["type"]: c for c in status.get("conditions", []) if c.get("status") == "True"}
    failed = conditions.get("Failed", {})
    if failed:
        phase = JobPhase.FAILED
    elif "Complete" in conditions:
        phase = JobPhase.SUCCEEDED
    else:
        phase = JobPhase.SUSPENDED if spec.get("suspend") else JobPhase.RUNNING
    return JobFact(
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        phase=phase,
        timed_out=failed.get("reason") == "DeadlineExceeded",
        message=failed.get("message", ""),
        withdrawn=names.ANNOTATION_WITHDRAWN in annotations,
        touched=metadata.get("generation", 1) > 1,
        since=_moment(status.get("startTime") or metadata.get("creationTimestamp")),
        ended=_moment(status.get("completionTime") or failed.get("lastTransitionTime")),
        owner=(
            labels.get(names.LABEL_UID, ""),
            labels.get(names.LABEL_ATTEMPT, ""),
            annotations.get(names.ANNOTATION_CONTENT, ""),
        ),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def pod_fact(body: Body) -> PodFact:
    """What a pod says."""
    spec, status = body.get("spec", {}), body.get("status", {})
    states = [
        *status.get("initContainerStatuses", []),
        *status.get("containerStatuses", []),
    ]
    troubles = (_container_trouble(state) for state in states)
    return PodFact(
        name=body["metadata"]["name"],
        ip=status.get("podIP", "") if "deletionTimestamp" not in body["metadata"] else "",
        images=frozenset(c.get("image", "") for c in templates.containers({"spec": spec})),
        trouble=next((text for text in troubles if text), "") or _unscheduled(status),
        finished=_last_words(status.get("containerStatuses", [])),
        terminating="deletionTimestamp" in body["metadata"],
        ready=_is(status, "Ready"),
        ended=has_ended(body),
        killed=_was_killed(status),
        uid=body["metadata"].get("uid", ""),
        revision=body["metadata"].get("labels", {}).get(REVISION_LABEL, ""),
        template=body["metadata"].get("labels", {}).get(names.LABEL_TEMPLATE, ""),
    )


def _is(status: Body, condition: str) -> bool:
    return any(
        entry.get("type") == condition and entry.get("status") == "True"
        for entry in status.get("conditions", [])
    )


def _was_killed(status: Body) -> bool:
    """By a signal (128 and its number), or by who made the pod go away: an eviction, a taint."""
    states = status.get("containerStatuses", [])
    codes = [state.get("state", {}).get("terminated", {}).get("exitCode", 0) for state in states]
    return any(code in _SIGNALS for code in codes) or _is(status, "DisruptionTarget")


def has_ended(body: Body) -> bool:
    """Whether a pod's last state is known, even if it said nothing."""
    status = body.get("status", {})
    states = status.get("containerStatuses", [])
    ended = any("terminated" in state.get("state", {}) for state in states)
    return ended or is_over(body)


def is_over(body: Body) -> bool:
    """Whether a pod runs nothing any more: one that was evicted fits its selector for ever."""
    return body.get("status", {}).get("phase") in {"Succeeded", "Failed"}


def _container_trouble(state: Body) -> str:
    waiting = state.get("state", {}).get("waiting")
    if waiting:
        return _waiting_trouble(state, waiting)
    ended = state.get("state", {}).get("terminated")
    if ended and ended.get("exitCode", 0) != 0:
        return _exit(ended)
    return ""


def _waiting_trouble(state: Body, waiting: Body) -> str:
    reason = waiting.get("reason", "")
    if not reason or reason in _STARTING:
        return ""
    if reason in _PULLING:  # the two alternate
        return f"ImagePullBackOff: image {state.get('image')} cannot be pulled"
    if reason == "CrashLoopBackOff":
        ended = state.get("lastState", {}).get("terminated", {})
        return f"CrashLoopBackOff: {_exit(ended)}"
    return f"{reason}: {waiting.get('message', '')}".rstrip(": ")


def _exit(ended: Body) -> str:
    text = (ended.get("message") or ended.get("reason") or "").strip()
    return f"exit code {ended.get('exitCode')}: {text[-400:]}".rstrip(": ")


def _unscheduled(status: Body) -> str:
    for condition in status.get("conditions", []):
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return f"{condition.get('reason')}: {condition.get('message', '')}"
    return ""


def _last_words(states: Iterable[Any]) -> str:
    """Message of the first container that ended, or its exit code if that says anything."""
    for state in states:
        ended = state.get("state", {}).get("terminated")
        if ended:
            if ended.get("exitCode", 0) != 0:
                return _exit(ended)
            return str(ended.get("message", "")).strip()
    return ""
