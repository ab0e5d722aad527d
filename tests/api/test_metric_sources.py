"""Metric sources on a real API server: what it admits, and what the operator says of them."""

import base64
from pathlib import Path
from typing import Any

import pytest
from tests.api.rights import chart_account
from tests.fakes import prometheus as fake
from tests.fakes.stage import Stage

from release_coordinator.api.codec import MetricSourceObject, parse_metric_source
from release_coordinator.api.conditions import Reason
from release_coordinator.cluster.port import METRIC_SOURCE, SECRET
from release_coordinator.errors import Invalid

pytestmark = pytest.mark.api

KEY = {"name": "prometheus", "key": "token"}


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"auth": {}}, "set either bearer or basic"),
        ({"tls": {"certificate": KEY}}, "set both certificate and privateKey, or neither"),
        ({"url": "http://m:9090", "tls": {"ca": KEY}}, "tls needs a url that begins with https"),
        ({"url": "http://ada:word@m:9090"}, "spec.url"),
        ({"allow": ["Everything"]}, "spec.allow"),
        ({"concurrency": 0}, "spec.concurrency"),
    ],
)
async def test_a_source_that_makes_no_sense_is_refused(
    shop: Stage, spec: dict[str, Any], words: str
) -> None:
    body = {"metadata": {"name": "nonsense"}, "spec": {"url": "https://m:9090", **spec}}
    with pytest.raises(Invalid, match=words):
        await shop.user.create(METRIC_SOURCE, body, dry_run=True)


async def test_everything_that_makes_sense_is_admitted(shop: Stage) -> None:
    spec = {
        "url": "https://m:9090/prefix",
        "auth": {"basic": {"username": KEY, "password": KEY}},
        "tls": {"ca": KEY, "certificate": KEY, "privateKey": KEY, "serverName": "metrics"},
        "namespaces": ["shop"],
        "matchers": {"namespace": "$(namespace)"},
        "allow": ["Loopback", "LinkLocal", "APIServer"],
        "maxAnswerKib": 16384,
        "concurrency": 64,
    }
    body = {"metadata": {"name": "sense"}, "spec": spec}
    stored = await shop.user.create(METRIC_SOURCE, body, dry_run=True)
    assert parse_metric_source(stored).faults == ()


async def test_the_operator_says_whether_a_source_answers_and_when_that_changes(
    shop: Stage, own_kubeconfig: Path, tmp_path: Path
) -> None:
    shop.prometheus.script = fake.vector("1")
    account = chart_account(
        own_kubeconfig,
        shop.namespace,
        tmp_path,
        {"metricSources.secrets": "{prometheus}"},
    )
    operator = await shop.start(
        KUBECONFIG=str(account), NAMESPACES="", LEASE_NAMESPACE=shop.namespace
    )
    answering = await shop.source_until(lambda one: reason(one) == Reason.ANSWERING)
    _, metrics = await operator.get("/metrics")

    shop.prometheus.script = fake.raw("", 401, "text/plain")
    auth = {"bearer": KEY}
    await shop.user.patch(shop.source, {"spec": {"auth": auth}})
    missing = await shop.source_until(lambda one: reason(one) == Reason.MISCONFIGURED)

    token = base64.b64encode(b"hunter2").decode()
    secret = {"metadata": {"name": "prometheus", "namespace": shop.namespace}}
    await shop.user.create(SECRET, {**secret, "data": {"token": token}})
    refused = await shop.source_until(lambda one: reason(one) == Reason.REFUSED, 150)

    assert answering.status.message == ""
    assert f'release_coordinator_metric_source_up{{source="{shop.namespace}"}} 1.0' in metrics
    assert "there is no Secret prometheus" in missing.status.message
    assert shop.prometheus.authorizations[-1] == "Bearer hunter2"
    assert "give the operator access" in refused.status.message
    assert "hunter2" not in operator.log + str(await shop.user.get(shop.source))


def reason(source: MetricSourceObject) -> str:
    """Why it is ready or not, as far as that is said of its present spec."""
    said = source.status.conditions
    present = source.status.observed_generation == source.generation
    return said[0].reason if said and present else ""
