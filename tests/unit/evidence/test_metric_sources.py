"""Which source a Release may ask, with which credentials, and what it gets to see of it."""

import base64
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.fakes.world import NAMESPACE, STAGING, ScriptedMetrics, World

from release_coordinator.api.metricsource import AddressKind
from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import METRIC_SOURCE, SECRET, Ref
from release_coordinator.engine.evidence import (
    AdmissionFact,
    AlertRuleFact,
    AlertRulesFact,
    AlertRulesWant,
)
from release_coordinator.engine.watchfacts import (
    AlertFact,
    FiringFact,
    FiringWant,
    SampleFact,
    SampleWant,
    SeriesFact,
    SeriesWant,
)
from release_coordinator.errors import Denied, ReleaseCoordinatorError, Transient
from release_coordinator.evidence import registry
from release_coordinator.evidence.sources import Sources
from release_coordinator.evidence.sourcesecrets import KEPT_SECONDS, SourceSecrets
from release_coordinator.signals.port import Endpoint, TLSMaterial

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OWN = "shop-staging"
"""Where the operator is said to live: the double knows this namespace."""
URL = "https://prometheus:9090"
BEARER = {"bearer": {"name": "prometheus", "key": "token"}}


class Asked(ScriptedMetrics):
    """A source that writes down how it was asked."""

    def __init__(self) -> None:
        super().__init__(lambda: 1.0)
        self.endpoints: list[Endpoint] = []
        self.promql: list[str] = []

    async def query(self, endpoint: Endpoint, promql: str) -> SampleFact:
        """One, whatever the question."""
        self.endpoints.append(endpoint)
        self.promql.append(promql)
        return await super().query(endpoint, promql)


class Scene:
    """A world with a source in it."""

    def __init__(self) -> None:
        self.world = World()
        self.metrics = Asked()
        self.time = 0.0
        secrets = SourceSecrets(self.world.cluster, OWN, lambda: self.time)
        self.sources = Sources(
            self.world.cluster,
            self.world.operator.store,
            self.metrics,
            self.world.prober,
            lambda: AdmissionFact(""),
            secrets=secrets,
        )

    async def source(self, **spec: Any) -> None:
        """The platform team writes the source `main`."""
        body = {"metadata": {"name": "main"}, "spec": {"url": URL, **spec}}
        await self.world.user.create(METRIC_SOURCE, body)

    async def secret(self, data: Mapping[str, str | bytes]) -> None:
        """The platform team writes the Secret `prometheus`."""
        encoded = {
            key: base64.b64encode(one if isinstance(one, bytes) else one.encode()).decode()
            for key, one in data.items()
        }
        body = {"metadata": {"name": "prometheus", "namespace": OWN}, "data": encoded}
        await self.world.user.create(SECRET, body)

    async def ask(self, query: str = "up", namespace: str = NAMESPACE) -> SampleFact:
        """A Release asks for a value."""
        fact = await registry.answer(self.sources, namespace, SampleWant("main", query, NOW))
        assert isinstance(fact, SampleFact)
        return fact

    def fail(self, error: Exception | None) -> None:
        """Reads of Secrets fail from now on, or no longer."""

        async def refusal(call: Call) -> None:
            if error is not None and call.ref.kind is SECRET:
                raise error

        self.world.cluster.before = refusal


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_everything_that_the_platform_team_says_counts(scene: Scene) -> None:
    await scene.secret({"token": "hunter2\n", "ca": "CA", "crt": "CRT", "key": "KEY"})
    tls = {
        "ca": {"name": "prometheus", "key": "ca"},
        "certificate": {"name": "prometheus", "key": "crt"},
        "privateKey": {"name": "prometheus", "key": "key"},
        "serverName": "metrics",
    }
    await scene.source(
        auth=BEARER, tls=tls, timeout="7s", allow=["Loopback"], maxAnswerKib=2, concurrency=3
    )

    assert (await scene.ask()).value == 1
    assert scene.metrics.endpoints == [
        Endpoint(
            "main",
            URL,
            7.0,
            "Bearer hunter2",
            TLSMaterial("CA", "CRT", "KEY", "metrics"),
            frozenset({AddressKind.LOOPBACK}),
            2048,
            3,
            NAMESPACE,
        )
    ]


