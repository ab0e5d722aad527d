"""The same promises as `test_metrics_contract`, kept by a real Prometheus process."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.contract.prometheus_process import prometheus
from tests.fakes import prometheus as fake
from tests.fakes.world import World

from release_coordinator.cluster.port import METRIC_SOURCE
from release_coordinator.engine.evidence import AdmissionFact
from release_coordinator.engine.watchfacts import FiringFact, FiringWant, SampleWant, SeriesFact
from release_coordinator.evidence import registry
from release_coordinator.evidence.sources import Sources
from release_coordinator.signals.port import Outcome
from release_coordinator.signals.prometheus import PrometheusMetrics

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


RULES = """
groups:
  - name: sales
    rules:
      - {record: sales, expr: vector(1), labels: {namespace: shop}}
      - {record: sales, expr: vector(10), labels: {namespace: billing}}
      - {alert: Firing, expr: vector(1), labels: {namespace: shop, severity: critical}}
      - {alert: Firing, expr: vector(1), labels: {namespace: billing}}
      - {alert: Pending, expr: vector(1), for: 1h}
      - {alert: Silent, expr: vector(1) > 2}
"""
"""Numbers and alerts of two namespaces."""


@pytest.fixture(scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    async with prometheus(folder, RULES) as address:
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


async def series(url: str, metrics: PrometheusMetrics, promql: str) -> SeriesFact:
    end = datetime.now(UTC)
    start = end - timedelta(minutes=5)
    return await metrics.series(fake.endpoint(url, 30), promql, start, end, 15)


async def test_a_series_has_one_value_per_step_and_none_where_there_is_no_number(
    url: str, metrics: PrometheusMetrics
) -> None:
    constant = await series(url, metrics, "vector(2)")
    scalar = await series(url, metrics, "2")
    gaps = await series(url, metrics, "vector(1) / (vector(time()) % 30 < bool 15)")

    assert (constant.values, constant.problem) == ((2.0,) * 21, "")
    assert scalar == constant
    assert set(gaps.values) == {1.0}
    assert 0 < len(gaps.values) < 21
    assert await series(url, metrics, "nothing") == SeriesFact(())


@pytest.mark.parametrize(
    ("promql", "words"),
    [
        (TWO, "2 series where one is expected"),
        ('"hello"', "refused the query with HTTP 400: "),
        ("up[5m]", "refused the query with HTTP 400: "),
        ("sum(", "refused the query with HTTP 400: "),
    ],
)
async def test_a_series_that_is_none_says_why(
    url: str, metrics: PrometheusMetrics, promql: str, words: str
) -> None:
    fact = await series(url, metrics, promql)
    assert fact.values == ()
    assert words in fact.problem


async def evaluated(url: str, metrics: PrometheusMetrics) -> FiringFact:
    """The alerts, once all rules were evaluated: the last group's come all at once."""
    async with asyncio.timeout(60):
        while True:
            fact = await metrics.firing(fake.endpoint(url, 30))
            sales = await metrics.query(fake.endpoint(url, 30), "sum(sales)")
            if len(fact.alerts) == 2 and sales.value is not None:
                return fact
            await asyncio.sleep(0.2)  # Prometheus has no way to wait for it


async def test_alerts_that_fire_are_told_with_labels_and_since_when(
    url: str, metrics: PrometheusMetrics
) -> None:
    fact = await evaluated(url, metrics)

    assert fact.problem == ""
    assert {one.name for one in fact.alerts} == {"Firing"}
    spaces = sorted(one.labels["namespace"] for one in fact.alerts)
    assert spaces == ["billing", "shop"]
    assert all(one.since and one.since <= datetime.now(UTC) for one in fact.alerts)


async def test_a_check_finds_a_source_that_answers(url: str, metrics: PrometheusMetrics) -> None:
    result = await metrics.check(fake.endpoint(url, 30))
    assert (result.outcome, result.problem) == (Outcome.ANSWERED, "")


async def test_a_namespace_sees_its_own_numbers_and_alerts_whatever_it_asks(
    url: str, metrics: PrometheusMetrics
) -> None:
    await evaluated(url, metrics)
    world = World()
    spec = {"url": url, "timeout": "30s", "matchers": {"namespace": "$(namespace)"}}
    await world.user.create(METRIC_SOURCE, {"metadata": {"name": "shared"}, "spec": spec})
    sources = Sources(
        world.cluster, world.operator.store, metrics, world.prober, lambda: AdmissionFact("")
    )
    now = datetime.now(UTC)

    async def told(namespace: str) -> tuple[list[float | None], list[str]]:
        tries = (
            "sum(sales)",
            'sum(sales{namespace=~".+"})',
            'sum({__name__="sales"})',
            "sum(last_over_time(sales[5m]))",
        )
        wants = [SampleWant("shared", query, now) for query in tries]
        samples = [await registry.answer(sources, namespace, want) for want in wants]
        alerts = await registry.answer(sources, namespace, FiringWant("shared", now))
        return [one.value for one in samples], [one.labels["namespace"] for one in alerts.alerts]

    assert await told("shop") == ([1] * 4, ["shop"])
    assert await told("billing") == ([10] * 4, ["billing"])
    foreign = SampleWant("shared", 'sum(sales{namespace="billing"})', now)
    assert (await registry.answer(sources, "shop", foreign)).value != 10
