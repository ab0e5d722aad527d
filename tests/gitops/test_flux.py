"""A Release under a real kustomize-controller: what its health checks make of a release's life."""

from collections.abc import AsyncIterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.fakes.stage import WORKLOADS, staged
from tests.gitops.layouts import IF_NOT_PRESENT, INLINE, Layout, manifest
from tests.gitops.shop import BAD, FOLDER, GOOD, OPERATOR, GitShop
from tools.gitops.flux import Flux, Verdict, flux
from tools.gitops.repository import Content
from tools.markdown import Page

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import CONFIG_MAP

pytestmark = [pytest.mark.api, pytest.mark.gitops]

MANAGER = "kustomize-controller"
PAGE = "docs/gitops/helm-and-flux.md"
"""What it shows is what is tried here."""


@pytest.fixture(scope="module")
async def controllers(
    gitops_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Flux]:
    """Flux, which applies and judges."""
    async with flux(gitops_kubeconfig, tmp_path_factory.mktemp("flux")) as made:
        yield made


class FluxShop(GitShop):
    """The bookshop that Flux brings."""

    def __init__(self, controllers: Flux, layout: Layout, *stage: Any) -> None:
        """`stage` is what a Stage takes."""
        super().__init__(layout, *stage)
        self.flux = controllers

    async def push(self, version: str, duration: str = "2s") -> str:
        """Commit a version and hand the commit over to Flux; return the revision."""
        return await self._publish(version, self.files(version, duration=duration))

    async def note(self, text: str) -> str:
        """Commit something beside the Release; return the revision."""
        body = {"metadata": {"name": "note"}, "data": {"text": text}}
        file = f"{FOLDER}/note.yaml"
        return await self._publish(text, {file: manifest(CONFIG_MAP, body, self.namespace)})

    async def _publish(self, message: str, files: Mapping[str, Content | None]) -> str:
        commit = self.repository.commit(message, files)
        revision = f"main@sha1:{commit}"
        await self.flux.publish(self.namespace, self.repository.folder, revision)
        return revision

    async def follow(self, **spec: Any) -> None:
        """Create the Kustomization as the documentation has it, with changes of its spec."""
        how = {"wait": True, "timeout": "2m", **spec}
        await self.flux.kustomize(self.namespace, f"./{FOLDER}", self.namespace, **how)

    async def judged(self, status: str, revision: str) -> Verdict:
        """Return what the Kustomization says when it has judged a commit so."""

        def is_judged(said: Verdict) -> bool:
            newest = said.applied if status == "True" else said.attempted
            return said.status == status and newest == revision

        return await self.flux.until(self.namespace, is_judged)


@pytest.fixture
async def shop(
    request: pytest.FixtureRequest, controllers: Flux, gitops_kubeconfig: Path, tmp_path: Path
) -> AsyncIterator[FluxShop]:
    """The bookshop, not brought yet; its operator runs."""
    layout = getattr(request, "param", INLINE)
    async with staged(partial(FluxShop, controllers, layout), gitops_kubeconfig, tmp_path) as made:
        await made.start()
        yield made


def documented(field: str) -> Any:
    """What the documentation shows of a Kustomization."""
    blocks = (one for one in Page.read(PAGE).blocks if one.info == "yaml foreign")
    specs = (body["spec"] for one in blocks for body in yaml.safe_load_all(one.text))
    return next(spec[field] for spec in specs if field in spec)


async def test_a_kustomization_is_ready_when_the_release_is_completed(shop: FluxShop) -> None:
    revision = await shop.push("1.2.0")
    await shop.follow()
    await shop.watched("1.2.0")
    said = await shop.flux.until(shop.namespace, lambda one: one.status != "")
    assert said.status == "Unknown", said

    await shop.judged("True", revision)
    assert (await shop.ended("1.2.0")).status.phase is Phase.COMPLETED
    assert len(shop.running("1.2.0")) == len(WORKLOADS)


async def test_a_rolled_back_release_fails_the_kustomization_until_a_commit_mends_it(
    shop: FluxShop,
) -> None:
    first = await shop.push("1.2.0")
    await shop.follow()
    await shop.judged("True", first)
    bad = await shop.push("1.3.0", duration="1m")
    await shop.watched("1.3.0")
    shop.prometheus.script = BAD
    ended = await shop.ended("1.3.0")
    said = await shop.judged("False", bad)

    assert ended.status.phase is Phase.ROLLED_BACK
    assert said.reason == "HealthCheckFailed"
    assert "Release" in said.message
    written = shop.writers.counts.copy()
    await shop.flux.look(shop.namespace)
    assert shop.writers.counts == written, "Flux leaves the rollback alone"
    assert len(shop.running("1.2.0")) == len(WORKLOADS)

    shop.prometheus.script = GOOD
    fixed = await shop.push("1.4.0")
    await shop.judged("True", fixed)
    assert len(shop.running("1.4.0")) == len(WORKLOADS)
    assert shop.writers.by(MANAGER, kind="Release") == len((first, bad, fixed))
    assert shop.writers.by(MANAGER, kind="Deployment") == 0
    assert shop.writers.by(OPERATOR, kind="Deployment") > 0


async def test_a_kustomization_gives_up_on_an_approval_and_comes_back(shop: FluxShop) -> None:
    shop.policy_spec = {"signOffs": [{"role": "qa"}]}
    revision = await shop.push("1.2.0")
    await shop.follow(timeout="5s")
    said = await shop.judged("False", revision)
    assert said.reason == "HealthCheckFailed"
    await shop.sign("qa")

    await shop.judged("True", revision)
    assert (await shop.ended("1.2.0")).status.phase is Phase.COMPLETED


async def test_an_expression_lets_a_kustomization_not_wait_for_people(shop: FluxShop) -> None:
    shop.policy_spec = {"signOffs": [{"role": "qa"}]}
    await shop.push("1.2.0")
    await shop.follow(healthCheckExprs=documented("healthCheckExprs"))
    # Until then other gates may be shut as well, and for other reasons.
    await shop.asked("qa")
    revision = await shop.note("looked at while the signature alone is missing")

    await shop.judged("True", revision)
    assert shop.seen[-1].status.phase is Phase.GATING
    await shop.sign("qa")
    assert (await shop.ended("1.2.0")).status.phase is Phase.COMPLETED


async def test_with_the_expression_a_rolled_back_release_fails_as_ever(shop: FluxShop) -> None:
    first = await shop.push("1.2.0")
    await shop.follow(healthCheckExprs=documented("healthCheckExprs"))
    await shop.judged("True", first)
    bad = await shop.push("1.3.0", duration="1m")
    await shop.watched("1.3.0")
    shop.prometheus.script = BAD
    await shop.ended("1.3.0")
    # While its gates were shut it may have counted as current: the next look tells.
    await shop.flux.look(shop.namespace)

    said = await shop.judged("False", bad)
    assert said.reason == "HealthCheckFailed"


@pytest.mark.parametrize("shop", [IF_NOT_PRESENT], indirect=True, ids=str)
async def test_workloads_in_files_are_left_alone_once_they_are_there(shop: FluxShop) -> None:
    first = await shop.push("1.2.0")
    await shop.follow()
    await shop.judged("True", first)
    second = await shop.push("1.3.0")
    await shop.judged("True", second)

    await shop.flux.look(shop.namespace)
    assert (await shop.ended("1.3.0")).status.phase is Phase.COMPLETED
    assert len(shop.running("1.3.0")) == len(WORKLOADS)
    assert shop.writers.by(MANAGER, kind="Deployment") == len(WORKLOADS), "when they were created"
