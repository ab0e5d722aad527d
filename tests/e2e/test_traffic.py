"""R4.5 on real containers: what a customer who never stops asking sees of both strategies.

Each strategy releases 1.3.0, which is good, and 1.4.0, which is slow and taken back. Nothing may
fail; how long the way back takes is written down (`docs/benchmarks.md` says with which figures).
"""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tools.lab.customer import Customer
from tools.lab.kubectl import Body
from tools.lab.lab import Lab

CALM = 0.1
LIMIT = 400
QUICK: dict[str, Any] = {"watch": {"duration": "30s", "interval": "5s"}}
TERMINAL = {"Completed", "RolledBack", "RollbackFailed", "Failed", "Held"}
STRATEGIES: dict[str, dict[str, Any]] = {
    "rolling": {},
    "bluegreen": {
        "components": [
            {
                "name": name,
                "strategy": {"type": "BlueGreen", "service": f"bookshop-{name}"},
            }
            for name in ("backend", "frontend")
        ]
    },
}

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", params=STRATEGIES)
def strategy(request: pytest.FixtureRequest) -> str:
    """How the components are brought to a version."""
    return str(request.param)


@pytest.fixture(scope="module")
def shop(lab: Lab, strategy: str) -> Iterator[Lab]:
    """The bookshop at 1.2.0, in a namespace of its strategy."""
    lab.install_bookshop(strategy)
    lab.change_policy(strategy, signOffs=[])
    yield lab
    lab.remove_bookshop(strategy)


def release(lab: Lab, strategy: str, version: str) -> tuple[Body, Customer]:
    """Release a version while the customer asks."""
    lab.wait_measured(strategy, below=CALM)
    with Customer(lab.kubectl, strategy) as customer:
        lab.apply_release(strategy, version, QUICK | STRATEGIES[strategy])
        body = lab.wait_phase(strategy, TERMINAL, LIMIT)
    return body, customer


def note(strategy: str, version: str, body: Body, customer: Customer) -> dict[str, Any]:
    """What was measured; written down where a person asks for it."""
    found: dict[str, Any] = {
        "strategy": strategy,
        "version": version,
        "phase": body["status"]["phase"],
        "requests": len(customer.asked),
        "failed": dict(customer.failed()),
    }
    trigger = body["status"]["attempt"].get("trigger")
    if trigger:
        decided = datetime.fromisoformat(trigger["at"])
        first = customer.first_answer_of("1.3.0", decided)
        last = customer.last_answer_of(version)
        assert first is not None
        assert last is not None
        found["first_old_s"] = (first - decided).total_seconds()
        found["last_new_s"] = (last - decided).total_seconds()
        found["restored_s"] = (
            datetime.fromisoformat(body["status"]["attempt"]["end"]["at"]) - decided
        ).total_seconds()
    if "TRAFFIC_FIGURES" in os.environ:
        with Path(os.environ["TRAFFIC_FIGURES"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(found) + "\n")
    return found


@pytest.fixture(scope="module")
def good(shop: Lab, strategy: str) -> dict[str, Any]:
    """The release of 1.3.0."""
    return note(strategy, "1.3.0", *release(shop, strategy, "1.3.0"))


@pytest.fixture(scope="module")
def slow(shop: Lab, strategy: str, good: dict[str, Any]) -> dict[str, Any]:
    """The release of 1.4.0."""
    assert good["phase"] == "Completed", good
    return note(strategy, "1.4.0", *release(shop, strategy, "1.4.0"))


def test_a_good_release_fails_no_request(good: dict[str, Any]) -> None:
    assert good["phase"] == "Completed"
    assert good["requests"] > 0
    assert good["failed"] == {}


def test_a_rollback_fails_no_request(slow: dict[str, Any]) -> None:
    assert slow["phase"] == "RolledBack"
    assert slow["failed"] == {}


def test_nothing_is_left_of_what_ran_beside(shop: Lab, strategy: str, slow: dict[str, Any]) -> None:
    assert slow["phase"] == "RolledBack"
    names = {b["metadata"]["name"] for b in shop.kubectl.items("deployments", f"-n{strategy}")}
    assert {name for name in names if name.startswith(("bookshop-backend", "bookshop-front"))} == {
        "bookshop-backend",
        "bookshop-frontend",
    }
    service = shop.kubectl.get("service", "bookshop-backend", f"-n{strategy}")
    assert service["spec"]["selector"] == {"app.kubernetes.io/name": "bookshop-backend"}
