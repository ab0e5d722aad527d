"""A release that two people sign, each with a client certificate: nobody else can, nor the author.

What is in the way of a forger in detail is told by `tests/api/test_approvals`; here are the real
credentials, the chart's roles and the policy of the bookshop.
"""

import logging
from collections.abc import Iterator
from contextlib import closing

import pytest
from tools.cluster.shell import CommandError
from tools.lab.kubectl import Body
from tools.lab.lab import Lab
from tools.lab.people import Person

log = logging.getLogger(__name__)

SHOP = "signed"
LIMIT = 600
QUICK = {"watch": {"duration": "20s", "interval": "4s"}}
SIGN_OFF = "release-coordinator-sign-off-"

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def shop(lab: Lab) -> Iterator[Lab]:
    """The bookshop at 1.2.0; its policy lets quinn sign for qa and sasha for security."""
    lab.install_bookshop(SHOP)
    lab.wait_measured(SHOP)
    yield lab
    lab.remove_bookshop(SHOP)


@pytest.fixture(scope="module")
def quinn(shop: Lab) -> Person:
    return shop.person("quinn")


@pytest.fixture(scope="module")
def sasha(shop: Lab) -> Person:
    return shop.person("sasha")


@pytest.fixture(scope="module")
def ada(shop: Lab) -> Person:
    """A developer who may release, and sign for qa."""
    person = shop.person("ada")
    for role in ("edit", f"{SIGN_OFF}qa"):
        shop.grant(SHOP, person, role)
    return person


def shut(release: Body) -> dict[str, str]:
    """Messages of the gates that have not passed; nothing before they were asked."""
    gates = release.get("status", {}).get("attempt", {}).get("gates", [])
    return {gate["name"]: gate.get("message", "") for gate in gates if gate["state"] != "Passed"}


def waits_for(release: Body, *roles: str) -> bool:
    return set(shut(release)) == {f"SignOff/{role}" for role in roles}


def begun(release: Body) -> bool:
    steps = release["status"]["attempt"].get("steps", [])
    return any(step["id"].startswith("prepare/") for step in steps)


def test_two_people_sign_with_their_own_credentials_and_nobody_else_can(
    shop: Lab, quinn: Person, sasha: Person, ada: Person
) -> None:
    shop.apply_release(SHOP, "1.3.0", QUICK, author=ada)
    with closing(shop.changes(SHOP, LIMIT)) as changes, closing(shop.words(SHOP, LIMIT)) as words:
        release = next(one.body for one in changes if waits_for(one.body, "qa", "security"))

        with pytest.raises(CommandError, match="you may not sign for role qa"):
            sasha.says(release, "qa")
        with pytest.raises(CommandError, match="the API server knows you as sasha"):
            sasha.says(release, "security", by="quinn")
        ada.says(release, "qa")
        told = next(one.body for one in changes if "ada" in shut(one.body).get("SignOff/qa", ""))
        assert "who changed the spec last does not sign it off" in shut(told)["SignOff/qa"]

        quinn.signs(release, "qa", "regression tests passed")
        next(one for one in words if one.body["spec"]["by"] == "quinn")
        next(one for one in changes if waits_for(one.body, "security"))
        sasha.signs(release, "security", "the scan is clean")
        signed = next(one.at for one in words if one.body["spec"]["by"] == "sasha")
        went_on = next(one.at for one in changes if begun(one.body))
    log.info("%.0f ms from the last signature to the next step", (went_on - signed) * 1000)

    body = shop.wait_phase(SHOP, {"Completed", "RolledBack", "Failed", "Held"}, LIMIT)
    assert body["status"]["phase"] == "Completed", body["status"]["message"]
    (record,) = shop.records(SHOP)
    gates = {gate["name"]: gate.get("message", "") for gate in record["spec"]["gates"]}
    assert gates["SignOff/qa"] == "signed off by quinn"
    assert gates["SignOff/security"] == "signed off by sasha"
    digests = {one["spec"]["digest"] for one in shop.approvals(SHOP)}
    assert digests == {record["spec"]["digest"]} == {release["status"]["digest"]}
