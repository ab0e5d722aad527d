"""The same promises as `test_metrics_contract`, kept by a real Prometheus process."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tools.cluster import debian
from tools.cluster.progress import Progress

from release_coordinator.signals.prometheus import PrometheusMetrics

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A Prometheus that scrapes nothing: PromQL makes the answers."""
    folder = tmp_path_factory.mktemp("prometheus")
    config = folder / "prometheus.yml"
    config.write_text("global: {}\n", encoding="utf-8")
    address = f"127.0.0.1:{_free_port()}"
    arguments = (
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    )
    program = await asyncio.to_thread(_program)
    process = await asyncio.create_subprocess_exec(
        program, *arguments, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    drain = None
    try:
        async for line in process.stderr:
            if b"ready to receive web requests" in line:
                break
        drain = asyncio.create_task(process.stderr.read())
        yield f"http://{address}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        if drain:
            await drain


@pytest.fixture
async def metrics() -> AsyncIterator[PrometheusMetrics]:
    client = PrometheusMetrics()
    yield client
    await client.close()


@pytest.mark.parametrize(
    ("promql", "value"), [("vector(0.25)", 0.25), ("1 + 1", 2), ("absent(nothing)", 1)]
)
async def test_one_number_is_a_value(
    url: str, metrics: PrometheusMetrics, promql: str, value: float
) -> None:
    sample = await metrics.query(url, promql, timeout=30)
    assert (sample.value, sample.problem) == (value, "")


TWO = 'label_replace(vector(1), "a", "1", "", "") or label_replace(vector(1), "a", "2", "", "")'


@pytest.mark.parametrize(
    ("promql", "words"),
    [
        ("nothing", "has no data for this query"),
        (TWO, "2 series where one is expected"),
        ("vector(0) / vector(0)", "answered NaN"),
        ("vector(1) / vector(0)", "answered +Inf"),
        ("-vector(1) / vector(0)", "answered -Inf"),
        ('"hello"', "a string where one number is expected"),
        ("up[5m]", "a matrix where one number is expected"),
        ("sum(", "HTTP 400: invalid parameter"),
    ],
)
async def test_anything_else_is_unknown_and_says_why(
    url: str, metrics: PrometheusMetrics, promql: str, words: str
) -> None:
    sample = await metrics.query(url, promql, timeout=30)
    assert sample.value is None
    assert sample.problem.startswith(f"Metric source {url} ")
    assert words in sample.problem


async def test_an_address_beside_the_api_is_named(url: str, metrics: PrometheusMetrics) -> None:
    sample = await metrics.query(f"{url}/graph", "up", timeout=30)
    assert "check that the address is the root of a Prometheus-compatible API" in sample.problem


def _program() -> Path:
    return debian.unpacked(("prometheus",), Progress()) / "usr/bin/prometheus"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
