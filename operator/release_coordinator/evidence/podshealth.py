"""How the pods of a workload are, as their kubelets report it: restarts, crash loops, readiness."""

from collections.abc import Iterator
from datetime import datetime

from release_coordinator.cluster import facts
from release_coordinator.cluster.port import Body
from release_coordinator.engine.watchfacts import PodHealth, PodsHealthFact, PodsHealthWant
from release_coordinator.text import one_line

from . import ownpods
from .sources import Sources

CRASHING = "CrashLoopBackOff"
QUOTED = 120
"""Characters of a program's last words."""


async def look(sources: Sources, namespace: str, want: PodsHealthWant) -> PodsHealthFact:
    """The workload's pods, by name; costs one list of pods."""
    found = await ownpods.of(sources, namespace, want.workload)
    if isinstance(found, str):
        return PodsHealthFact((), 0, found)
    wanted, pods = found
    return PodsHealthFact(tuple(health(pod) for pod in pods), wanted)


def health(body: Body) -> PodHealth:
    """What a pod says."""
    fact, metadata = facts.pod_fact(body), body["metadata"]
    restarts = [state.get("restartCount", 0) for state in states(body)]
    return PodHealth(
        name=fact.name,
        restarts=max(restarts, default=0),
        crashing=next((text for state in states(body) if (text := _crashing(state))), ""),
        ready=fact.ready,
        created=datetime.fromisoformat(metadata["creationTimestamp"]),
        template=fact.template or fact.revision,
        images=fact.images,
    )


def states(body: Body) -> Iterator[Body]:
    """The states of all containers; those that run before and beside the others included."""
    status = body.get("status", {})
    yield from status.get("initContainerStatuses", [])
    yield from status.get("containerStatuses", [])


def _crashing(state: Body) -> str:
    if state.get("state", {}).get("waiting", {}).get("reason") != CRASHING:
        return ""
    ended = state.get("lastState", {}).get("terminated", {})
    words = one_line(str(ended.get("message") or ended.get("reason") or ""), QUOTED)
    text = f"container {state.get('name')} ends with exit code {ended.get('exitCode')}"
    return f"{text}: {words}" if words else text
