"""Watches who serves: a Service is never without a ready pod, and finds no version too early.

Part of `monitor`; says nothing where there are no Services.
"""

from collections.abc import Callable

from tests.campaigns.watched import Watched
from tests.fakes.switching import behind

from release_coordinator.cluster.port import Body
from release_coordinator.engine import names

Breach = Callable[[str, str], None]


class Serving:
    """Checks the pods behind each Service whenever a Service or a Deployment changes."""

    def __init__(self, world: Watched, state: Callable[[str], str | None], breach: Breach) -> None:
        """`state` is what the journal has of a step."""
        self._world, self._state, self._breach = world, state, breach
        self._served: set[str] = set()
        world.cluster.subscribe(self._see)

    def _see(self, _event: str, body: Body) -> None:
        """Pods are replaced one after the other: only what follows counts as missing."""
        if body["kind"] not in {"Service", "Deployment", "Pod"}:
            return
        labels = body["metadata"].get("labels", {})
        replacing = body["kind"] == "Pod" and names.LABEL_SLOT not in labels
        bodies = self._world.cluster.everything()
        for service in bodies:
            if service["kind"] == "Service":
                self._look(service["metadata"]["name"], bodies, replacing=replacing)

    def _look(self, name: str, bodies: list[Body], *, replacing: bool) -> None:
        pods = behind(bodies, name)
        if not pods and name in self._served and not replacing:
            self._breach("serving", f"Service {name} has no ready pod")
        if pods:
            self._served.add(name)
        early = [p for p in pods if names.LABEL_SLOT in p["metadata"]["labels"]]
        if early and self._state(f"rollout/{name.rpartition('-')[2]}") != "Succeeded":
            self._breach("serving", f"Service {name} finds a version that was not found healthy")


def left_pinned(bodies: list[Body]) -> list[str]:
    """Services whose selector still has a label of ours."""
    ours = {names.LABEL_SLOT, names.LABEL_TEMPLATE}
    return [
        f"I12: Service {body['metadata']['name']} is left pinned"
        for body in bodies
        if body["kind"] == "Service" and ours & body["spec"]["selector"].keys()
    ]


def is_empty_twin(spec: Body) -> bool:
    """Whether a Deployment is one that a request has created that came too late: it has no pods."""
    return names.LABEL_SLOT in spec["selector"]["matchLabels"] and spec["replicas"] == 0
