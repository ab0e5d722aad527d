"""What the operator would do with a Release: the very decision with which it begins an attempt.

Used by `cli.commands`. Pure: like the operator it asks for facts (`NotSeen`), which `cli.lookup`
reads with the caller's own rights.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from release_coordinator.api.attempt import Attempt, Gate, Revision
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.faults import Fault
from release_coordinator.api.release import WorkloadRef
from release_coordinator.engine import idle, plan, policy
from release_coordinator.engine.context import Context
from release_coordinator.engine.evidence import PolicyFact
from release_coordinator.engine.gates import window
from release_coordinator.engine.observation import Observation
from release_coordinator.engine.runfacts import WorkloadFact, WorkloadWant


@dataclass(frozen=True, slots=True)
class Outlook:
    """A Release, its plan, and the attempt that carries it out or would."""

    release: ReleaseObject
    plan: plan.Plan
    attempt: Attempt
    begun: bool
    """The attempt is in the Release's journal; else it is what would begin."""
    policy: PolicyFact
    workloads: Mapping[WorkloadRef, WorkloadFact | None]
    """What runs now."""
    before: Revision | None
    """The plan that completed last, if it is recorded."""
    window: Gate
    """What gate Window would say now, whether or not the policy asks it."""

    @property
    def busy_with(self) -> Attempt | None:
        """Another attempt that has to end first."""
        present = self.release.status.attempt
        return present if present and not self.begun and not present.recorded else None


def foresee(
    release: ReleaseObject, seen: Observation, now: datetime
) -> Outlook | tuple[Fault, ...]:
    """The plan of a Release, or what is wrong with its spec. Raises NotSeen."""
    if release.spec is None:
        return release.faults
    fact = seen.policy(release.name)
    resolved = plan.resolve(release.spec, policy.requirements(fact.spec))
    if not isinstance(resolved, plan.Plan):
        return resolved
    attempt = _attempt(release, resolved, seen, now)
    begun = attempt is release.status.attempt
    chosen = _frozen(attempt, resolved, seen) if begun else resolved
    context = Context(release, release.status, attempt, chosen, None, seen, now)
    targets = [component.target for component in resolved.order]
    seen.gather(*(WorkloadWant(target) for target in targets))
    current = release.status.current
    return Outlook(
        release=release,
        plan=chosen,
        attempt=attempt,
        begun=begun,
        policy=fact,
        workloads={target: seen.workload(target) for target in targets},
        before=seen.revision(current.revision) if current and current.revision else None,
        window=window.evaluate(context).gate,
    )


def _attempt(
    release: ReleaseObject, resolved: plan.Plan, seen: Observation, now: datetime
) -> Attempt:
    """The attempt of this plan, under way or ended, else the one that would begin."""
    present = release.status.attempt
    if present and present.end is None and present.spec_digest == resolved.spec_digest:
        return present
    following = idle.due(release, release.status, seen, now)
    if following is not None:
        return following
    if present is None:
        raise LookupError("a Release without attempts always asks for one")
    return present


def _frozen(attempt: Attempt, resolved: plan.Plan, seen: Observation) -> plan.Plan:
    """The plan as it was recorded: a policy that changed since does not count for it."""
    recorded = seen.revision(attempt.revision) if attempt.revision else None
    if recorded is None or recorded.digest == resolved.digest:
        return resolved
    frozen = plan.recorded(recorded)
    same = isinstance(frozen, plan.Plan) and frozen.spec_digest == resolved.spec_digest
    return frozen if same and isinstance(frozen, plan.Plan) else resolved
