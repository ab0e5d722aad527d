"""Three Releases that share workloads, at random: `sharing=17` is the run of seed 17.

Their passes run at the same time, call by call; people apply, delete (by force, too), roll back and
abort between any two calls; the operator dies now and then. At every moment at most one attempt
may change a workload (I7), and in the end nobody waits for a lock that nobody holds.
"""

import random
from collections.abc import Awaitable, Callable

from tests.fakes.sharing import SharedWorld, release

from release_coordinator.api.attempt import StepState
from release_coordinator.engine import locks
from release_coordinator.errors import ReleaseCoordinatorError

SHARING = "sharing="
NAMES = ("bookshop", "admin", "batch")
APPS = ("api", "web")
BAD = "1.9.0"
"""A version whose pods never become ready."""
DEEDS = 25
"""Things that people do in one run."""
CHANCE = 0.06
"""That somebody does something between two calls."""


class _People:
    """What they do is drawn from a seed; what is not possible just now fails, and no matter."""

    def __init__(self, world: SharedWorld, seed: int) -> None:
        self._world = world
        self._random = random.Random(-seed)  # noqa: S311 - no secret
        self._left = DEEDS
        self._version = 0
        self._deeds: tuple[Callable[[str], Awaitable[None]], ...] = (
            *(self._apply, self._apply, self._apply),
            *(self._delete, self._by_force, self._back, self._abort, self._crash, self._litter),
        )

    async def meddle(self) -> None:
        """Perhaps somebody does something."""
        if self._left and self._random.random() < CHANCE:
            self._left -= 1
            try:
                await self._random.choice(self._deeds)(self._random.choice(NAMES))
            except ReleaseCoordinatorError:
                return

    async def _apply(self, name: str) -> None:
        self._version += 1
        version = self._random.choice([f"1.{self._version}.1", f"1.{self._version}.1", BAD])
        apps = self._random.sample(APPS, self._random.randint(1, len(APPS)))
        await self._world.apply(release(name, version, *apps))

    async def _delete(self, name: str) -> None:
        await self._world.delete(name)

    async def _by_force(self, name: str) -> None:
        await self._world.delete(name, force=True)

    async def _back(self, name: str) -> None:
        await self._order(name, "rollback")

    async def _abort(self, name: str) -> None:
        await self._order(name, "abort")

    async def _order(self, name: str, key: str) -> None:
        found = self._world.of(name)
        if found is not None and found.status.attempt is not None:
            await self._world.order(name, key, str(found.status.attempt.number))

    async def _crash(self, _: str) -> None:
        self._world.crash_at = self._random.randint(1, 12)

    async def _litter(self, _: str) -> None:
        """A lock that nobody needs any more appears: a create that comes late."""
        await self._world.leave_a_lock(self._random.choice(APPS))


async def share(seed: int) -> list[str]:
    """Run a seed; return every breach."""
    world = await SharedWorld(seed).begin(*APPS)
    world.script.never_ready.update(f"example/{app}:{BAD}" for app in APPS)
    people = _People(world, seed)
    for name in NAMES:
        await world.apply(release(name, "1.0.1", *APPS))
    world.meddle = people.meddle
    try:
        await world.go()
        unheard = _waiting(world)
        world.meddle = None
        world.crash_at = 0
        await world.resync()
        await world.go()
    except (AssertionError, RuntimeError, LookupError) as error:
        return [*world.breaches, f"I10: {type(error).__name__}: {error}"]
    return [*world.breaches, *unheard, *_waiting(world), *_kept(world)]


def _kept(world: SharedWorld) -> list[str]:
    """Locks of attempts that have ended.

    The lock of a Release that was removed by force stays until somebody wants the workload.
    """
    ended = {
        f"{one.name}/{number}"
        for one in world.releases()
        if one.status.attempt is not None
        for number in range(1, one.status.attempt.number + (one.status.attempt.end is not None))
    }
    return [f"I7: {who} has ended and holds {app}" for app, who in world.locks() if who in ended]


def _waiting(world: SharedWorld) -> list[str]:
    """Who waits for a lock, though nobody is at work: nobody else has a frozen plan."""
    attempts = [(one, one.status.attempt) for one in world.releases()]
    if any(attempt and attempt.frozen and attempt.end is None for _, attempt in attempts):
        return []
    return [
        f"I10: {one.name} waits for a lock: {one.status.message}"
        for one, attempt in attempts
        if attempt is not None and attempt.end is None and attempt.hold is None
        for step in attempt.steps
        if step.id == locks.STEP and step.state is StepState.RUNNING
    ]
