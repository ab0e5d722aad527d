"""What kubelet, Prometheus and people read from the endpoints."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from release_coordinator.clock import VirtualClock
from release_coordinator.telemetry.health import HealthServer
from release_coordinator.telemetry.metrics import Metrics
from release_coordinator.telemetry.progress import Progress


@dataclass
class Served:
    """A running server and what it reports about."""

    progress: Progress[str]
    clock: VirtualClock
    client: aiohttp.ClientSession


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    clock = VirtualClock()
    progress: Progress[str] = Progress(1, clock=clock)
    server = HealthServer(progress, Metrics("1.2.3").registry, "127.0.0.1", 0)
    await server.start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as client:
        yield Served(progress, clock, client)
    await server.stop()


async def test_liveness_says_what_is_wrong(served: Served) -> None:
    async with served.client.get("/healthz") as response:
        assert response.status == 200
        assert (await response.json())["ok"] is True
    served.progress.started("shop/bookshop", 0, 0)
    served.clock.tick(1_000)
    async with served.client.get("/healthz") as response:
        assert response.status == 500
        body = await response.json()
    assert body["ok"] is False
    assert "The pass over shop/bookshop has run for 1000 s" in body["problems"][0]
    assert body["running"] == [{"key": "shop/bookshop", "seconds": 1000}]


async def test_readiness_follows_the_role(served: Served) -> None:
    async with served.client.get("/readyz") as response:
        assert response.status == 500
        assert (await response.json())["problems"] == ["The lease was not read yet"]
    served.progress.role("standby")
    async with served.client.get("/readyz") as response:
        assert response.status == 200
        assert (await response.json())["role"] == "standby"


@pytest.mark.parametrize(
    ("accept", "content_type", "end"),
    [
        ("*/*", "text/plain; version=0.0.4; charset=utf-8", ""),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text", "# EOF\n"),
    ],
)
async def test_metrics_come_in_the_format_that_is_asked_for(
    served: Served, accept: str, content_type: str, end: str
) -> None:
    async with served.client.get("/metrics", headers={"Accept": accept}) as response:
        text = await response.text()
        assert response.headers["Content-Type"].startswith(content_type)
    assert 'release_coordinator_build_info{version="1.2.3"} 1.0' in text
    assert text.endswith(end)
