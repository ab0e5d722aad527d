"""A scripted Argo CD on a real API server: server-side apply by force, and real managedFields.

What the double plays is the real thing here: who owns an image after whose write. The rival writes
as Argo CD's self-heal does: what is in Git, at once when the live object differs.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from kubernetes import client, config
from tests.api.conftest import APPLY
from tests.fakes.stage import Stage, at_step
from tests.releases import Body

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import ConditionType, Phase, Reason, Status
from release_coordinator.cli import main as cli
from release_coordinator.cluster.port import DEPLOYMENT, EVENT, RELEASE, Ref

pytestmark = pytest.mark.api

BACKEND = "bookshop-backend"
OLD, NEW = "example/bookshop-backend:1.2.0", "example/bookshop-backend:1.3.0"
ARGO_CD = "argocd-controller"


@dataclass
class Rival:
    """Applies what is in Git."""

    api: Any
    namespace: str
    writes: int = 0

    async def apply(self, image: str) -> None:
        """One sync: the image by server-side apply, by force."""
        container = {"name": "api", "image": image}
        body = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": BACKEND},
            "spec": {"template": {"spec": {"containers": [container]}}},
        }
        self.writes += 1
        await asyncio.to_thread(
            self.api.patch_namespaced_deployment,
            BACKEND,
            self.namespace,
            body,
            field_manager=ARGO_CD,
            force=True,
            _content_type=APPLY,
        )

    async def heal(self, shop: Stage, image: str) -> None:
        """Self-heal for ever: half a second after a difference is there."""
        while True:
            await asyncio.sleep(0.2)
            if await image_of(shop) != image:
                await asyncio.sleep(0.3)
                await self.apply(image)


@asynccontextmanager
async def rival_of(shop: Stage) -> AsyncIterator[Rival]:
    login: Any = config.new_client_from_config
    with login(str(shop.kubeconfig)) as connection:
        yield Rival(client.AppsV1Api(connection), shop.namespace)


@asynccontextmanager
async def healing(rival: Rival, shop: Stage, image: str) -> AsyncIterator[None]:
    task = asyncio.create_task(rival.heal(shop, image))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def image_of(shop: Stage) -> str:
    body = await shop.user.get(Ref(DEPLOYMENT, shop.namespace, BACKEND))
    return str(body["spec"]["template"]["spec"]["containers"][0]["image"])


def ready(release: ReleaseObject) -> tuple[Status, str]:
    found = {one.type: one for one in release.status.conditions}[ConditionType.READY]
    return found.status, found.reason


def held(release: ReleaseObject) -> bool:
    return release.status.phase is Phase.HELD


async def told(shop: Stage, reason: str) -> list[Body]:
    return [one for one in await shop.user.list(EVENT, shop.namespace) if one["reason"] == reason]


async def test_a_fight_with_self_heal_is_held_and_the_tool_is_named(shop: Stage) -> None:
    operator = await shop.start()
    async with rival_of(shop) as rival:
        async with healing(rival, shop, OLD):
            await shop.apply(shop.release())
            release = await shop.until(held)

            hold = release.status.attempt and release.status.attempt.hold
            assert hold
            assert hold.reason is Reason.GITOPS_CONFLICT, hold.message
            assert f"Argo CD ({ARGO_CD})" in hold.message
            assert "RespectIgnoreDifferences=true" in hold.message
            await asyncio.sleep(2)
            assert await image_of(shop) == OLD, "nobody fights any more"
            assert rival.writes == 3

        await shop.user.patch(
            Ref(RELEASE, shop.namespace, "bookshop"),
            {"metadata": {"annotations": {"release-coordinator.io/resume": hold.id}}},
        )
        release = await shop.ended("1.3.0")
        assert release.status.phase is Phase.COMPLETED, release.status.message
        assert await image_of(shop) == NEW
    assert len(await told(shop, "PutBack")) == 2
    assert "Traceback" not in operator.log


async def test_one_sync_in_the_watch_is_applied_again(shop: Stage) -> None:
    await shop.start()
    async with rival_of(shop) as rival:
        await shop.apply(shop.release(duration="15s"))
        await shop.until(at_step("watch"))

        await rival.apply(OLD)

        release = await shop.ended("1.3.0")
        assert release.status.phase is Phase.COMPLETED, release.status.message
        assert await image_of(shop) == NEW


async def test_an_operator_that_is_killed_counts_on(shop: Stage) -> None:
    """What it has applied again is in the journal: a new process holds at the third time."""
    operator = await shop.start("first")
    async with rival_of(shop) as rival:
        await shop.apply(shop.release(duration="60s"))
        await shop.until(at_step("watch"))
        for name in ("second", "third"):
            await rival.apply(OLD)
            await shop.until(lambda one: bool(one.status.attempt and _again(one)))
            await operator.kill()
            operator = await shop.start(name)
            await shop.until(_applied)
        await rival.apply(OLD)

        release = await shop.until(held)

        assert release.status.attempt
        assert release.status.attempt.hold
        assert release.status.attempt.hold.reason is Reason.GITOPS_CONFLICT


def _again(release: ReleaseObject) -> bool:
    attempt = release.status.attempt
    return attempt is not None and any(
        step.id == "rollout/backend" and step.state == "Running" and attempt.put_back
        for step in attempt.steps
    )


def _applied(release: ReleaseObject) -> bool:
    attempt = release.status.attempt
    return attempt is not None and any(
        step.id == "rollout/backend" and step.state == "Succeeded" for step in attempt.steps
    )


async def test_a_sync_after_the_release_is_told(shop: Stage) -> None:
    await shop.start()
    async with rival_of(shop) as rival:
        await shop.apply(shop.release())
        await shop.ended("1.3.0")

        await rival.apply(OLD)
        release = await shop.until(lambda one: one.status.drift is not None)

        assert release.status.phase is Phase.COMPLETED
        assert ready(release) == (Status.FALSE, "GitOpsConflict")
        assert release.status.drift
        assert release.status.drift.by == ARGO_CD
        assert (release.status.drift.image, release.status.drift.wanted) == (OLD, NEW)
        assert await image_of(shop) == OLD, "at rest nothing is put back"

        await rival.apply(NEW)
        release = await shop.until(lambda one: one.status.drift is None)
        assert ready(release)[0] is Status.TRUE


async def test_set_writes_a_release_that_git_does_not_have(
    shop: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --wait to its end; --previous leads back; what Argo CD applies is refused."""
    await shop.start()
    await shop.apply(shop.release())
    await shop.ended("1.3.0")
    where = ("-n", shop.namespace, f"--kubeconfig={shop.kubeconfig}")
    new = (
        *("--version", "1.4.0", "--image", "backend=example/bookshop-backend:1.4.0"),
        *("--image", "frontend=example/bookshop-frontend:1.4.0"),
    )

    def run(*arguments: str) -> int:
        return cli.run(["set", "bookshop", *where, *arguments])

    assert await asyncio.to_thread(run, *new, "--dry-run") == 0
    assert (await shop.until(lambda _: True)).status.version == "1.3.0"
    # What follows ends with a watch open, as a process of its own may.
    program = (sys.executable, "-m", "release_coordinator.cli.main", "set", "bookshop")
    waiting = await asyncio.create_subprocess_exec(*program, *where, *new, "--wait")
    assert await asyncio.wait_for(waiting.wait(), 90) == 0
    assert (await shop.ended("1.4.0")).status.phase is Phase.COMPLETED
    assert await image_of(shop) == "example/bookshop-backend:1.4.0"
    assert await asyncio.to_thread(run, *new) == 0
    assert "nothing to change" in capsys.readouterr().err
    assert await asyncio.to_thread(run, "--version", "v9") == 3

    assert await asyncio.to_thread(run, "--previous") == 0
    body = await shop.user.get(Ref(RELEASE, shop.namespace, "bookshop"))
    assert (body["spec"]["version"], body["spec"]["type"]) == ("1.3.0", "Rollback")

    tracked = {"argocd.argoproj.io/tracking-id": "shop:release-coordinator.io/Release:x/bookshop"}
    await shop.user.patch(
        Ref(RELEASE, shop.namespace, "bookshop"), {"metadata": {"annotations": tracked}}
    )
    assert await asyncio.to_thread(run, "--version", "1.3.2") == 3
    assert "applied from Git by Argo CD (Application shop)" in capsys.readouterr().err
    assert await asyncio.to_thread(run, "--version", "1.3.2", "--force") == 0
