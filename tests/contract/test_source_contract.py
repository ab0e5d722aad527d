"""What a metric source can do to us, and we to it: series and alerts, credentials, TLS, addresses.

Over real HTTP; the cells of a single value are in `test_metrics_contract`.
"""

import asyncio
import gzip
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.fakes import prometheus as fake
from tools.cluster.pki import Pki
from tools.cluster.progress import Progress

from release_coordinator.api.metricsource import AddressKind
from release_coordinator.engine.watchfacts import FiringFact, SampleFact, SeriesFact
from release_coordinator.signals import prometheus
from release_coordinator.signals.addresses import APIServer
from release_coordinator.signals.firing import read_firing
from release_coordinator.signals.port import Endpoint, Outcome, TLSMaterial
from release_coordinator.signals.prometheus import PrometheusMetrics

END = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
START = END - timedelta(minutes=5)
Ask = Callable[[PrometheusMetrics, Endpoint], Awaitable[SampleFact | SeriesFact | FiringFact]]


class Heard:
    """An observer that writes down."""

    def __init__(self) -> None:
        self.asks: list[str] = []
        self.ends: list[Outcome] = []

    def asked(self, source: str) -> None:
        """A question is sent."""
        self.asks.append(source)

    def ended(self, source: str, outcome: Outcome, seconds: float) -> None:
        """It ended."""
        assert source
        assert seconds >= 0
        self.ends.append(outcome)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what the server has no way to tell."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def server() -> AsyncIterator[fake.ScriptedPrometheus]:
    async with fake.scripted_prometheus() as running:
        yield running


@pytest.fixture
async def metrics(heard: Heard) -> AsyncIterator[PrometheusMetrics]:
    client = PrometheusMetrics(allow_loopback=True, observers=[heard])
    yield client
    await client.close()


@pytest.fixture
async def strict(heard: Heard) -> AsyncIterator[PrometheusMetrics]:
    """As in production: loopback is refused like everything else."""
    client = PrometheusMetrics(observers=[heard])
    yield client
    await client.close()


async def series(metrics: PrometheusMetrics, endpoint: Endpoint, query: str = "up") -> SeriesFact:
    return await metrics.series(endpoint, query, START, END, 15)


async def query(metrics: PrometheusMetrics, endpoint: Endpoint) -> SampleFact:
    return await metrics.query(endpoint, "up")


async def firing(metrics: PrometheusMetrics, endpoint: Endpoint) -> FiringFact:
    return await metrics.firing(endpoint)


QUESTIONS: dict[str, Ask] = {"query": query, "series": series, "firing": firing}


async def test_a_series_is_asked_for_with_its_range_and_told_without_gaps(
    server: fake.ScriptedPrometheus, metrics: PrometheusMetrics
) -> None:
    start = START.timestamp()
    server.script = fake.matrix([(start, "1"), (start + 15, "NaN"), (start + 30, "3")])

    assert await series(metrics, fake.endpoint(server.url)) == SeriesFact((1.0, 3.0))
    (form,) = server.asked
    assert form["end"] == f"{END.timestamp():.3f}"
    assert (form["query"], form["step"], form["timeout"]) == ("up", "15.000", "5.000")


async def test_more_values_than_a_source_gives_are_not_asked_for(
    server: fake.ScriptedPrometheus, metrics: PrometheusMetrics
) -> None:
    fact = await metrics.series(fake.endpoint(server.url), "up", START, END, 0.01)

    assert "more than 11000 values at once; choose a shorter range" in fact.problem
    assert server.asked == []


async def test_alerts_that_fire_are_told(
    server: fake.ScriptedPrometheus, metrics: PrometheusMetrics
) -> None:
    labels = {"alertname": "Slow", "namespace": "shop"}
    server.script = fake.alerts(labels)

    fact = await metrics.firing(fake.endpoint(server.url))

    assert [(one.name, one.labels) for one in fact.alerts] == [("Slow", labels)]


async def zipped(request: web.Request) -> web.StreamResponse:
    """Script: an answer that a proxy compresses, whatever the client wants."""
    response = await fake.vector("1")(request)
    response.headers["Content-Encoding"] = "gzip"
    assert isinstance(response, web.Response)
    assert isinstance(response.body, bytes)
    response.body = gzip.compress(response.body)
    return response


