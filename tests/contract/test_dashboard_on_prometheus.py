"""Every query of dashboard and alerts, asked of a real Prometheus that scrapes our page."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from tests import records
from tests.contract.prometheus_process import prometheus
from tests.fakes.world import DAWN

from release_coordinator.api.attempt import Gate, GateState, Role
from release_coordinator.api.policy import Targets
from release_coordinator.engine.deployments import ended
from release_coordinator.engine.releasereport import report
from release_coordinator.telemetry.health import HealthServer
from release_coordinator.telemetry.messagemetrics import MessageMetrics
from release_coordinator.telemetry.metrics import Metrics
from release_coordinator.telemetry.progress import Progress
from release_coordinator.telemetry.queuemetrics import QueueMetrics
from release_coordinator.telemetry.releasemetrics import ReleaseMetricsExport, Report, ShutGate
from release_coordinator.telemetry.sourcemetrics import SourceMetrics

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = {"$namespace": ".*", "$release": "bookshop|docs", "$__rate_interval": "1m"}


def operator() -> Metrics:
    """Everything the operator exports, with something to tell of each."""
    metrics = Metrics("1.2.3")
    metrics.leading(True)
    metrics.resync_age(lambda: 12.0)
    metrics.sign_offs_guarded(lambda: True)
    metrics.phase("shop", "bookshop", "RolledBack")
    metrics.attempt_ended("RolledBack")
    metrics.rollback_began("MetricBreach")
    metrics.step_took("rollout", 12)
    metrics.decided_after(0.2)
    metrics.requested("PUT", "200")
    queue: QueueMetrics[str] = QueueMetrics(metrics.registry)
    queue.reconciled("bookshop", "success", 0.1)
    sources = SourceMetrics(metrics.registry, ("answered",))
    sources.up("prometheus", answers=True)
    messages = MessageMetrics(metrics.registry)
    messages.tried("ops", "delivered")
    ReleaseMetricsExport(metrics.registry).ask(measured)
    return metrics


def measured() -> Report:
    """Two deployments, one of them rolled back, and a release that waits for a sign-off."""
    gate = Gate(name="SignOff/qa", state=GateState.PASSED, owner=Role.QA, waited_seconds=600.0)
    good = records.completed(1, changed_at=DAWN + timedelta(minutes=50), gates=[gate])
    attempts = [ended("shop", one) for one in (good, records.broken(2))]
    found = report(attempts, {}, DAWN + timedelta(days=1), Targets())
    shut = ShutGate(("shop", "bookshop"), "SignOff/qa", DAWN.timestamp())
    return Report(found.overall, found.applications, (shut,))


@pytest.fixture(scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    progress: Progress[str] = Progress(1)
    server = HealthServer(progress, operator().registry, "127.0.0.1", 0)
    await server.start()
    folder = tmp_path_factory.mktemp("prometheus")
    rules = (ROOT / "manifests/alerts.yaml").read_text(encoding="utf-8")
    async with prometheus(folder, rules, f"127.0.0.1:{server.port}") as address:
        await scraped_twice(address)
        yield address
    await server.stop()


async def scraped_twice(address: str) -> None:
    """A rate needs two samples."""
    async with asyncio.timeout(60):
        while True:
            if await asked(address, "count_over_time(up[1m]) > 2"):
                return
            await asyncio.sleep(0.2)  # Prometheus has no way to wait for it


async def asked(address: str, query: str) -> list[Any]:
    """What an instant query finds. Raises AssertionError for one that cannot be evaluated."""
    async with (
        aiohttp.ClientSession() as client,
        client.post(f"{address}/api/v1/query", data={"query": query}) as response,
    ):
        answer = await response.json()
    assert answer["status"] == "success", f"{query}: {answer.get('error')}"
    found: list[Any] = answer["data"]["result"]
    return found


def queries() -> Iterator[tuple[str, str]]:
    """Yield what each panel asks, with the variables as a person would choose them."""
    text = (ROOT / "helm/release-coordinator/dashboards/releases.json").read_text(encoding="utf-8")
    for panel in json.loads(text)["panels"]:
        for target in panel.get("targets", []):
            query = target["expr"]
            for name, value in VARIABLES.items():
                query = query.replace(name, value)
            yield panel["title"], query


async def test_every_panel_finds_something(url: str) -> None:
    for title, query in queries():
        assert await asked(url, query), f"{title} shows nothing: {query}"


async def test_every_alert_can_be_evaluated_and_those_that_should_find_something(url: str) -> None:
    alerts = yaml.safe_load((ROOT / "manifests/alerts.yaml").read_text(encoding="utf-8"))
    found = {
        rule["alert"]: await asked(url, rule["expr"])
        for group in alerts["groups"]
        for rule in group["rules"]
    }

    firing = {name for name, series in found.items() if series}
    assert firing == {"ReleaseRolledBack", "ReleaseWaitsForSignOff"}
