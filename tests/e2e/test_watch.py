"""The watch on real containers: errors stop a rollout half way, silence of Prometheus never does.

The tests run in this order in one namespace; each leaves 1.3.0 behind.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from tools.lab.kubectl import Body
from tools.lab.lab import Lab

from release_coordinator.api.base import parse_moment

SHOP = "watched"
LIMIT = 400
CALM = 0.1
TERMINAL = {"Completed", "RolledBack", "RollbackFailed", "Failed", "Held"}
OUTAGE = 30.0
"""Seconds that Prometheus is away, at least."""

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def shop(lab: Lab) -> Iterator[Lab]:
    lab.install_bookshop(SHOP)
    # Who signs is told by test_sign_off; that 1.4.5 does not follow 1.3.0, by the Version gate.
    off = ("Staging", "StagingTests", "StagingConfig", "Rehearsal", "Version")
    gates = [{"name": name, "enforcement": "Off"} for name in off]
    lab.change_policy(SHOP, signOffs=[], gates=gates)
    lab.wait_measured(SHOP, below=CALM)
    yield lab
    lab.remove_bookshop(SHOP)


def scale_prometheus(lab: Lab, replicas: int) -> None:
    target = "deployment/bookshop-prometheus"
    lab.kubectl.run("scale", target, "-n", SHOP, f"--replicas={replicas}")
    if replicas:
        lab.kubectl.run("rollout", "status", target, "-n", SHOP, "--timeout=120s")


def measured(body: Body, name: str) -> Body:
    entries: list[Body] = body["status"]["attempt"]["measurements"]
    return next(entry for entry in entries if entry["metric"] == name)


def step(body: Body, name: str) -> Body:
    steps: list[Body] = body["status"]["attempt"]["steps"]
    return next(one for one in steps if one["id"] == name)


def seconds(one: str, other: str) -> float:
    return (parse_moment(other) - parse_moment(one)).total_seconds()


@pytest.fixture(scope="module")
def interrupted(shop: Lab) -> Body:
    """1.3.0, a good version, in whose watch Prometheus was away for a while."""
    away: list[str] = []

    def stop_and_start(body: Body) -> None:
        status = body.get("status", {})
        if status.get("phase") != "Watching":
            return
        blind = [one for one in status["attempt"]["measurements"] if "unknownSince" in one]
        if not away:
            scale_prometheus(shop, 0)
            away.append("stopped")
        elif away == ["stopped"] and blind:
            late = seconds(
                blind[0]["unknownSince"], status["attempt"]["measurements"][0]["sampledAt"]
            )
            if late >= OUTAGE:
                scale_prometheus(shop, 1)
                away.append("started")

    limits = {"duration": "30s", "interval": "4s", "unknownLimit": "4m"}
    metrics: list[dict[str, Any]] = [{"name": "p95-latency", "failureThreshold": 6}]
    shop.apply_release(SHOP, "1.3.0", {"watch": limits | {"metrics": metrics}})
    body = shop.wait_phase(SHOP, TERMINAL, LIMIT, stop_and_start)
    assert away == ["stopped", "started"], body["status"]["message"]
    return body


def test_an_outage_of_prometheus_makes_the_watch_longer_and_nothing_else(
    shop: Lab, interrupted: Body
) -> None:
    assert interrupted["status"]["phase"] == "Completed", interrupted["status"]["message"]
    watch = step(interrupted, "watch")
    assert seconds(watch["startedAt"], watch["finishedAt"]) >= 30 + OUTAGE
    for entry in interrupted["status"]["attempt"]["measurements"]:
        assert entry["verdict"] == "Pass"
        assert entry["history"]["unknown"], "what was not measured is a gap, and no value"
    assert shop.images(SHOP)["bookshop-backend"] == "bookshop-backend:1.3.0"


def test_errors_stop_a_rollout_half_way(shop: Lab, interrupted: Body) -> None:
    assert interrupted["status"]["phase"] == "Completed"
    shop.wait_measured(SHOP, below=CALM)
    # A careful team: a pod counts once it was ready for a while, so that a rollout takes its time.
    # Errors are borne for longer than passes between two looks into a log.
    patience = '{"spec": {"minReadySeconds": 40}}'
    metrics: list[dict[str, Any]] = [{"name": "error-ratio", "failureThreshold": 8}]
    target = ("deployment/bookshop-backend", f"--namespace={SHOP}", f"--patch={patience}")
    shop.kubectl.run("patch", *target)

    shop.apply_release(SHOP, "1.4.5", {"watch": {"interval": "2s", "metrics": metrics}})
    body = shop.wait_phase(SHOP, TERMINAL, LIMIT)

    attempt = body["status"]["attempt"]
    assert body["status"]["phase"] == "RolledBack", body["status"]["message"]
    assert attempt["trigger"]["reason"] == "MetricBreach"
    assert "metric error-ratio" in attempt["trigger"]["message"]
    begun = [one["id"] for one in attempt["steps"]]
    assert "rollout/backend" in begun
    assert "rollout/frontend" not in begun, "the frontend is never touched"
    assert "watch" not in begun, "the watch after the rollout never begins"
    assert shop.images(SHOP)["bookshop-backend"] == "bookshop-backend:1.3.0"
    assert shop.schema(SHOP) == "0007"
    assert measured(body, "logs/errors")["value"] > 0, "the log was read while it was rolled out"
    assert attempt["downtime"]["measuredSeconds"] > 0, "some answers were errors"
    assert attempt["downtime"]["seconds"] == 0, "there was always a pod"