TROUBLES: dict[str, tuple[fake.Script, str, Outcome]] = {
    "401": (fake.raw("", 401, "text/plain"), "give the operator access", Outcome.REFUSED),
    "4xx": (fake.error(422, "no"), "HTTP 422: no; ", Outcome.UNUSABLE),
    "5xx": (fake.error(503, "starting"), "HTTP 503: starting; check", Outcome.REFUSED),
    "HTML": (fake.raw("<html>", content_type="text/html"), "not JSON", Outcome.UNUSABLE),
    "gzip": (zipped, "a compressed page although none was asked for", Outcome.UNUSABLE),
    "no JSON": (fake.raw("{"), "something that is not JSON", Outcome.ANSWERED),
    "truncated": (fake.truncated, "cut its answer short", Outcome.UNREACHABLE),
    "cut": (fake.cut, "cut its answer short", Outcome.UNREACHABLE),
    "redirect": (fake.redirect, "redirects (HTTP 307)", Outcome.UNUSABLE),
    "partial": (fake.vector("1", warnings=["away"]), "may be partial: away", Outcome.ANSWERED),
}


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS.keys())
@pytest.mark.parametrize(("script", "words", "outcome"), TROUBLES.values(), ids=TROUBLES.keys())
async def test_every_question_meets_trouble_in_the_same_way(  # noqa: PLR0913, PLR0917
    server: fake.ScriptedPrometheus,
    metrics: PrometheusMetrics,
    heard: Heard,
    ask: Ask,
    script: fake.Script,
    words: str,
    outcome: Outcome,
) -> None:
    server.script = script
    fact = await ask(metrics, fake.endpoint(server.url))

    assert fact.problem.startswith(f"Metric source main ({server.url}) ")
    assert words in fact.problem
    assert (heard.asks, heard.ends) == (["main"], [outcome])


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS.keys())
async def test_no_question_reads_more_than_the_source_may_answer(
    server: fake.ScriptedPrometheus, metrics: PrometheusMetrics, ask: Ask
) -> None:
    server.script = server.flood
    fact = await ask(metrics, fake.endpoint(server.url, 60, max_answer=64 << 10))

    assert "answered with more than 64 KiB; " in fact.problem
    assert "or raise spec.maxAnswerKib of the MetricSource" in fact.problem
    assert server.sent < 32 << 20


async def test_one_number_and_one_series_take_little_whatever_the_source_may_answer(
    server: fake.ScriptedPrometheus, metrics: PrometheusMetrics
) -> None:
    server.script = server.flood
    endpoint = fake.endpoint(server.url, 60, max_answer=16 << 20)
    number, values = await query(metrics, endpoint), await series(metrics, endpoint)

    assert number.problem.endswith("more than 256 KiB; narrow the query to one series.")
    assert values.problem.endswith("more than 1024 KiB; narrow the query to one series.")
    assert server.sent < 32 << 20