async def test_a_user_and_a_password_are_shown_as_the_rfc_wants_it(scene: Scene) -> None:
    await scene.secret({"user": "ada", "password": "hünter2"})
    keys = {
        "username": {"name": "prometheus", "key": "user"},
        "password": {"name": "prometheus", "key": "password"},
    }
    await scene.source(auth={"basic": keys})

    await scene.ask()
    (endpoint,) = scene.metrics.endpoints
    kind, _, encoded = endpoint.authorization.partition(" ")
    assert (kind, base64.b64decode(encoded).decode()) == ("Basic", "ada:hünter2")


Prepare = Callable[[Scene], Awaitable[None]]


async def no_secret(scene: Scene) -> None:
    """Nobody has created it."""


async def other_key(scene: Scene) -> None:
    await scene.secret({"tokn": "x"})


async def no_text(scene: Scene) -> None:
    await scene.secret({"token": b"\xff\xfe"})


async def two_lines(scene: Scene) -> None:
    await scene.secret({"token": "hunter2\r\nX-Evil: 1"})


async def empty(scene: Scene) -> None:
    await scene.secret({"token": "\n"})


async def no_right(scene: Scene) -> None:
    scene.fail(Denied("403 hunter2"))


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (no_secret, "there is no Secret prometheus in namespace shop-staging; the platform team"),
        (other_key, "has no key token; the platform team adds it"),
        (no_text, "is no text in UTF-8; the platform team corrects it"),
        (two_lines, "has characters that no HTTP header can carry; the platform team corrects it"),
        (empty, "is empty or has characters"),
        (no_right, "may not read Secret prometheus in namespace shop-staging; the platform team"),
    ],
)
async def test_credentials_that_are_not_to_be_had_are_a_problem_of_the_platform_team(
    scene: Scene, prepare: Prepare, words: str
) -> None:
    await prepare(scene)
    await scene.source(auth=BEARER)

    sample = await scene.ask()
    assert sample.value is None
    assert sample.problem.startswith("MetricSource main cannot be asked: ")
    assert words in sample.problem
    assert "hunter2" not in sample.problem
    assert scene.metrics.endpoints == []


async def test_an_operator_that_does_not_know_its_namespace_reads_no_secrets(scene: Scene) -> None:
    scene.sources = Sources(
        scene.world.cluster,
        scene.world.operator.store,
        scene.metrics,
        scene.world.prober,
        lambda: AdmissionFact(""),
    )
    await scene.source(auth=BEARER)

    assert "does not know its own namespace" in (await scene.ask()).problem


async def test_a_secret_is_read_again_after_a_minute_and_not_before(scene: Scene) -> None:
    await scene.secret({"token": "old"})
    await scene.source(auth=BEARER)
    shown = []
    for time in (0.0, KEPT_SECONDS - 1, KEPT_SECONDS):
        scene.time = time
        await scene.ask()
        shown.append(scene.metrics.endpoints[-1].authorization)
        data = {"data": {"token": base64.b64encode(b"new").decode()}}
        await scene.world.user.patch(Ref(SECRET, OWN, "prometheus"), data)

    assert shown == ["Bearer old", "Bearer old", "Bearer new"]


async def test_while_the_api_server_is_away_what_was_read_goes_on_to_count(scene: Scene) -> None:
    await scene.secret({"token": "old"})
    await scene.source(auth=BEARER)
    await scene.ask()
    scene.fail(Transient("503"))
    scene.time = KEPT_SECONDS

    assert (await scene.ask()).value == 1


@pytest.mark.parametrize("error", [Transient("503"), Denied("403")])
async def test_no_failed_reading_leaves_a_look_as_an_error(
    scene: Scene, error: ReleaseCoordinatorError
) -> None:
    await scene.source(auth=BEARER)
    scene.fail(error)

    assert (await scene.ask()).problem


# who may ask


WANTS: dict[str, Callable[[], Any]] = {
    "sample": lambda: SampleWant("main", "up", NOW),
    "series": lambda: SeriesWant("main", "up", NOW, NOW, 15),
    "firing": lambda: FiringWant("main", NOW),
    "rules": lambda: AlertRulesWant("main"),
}


