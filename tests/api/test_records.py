"""What the operator writes, on a real API server: reports are taken as they are, and kept."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.api.server import Refusal, Server
from tests.releases import Body, everything

from release_coordinator.api.attempt import (
    Attempt,
    Gate,
    GateState,
    Measurement,
    Role,
    Step,
    StepState,
)
from release_coordinator.api.codec import parse_release
from release_coordinator.api.conditions import Condition, ConditionType, Phase, Reason, Status
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.status import ReleaseStatus

pytestmark = pytest.mark.api

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
DIGEST = "sha256:" + "0" * 64
GATE = Gate(name="changelog", state=GateState.PASSED, owner=Role.DEVELOPER)
STEP = Step(id="migrate/0007", state=StepState.SUCCEEDED, started_at=NOON, finished_at=NOON)
MEASUREMENT = Measurement(metric="p95", baseline=1e-300, value=1e300, samples=3)


def record(name: str) -> Body:
    spec = RecordSpec(
        release="bookshop",
        release_uid="0b7c",
        attempt=1,
        version="1.3.0",
        digest=DIGEST,
        plan=parse_release(everything()).spec,
        outcome=Phase.COMPLETED,
        reason=Reason.COMPLETED,
        started_at=NOON,
        ended_at=NOON,
        duration_seconds=-0.5,  # clocks jump; a log is written all the same
        gates=[GATE],
        timeline=[STEP],
        measurements=[MEASUREMENT],
    )
    return {
        "apiVersion": "release-coordinator.io/v1alpha1",
        "kind": "ReleaseRecord",
        "metadata": {"name": name},
        "spec": spec.to_wire(),
    }


def test_a_record_is_stored_as_it_was_written(server: Server) -> None:
    stored = server.create(record("stored"))

    assert stored["spec"] == record("stored")["spec"]


def test_a_record_is_never_changed(server: Server) -> None:
    stored = server.create(record("kept"))
    changed = {**stored, "spec": {**stored["spec"], "outcome": "Failed"}}

    with pytest.raises(Refusal, match="a ReleaseRecord says what happened and never changes"):
        server.replace(changed)


def test_the_labels_of_a_record_may_change(server: Server) -> None:
    stored = server.create(record("labelled"))
    stored["metadata"]["labels"] = {"audit": "done"}

    assert server.replace(stored)["metadata"]["labels"] == {"audit": "done"}


def test_a_plan_that_rules_for_authors_would_refuse_is_recorded_all_the_same(
    server: Server,
) -> None:
    body = record("old-plan")
    body["spec"]["plan"]["components"][1]["dependsOn"] = ["gone"]

    server.create(body, dry_run="All")


def test_a_status_is_stored_as_it_was_written(server: Server) -> None:
    body = {**everything(), "metadata": {"name": "reported"}}
    body["metadata"] |= {"resourceVersion": server.create(body)["metadata"]["resourceVersion"]}
    condition = Condition(
        type=ConditionType.READY,
        status=Status.FALSE,
        reason=Reason.IN_PROGRESS,
        last_transition_time=NOON,
    )
    status = ReleaseStatus(
        observed_generation=1,
        phase=Phase.MIGRATING,
        conditions=[condition],
        attempt=Attempt(
            number=1,
            digest=DIGEST,
            spec_digest=DIGEST,
            generation=1,
            version="1.3.0",
            started_at=NOON,
            gates=[GATE],
            steps=[STEP],
            measurements=[MEASUREMENT],
        ),
    ).to_wire()

    stored = server.replace_status({**body, "status": status})

    assert stored["status"] == status


SOURCE: Body = {
    "apiVersion": "release-coordinator.io/v1alpha1",
    "kind": "MetricSource",
    "metadata": {"name": "a-source-of-a-test"},
}


def test_a_metric_source_is_admitted_and_completed(server: Server) -> None:
    body = {**SOURCE, "spec": {"url": "https://[::1]:9090/prometheus"}}

    assert server.create(body, dry_run="All")["spec"]["timeout"] == "5s"


@pytest.mark.parametrize(
    "url",
    [
        "http://user:word@metrics",
        "http://metrics/api?token=1",
        "http://metrics/#top",
        "ftp://metrics",
        "metrics:9090",
        "http://",
        "http:// metrics",
    ],
)
def test_an_address_with_more_than_host_and_path_is_refused(server: Server, url: str) -> None:
    spec: dict[str, Any] = {"url": url}

    with pytest.raises(Refusal, match=r"spec\.url"):
        server.create({**SOURCE, "spec": spec}, dry_run="All")
