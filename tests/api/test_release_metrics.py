"""R9.1 at a running operator: what its /metrics says of the release log, and that it stays so."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from tests.fakes.prometheus import vector
from tests.fakes.stage import Stage
from tools.bench.process import OperatorProcess

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import RELEASE, Ref
from release_coordinator.errors import NotFound
from release_coordinator.telemetry.releasemetrics import ReleaseMetricsExport

pytestmark = pytest.mark.api

PATIENCE = 240.0
"""Seconds until it exports; it looks into the log four times a minute."""
OWN, OVERALL = "release_coordinator_release_", "release_coordinator_overall_"
FAMILIES = {one.name for one in ReleaseMetricsExport(CollectorRegistry()).describe()}
"""What is exported of the release log; the rest counts what this process has done."""
MONTH = {"window": "30d"}
Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def figures(operator: OperatorProcess, deployments: int) -> Figures:
    """What it exports of the release log, once it knows of so many deployments."""
    async with asyncio.timeout(PATIENCE):
        while True:
            _, text = await operator.get("/metrics")
            found = {
                (sample.name, tuple(sorted(sample.labels.items()))): sample.value
                for family in text_string_to_metric_families(text)
                for sample in family.samples
                if family.name in FAMILIES
            }
            ended = sum(
                value
                for (name, labels), value in found.items()
                if name == f"{OVERALL}deployments" and ("window", "all") in labels
            )
            if ended == deployments:
                return found
            await asyncio.sleep(0.5)


def value(found: Figures, name: str, labels: Mapping[str, str]) -> float:
    return found[name, tuple(sorted(labels.items()))]


async def removed(shop: Stage) -> None:
    """The Release goes; the log of it stays, and nobody but the metrics asks for it any more."""
    ref = Ref(RELEASE, shop.namespace, "bookshop")
    live = await shop.user.get(ref)
    await shop.user.delete(ref, uid=live["metadata"]["uid"])
    async with asyncio.timeout(PATIENCE):
        with suppress(NotFound):
            while True:
                await shop.user.get(ref)
                await asyncio.sleep(0.2)


async def test_metrics_of_the_release_log_are_exported_and_outlive_the_operator(
    shop: Stage,
) -> None:
    await shop.policy(targets={"successPercent": 40, "timeToDeploy": "1s"})
    first = await shop.start("first")
    await shop.apply(shop.release())
    assert (await shop.ended("1.3.0")).status.phase is Phase.COMPLETED
    await shop.apply(shop.release("1.4.0", duration="1m"))
    await shop.until(lambda one: one.status.phase is Phase.WATCHING)
    shop.prometheus.script = vector("9.9")
    assert (await shop.ended("1.4.0")).status.phase is Phase.ROLLED_BACK
    before = await figures(first, 2)

    assert await first.stop() == 0
    second = await shop.start("second")
    again = await figures(second, 2)
    await removed(shop)
    await second.kill()
    anew = await figures(await shop.start("third"), 2)

    own = {"namespace": shop.namespace, "release": "bookshop"}
    for prefix, whose in ((OWN, own), (OVERALL, {})):
        assert value(before, f"{prefix}success_ratio", {**whose, **MONTH}) == 0.5
        assert value(before, f"{prefix}rollback_ratio", {**whose, **MONTH}) == 0.5
        assert 0 < value(before, f"{prefix}time_to_deploy_median_seconds", {**whose, **MONTH}) < 90
        assert 0 < value(before, f"{prefix}time_to_restore_median_seconds", {**whose, **MONTH}) < 90
        assert value(before, f"{prefix}downtime_mean_seconds", {**whose, **MONTH}) >= 0
    assert value(before, f"{OWN}success_ratio_target", own) == 0.4
    assert value(before, f"{OVERALL}success_ratio_target", {}) == 0.95
    missed = {
        target: value(before, f"{OWN}target_missed", {**own, "target": target})
        for target in ("success_ratio", "time_to_deploy", "rollback_ratio")
    }
    assert missed == {"success_ratio": 0, "time_to_deploy": 1, "rollback_ratio": 1}
    assert again == before
    assert anew == {key: found for key, found in before.items() if key[0].startswith(OVERALL)}
