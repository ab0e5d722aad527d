"""A chart with a Release in it under the real Helm, and kubectl: who waits for what, and says what.

What is typed here is what docs/gitops/helm-and-flux.md says.
"""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from tests.fakes.stage import staged
from tests.gitops import chart
from tests.gitops.chart import NAME
from tests.gitops.layouts import INLINE
from tests.gitops.shop import BAD, GOOD, GitShop
from tools import helm
from tools.cluster.shell import CommandError
from tools.lab.kubectl import Kubectl

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import RELEASE, Ref

pytestmark = [pytest.mark.api, pytest.mark.gitops]


class HelmShop(GitShop):
    """The bookshop as a chart."""

    @property
    def chart(self) -> Path:
        """Return the chart's folder."""
        return self._folder / "chart"

    async def phase(self) -> str:
        """Return where the Release is at this moment."""
        body = await self.user.get(Ref(RELEASE, self.namespace, NAME))
        return str(body["status"]["phase"])

    def write_chart(self, duration: str = "2s") -> None:
        """Write the chart, with so long a watch."""
        chart.write(self.chart, self, duration)

    def upgrade(
        self, version: str, *options: str, wait: str = "watcher", seconds: int = 90
    ) -> "asyncio.Task[str]":
        """Begin `helm upgrade --install --wait`."""
        where = (f"--kubeconfig={self.kubeconfig}", f"--namespace={self.namespace}")
        how = (f"--set=version={version}", f"--wait={wait}", f"--timeout={seconds}s")
        run = partial(helm.run, "upgrade", "--install", NAME, self.chart, *how, *options, *where)
        return asyncio.create_task(asyncio.to_thread(run))


@pytest.fixture
async def shop(gitops_kubeconfig: Path, tmp_path: Path) -> AsyncIterator[HelmShop]:
    """The chart of the bookshop, not installed; its operator runs."""
    async with staged(partial(HelmShop, INLINE), gitops_kubeconfig, tmp_path) as made:
        await made.start()
        made.write_chart()
        yield made


async def test_helm_waits_until_the_release_is_completed(shop: HelmShop) -> None:
    first = shop.upgrade("1.2.0")
    await shop.watched("1.2.0")
    assert not first.done()
    await first
    assert await shop.phase() == "Completed"

    second = shop.upgrade("1.3.0")
    await shop.watched("1.3.0")
    assert not second.done()
    await second
    assert await shop.phase() == "Completed"
    assert len(shop.running("1.3.0")) == 2


async def test_helm_fails_when_a_release_is_rolled_back_and_the_next_upgrade_mends_it(
    shop: HelmShop,
) -> None:
    await shop.upgrade("1.2.0")
    shop.write_chart(duration="1m")
    bad = shop.upgrade("1.3.0", seconds=30)
    await shop.watched("1.3.0")
    shop.prometheus.script = BAD
    ended = await shop.ended("1.3.0")
    with pytest.raises(CommandError, match=r"(?i)not ready|failed|deadline"):
        await bad
    shop.prometheus.script = GOOD

    assert ended.status.phase is Phase.ROLLED_BACK
    assert len(shop.running("1.2.0")) == 2
    shop.write_chart()
    await shop.upgrade("1.4.0")
    assert len(shop.running("1.4.0")) == 2


async def test_the_rollback_of_helm_asks_for_what_runs_already(shop: HelmShop) -> None:
    await shop.upgrade("1.2.0")
    shop.write_chart(duration="1m")
    bad = shop.upgrade("1.3.0", "--rollback-on-failure", seconds=30)
    await shop.watched("1.3.0")
    shop.prometheus.script = BAD
    await shop.ended("1.3.0")
    rolled_out = shop.writers.by("kube-controller-manager", kind="Deployment")
    with pytest.raises(CommandError):
        await bad

    def back(one: ReleaseObject) -> bool:
        return one.spec is not None and one.spec.version == "1.2.0"

    release = await shop.until(lambda one: back(one) and one.status.phase is Phase.COMPLETED)
    assert "runs already" in release.status.message
    assert len(shop.running("1.2.0")) == 2
    assert shop.writers.by("kube-controller-manager", kind="Deployment") == rolled_out


async def test_helm_gives_up_on_an_approval_and_the_release_goes_on(shop: HelmShop) -> None:
    shop.policy_spec = {"signOffs": [{"role": "qa"}]}
    shop.write_chart()
    with pytest.raises(CommandError, match=r"(?i)not ready|deadline"):
        await shop.upgrade("1.2.0", seconds=5)
    await shop.sign("qa")

    assert (await shop.ended("1.2.0")).status.phase is Phase.COMPLETED
    await shop.upgrade("1.2.0")
    assert len(shop.running("1.2.0")) == 2


async def test_kubectl_waits_for_the_present_spec_alone(shop: HelmShop) -> None:
    kubectl = Kubectl(shop.kubeconfig)
    release = ("release.release-coordinator.io/bookshop", f"--namespace={shop.namespace}")

    def wait(condition: str) -> "asyncio.Task[str]":
        command = ("wait", f"--for=condition={condition}", "--timeout=180s", *release)
        return asyncio.create_task(asyncio.to_thread(kubectl.run, *command))

    await shop.upgrade("1.2.0")
    shop.write_chart(duration="1m")
    await shop.upgrade("1.3.0", wait="hookOnly")
    ready, stalled = wait("Ready"), wait("Stalled")
    await shop.watched("1.3.0")
    assert not ready.done()
    assert not stalled.done()
    shop.prometheus.script = BAD
    await stalled
    assert not ready.done()
    shop.prometheus.script = GOOD
    shop.write_chart()
    await shop.upgrade("1.4.0", wait="hookOnly")
    await ready
    assert await shop.phase() == "Completed"
