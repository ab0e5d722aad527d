"""An Application of Argo CD as it changes: what it says of itself, and waiting for it.

Nothing is asked: a watch tells of each change, as in `tests.fakes.stage`.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from release_coordinator.cluster.port import Body, Kind

APPLICATION = Kind("argoproj.io", "v1alpha1", "applications", "Application")
REFRESH = "argocd.argoproj.io/refresh"
IN_CLUSTER = "https://kubernetes.default.svc"
PATIENCE = 90.0


@dataclass(frozen=True)
class State:
    """What an Application says of itself."""

    sync: str
    """`Synced`, `OutOfSync` or `Unknown`; empty before the first look."""
    health: str
    """`Healthy`, `Progressing`, `Suspended`, `Degraded`, `Missing` or `Unknown`."""
    revision: str
    """Which commit it was compared with."""
    operation: str
    """Phase of the last sync: `Running`, `Succeeded`, `Failed` or `Error`."""
    message: str
    """What that sync says."""
    synced: str
    """Which commit that sync brought, or tries to bring."""
    syncs: int
    """How many syncs its history has; Argo CD keeps the last ten."""

    @property
    def settled(self) -> bool:
        """Tell whether what it was compared with is there and no sync is under way."""
        return self.sync == "Synced" and self.operation in {"Succeeded", ""}

    def __str__(self) -> str:
        sync = f"sync {self.operation} {self.synced[:7]}" if self.operation else "never synced"
        return f"{self.revision[:7]:7} {self.sync or '-':9} {self.health or '-':11} {sync}"

    def at(self, revision: str) -> bool:
        """Tell whether it is settled at a commit."""
        return self.settled and self.revision == revision

    @classmethod
    def of(cls, body: Body) -> "State":
        """Read the status of an Application."""
        status: dict[str, Any] = body.get("status", {})
        compared, ran = status.get("sync", {}), status.get("operationState", {})
        return cls(
            sync=compared.get("status", ""),
            health=status.get("health", {}).get("status", ""),
            revision=compared.get("revision", ""),
            operation=ran.get("phase", ""),
            message=ran.get("message", ""),
            synced=ran.get("operation", {}).get("sync", {}).get("revision", ""),
            syncs=len(status.get("history", [])),
        )


Condition = Callable[[State], bool]


class Applications:
    """All Applications of an Argo CD, with all that each has said."""

    def __init__(self) -> None:
        self.said: dict[str, list[State]] = defaultdict(list)
        """By name, in order, without repetitions."""
        self._times: dict[str, list[float]] = defaultdict(list)
        self._bodies: dict[str, Body] = {}
        self._news = asyncio.Event()

    def hear(self, event: str, body: Body, at: float) -> None:
        """Take what a watch tells."""
        name = body["metadata"]["name"]
        if event == "DELETED":
            self._bodies.pop(name, None)
        else:
            self._bodies[name] = body
            state = State.of(body)
            if not self.said[name] or self.said[name][-1] != state:
                self.said[name].append(state)
                self._times[name].append(at)
        self._news.set()

    def healths(self, name: str) -> list[str]:
        """Return the healths it had one after the other, repetitions left out."""
        told = [state.health for state in self.said[name] if state.health]
        return [one for at, one in enumerate(told) if at == 0 or told[at - 1] != one]

    def transcript(self, name: str) -> list[str]:
        """Return one line for each thing it said, with the seconds since the first."""
        start = next(iter(self._times[name]), time.monotonic())
        told = zip(self._times[name], self.said[name], strict=True)
        return [f"{at - start:6.1f} s  {state}" for at, state in told]

    async def until(self, name: str, condition: Condition, seconds: float = PATIENCE) -> State:
        """Return the first state from now on, the present one included, that fulfils it."""
        start = max(0, len(self.said[name]) - 1)

        def found() -> State | None:
            return next((state for state in self.said[name][start:] if condition(state)), None)

        await self._wait(lambda: found() is not None, f"{name}: {self.said[name][-3:]}", seconds)
        state = found()
        assert state is not None  # noqa: S101 - it was waited for
        return state

    async def until_looked(self, name: str, version: int, seconds: float = PATIENCE) -> None:
        """Return when a refresh that was ordered in a resourceVersion has been obeyed."""

        def looked() -> bool:
            metadata = self._bodies.get(name, {}).get("metadata", {})
            newer = int(metadata.get("resourceVersion", 0)) > version
            return newer and REFRESH not in metadata.get("annotations", {})

        await self._wait(looked, f"{name} was not looked at", seconds)

    async def until_gone(self, name: str, seconds: float = PATIENCE) -> None:
        """Return when there is no such Application any more."""
        await self._wait(lambda: name not in self._bodies, f"{name} is still there", seconds)

    async def _wait(self, condition: Callable[[], bool], what: str, seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        while not condition():
            self._news.clear()
            left = until - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(self._news.wait(), max(0.0, left))
            except TimeoutError:
                raise AssertionError(f"not within {seconds:.0f} s; {what}") from None


def application(
    name: str, namespace: str, url: str, path: str, destination: str, **spec: Any
) -> Body:
    """Return an Application that syncs, prunes and heals by itself, with more of its spec.

    `namespace` is that of Argo CD, `destination` the one it deploys to.
    """
    policy = {"automated": {"prune": True, "selfHeal": True}}
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "path": path, "targetRevision": "main"},
            "destination": {"server": IN_CLUSTER, "namespace": destination},
            "syncPolicy": policy,
            **spec,
        },
    }
