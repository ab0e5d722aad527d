"""Objects as Argo CD meets them, each from a release that is really played, and what they are then.

They are the test data of `integrations/argocd`, so that what is contributed there is never older
than the operator.
"""

from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import dataclass

from tests.campaigns.workloads import BACKUP, SLOW, UP, has_begun, job_gone, migration, spec
from tests.fakes.story import following, in_phase
from tests.fakes.world import NAMESPACE, World
from tests.releases import bookshop

from release_coordinator.api.conditions import Phase
from release_coordinator.api.schema import FIRST_STATUS
from release_coordinator.cluster.port import RELEASE, Body, Ref

REF = Ref(RELEASE, NAMESPACE, "bookshop")
Play = Callable[[World], Awaitable[None]]


@dataclass(frozen=True)
class Scene:
    """A Release at a moment."""

    play: Play
    health: str
    """What it is to be."""
    actions: frozenset[str] = frozenset()
    """What can be ordered then."""
    passing: Phase | None = None
    """It is in this phase for a moment only: as it is then."""

    async def body(self) -> Body:
        """The Release as the API server would give it out."""
        world, passed = World(), list[Body]()

        def see(_event: str, body: Body) -> None:
            if body["kind"] == "Release" and body.get("status", {}).get("phase") == self.passing:
                passed.append(deepcopy(body))

        world.cluster.subscribe(see)
        await world.setup()
        await self.play(world)
        body = passed[0] if self.passing else await world.user.get(REF)
        body["metadata"].pop("resourceVersion")
        body.setdefault("status", FIRST_STATUS)  # the API server fills it in
        return body


async def unseen(world: World) -> None:
    """Just created."""
    await world.apply(bookshop())


async def edited(world: World) -> None:
    """It has completed, and another version is wanted."""
    await world.apply(bookshop())
    await world.run()
    await world.apply(following(SLOW))


async def invalid(world: World) -> None:
    """Its components depend on each other."""
    body = bookshop()
    body["spec"]["components"][0]["dependsOn"] = ["frontend"]
    await world.apply(body)
    await world.run()


async def unsigned(world: World) -> None:
    """Two roles have to sign."""
    await world.require(signOffs=[{"role": "qa"}, {"role": "security"}])
    await world.apply(bookshop())
    await world.run()


async def too_early(world: World) -> None:
    """It may not begin before the evening."""
    await world.require(gates=[{"name": "Window", "enforcement": "Required"}])
    body = bookshop()
    body["spec"]["schedule"] = {"notBefore": "2026-11-23T20:00:00Z"}
    await world.apply(body)
    await world.run(in_phase(Phase.GATING))


async def logging_in(world: World) -> None:
    """A Job of a gate is under way."""
    body = bookshop()
    body["spec"]["credentialChecks"] = [{"name": "login", "job": {"image": "example/login:1"}}]
    await world.apply(body)
    await world.run(has_begun("gate/credentials/login"))


def at(step: str, version: str = "1.3.0") -> Play:
    """Play up to a step."""

    async def play(world: World) -> None:
        await world.apply(spec(version))
        await world.run(has_begun(step))

    return play


async def suspended(world: World) -> None:
    """Suspended by an order while it rolls out."""
    await at("rollout/backend")(world)
    await world.suspend("Forward")
    await world.run(in_phase(Phase.SUSPENDED))


async def suspended_by_git(world: World) -> None:
    """Suspended in its spec before it has begun."""
    body = bookshop()
    body["spec"]["suspend"] = "Forward"
    await world.apply(body)
    await world.run()


async def held(world: World) -> None:
    """Prometheus is away during the watch for too long."""
    await world.apply(spec())
    await world.run(has_begun("watch"))
    world.latency = lambda: None
    await world.run()


async def barred(world: World) -> None:
    """A breach after a migration that stays."""
    await world.apply(spec(SLOW, migrations=[migration("0007-add-isbn", "Irreversible")]))
    await world.run()


async def unknown(world: World) -> None:
    """Nobody knows whether the migration was applied."""
    await job_gone(world)


async def rolled_back(world: World) -> None:
    """Too slow."""
    await world.apply(following(SLOW))
    await world.run()


async def rehearsed(world: World) -> None:
    """The way back was gone as planned; the next attempt begins by itself."""
    body = bookshop()
    body["spec"]["rehearsal"] = True
    await world.apply(body)
    await world.run()


async def failed(world: World) -> None:
    """The backup has failed: nothing was changed."""
    world.script.failing_steps[BACKUP] = "no space left on device"
    await world.apply(spec())
    await world.run()


async def rollback_failed(world: World) -> None:
    """The previous version does not become ready again."""
    await at("watch", SLOW)(world)
    world.script.never_ready.add("example/bookshop-backend:1.2.0")
    await world.run()


async def completed(world: World) -> None:
    """It runs, and stayed good."""
    await world.apply(bookshop())
    await world.run()


async def superseded(world: World) -> None:
    """Another plan has taken the place of one that had not begun."""
    await unsigned(world)
    await world.apply(following(SLOW))
    await world.run()


async def deleted(world: World) -> None:
    """It is deleted while it rolls out, and goes back first."""
    await at("rollout/backend")(world)
    release = await world.release()
    await world.user.delete(REF, uid=release.uid)
    await world.run(in_phase(Phase.ROLLING_BACK))


TURN = frozenset({"abort", "rollback"})
FORWARD_ORDERS = TURN | {"suspend"}
EARLY_ORDERS = FORWARD_ORDERS | {"retry"}

SCENES = {
    "unseen": Scene(unseen, "Progressing", frozenset({"suspend"})),
    "edited": Scene(edited, "Progressing", frozenset({"suspend"})),
    "invalid": Scene(invalid, "Degraded", frozenset({"suspend"})),
    "waiting-for-sign-offs": Scene(unsigned, "Suspended", EARLY_ORDERS),
    "waiting-for-window": Scene(too_early, "Suspended", EARLY_ORDERS),
    "checking-credentials": Scene(logging_in, "Progressing", EARLY_ORDERS),
    "migrating": Scene(at(UP), "Progressing", FORWARD_ORDERS),
    "rolling-out": Scene(at("rollout/backend"), "Progressing", FORWARD_ORDERS),
    "watching": Scene(at("watch"), "Progressing", FORWARD_ORDERS),
    "completed": Scene(completed, "Healthy", frozenset({"suspend"})),
    "suspended": Scene(suspended, "Suspended", TURN | {"resume"}),
    "suspended-in-spec": Scene(suspended_by_git, "Suspended"),
    "held": Scene(held, "Degraded", FORWARD_ORDERS | {"resume"}),
    "held-at-irreversible": Scene(barred, "Degraded", frozenset({"rollback", "suspend"})),
    "held-at-migration": Scene(unknown, "Degraded", frozenset({"resume", "rollback", "suspend"})),
    "rolling-back": Scene(at("undo/rollout/backend", SLOW), "Progressing", frozenset({"suspend"})),
    "rolled-back": Scene(rolled_back, "Degraded", frozenset({"retry", "suspend"})),
    "rollback-failed": Scene(rollback_failed, "Degraded", frozenset({"retry", "suspend"})),
    "rehearsed": Scene(rehearsed, "Progressing", frozenset({"suspend"}), passing=Phase.ROLLED_BACK),
    "failed": Scene(failed, "Degraded", frozenset({"retry", "suspend"})),
    "superseded": Scene(
        superseded, "Progressing", frozenset({"suspend"}), passing=Phase.SUPERSEDED
    ),
    "deleting": Scene(deleted, "Progressing"),
}
