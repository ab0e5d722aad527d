"""The bookshop's releases on real containers: one good, five that are bad in different ways.

What is asserted was seen from outside: in the Deployments, the pods, PostgreSQL, the API. The
tests run in this order in one namespace, because a bad release leaves 1.3.0 behind, as if it had
never been.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from tools.lab.kubectl import Body
from tools.lab.lab import Lab

SHOP = "shop"
LIMIT = 300
QUICK: dict[str, Any] = {"watch": {"duration": "20s", "interval": "4s"}}
"""A watch long enough for three bad samples in a row, and no longer."""
CALM = 0.1
"""Seconds; a healthy version answers in half of that, a slow one in more than twice."""
TERMINAL = {"Completed", "RolledBack", "RollbackFailed", "Failed", "Held"}

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def shop(lab: Lab) -> Iterator[Lab]:
    """The bookshop at 1.2.0."""
    lab.install_bookshop(SHOP)
    lab.change_policy(SHOP, signOffs=[])  # who signs is told by test_sign_off
    yield lab
    lab.remove_bookshop(SHOP)


def release(lab: Lab, version: str, **patch: Any) -> Body:
    """Apply a version's Release and return it when its attempt is over."""
    lab.wait_measured(SHOP, below=CALM)
    lab.apply_release(SHOP, version, QUICK | patch)
    return lab.wait_phase(SHOP, TERMINAL, LIMIT)


@pytest.fixture(scope="module")
def good(shop: Lab) -> Body:
    """1.3.0 after its attempt."""
    return release(shop, "1.3.0")


@pytest.fixture(scope="module")
def slow(shop: Lab, good: Body) -> Body:
    """1.4.0, which answers ten times slower, after its attempt."""
    assert good["status"]["phase"] == "Completed", good["status"]["message"]
    return release(shop, "1.4.0")


def assert_runs(lab: Lab, version: str, schema: str) -> None:
    images = {
        "bookshop-backend": f"bookshop-backend:{version}",
        "bookshop-frontend": f"bookshop-frontend:{version}",
    }
    assert {name: lab.images(SHOP)[name] for name in images} == images
    running = lab.running_images(SHOP)
    assert {name: set(running[name]) for name in images} == {
        name: {image} for name, image in images.items()
    }
    assert lab.schema(SHOP) == schema


def failed_step(body: Body) -> str:
    steps = body["status"]["attempt"]["steps"]
    return next(str(step["id"]) for step in steps if step["state"] == "Failed")


def test_a_good_version_is_released_with_its_schema(shop: Lab, good: Body) -> None:
    assert good["status"]["phase"] == "Completed", good["status"]["message"]
    assert_runs(shop, "1.3.0", "0007")
    assert shop.ledger(SHOP)["0007 up"] == 1
    assert shop.conditions(SHOP)["Ready"] == "True Completed"
    assert {"AttemptStarted", "GatesPassed", "StepSucceeded", "Completed"} <= {
        event["reason"] for event in shop.events(SHOP)
    }
    (record,) = shop.records(SHOP)
    assert record["spec"]["outcome"] == "Completed"
    said = {step["id"]: step.get("message", "") for step in record["spec"]["timeline"]}
    assert record["spec"]["backup"] == said["prepare/backup"] != ""
    assert said["prepare/verify-backup"].startswith("restored: alembic_version 1, books 8, ")
    assert (said["schema/before"], said["schema/after"]) == ("0006", "0007")
    scratch = "SELECT datname FROM pg_database WHERE datname LIKE 'verify%'"
    assert shop.sql(SHOP, scratch) == [], "the scratch database is dropped"


def test_a_slow_version_is_taken_back_with_its_schema(shop: Lab, slow: Body) -> None:
    assert slow["status"]["phase"] == "RolledBack", slow["status"]["message"]
    assert "p95-latency" in slow["status"]["message"]
    assert "times the baseline" in slow["status"]["message"]
    assert_runs(shop, "1.3.0", "0007")
    assert (shop.ledger(SHOP)["0008 up"], shop.ledger(SHOP)["0008 down"]) == (1, 1)
    assert shop.conditions(SHOP)["Stalled"] == "True MetricBreach"
    assert shop.records(SHOP)[-1]["spec"]["outcome"] == "RolledBack"


def test_a_version_that_never_gets_ready_is_taken_back(shop: Lab, slow: Body) -> None:
    assert slow["status"]["phase"] == "RolledBack"
    quick = [{"name": "backend", "progressDeadline": "40s"}]

    body = release(shop, "1.4.1", components=quick)

    assert body["status"]["phase"] == "RolledBack", body["status"]["message"]
    assert failed_step(body) == "rollout/backend"
    assert "was not ready within 40s" in body["status"]["message"]
    assert_runs(shop, "1.3.0", "0007")


def test_a_version_that_fails_its_smoke_test_is_taken_back(shop: Lab, slow: Body) -> None:
    assert slow["status"]["phase"] == "RolledBack"

    body = release(shop, "1.4.2")

    assert body["status"]["phase"] == "RolledBack", body["status"]["message"]
    assert failed_step(body) == "verify/smoke/checkout"
    assert "order total is 1290 cents, expected 3870" in body["status"]["message"]
    assert_runs(shop, "1.3.0", "0007")


def test_a_failing_migration_stops_before_the_code_is_touched(shop: Lab, slow: Body) -> None:
    assert slow["status"]["phase"] == "RolledBack"

    body = release(shop, "1.4.3")

    assert body["status"]["phase"] == "Failed", body["status"]["message"]
    assert failed_step(body).startswith("migrate/0009")
    assert_runs(shop, "1.3.0", "0007")
    assert shop.ledger(SHOP)["0009 up"] == 0


def test_a_failing_way_back_of_the_schema_asks_a_person(shop: Lab, slow: Body) -> None:
    assert slow["status"]["phase"] == "RolledBack"

    limit = [{"name": "p95-latency", "breach": {"above": 2 * CALM}}]
    body = release(shop, "1.4.4", watch=QUICK["watch"] | {"metrics": limit})

    assert body["status"]["phase"] == "RollbackFailed", body["status"]["message"]
    assert "A person must" in body["status"]["message"]
    assert_runs(shop, "1.3.0", "0010")
    assert shop.ledger(SHOP)["0010 up"] == 1
    assert shop.conditions(SHOP)["Ready"].startswith("False")
