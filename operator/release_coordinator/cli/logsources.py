"""Which containers the log of a Release is made of: its Jobs, and the pods of its version. Pure.

Used by `cli.logs`. A Job's pods say themselves which step they are; the pods of a component are
those of its workload that run the images of the attempt.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.release import Component
from release_coordinator.cluster import facts, workloads
from release_coordinator.cluster.port import Body
from release_coordinator.engine import names


@dataclass(frozen=True, slots=True)
class LogSource:
    """A container."""

    pod: str
    container: str
    label: str
    """What it is to the Release: a step, or component, pod and container."""
    ends: bool
    """It is a Job's: its log comes to an end."""
    born: str
    """When its pod was created."""


def of_jobs(pods: Iterable[Body], attempt: Attempt, step: str = "") -> list[LogSource]:
    """The containers of the Jobs of an attempt; with `step` only those whose id has these words."""
    found = [
        LogSource(pod["metadata"]["name"], container, label, ends=True, born=_born(pod))
        for pod in pods
        if pod["metadata"].get("labels", {}).get(names.LABEL_ATTEMPT) == str(attempt.number)
        for label in [pod["metadata"].get("annotations", {}).get(names.ANNOTATION_STEP, "")]
        if label and _is_meant(label, step)
        for container in _started(pod)
    ]
    return sorted(found, key=lambda one: (one.born, one.pod))


def of_component(component: Component, workload: Body, pods: Iterable[Body]) -> list[LogSource]:
    """The containers of a component's pods that run the wanted images."""
    wanted = set(component.images.values())
    found = [
        LogSource(
            pod["metadata"]["name"],
            container,
            f"{component.name}/{pod['metadata']['name']}/{container}",
            ends=False,
            born=_born(pod),
        )
        for pod in workloads.own_pods(workload, pods)
        if wanted <= facts.pod_fact(pod).images
        for container in _started(pod)
    ]
    return sorted(found, key=lambda one: (one.born, one.pod))


def _is_meant(step: str, words: str) -> bool:
    """A step by its id, by its end (`checkout`), or by what begins it (`migrate`)."""
    return not words or words == step or f"/{words}/" in f"/{step}/"


def _started(pod: Body) -> Iterator[str]:
    """Containers that have a log, those that run first included."""
    status: Mapping[str, list[Body]] = pod.get("status", {})
    for part in ("initContainerStatuses", "containerStatuses"):
        for state in status.get(part, []):
            now = state.get("state", {})
            if now.keys() & {"running", "terminated"} or state.get("lastState", {}):
                yield state["name"]


def _born(pod: Body) -> str:
    return str(pod["metadata"].get("creationTimestamp", ""))
