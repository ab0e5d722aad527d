"""A bookshop whose backend is switched: its Services, its Release, and who serves.

Used by the stories and the campaigns of strategy BlueGreen.
"""

from typing import Any

from tests.fakes.world import NAMESPACE, World
from tests.releases import Body

from release_coordinator.cluster.port import SERVICE

BACKEND = "bookshop-backend"
STRATEGY = {"type": "BlueGreen", "service": BACKEND}


def blue_green(body: Body) -> Body:
    """The Release with a backend that is switched."""
    body["spec"]["components"][0]["strategy"] = dict(STRATEGY)
    return body


async def add_service(world: World, name: str = BACKEND, **selector: str) -> None:
    """The Service of the backend; latency is that of the pods behind it."""
    body = {
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"selector": selector or {"app": BACKEND}, "ports": [{"port": 80}]},
    }
    await world.user.create(SERVICE, body)
    world.latency = lambda: 0.1 if slow(world) else 0.02


def slow(world: World) -> bool:
    """Whether a pod that serves runs the slow version."""
    return any(
        container["image"].endswith(world.slow_image)
        for pod in behind(world.cluster.everything())
        for container in pod["spec"]["containers"]
    )


def behind(bodies: list[Body], name: str = BACKEND) -> list[Body]:
    """The ready pods behind a Service."""
    found = [b for b in bodies if b["kind"] == "Service" and b["metadata"]["name"] == name]
    if not found:
        return []
    selector = found[0]["spec"]["selector"]
    return [b for b in bodies if b["kind"] == "Pod" and _matches(b, selector) and is_ready(b)]


def is_ready(pod: Body) -> bool:
    """Whether the pod gets traffic if a Service selects it."""
    conditions = pod.get("status", {}).get("conditions", [])
    going = "deletionTimestamp" in pod["metadata"]
    return not going and {"type": "Ready", "status": "True"} in conditions


def _matches(pod: Body, selector: dict[str, Any]) -> bool:
    labels = pod["metadata"].get("labels", {})
    return all(labels.get(key) == value for key, value in selector.items())
