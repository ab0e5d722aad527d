"""`kubectl release plan` on a real API server: it shows what would be stored and decided."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.api.plugin import POLICY, RELEASE, Place, opened
from tests.fakes.stage import Stage
from tests.policies import basic
from tests.releases import bookshop, everything

from release_coordinator.api.codec import ReleaseObject

pytestmark = pytest.mark.api


@pytest.fixture
def place(policies: Path, tmp_path: Path) -> Iterator[Place]:
    """A namespace in which the bookshop runs 1.2.0, and no operator."""
    with opened(policies, tmp_path) as made:
        yield made


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(capsys.readouterr().out)
    return plan


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error


def test_a_file_is_planned_and_nothing_is_written(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.run("plan", "-f", place.file(everything()), "-o", "json") == 0
    plan = shown(capsys)

    assert (plan["previousVersion"], plan["version"], plan["type"]) == ("1.2.0", "1.3.0", "Minor")
    assert plan["components"][0]["images"][0]["running"] == "example/bookshop-backend:1.2.0"
    assert plan["components"][0]["progressDeadline"] == "5m"
    assert plan["migrations"][0]["timeout"] == "10m", "defaults are filled in by the server"
    assert place.kubectl.items(RELEASE) == []


def test_a_change_is_planned_and_the_release_stays_as_it_is(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.kubectl.apply(bookshop() | {"metadata": {"name": "bookshop"}}, place.namespace)
    before = place.kubectl.get(RELEASE, "bookshop")
    changed = bookshop()
    changed["spec"]["watch"]["duration"] = "20m"

    assert place.run("plan", "-f", place.file(changed), "-o", "json") == 0

    assert shown(capsys)["watch"]["duration"] == "20m"
    assert place.kubectl.get(RELEASE, "bookshop") == before
    assert place.run("plan", "-o", "json") == 0
    assert shown(capsys)["watch"]["duration"] == "10m"


def test_the_same_file_has_the_same_digest_before_and_after_it_is_applied(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    file = place.file(everything())
    digests = set()
    for step in (None, ("apply", "-f", file), ("apply", "-f", file)):
        if step:
            place.kubectl.run(*step)
        assert place.run("plan", "-f", file, "-o", "json") == 0
        digests.add(shown(capsys)["digest"])
    assert place.run("plan", "-o", "json") == 0
    digests.add(shown(capsys)["digest"])

    assert len(digests) == 1


def test_a_policy_of_the_file_counts_if_it_would_after_it_is_applied(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    own = basic()
    own["metadata"] = {"name": "bookshop"}
    file = place.file(bookshop(), basic(), own)

    assert place.run("plan", "-f", file, "-o", "json") == 0
    plan = shown(capsys)

    assert plan["policy"]["name"] == "bookshop"
    assert plan["policy"]["fromFile"] is True
    assert "ReleasePolicy default" in plan["notes"][0]
    assert place.kubectl.items(POLICY) == []
    place.kubectl.run("apply", "-f", file)
    assert place.run("plan", "-o", "json") == 0
    live = shown(capsys)
    assert live["digest"] == plan["digest"]
    assert live["policy"]["fromFile"] is False


def test_what_the_server_refuses_is_shown_with_field_and_message(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = bookshop()
    wrong["spec"]["version"] = "v1.3"

    assert place.run("plan", "-f", place.file(wrong)) == 3
    text = refusal(capsys)

    assert "Release bookshop is refused" in text
    assert "spec.version: Invalid value" in text
    assert "write a SemVer 2 version" in text


def test_a_misspelt_field_is_no_plan(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = bookshop()
    wrong["spec"]["watch"]["intervall"] = "1s"

    assert place.run("plan", "-f", place.file(wrong)) == 3
    assert "has fields that do not exist: spec.watch.intervall" in refusal(capsys)


def test_a_spec_without_an_order_is_told(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = bookshop()
    wrong["spec"]["components"][0]["dependsOn"] = ["frontend"]

    assert place.run("plan", "-f", place.file(wrong)) == 3
    assert "dependsOn goes in a circle among backend, frontend" in refusal(capsys)


def test_who_may_not_write_releases_is_told_which_role_lets_him(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    reader = place.machine("view", "release-coordinator-sign-off-qa")

    assert reader.run("plan", "-f", place.file(bookshop())) == 3
    text = refusal(capsys)

    assert "may not create releases" in text
    assert "--clusterrole=edit" in text


async def test_the_operator_reports_the_digest_that_was_planned(
    shop: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = shop.release()
    place = Place(shop.kubeconfig, shop.namespace, tmp_path)
    file = place.file({**body, "metadata": {"name": "bookshop"}})
    assert await asyncio.to_thread(place.run, "plan", "-f", file, "-o", "json") == 0
    planned = shown(capsys)["digest"]

    await shop.start()
    await asyncio.to_thread(place.kubectl.run, "apply", "-f", file)
    release = await shop.until(has_plan)

    assert release.status.digest == planned
    assert await asyncio.to_thread(place.run, "plan", "-o", "json") == 0
    assert shown(capsys)["digest"] == planned


def has_plan(release: ReleaseObject) -> bool:
    return release.status.digest is not None