@pytest.mark.parametrize("want", WANTS.values(), ids=WANTS.keys())
async def test_a_source_that_is_not_for_the_namespace_answers_nothing(
    scene: Scene, want: Callable[[], Any]
) -> None:
    scene.metrics.alerts = AlertRulesFact((AlertRuleFact("Down", "ok", False, ""),))
    scene.metrics.fires = lambda: FiringFact((AlertFact("Down"),))
    await scene.source(namespaces=[NAMESPACE])

    own = await registry.answer(scene.sources, NAMESPACE, want())
    other = await registry.answer(scene.sources, STAGING, want())

    assert own.problem == ""
    assert other == type(own)(
        None if isinstance(own, SampleFact) else (),
        f"MetricSource main is not for namespace {STAGING}; the platform team adds it to "
        "spec.namespaces of the MetricSource, or names another source for it",
    )


# what it gets to see


async def test_queries_are_narrowed_to_the_namespace(scene: Scene) -> None:
    await scene.source(matchers={"namespace": "$(namespace)", "cluster": "a$(namespace)-b"})

    await scene.ask("sum(rate(http_requests_total[1m]))")
    await registry.answer(scene.sources, NAMESPACE, SeriesWant("main", "up", NOW, NOW, 15))

    for query in scene.metrics.promql:
        assert f'namespace="{NAMESPACE}"' in query
        assert f'cluster="a{NAMESPACE}-b"' in query


async def test_a_query_that_cannot_be_narrowed_is_not_asked(scene: Scene) -> None:
    await scene.source(matchers={"namespace": "$(namespace)"})

    sample = await scene.ask("sum(")
    assert sample.value is None
    assert sample.problem.startswith("MetricSource main narrows every query, but this one ")
    assert scene.metrics.promql == []


async def test_without_matchers_a_query_is_asked_as_it_is_written(scene: Scene) -> None:
    await scene.source()
    await scene.ask("sum( up )")
    assert scene.metrics.promql == ["sum( up )"]


async def test_alerts_of_others_are_not_seen(scene: Scene) -> None:
    own, other, nobody = ({"namespace": NAMESPACE}, {"namespace": STAGING}, dict[str, str]())
    scene.metrics.fires = lambda: FiringFact(
        (AlertFact("A", own), AlertFact("B", other), AlertFact("C", nobody))
    )
    await scene.source(matchers={"namespace": "$(namespace)"})

    fact = await registry.answer(scene.sources, NAMESPACE, FiringWant("main", NOW))
    assert fact == FiringFact((AlertFact("A", own),))


async def test_a_rule_that_fires_for_others_alone_does_not_fire(scene: Scene) -> None:
    names = ("Own", "Others", "Everybodys", "Silent", "Templated")
    templated = "{{ $labels.severity }}"
    scene.metrics.alerts = AlertRulesFact(
        tuple(
            AlertRuleFact(name, "ok", True, templated if name == "Templated" else "critical")
            for name in names
        )
    )
    critical = {"severity": "critical"}
    scene.metrics.fires = lambda: FiringFact(
        (
            AlertFact("Own", {"namespace": NAMESPACE, **critical}),
            AlertFact("Others", {"namespace": STAGING, **critical}),
            AlertFact("Everybodys", critical),
            AlertFact("Silent", {"namespace": NAMESPACE, "severity": "warning"}),
            AlertFact("Templated", {"namespace": NAMESPACE, "severity": "page"}),
        )
    )
    await scene.source(matchers={"namespace": "$(namespace)"})

    fact = await registry.answer(scene.sources, NAMESPACE, AlertRulesWant("main"))
    assert [rule.name for rule in fact.rules if rule.firing] == ["Own", "Everybodys", "Templated"]


async def test_rules_are_unknown_where_the_alerts_are(scene: Scene) -> None:
    scene.metrics.alerts = AlertRulesFact((AlertRuleFact("Down", "ok", True, ""),))
    scene.metrics.fires = lambda: FiringFact((), "refused")
    await scene.source(matchers={"namespace": "$(namespace)"})

    fact = await registry.answer(scene.sources, NAMESPACE, AlertRulesWant("main"))
    assert fact == AlertRulesFact((), "refused")


async def test_an_outage_is_a_problem_of_a_series_too(scene: Scene) -> None:
    await scene.source(auth=BEARER)
    fact = await registry.answer(scene.sources, NAMESPACE, SeriesWant("main", "up", NOW, NOW, 15))
    assert isinstance(fact, SeriesFact)
    assert "cannot be asked" in fact.problem


def test_what_is_written_about_a_source_with_secrets_shows_none() -> None:
    endpoint = Endpoint("main", URL, 5, "Bearer hunter2", TLSMaterial("a", "b", "hunter3"))
    assert "hunter" not in repr(endpoint)
