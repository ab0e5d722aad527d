"""A GitOps tool in a scripted world: it sets an image back to what Git says, as self-heal does.

It writes by force under the tool's field manager, half a second after it has seen a difference;
with an interval, as Flux, no sooner than that after its last write.
"""

from datetime import datetime, timedelta

from tests.fakes.world import NAMESPACE, World

from release_coordinator.cluster.port import DEPLOYMENT, Ref

DELAY = timedelta(seconds=0.5)


class SelfHeal:
    """Heals one container of one Deployment."""

    def __init__(
        self,
        world: World,
        workload: str,
        image: str,
        *,
        manager: str = "argocd-controller",
        times: int = 1000,
        interval: float = 0.0,
    ) -> None:
        """From now on, at most so many times."""
        self._time = world.time
        self._cluster = world.cluster.as_manager(manager)
        self._ref = Ref(DEPLOYMENT, NAMESPACE, workload)
        self._image = image
        self._left = times
        self._interval = timedelta(seconds=interval)
        self._due: datetime | None = None
        self._last = world.time.now() - timedelta(days=1)
        self.writes = 0
        self._before, world.controllers.step = world.controllers.step, self._step  # type: ignore[method-assign]

    def stop(self) -> None:
        """Its owner has mended it."""
        self._left = 0

    async def _step(self) -> datetime | None:
        due = await self._before()
        own = await self._heal()
        moments = [one for one in (due, own) if one is not None]
        return min(moments, default=None)

    async def _heal(self) -> datetime | None:
        """When it writes next; None if there is nothing to write."""
        live = await self._cluster.get(self._ref)
        (container,) = live["spec"]["template"]["spec"]["containers"]
        if container["image"] == self._image or self._left <= 0:
            self._due = None
            return None
        now = self._time.now()
        self._due = self._due or max(now + DELAY, self._last + self._interval)
        if now < self._due:
            return self._due
        container["image"] = self._image
        live["metadata"].pop("resourceVersion")
        await self._cluster.patch(self._ref, {"spec": {"template": live["spec"]["template"]}})
        self.writes += 1
        self._left -= 1
        self._last, self._due = now, None
        return await self._before()
