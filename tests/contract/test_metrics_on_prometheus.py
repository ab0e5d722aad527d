"""The same promises as `test_metrics_contract`, kept by a real Prometheus process."""

from collections.abc import AsyncIterator

import pytest
from tests.contract.prometheus_process import prometheus
from tests.fakes import prometheus as fake

from release_coordinator.signals.prometheus import PrometheusMetrics

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    async with prometheus(folder) as address:
        yield address


@pytest.fixture
async def metrics() -> AsyncIterator[PrometheusMetrics]:
    client = PrometheusMetrics(allow_loopback=True)
    yield client
    await client.close()


@pytest.mark.parametrize(
    ("promql", "value"), [("vector(0.25)", 0.25), ("1 + 1", 2), ("absent(nothing)", 1)]
)
async def test_one_number_is_a_value(
    url: str, metrics: PrometheusMetrics, promql: str, value: float
) -> None:
    sample = await metrics.query(fake.endpoint(url, 30), promql)
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
    sample = await metrics.query(fake.endpoint(url, 30), promql)
    assert sample.value is None
    assert sample.problem.startswith(f"Metric source main ({url}) ")
    assert words in sample.problem


async def test_an_address_beside_the_api_is_named(url: str, metrics: PrometheusMetrics) -> None:
    sample = await metrics.query(fake.endpoint(f"{url}/graph", 30), "up")
    assert "check that the address is the root of a Prometheus-compatible API" in sample.problem
