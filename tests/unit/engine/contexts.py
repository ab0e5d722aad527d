"""Contexts for one phase or gate: a Release, its journal, and facts by want."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.fakes.world import DAWN
from tests.releases import Body, bookshop

from release_coordinator.api.attempt import Attempt, Step, StepState
from release_coordinator.api.codec import parse_release
from release_coordinator.api.policy import ReleasePolicySpec
from release_coordinator.engine import plan
from release_coordinator.engine import policy as policies
from release_coordinator.engine.context import Context
from release_coordinator.engine.observation import Observation


def context(
    body: Body | None = None,
    *,
    facts: Mapping[Any, Any] | None = None,
    steps: tuple[Step, ...] = (),
    now: datetime = DAWN,
    policy: Body | None = None,
    **attempt: Any,
) -> Context:
    """A context of the first attempt of the bookshop's Release, under a ReleasePolicy's spec."""
    body = body or bookshop()
    body["metadata"] |= {"uid": "5b1f0f4e", "resourceVersion": "1", "generation": 1}
    release = parse_release(body)
    assert release.spec is not None, release.faults
    required = policies.requirements(ReleasePolicySpec.model_validate(policy) if policy else None)
    resolved = plan.resolve(release.spec, required)
    assert isinstance(resolved, plan.Plan)
    fields = {
        "number": 1,
        "digest": resolved.digest,
        "spec_digest": resolved.spec_digest,
        "generation": 1,
        "version": release.spec.version,
        "previous_version": "1.2.0",
        "started_at": DAWN,
        "steps": list(steps),
        **attempt,
    }
    status = release.status.model_copy(update={"attempt": Attempt(**fields)})
    journal = status.attempt
    assert journal is not None
    return Context(release, status, journal, resolved, None, Observation(facts or {}), now)


def running(step_id: str, **more: Any) -> Step:
    """A step whose intent is journalled."""
    return Step(id=step_id, state=StepState.RUNNING, started_at=DAWN, **more)
