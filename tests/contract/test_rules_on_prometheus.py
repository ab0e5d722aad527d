"""The same promises as `test_rules_contract`, kept by a real Prometheus process."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.contract.prometheus_process import prometheus
from tests.fakes import prometheus as fake

from release_coordinator.engine.evidence import AlertRuleFact, AlertRulesFact
from release_coordinator.signals.prometheus import PrometheusMetrics

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

MANY_TO_MANY = (
    '(label_replace(vector(1), "a", "1", "", "") or label_replace(vector(1), "a", "2", "", ""))'
    ' * on () (label_replace(vector(1), "b", "1", "", "") or'
    ' label_replace(vector(1), "b", "2", "", ""))'
)
RULES = f"""
groups:
  - name: bookshop
    rules:
      - {{record: "one", expr: vector(1)}}
      - {{alert: Silent, expr: vector(1) > 2, labels: {{severity: critical}}}}
      - {{alert: Broken, expr: '{MANY_TO_MANY}'}}
      - {{alert: Pending, expr: vector(1), for: 1h}}
  - name: other
    rules:
      - {{alert: Firing, expr: vector(1), labels: {{severity: critical}}}}
      - {{alert: Silent, expr: vector(1) > 2, labels: {{severity: warning}}}}
  - name: young
    interval: 365d
    rules:
      - {{alert: Young, expr: vector(1)}}
"""


@pytest.fixture(scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with prometheus(tmp_path_factory.mktemp("prometheus"), RULES) as address:
        yield address


@pytest.fixture
async def metrics() -> AsyncIterator[PrometheusMetrics]:
    client = PrometheusMetrics(allow_loopback=True)
    yield client
    await client.close()


async def evaluated(metrics: PrometheusMetrics, url: str) -> AlertRulesFact:
    """The rules, once all but the young one were evaluated."""
    async with asyncio.timeout(60):
        while True:
            fact = await metrics.rules(fake.endpoint(url, 30))
            if {rule.name for rule in fact.rules if rule.health == "unknown"} == {"Young"}:
                return fact
            await asyncio.sleep(0.2)  # Prometheus has no way to wait for it


async def test_each_alert_rule_is_told_as_it_is(url: str, metrics: PrometheusMetrics) -> None:
    fact = await evaluated(metrics, url)

    assert fact.problem == ""
    told = {(rule.name, rule.severity): rule for rule in fact.rules}
    assert told.pop(("Broken", "")).health == "err"
    assert told == {
        ("Silent", "critical"): AlertRuleFact("Silent", "ok", firing=False, severity="critical"),
        ("Silent", "warning"): AlertRuleFact("Silent", "ok", firing=False, severity="warning"),
        ("Firing", "critical"): AlertRuleFact("Firing", "ok", firing=True, severity="critical"),
        ("Pending", ""): AlertRuleFact("Pending", "ok", firing=False, severity=""),
        ("Young", ""): AlertRuleFact("Young", "unknown", firing=False, severity=""),
    }


async def test_a_rule_that_cannot_be_evaluated_says_why(
    url: str, metrics: PrometheusMetrics
) -> None:
    fact = await evaluated(metrics, url)

    (broken,) = [rule for rule in fact.rules if rule.name == "Broken"]
    assert "many-to-many matching not allowed" in broken.problem


async def test_an_address_beside_the_api_is_named(url: str, metrics: PrometheusMetrics) -> None:
    fact = await metrics.rules(fake.endpoint(f"{url}/graph", 30))
    assert fact.rules == ()
    assert "check that the address is the root of a Prometheus-compatible API" in fact.problem
