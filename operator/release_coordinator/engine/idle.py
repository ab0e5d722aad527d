"""Between attempts: whether the Release asks for a new one, and how it begins.

A finished plan, good or bad, is not run again until the spec changes or a person asks: R4.12.
"""

from datetime import datetime

import semver

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.api.status import ReleaseStatus

from . import names, plan
from .action import AddFinalizer, RemoveFinalizer
from .gates.images import tag_of
from .gates.version import derive_type
from .observation import Observation, WorkloadWant
from .outcome import Decision, Do, Note, Wait


def decide(
    release: ReleaseObject, status: ReleaseStatus, seen: Observation, now: datetime
) -> Decision:
    """Begin an attempt, let a deleted Release go, or wait."""
    if release.deleting:
        return Do(RemoveFinalizer()) if names.FINALIZER in release.finalizers else Wait()
    resolved = plan.resolve(release.spec) if release.spec is not None else ()
    if not isinstance(resolved, plan.Plan) or not _wanted(release, status.attempt, resolved):
        return Wait()
    if names.FINALIZER not in release.finalizers:
        return Do(AddFinalizer())
    return Note(status.model_copy(update={"attempt": _begin(release, status, resolved, seen, now)}))


def _wanted(release: ReleaseObject, last: Attempt | None, resolved: plan.Plan) -> bool:
    if last is None or last.end is None or last.end.outcome is Phase.SUPERSEDED:
        return True
    if release.annotations.get(names.ANNOTATION_RETRY) == str(last.number):
        return last.end.outcome is not Phase.COMPLETED
    # Both must differ: a newer operator may compute another digest for an unchanged spec.
    return resolved.digest != last.digest and release.generation != last.generation


def _begin(
    release: ReleaseObject,
    status: ReleaseStatus,
    resolved: plan.Plan,
    seen: Observation,
    now: datetime,
) -> Attempt:
    last = status.attempt
    previous = running_version(resolved.spec, seen)
    if previous is None and status.current is not None:
        previous = status.current.version
    basis = None
    if last is not None and last.end is not None and last.end.outcome is Phase.ROLLBACK_FAILED:
        basis = last.basis or last.revision
        previous = last.previous_version
    spec = resolved.spec
    return Attempt(
        number=last.number + 1 if last else 1,
        digest=resolved.digest,
        generation=release.generation,
        version=spec.version,
        previous_version=previous,
        type=spec.type or derive_type(previous, spec.version),
        started_at=now,
        basis=basis,
    )


def running_version(spec: ReleaseSpec, seen: Observation) -> str | None:
    """The version that all declared containers run now, by their tags; None if they disagree."""
    seen.gather(*(WorkloadWant(c.workload_ref.name) for c in spec.components))
    versions = set()
    for component in spec.components:
        fact = seen.workload(component.workload_ref.name)
        if fact is None:
            return None
        for container in component.images:
            versions.add((tag_of(fact.images.get(container, "")) or "").removeprefix("v"))
    version = versions.pop() if len(versions) == 1 else ""
    return version if semver.Version.is_valid(version) else None