async def test_long_lists_are_read_aside_and_one_at_a_time(
    server: fake.ScriptedPrometheus,
    metrics: PrometheusMetrics,
    heard: Heard,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on, reading, most = threading.Event(), 0, 0

    def slow(status: int, body: bytes) -> FiringFact:
        nonlocal reading, most
        reading += 1
        most = max(most, reading)
        assert go_on.wait(30)  # in the loop it would be for nothing: nobody could set it
        reading -= 1
        return read_firing(status, body)

    monkeypatch.setattr(prometheus, "read_firing", slow)
    server.script = fake.alerts({"alertname": "A", "text": "x" * prometheus.ASIDE_BYTES})
    asks = [
        asyncio.ensure_future(metrics.firing(fake.endpoint(server.url, name=name)))
        for name in ("one", "other")
    ]
    await until(lambda: len(heard.ends) == 2 and reading > 0)
    go_on.set()

    assert [len(fact.alerts) for fact in await asyncio.gather(*asks)] == [1, 1]
    assert most == 1


async def test_a_value_from_the_future_or_the_past_is_unknown(
    server: fake.ScriptedPrometheus, metrics: PrometheusMetrics
) -> None:
    server.script = fake.vector("1", age=-3600)
    future = await metrics.query(fake.endpoint(server.url), "a")
    server.script = fake.vector("1", age=3600)
    past = await metrics.query(fake.endpoint(server.url), "b")

    assert (future.value, past.value) == (None, None)
    assert "s in the future; set the clocks" in future.problem
    assert "s old; set the clocks" in past.problem


# who we are, and who answers


async def test_credentials_are_shown_to_the_source_and_to_nobody_else(
    server: fake.ScriptedPrometheus, metrics: PrometheusMetrics
) -> None:
    endpoint = fake.endpoint(server.url, authorization="Bearer hunter2")
    server.script = fake.redirect  # the other place must not see them
    fact = await metrics.query(endpoint, "up")

    assert server.authorizations == ["Bearer hunter2"]
    assert "hunter2" not in repr(endpoint) + fact.problem
    assert "hunter3" not in repr(TLSMaterial("hunter3", "hunter3", "hunter3"))


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """An authority of our own; its server certificate is for 127.0.0.1, its client is "admin"."""
    made = Pki(tmp_path_factory.mktemp("pki") / "pki")
    made.create(Progress())
    return made


def text(path: Path) -> str:
    return path.read_text(encoding="ascii")


@pytest.fixture
async def secure(pki: Pki) -> AsyncIterator[fake.ScriptedPrometheus]:
    """A server that wants to see a certificate."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pki.file("server.crt"), pki.file("server.key"))
    tls.load_verify_locations(pki.file("ca.crt"))
    tls.verify_mode = ssl.CERT_REQUIRED
    async with fake.scripted_prometheus(tls) as running:
        yield running


def material(pki: Pki, **more: str) -> TLSMaterial:
    ours = {
        "ca": text(pki.file("ca.crt")),
        "certificate": text(pki.file("admin.crt")),
        "private_key": text(pki.file("admin.key")),
    }
    return TLSMaterial(**{**ours, **more})


async def test_both_sides_prove_who_they_are(
    secure: fake.ScriptedPrometheus, metrics: PrometheusMetrics, pki: Pki
) -> None:
    endpoint = fake.endpoint(secure.url, tls=material(pki))
    assert (await metrics.query(endpoint, "up")).value == 1


async def test_the_name_in_the_certificate_may_be_another_than_in_the_url(
    secure: fake.ScriptedPrometheus, metrics: PrometheusMetrics, pki: Pki
) -> None:
    named = fake.endpoint(secure.url, tls=material(pki, server_name="kubernetes.default.svc"))
    assert (await metrics.query(named, "up")).value == 1


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"server_name": "prometheus.shop.svc"}, "certificate that is not trusted"),
        ({"ca": ""}, "certificate that is not trusted"),
        ({"ca": "no certificate"}, "has authorities in tls.ca that cannot be read"),
        ({"certificate": "no certificate"}, "tls.privateKey that cannot be read or do not belong"),
        ({"private_key": "no key"}, "tls.privateKey that cannot be read or do not belong"),
    ],
)
async def test_without_proof_nothing_is_asked(
    secure: fake.ScriptedPrometheus,
    metrics: PrometheusMetrics,
    pki: Pki,
    broken: dict[str, str],
    words: str,
) -> None:
    sample = await metrics.query(fake.endpoint(secure.url, tls=material(pki, **broken)), "up")

    assert sample.value is None
    assert words in sample.problem
    assert secure.asked == []


async def test_another_key_than_that_of_the_certificate_is_told(
    secure: fake.ScriptedPrometheus, metrics: PrometheusMetrics, pki: Pki
) -> None:
    foreign = material(pki, private_key=text(pki.file("server.key")))
    sample = await metrics.query(fake.endpoint(secure.url, tls=foreign), "up")
    assert "do not belong together" in sample.problem


async def test_a_server_that_wants_a_certificate_gets_none_by_accident(
    secure: fake.ScriptedPrometheus, metrics: PrometheusMetrics, pki: Pki
) -> None:
    nobody = material(pki, certificate="", private_key="")
    assert (await metrics.query(fake.endpoint(secure.url, tls=nobody), "up")).value is None
    assert secure.asked == []


async def test_new_certificates_count_from_the_next_question_on(
    secure: fake.ScriptedPrometheus, metrics: PrometheusMetrics, pki: Pki
) -> None:
    answered = []
    for number, tls in enumerate((material(pki), material(pki, ca=""), material(pki))):
        sample = await metrics.query(fake.endpoint(secure.url, tls=tls), f"up + {number}")
        answered.append(sample.value)

    assert answered == [1, None, 1]


# where we do not go


async def test_a_loopback_address_is_asked_only_where_that_is_allowed(
    server: fake.ScriptedPrometheus, strict: PrometheusMetrics, heard: Heard
) -> None:
    refused = await strict.query(fake.endpoint(server.url), "up")
    allowed = fake.endpoint(server.url, allow=frozenset({AddressKind.LOOPBACK}))

    assert refused.value is None
    assert "is at a loopback address, which is not asked; if that is meant" in refused.problem
    assert heard.ends == [Outcome.FORBIDDEN]
    assert len(server.asked) == 0
    assert (await strict.query(allowed, "up")).value == 1


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "[::1]", "[::ffff:127.0.0.1]", "[::]"])
async def test_no_other_spelling_of_it_gets_through(
    server: fake.ScriptedPrometheus, strict: PrometheusMetrics, host: str
) -> None:
    url = server.url.replace("127.0.0.1", host)
    sample = await strict.query(fake.endpoint(url), "up")

    assert "is at a loopback address" in sample.problem
    assert server.asked == []


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f.1", "017700000001"])
async def test_numbers_that_only_some_take_for_an_address_are_not_asked(
    server: fake.ScriptedPrometheus, strict: PrometheusMetrics, host: str
) -> None:
    url = server.url.replace("127.0.0.1", host)
    assert (await strict.query(fake.endpoint(url), "up")).value is None
    assert server.asked == []


async def test_the_metadata_service_of_a_cloud_is_not_asked(strict: PrometheusMetrics) -> None:
    sample = await strict.query(fake.endpoint("http://169.254.169.254/latest"), "up")
    assert "is at a link-local or metadata address, which is not asked" in sample.problem


async def test_a_name_that_leads_elsewhere_the_second_time_gains_nothing(
    server: fake.ScriptedPrometheus, monkeypatch: pytest.MonkeyPatch, heard: Heard
) -> None:
    port = int(server.url.rpartition(":")[2])
    answers = ["127.0.0.1", "127.0.0.2"]

    async def rebinding(host: str, port: int, **_: Any) -> list[Any]:
        assert host == "prometheus.example.test"
        address = (answers.pop(0), port)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)]

    async def closing(_: web.Request) -> web.StreamResponse:
        response = await fake.vector("1")(_)
        response.force_close()
        return response

    # The second answer is where the Kubernetes API lives.
    client = PrometheusMetrics(
        api_server=APIServer([f"https://127.0.0.2:{port}"]), allow_loopback=True, observers=[heard]
    )
    server.script = closing
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", rebinding)
    endpoint = fake.endpoint(f"http://prometheus.example.test:{port}")
    first = await client.query(endpoint, "up")
    second = await client.query(endpoint, "down")
    await client.close()

    assert first.value == 1
    assert "is at an address of the Kubernetes API, which is not asked" in second.problem
    assert heard.ends == [Outcome.ANSWERED, Outcome.FORBIDDEN]
    assert answers == []


async def test_a_connection_that_one_source_may_have_is_not_there_for_another(
    server: fake.ScriptedPrometheus, strict: PrometheusMetrics
) -> None:
    loopback = frozenset({AddressKind.LOOPBACK})
    allowed = await strict.query(fake.endpoint(server.url, name="one", allow=loopback), "up")
    other = await strict.query(fake.endpoint(server.url, name="other"), "up")

    assert (allowed.value, other.value) == (1, None)


async def test_what_is_no_longer_allowed_is_refused_from_the_next_question_on(
    server: fake.ScriptedPrometheus, strict: PrometheusMetrics
) -> None:
    loopback = frozenset({AddressKind.LOOPBACK})
    before = await strict.query(fake.endpoint(server.url, allow=loopback), "up")
    after = await strict.query(fake.endpoint(server.url), "up")

    assert (before.value, after.value) == (1, None)


# how much is asked


async def test_the_same_question_of_many_is_asked_once(
    server: fake.ScriptedPrometheus, metrics: PrometheusMetrics
) -> None:
    endpoint = fake.endpoint(server.url)
    samples = await asyncio.gather(*(metrics.query(endpoint, "up") for _ in range(500)))

    assert {sample.value for sample in samples} == {1}
    assert len(server.asked) == 1


async def test_a_source_is_asked_no_more_at_once_than_it_may_be(
    server: fake.ScriptedPrometheus, metrics: PrometheusMetrics
) -> None:
    endpoint = fake.endpoint(server.url, concurrency=3)
    queries = (metrics.query(endpoint, f"up + {number}") for number in range(50))
    samples = await asyncio.gather(*queries)

    assert {sample.value for sample in samples} == {1}
    assert server.most_open <= 3


async def test_a_slow_source_delays_only_itself(
    server: fake.ScriptedPrometheus, metrics: PrometheusMetrics
) -> None:
    async with fake.scripted_prometheus() as slow:
        slow.script = slow.hang
        jammed = fake.endpoint(slow.url, 60, name="slow", concurrency=1)
        waiting = [asyncio.ensure_future(metrics.query(jammed, f"up + {n}")) for n in range(4)]
        quick = await metrics.query(fake.endpoint(server.url), "up")

        assert quick.value == 1
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()


async def test_what_is_not_asked_in_time_is_unknown_and_says_so(
    server: fake.ScriptedPrometheus, metrics: PrometheusMetrics, heard: Heard
) -> None:
    server.script = server.hang
    jammed = fake.endpoint(server.url, 0.1, concurrency=1)
    samples = await asyncio.gather(*(metrics.query(jammed, f"up + {n}") for n in range(8)))

    unasked = [one for one in samples if "was not asked in time: 1 other" in one.problem]
    assert unasked
    assert all(sample.value is None for sample in samples)
    assert heard.ends.count(Outcome.NOT_ASKED) == len(unasked) == len(samples) - len(heard.asks)


@pytest.mark.parametrize(("concurrency", "share"), [(8, 4), (3, 1), (2, 1)])
async def test_a_namespace_takes_half_of_the_turns_and_leaves_the_others_theirs(
    server: fake.ScriptedPrometheus, metrics: PrometheusMetrics, concurrency: int, share: int
) -> None:
    server.script = server.hang
    greedy = fake.endpoint(server.url, 30, concurrency=concurrency, asker="greedy")
    waiting = [asyncio.ensure_future(metrics.query(greedy, f"up + {n}")) for n in range(40)]
    await until(lambda: server.open == share)
    server.script = fake.vector("1")
    modest = replace(greedy, asker="modest")
    samples = await asyncio.gather(*(metrics.query(modest, f"up + {n}") for n in range(5)))
    server.script = fake.alerts({"alertname": "A"})
    shared = await metrics.firing(greedy)

    assert {sample.value for sample in samples} == {1}
    assert len(shared.alerts) == 1
    assert server.open == share
    for task in waiting:
        task.cancel()


async def test_who_waits_for_the_own_namespace_hears_that(
    server: fake.ScriptedPrometheus, metrics: PrometheusMetrics
) -> None:
    server.script = server.hang
    jammed = fake.endpoint(server.url, 0.1, concurrency=4, asker="greedy")
    samples = await asyncio.gather(*(metrics.query(jammed, f"up + {n}") for n in range(8)))

    said = "was not asked in time: 2 other questions of namespace greedy were under way for 0.1 s"
    assert any(said in sample.problem for sample in samples)


async def test_a_check_does_not_wait_for_its_turn(
    server: fake.ScriptedPrometheus, metrics: PrometheusMetrics
) -> None:
    server.script = server.hang
    endpoint = fake.endpoint(server.url, 30, concurrency=1)
    waiting = asyncio.ensure_future(metrics.query(endpoint, "up"))
    await until(lambda: bool(server.asked))
    server.script = fake.vector("1")
    result = await metrics.check(endpoint)
    waiting.cancel()

    assert (result.outcome, result.problem) == (Outcome.ANSWERED, "")


@pytest.mark.parametrize(
    ("script", "outcome", "words"),
    [
        (fake.vector("2"), Outcome.UNUSABLE, "answered vector(1) with no 1"),
        (fake.vector(), Outcome.UNUSABLE, "has no data"),
        (fake.raw("", 403, "text/plain"), Outcome.REFUSED, "give the operator access"),
        (fake.cut, Outcome.UNREACHABLE, "cut its answer short"),
    ],
)
async def test_a_check_finds_out_what_is_wrong(
    server: fake.ScriptedPrometheus,
    metrics: PrometheusMetrics,
    script: fake.Script,
    outcome: Outcome,
    words: str,
) -> None:
    server.script = script
    result = await metrics.check(fake.endpoint(server.url))

    assert result.outcome is outcome
    assert words in result.problem


async def test_certificates_that_change_while_questions_are_under_way_cut_none_of_them(
    server: fake.ScriptedPrometheus, metrics: PrometheusMetrics
) -> None:
    go_on = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        await go_on.wait()
        return await fake.vector("1")(request)

    server.script = slow
    # Of a server without TLS only the pool changes with what would be shown to it.
    endpoints = [
        fake.endpoint(server.url, tls=TLSMaterial(server_name=name)) for name in ("", "a", "b")
    ]
    waiting = [
        asyncio.ensure_future(metrics.query(endpoints[number % 3], f"up + {number}"))
        for number in range(6)
    ]
    await until(lambda: server.open == 6 or all(task.done() for task in waiting))
    go_on.set()

    assert [sample.value for sample in await asyncio.gather(*waiting)] == [1] * 6
