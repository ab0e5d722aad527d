"""Which resource type an `apiVersion` and `kind` stand for, as the API server says.

Used by `client` for kinds that users name; our own are constants of `port`. One list per group
and version is kept for a few minutes. What is not found is not kept: its CRD may come any moment.
"""

import time
from collections.abc import Callable

from release_coordinator.cluster.arguments import split_api_version
from release_coordinator.cluster.faults import Unserved
from release_coordinator.cluster.port import Body, Kind
from release_coordinator.cluster.urls import group_path
from release_coordinator.cluster.wire import Request, Wire
from release_coordinator.errors import NotFound

KEPT_SECONDS = 300.0


class Discovery:
    """The resource types of the server, as far as they were asked for."""

    def __init__(self, wire: Wire, clock: Callable[[], float] = time.monotonic) -> None:
        self._wire = wire
        self._clock = clock
        self._kept: dict[str, tuple[float, dict[str, Kind]]] = {}

    async def find(self, api_version: str, kind: str) -> Kind:
        """The resource type. Raises NotFound when the server serves no such kind."""
        asked_at, kinds = self._kept.get(api_version, (0.0, {}))
        if kind not in kinds or self._clock() - asked_at > KEPT_SECONDS:
            asked_at, kinds = self._clock(), await self._ask(api_version)
            self._kept[api_version] = (asked_at, kinds)
        if kind not in kinds:
            raise NotFound(f"the API server serves no kind {kind} in {api_version}")
        return kinds[kind]

    async def _ask(self, api_version: str) -> dict[str, Kind]:
        group, version = split_api_version(api_version)
        listed = Kind(group, version, "apiresources", "APIResourceList", namespaced=False)
        try:
            answer = await self._wire.send(
                Request("discover", "GET", listed, group_path(group, version))
            )
        except Unserved as error:
            raise NotFound(f"the API server serves no {api_version}") from error
        return _kinds(group, version, answer)


def _kinds(group: str, version: str, answer: Body) -> dict[str, Kind]:
    """Kind by its name; "pods/status" and the like are subresources, some of a foreign kind."""
    return {
        entry["kind"]: Kind(group, version, entry["name"], entry["kind"], entry["namespaced"])
        for entry in answer.get("resources") or ()
        if "/" not in entry["name"]
    }
