"""R4.5 on real containers: what a customer who never stops asking sees of both strategies.

Each strategy releases 1.3.0 twice: a person takes it back during its watch, and then it stays.
Nothing may fail; how long the way back takes is written to the file that TRAFFIC_FIGURES names
(`docs/benchmarks.md` has the figures).
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

VERSION = "1.3.0"
COMPONENTS = ("bookshop-backend", "bookshop-frontend")
LIMIT = 400
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


def release(lab: Lab, strategy: str, *, taken_back: bool) -> tuple[Body, Customer]:
    """Release 1.3.0 while the customer asks; a person may take it back during its watch."""
    # Beside other work answers are slower for a while, and that is not what is tried here.
    told = [{"name": "p95-latency", "severity": "Report"}]
    watch = {"duration": "2m" if taken_back else "20s", "interval": "5s", "metrics": told}
    patch = {"watch": watch} | STRATEGIES[strategy]
    with Customer(lab.kubectl, strategy) as customer:
        lab.apply_release(strategy, VERSION, patch)  # another watch is another plan
        if taken_back:
            body = lab.wait_phase(strategy, {"Watching", *TERMINAL}, LIMIT)
            lab.annotate(strategy, rollback=str(body["status"]["attempt"]["number"]))
            lab.wait_phase(strategy, {"RollingBack", *TERMINAL}, LIMIT)
        body = lab.wait_phase(strategy, TERMINAL, LIMIT)
    return body, customer


def note(strategy: str, body: Body, customer: Customer) -> dict[str, Any]:
    """What was measured; written down where a person asks for it."""
    found: dict[str, Any] = {
        "strategy": strategy,
        "phase": body["status"]["phase"],
        "message": body["status"]["message"],
        "requests": len(customer.asked),
        "failed": dict(customer.failed()),
    }
    attempt = body["status"]["attempt"]
    if attempt.get("trigger") and attempt.get("end"):
        decided = datetime.fromisoformat(attempt["trigger"]["at"])
        ended = datetime.fromisoformat(attempt["end"]["at"])
        moments = {
            "first answer of the previous version": customer.first_answer_of("1.2.0", decided),
            "last answer of the new version": customer.last_answer_of(VERSION),
            "attempt ended": ended,
        }
        for what, moment in moments.items():
            found[what] = (moment - decided).total_seconds() if moment else None
    if "TRAFFIC_FIGURES" in os.environ:
        with Path(os.environ["TRAFFIC_FIGURES"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(found) + "\n")
    return found


@pytest.fixture(scope="module")
def taken_back(shop: Lab, strategy: str) -> dict[str, Any]:
    """1.3.0, which a person takes back during its watch."""
    return note(strategy, *release(shop, strategy, taken_back=True))


@pytest.fixture(scope="module")
def good(shop: Lab, strategy: str, taken_back: dict[str, Any]) -> dict[str, Any]:
    """1.3.0 once more, which stays."""
    assert taken_back["phase"] == "RolledBack", taken_back
    return note(strategy, *release(shop, strategy, taken_back=False))


def test_a_rollback_fails_no_request(taken_back: dict[str, Any]) -> None:
    assert taken_back["phase"] == "RolledBack"
    assert taken_back["requests"] > 0
    assert taken_back["failed"] == {}


def test_a_good_release_fails_no_request(good: dict[str, Any]) -> None:
    assert good["phase"] == "Completed", good
    assert good["failed"] == {}


def test_nothing_is_left_of_what_ran_beside(shop: Lab, strategy: str, good: dict[str, Any]) -> None:
    assert good["phase"] == "Completed", good
    found = shop.kubectl.items("deployments", f"--namespace={strategy}")
    names = {body["metadata"]["name"] for body in found}
    assert {name for name in names if name.startswith(COMPONENTS)} == set(COMPONENTS)
    for name in COMPONENTS:
        service = shop.kubectl.get("service", name, f"--namespace={strategy}")
        assert service["spec"]["selector"] == {"app.kubernetes.io/name": name}
