"""`kubectl release metrics` on a real API server, with the rights of the person who asks."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.api.plugin import POLICY, Place, opened
from tests.records import broken, completed

from release_coordinator.api.record import RecordSpec
from release_coordinator.engine import names

pytestmark = pytest.mark.api

TYPED = {"apiVersion": "release-coordinator.io/v1alpha1"}


@pytest.fixture
def place(policies: Path, tmp_path: Path) -> Iterator[Place]:
    """A namespace in which three attempts have ended lately, one of them badly."""
    with opened(policies, tmp_path) as made:
        now = datetime.now(UTC)
        change = now - timedelta(minutes=12)
        for number, kind in enumerate((completed, completed, broken), start=1):
            write(made, kind(number, ended_at=now, changed_at=change))
        targets = {"successPercent": 60, "timeToDeploy": "10m"}
        policy = {"kind": "ReleasePolicy", "metadata": {"name": "default"}}
        made.kubectl.apply(TYPED | policy | {"spec": {"targets": targets}}, made.namespace)
        yield made


def write(place: Place, record: RecordSpec) -> None:
    labels = {names.LABEL_RELEASE: record.release}
    metadata = {"name": f"bookshop-{record.attempt}", "labels": labels}
    body = TYPED | {"kind": "ReleaseRecord", "metadata": metadata, "spec": record.to_wire()}
    place.kubectl.apply(body, place.namespace)


def test_metrics_stand_beside_the_targets_of_the_policy(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.run("metrics", "-o", "json") == 0
    (bookshop,) = json.loads(capsys.readouterr().out)["releases"]

    assert bookshop["windows"]["30d"]["deployments"] == 3
    success, time = (bookshop["targets"][one] for one in ("success_ratio", "time_to_deploy"))
    assert (success["target"], success["missed"]) == (0.6, False)
    assert (time["target"], time["value"], time["missed"]) == (600.0, 720.0, True)

    assert place.run("metrics") == 0
    page = capsys.readouterr().out
    assert "Time to deploy (median)" in page
    assert "missed" in page


def test_who_may_read_records_alone_is_told_whose_targets_are_shown(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.kubectl.run(
        *("create", "clusterrole", "records-only", "--verb=get,list"),
        "--resource=releaserecords.release-coordinator.io,releases.release-coordinator.io",
    )
    try:
        robot = place.machine("records-only")
        assert robot.run("metrics", "-o", "json") == 0
    finally:
        place.kubectl.run("delete", "clusterrole", "records-only")

    document = json.loads(capsys.readouterr().out)
    assert document["notes"] == [
        "You may not read releasepolicies, so the targets are the usual ones."
    ]
    assert document["releases"][0]["targets"]["success_ratio"]["target"] == 0.95


def test_without_a_right_or_a_record_there_is_no_number(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.kubectl.items(POLICY) != []
    records = "releaserecords.release-coordinator.io"
    robot = place.machine("view")
    place.kubectl.run("delete", "rolebinding", "--all")

    assert robot.run("metrics") == 3
    assert "no access to releaserecords" in capsys.readouterr().err

    place.kubectl.run("delete", records, "--all")
    assert place.run("metrics") == 3
    assert "no attempt of release 'bookshop' has ended" in capsys.readouterr().err
