"""A Release that waits for its gates, as the operator would report it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.releases import Body, everything

from release_coordinator.api.attempt import (
    Attempt,
    Gate,
    GateState,
    PolicyRef,
    Role,
    Step,
    StepState,
    Waiver,
)
from release_coordinator.api.checklist import Enforcement, GateName
from release_coordinator.api.codec import parse_release
from release_coordinator.api.policy import Requirements
from release_coordinator.api.release import ReleaseType
from release_coordinator.api.status import ReleaseStatus
from release_coordinator.engine import plan
from release_coordinator.engine.names import ANNOTATION_CHANGED_BY
from release_coordinator.engine.policy import BUILT_IN
from release_coordinator.engine.summary import summarise

NOW = datetime(2026, 11, 25, 9, 4, tzinfo=UTC)
AUTHOR = "alice"


def gate(name: str, state: GateState, owner: str, message: str, **more: Any) -> Gate:
    return Gate(name=name, state=state, owner=owner, message=message, **more)


GATES = [
    gate("Policy", GateState.PASSED, Role.PLATFORM, "the built-in policy applies"),
    gate(
        GateName.CHANGELOG,
        GateState.FAILED,
        Role.DEVELOPER,
        "ConfigMap bookshop-docs, key CHANGELOG.md has no section 1.3.0; add a dated one",
    ),
    gate(
        GateName.CI,
        GateState.WAITING,
        Role.DEVOPS,
        "report: there is no ConfigMap bookshop-ci in this namespace",
        waiver=Waiver(by="mallory", comment="runner outage", approval="bookshop-ci-1"),
    ),
    gate(
        GateName.REHEARSAL,
        GateState.WAITING,
        Role.DEVOPS,
        "no rollback of these artifacts was rehearsed",
        enforcement=Enforcement.ADVISORY,
    ),
    gate("SignOff/qa", GateState.PASSED, Role.QA, "signed off by bob"),
    gate("SignOff/security", GateState.WAITING, Role.SECURITY, "not signed off"),
]


def body(**metadata: Any) -> Body:
    """A Release whose spec alice has changed last."""
    made = everything()
    made["metadata"] |= {
        "uid": "u-1",
        "resourceVersion": "7",
        "generation": 1,
        "annotations": {ANNOTATION_CHANGED_BY: AUTHOR},
    } | metadata
    return made


def reported(stored: Body, requirements: Requirements = BUILT_IN, **attempt: Any) -> Body:
    """The Release with the status of an attempt that waits for its gates."""
    release = parse_release(stored)
    assert release.spec is not None, release.faults
    resolved = plan.resolve(release.spec, requirements)
    assert isinstance(resolved, plan.Plan)
    fields: dict[str, Any] = {
        "number": 1,
        "digest": resolved.digest,
        "spec_digest": resolved.spec_digest,
        "generation": release.generation,
        "version": release.spec.version,
        "previous_version": "1.2.0",
        "type": ReleaseType.MINOR,
        "started_at": NOW - timedelta(minutes=4),
        "policy": PolicyRef(),
        "gates": GATES,
        "steps": [Step(id="gates", state=StepState.RUNNING, started_at=NOW)],
    }
    status = ReleaseStatus(attempt=Attempt(**(fields | attempt)))
    return stored | {"status": summarise(release, status, NOW).to_wire()}
