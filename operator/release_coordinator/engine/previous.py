"""What ran before: the version a release starts from, and whether the wanted one runs already.

Used by `engine.idle` when an attempt begins, and by `engine.phases.gating` as long as it may
still learn something.
"""

import semver

from release_coordinator.api.attempt import Attempt, StepState
from release_coordinator.api.conditions import Phase
from release_coordinator.api.release import Component, ReleaseSpec
from release_coordinator.api.status import ReleaseStatus

from . import inline, policy, templates
from .context import Context
from .images import tag_of
from .observation import Observation
from .runfacts import WorkloadFact, WorkloadWant
from .versions import kind_of

NOTHING_GOOD_SINCE = {Phase.ROLLBACK_FAILED, Phase.FAILED, Phase.SUPERSEDED}
"""Ends after which the good version is still the one that an attempt before was to restore."""

MIGRATION, REVERTED = "migrate/", "undo/migrate/"


def from_where(ctx: Context) -> Attempt:
    """The attempt with the version it steps on from as it is now: it may have changed by hand."""
    if ctx.attempt.basis is not None:
        return ctx.attempt
    spec = ctx.plan.spec
    previous = previous_version(spec, ctx.status, ctx.seen, fresh=ctx.fresh)
    kind = kind_of(previous, spec.version, spec.type)
    applied = policy.applied(ctx.attempt.policy.name, ctx.plan.requirements, kind)
    return ctx.with_attempt(previous_version=previous, type=kind, policy=applied)


def previous_version(
    spec: ReleaseSpec, status: ReleaseStatus, seen: Observation, *, fresh: bool = False
) -> str | None:
    """The version to step on from: the highest that runs by its tags, else the last good one.

    The highest, because components that run different versions must not hide a step backwards.
    """
    running = [v for v in _running_tags(spec, seen, fresh=fresh) if semver.Version.is_valid(v)]
    if running:
        return max(running, key=semver.Version.parse)
    return status.current.version if status.current else None


def runs_already(spec: ReleaseSpec, seen: Observation) -> bool:
    """Whether every component's workload is told to run exactly what the spec says, and does.

    That is its images; of an inline workload all that it declares.
    """
    seen.gather(*(WorkloadWant(c.target) for c in spec.components))
    for component in spec.components:
        fact = seen.workload(component.target)
        if fact is None or not fact.rolled_out:
            return False
        if any(fact.images.get(name) != image for name, image in component.images.items()):
            return False
        if component.workload is not None and _changes(component, fact):
            return False
    return True


def _changes(component: Component, fact: WorkloadFact) -> bool:
    """Whether a release would change the inline workload; pods may use copies since a rollback."""
    template = templates.renamed(fact.template, fact.renamed)
    live = {**fact.document, "spec": {**fact.document.get("spec", {}), "template": template}}
    return bool(inline.changes(live, fact.declared, component))


def in_place(spec: ReleaseSpec, status: ReleaseStatus, seen: Observation) -> list[str]:
    """Migrations that the last good version has brought: the same name, the same work.

    A spec that keeps the list of its migrations runs none of them again, and a rollback of the
    next version leaves them where the good one needs them.
    """
    current = status.current
    recorded = seen.revision(current.revision) if current and current.revision else None
    if recorded is None:
        return []
    known = {migration.name: migration.up for migration in recorded.spec.migrations}
    return [m.name for m in spec.migrations if known.get(m.name) == m.up]


def left_applied(last: Attempt) -> list[str]:
    """Migrations that a failed rollback left applied, its predecessors' included."""
    if last.end is None or last.end.outcome not in NOTHING_GOOD_SINCE:
        return []
    if last.end.outcome is not Phase.ROLLBACK_FAILED:
        return last.inherited
    done = {step.id for step in last.steps if step.state is StepState.SUCCEEDED}
    own = [
        step.removeprefix(MIGRATION)
        for step in sorted(done)
        if step.startswith(MIGRATION) and REVERTED + step.removeprefix(MIGRATION) not in done
    ]
    return [*last.inherited, *(name for name in own if name not in last.inherited)]


def _running_tags(spec: ReleaseSpec, seen: Observation, *, fresh: bool) -> set[str]:
    seen.gather(*(WorkloadWant(c.target, fresh) for c in spec.components))
    facts = [(c, seen.workload(c.target, fresh=fresh)) for c in spec.components]
    tags = (
        tag_of(fact.images.get(container, ""))
        for component, fact in facts
        if fact is not None
        for container in component.images
    )
    return {(tag or "").removeprefix("v") for tag in tags}
