"""Kill -9 of the operator in every phase, on real containers; PostgreSQL counts the migrations."""

from collections.abc import Iterator

import pytest
from tools.lab.kubectl import Body
from tools.lab.lab import Lab

SHOP = "crash"
LIMIT = 600
QUICK = {"watch": {"duration": "30s", "interval": "4s"}}
CALM = 0.1
TERMINAL = {"Completed", "RolledBack", "RollbackFailed", "Failed", "Held"}

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def shop(lab: Lab) -> Iterator[Lab]:
    lab.install_bookshop(SHOP)
    lab.change_policy(SHOP, signOffs=[])  # who signs is told by test_sign_off
    lab.wait_measured(SHOP, below=CALM)
    yield lab
    lab.remove_bookshop(SHOP)


def release_with_crashes(lab: Lab, version: str) -> tuple[Body, list[str]]:
    """Release a version; kill the operator once in each phase, as soon as it is seen."""
    killed: list[str] = []

    def crash(body: Body) -> None:
        phase = body.get("status", {}).get("phase", "")
        current = body.get("status", {}).get("version") == version
        if current and phase not in {*killed, *TERMINAL, "", "Pending"} and lab.crash_operator():
            killed.append(phase)

    lab.apply_release(SHOP, version, QUICK)
    return lab.wait_phase(SHOP, TERMINAL, LIMIT, crash), killed


def test_a_release_survives_a_crash_in_each_phase(shop: Lab) -> None:
    body, killed = release_with_crashes(shop, "1.3.0")

    assert body["status"]["phase"] == "Completed", body["status"]["message"]
    assert {"Preparing", "Migrating", "RollingOut", "Watching"} <= set(killed)
    assert len(killed) >= 5
    assert shop.schema(SHOP) == "0007"
    assert shop.ledger(SHOP)["0007 up"] == 1
    assert len(shop.records(SHOP)) == 1


def test_a_rollback_survives_crashes_and_reverts_each_migration_once(shop: Lab) -> None:
    assert shop.schema(SHOP) == "0007"
    shop.wait_measured(SHOP, below=CALM)

    body, killed = release_with_crashes(shop, "1.4.0")

    assert body["status"]["phase"] == "RolledBack", body["status"]["message"]
    assert {"Watching", "RollingBack"} <= set(killed)
    assert shop.schema(SHOP) == "0007"
    assert (shop.ledger(SHOP)["0008 up"], shop.ledger(SHOP)["0008 down"]) == (1, 1)
    assert shop.images(SHOP)["bookshop-backend"] == "bookshop-backend:1.3.0"
    assert len(shop.records(SHOP)) == 2
