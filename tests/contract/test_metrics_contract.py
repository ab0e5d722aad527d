"""What the engine may rely on when it asks for a metric: a finite number, or why there is none.

The cells of "metrics trouble" over real HTTP; how each body is read is in the unit tests of
`signals.answer`.
"""

from collections.abc import AsyncIterator

import pytest
from tests.fakes import prometheus as fake

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


async def test_one_finite_value_is_the_value(
    server: fake.ScriptedPrometheus, metrics: Metrics
) -> None:
    server.script = fake.vector("0.25")
    sample = await metrics.query(fake.endpoint(server.url), 'sum(up{app="a"})')
    assert (sample.value, sample.problem) == (0.25, "")
    assert server.asked == [{"query": 'sum(up{app="a"})', "timeout": "5.000"}]


@pytest.mark.parametrize("suffix", ["/", "/prefix", "/prefix/", "/?tenant=x#part"])
async def test_the_address_may_have_a_path_and_more(
    server: fake.ScriptedPrometheus, metrics: Metrics, suffix: str
) -> None:
    assert (await metrics.query(fake.endpoint(server.url + suffix), "up")).value == 1


BAD_ANSWERS = {
    "4xx with Prometheus' words": (fake.error(400, "parse error at char 3"), "at char 3; correct"),
    "4xx of another server": (fake.raw("<html>", 404, "text/html"), "HTTP 404; check that the"),
    "401": (fake.raw("", 401, "text/plain"), "give the operator access"),
    "422": (fake.error(422, "too many samples"), "HTTP 422: too many samples"),
    "5xx with words": (fake.error(503, "query timed out"), "HTTP 503: query timed out; check"),
    "5xx of a gateway": (fake.raw("<html>bad gateway", 502, "text/html"), "HTTP 502; check"),
    "HTML": (fake.raw("<html>welcome", content_type="text/html"), "a page that is not JSON"),
    "no JSON": (fake.raw("{"), "something that is not JSON"),
    "no object": (fake.raw("[1]"), "something that is not JSON"),
    "empty body": (fake.raw(""), "something that is not JSON"),
    "truncated": (fake.truncated, "cut its answer short; check its address"),
    "cut": (fake.cut, "cut its answer short; check its address"),
    "redirect": (fake.redirect, "redirects (HTTP 307)"),
    "empty vector": (fake.vector(), "has no data for this query"),
    "several series": (fake.vector("1", "2", "3"), "3 series where one is expected"),
    "NaN": (fake.vector("NaN"), "answered NaN"),
    "+Inf": (fake.vector("+Inf"), "answered +Inf"),
    "-Inf": (fake.vector("-Inf"), "answered -Inf"),
    "string": (fake.result("string", [1, "hello"]), "a string where one number"),
    "matrix": (fake.result("matrix", []), "a matrix where one number"),
    "warnings": (fake.vector("1", warnings=["store away"]), "may be partial: store away"),
}


@pytest.mark.parametrize(("script", "words"), BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
async def test_a_bad_answer_is_unknown_and_says_why_and_where(
    server: fake.ScriptedPrometheus, metrics: Metrics, script: fake.Script, words: str
) -> None:
    server.script = script
    sample = await metrics.query(fake.endpoint(server.url), "up")
    assert sample.value is None
    assert sample.problem.startswith(f"Metric source main ({server.url}) ")
    assert words in sample.problem


async def test_hints_about_style_do_not_spoil_a_value(
    server: fake.ScriptedPrometheus, metrics: Metrics
) -> None:
    server.script = fake.vector("7", infos=["metric might not be a counter"])
    assert (await metrics.query(fake.endpoint(server.url), "up")).value == 7


async def test_a_source_that_is_slow_is_unknown(
    server: fake.ScriptedPrometheus, metrics: Metrics
) -> None:
    server.script = server.hang
    sample = await metrics.query(fake.endpoint(server.url, 0.05), "up")
    assert sample.value is None
    assert "gave no answer within 0.05 s" in sample.problem


async def test_an_endless_answer_is_cut_off(
    server: fake.ScriptedPrometheus, metrics: Metrics
) -> None:
    server.script = server.flood
    sample = await metrics.query(fake.endpoint(server.url, 60), "up")
    assert sample.value is None
    assert "more than 256 KiB" in sample.problem
    assert server.sent < 32 << 20


async def test_a_source_that_is_down_is_unknown(metrics: Metrics) -> None:
    async with fake.scripted_prometheus() as gone:
        url = gone.url
    sample = await metrics.query(fake.endpoint(url), "up")
    assert sample.value is None
    assert "refused the connection; check its address" in sample.problem


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://no-such-host.invalid:9090", "host name that is not known"),
        ("ftp://127.0.0.1", "is no valid http(s) address"),
        ("prometheus:9090", "is no valid http(s) address"),
        ("", "is no valid http(s) address"),
        ("http://[::1", "is no valid http(s) address"),
        ("http://127.0.0.1:99999", "is no valid http(s) address"),
        ("https://{server}", "does not speak TLS"),
    ],
)
async def test_an_address_that_leads_nowhere_is_unknown(
    server: fake.ScriptedPrometheus, metrics: Metrics, url: str, words: str
) -> None:
    url = url.replace("{server}", server.url.removeprefix("http://"))
    sample = await metrics.query(fake.endpoint(url), "up")
    assert sample.value is None
    assert words in sample.problem


async def test_credentials_in_the_address_are_never_repeated(
    server: fake.ScriptedPrometheus, metrics: Metrics
) -> None:
    secret = server.url.replace("http://", "http://reader:hunter2@") + "/?token=hunter3"
    server.script = fake.vector()
    answered = await metrics.query(fake.endpoint(secret), "up")
    server.script = fake.cut
    failed = await metrics.query(fake.endpoint(secret), "down")
    for problem in (answered.problem, failed.problem):
        assert problem
        assert "hunter" not in problem


async def test_a_cut_connection_does_not_spoil_the_next_question(
    server: fake.ScriptedPrometheus, metrics: Metrics
) -> None:
    server.script = fake.cut
    await metrics.query(fake.endpoint(server.url), "up")
    server.script = fake.vector("2")
    assert (await metrics.query(fake.endpoint(server.url), "again")).value == 2
