"""What gates may rely on when they ask for alert rules: all of them, or why they are not known.

Over real HTTP; how each body is read is in the unit tests of `signals.rules`.
"""

from collections.abc import AsyncIterator

import pytest
from tests.fakes import prometheus as fake

from release_coordinator.engine.evidence import AlertRuleFact
from release_coordinator.signals.port import Metrics
from release_coordinator.signals.prometheus import PrometheusMetrics


@pytest.fixture
async def server() -> AsyncIterator[fake.ScriptedPrometheus]:
    async with fake.scripted_prometheus() as running:
        yield running


@pytest.fixture
async def metrics() -> AsyncIterator[Metrics]:
    client = PrometheusMetrics(allow_loopback=True)
    yield client
    await client.close()


async def test_all_alert_rules_are_told(server: fake.ScriptedPrometheus, metrics: Metrics) -> None:
    ill = fake.rule("Slow", health="err", lastError="many-to-many matching")
    server.script = fake.rules([fake.rule("Down", state="firing")], [ill])
    fact = await metrics.rules(fake.endpoint(server.url))
    assert fact.problem == ""
    assert fact.rules == (
        AlertRuleFact("Down", "ok", firing=True, severity=""),
        AlertRuleFact("Slow", "err", firing=False, severity="", problem="many-to-many matching"),
    )
    assert server.asked == [{"type": "alert", "exclude_alerts": "true"}]


@pytest.mark.parametrize("suffix", ["/", "/prefix", "/prefix/", "/?tenant=x#part"])
async def test_the_address_may_have_a_path_and_more(
    server: fake.ScriptedPrometheus, metrics: Metrics, suffix: str
) -> None:
    server.script = fake.rules([fake.rule("Down")])
    assert len((await metrics.rules(fake.endpoint(server.url + suffix))).rules) == 1


BAD_ANSWERS = {
    "4xx with words": (fake.error(400, "invalid type"), "HTTP 400: invalid type; check that"),
    "no such API": (fake.raw("<html>", 404, "text/html"), "refused the request for its alert"),
    "403": (fake.raw("", 403, "text/plain"), "give the operator access"),
    "5xx with words": (fake.error(503, "starting up"), "HTTP 503: starting up; check the health"),
    "HTML": (fake.raw("<html>welcome", content_type="text/html"), "a page that is not JSON"),
    "no JSON": (fake.raw("{"), "something that is not JSON"),
    "an answer to a query": (fake.vector("1"), "not a list of alert rules"),
    "truncated": (fake.truncated, "cut its answer short; check its address"),
    "cut": (fake.cut, "cut its answer short; check its address"),
    "redirect": (fake.redirect, "redirects (HTTP 307)"),
    "partial": (fake.rules([fake.rule("A")], warnings=["store away"]), "partial: store away"),
}


@pytest.mark.parametrize(("script", "words"), BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
async def test_a_bad_answer_is_unknown_and_says_why_and_where(
    server: fake.ScriptedPrometheus, metrics: Metrics, script: fake.Script, words: str
) -> None:
    server.script = script
    fact = await metrics.rules(fake.endpoint(server.url))
    assert fact.rules == ()
    assert fact.problem.startswith(f"Metric source main ({server.url}) ")
    assert words in fact.problem


async def test_a_source_that_is_slow_is_unknown(
    server: fake.ScriptedPrometheus, metrics: Metrics
) -> None:
    server.script = server.hang
    fact = await metrics.rules(fake.endpoint(server.url, 0.05))
    assert "gave no answer within 0.05 s" in fact.problem


async def test_more_rules_than_can_be_read_are_unknown(server: fake.ScriptedPrometheus) -> None:
    rules = [fake.rule(f"Rule{number}") for number in range(100)]
    server.script = fake.rules(rules)
    client = PrometheusMetrics(allow_loopback=True)
    try:
        fact = await client.rules(fake.endpoint(server.url, max_answer=5 << 10))
    finally:
        await client.close()
    assert (fact.rules, "more than 5 KiB; name a source" in fact.problem) == ((), True)


async def test_an_endless_answer_is_cut_off(
    server: fake.ScriptedPrometheus, metrics: Metrics
) -> None:
    server.script = server.flood
    fact = await metrics.rules(fake.endpoint(server.url, 60))
    assert "more than 4096 KiB" in fact.problem
    assert server.sent < 48 << 20


async def test_a_source_that_is_down_is_unknown(metrics: Metrics) -> None:
    async with fake.scripted_prometheus() as gone:
        url = gone.url
    fact = await metrics.rules(fake.endpoint(url))
    assert "refused the connection; check its address" in fact.problem


async def test_credentials_in_the_address_are_never_repeated(
    server: fake.ScriptedPrometheus, metrics: Metrics
) -> None:
    secret = server.url.replace("http://", "http://reader:hunter2@") + "/?token=hunter3"
    server.script = fake.cut
    problem = (await metrics.rules(fake.endpoint(secret))).problem
    assert problem
    assert "hunter" not in problem
