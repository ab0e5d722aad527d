"""Between attempts: whether the Release asks for a new one, and how it begins.

A finished plan, good or bad, is not run again until the spec changes or a person asks: R4.12.
"""

from datetime import datetime

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.control import OrderKind
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.api.status import ReleaseStatus

from . import names, ordering, plan, policy, rehearsal
from .action import AddFinalizer, RemoveFinalizer
from .closing import end
from .context import hold
from .evidence import TracesFact, TracesWant
from .observation import Observation
from .outcome import Decision, Do, Note, Wait
from .previous import NOTHING_GOOD_SINCE, in_place, left_applied, previous_version, runs_already
from .versions import kind_of


def decide(
    release: ReleaseObject, status: ReleaseStatus, seen: Observation, now: datetime
) -> Decision:
    """Begin an attempt, let a deleted Release go, or wait."""
    if release.deleting:
        return Do(RemoveFinalizer()) if names.FINALIZER in release.finalizers else Wait()
    resolved = _asked(release, status, seen)
    if resolved is None or status.suspension is not None:
        return Wait()  # the summary says so
    if names.FINALIZER not in release.finalizers:
        return Do(AddFinalizer())
    attempt = _begin(release, status, resolved, seen, now)
    status = status.model_copy(update={"drift": None})  # it was of the attempt before
    traces = seen.traces(TracesWant(release.name, release.uid, attempt.number, attempt.digest))
    if traces.attempt or traces.problem:
        return _behind(release, status, attempt, traces)
    return _begun(status, attempt, resolved, seen)


def due(
    release: ReleaseObject, status: ReleaseStatus, seen: Observation, now: datetime
) -> Attempt | None:
    """The attempt that the Release asks for, as it would begin; the plugin shows it."""
    resolved = _asked(release, status, seen)
    if resolved is None:
        return None
    attempt = _begin(release, status, resolved, seen, now)
    return _begun(status, attempt, resolved, seen).status.attempt


def _asked(release: ReleaseObject, status: ReleaseStatus, seen: Observation) -> plan.Plan | None:
    """The plan that is asked for; None if there is nothing new, or nothing that can be used."""
    if release.spec is None or not _wanted(release, status.attempt, release.spec):
        return None
    required = policy.requirements(seen.policy(release.name).spec)
    resolved = plan.resolve(release.spec, required)
    return resolved if isinstance(resolved, plan.Plan) else None


def _begun(status: ReleaseStatus, attempt: Attempt, resolved: plan.Plan, seen: Observation) -> Note:
    """Journal the attempt; it ends at once if its version runs already."""
    if _is_good_already(status, resolved, seen):
        text = f"{resolved.spec.version} runs already: it is the last known good version"
        now = attempt.started_at
        return end(status, attempt, Phase.COMPLETED, Reason.COMPLETED, text, now)
    return Note(status.model_copy(update={"attempt": attempt}))


def _wanted(release: ReleaseObject, last: Attempt | None, spec: ReleaseSpec) -> bool:
    if last is None or last.end is None or last.end.outcome is Phase.SUPERSEDED:
        return True
    if rehearsal.was_good(last):
        return True
    if release.annotations.get(names.ANNOTATION_RETRY) == str(last.number):
        return last.end.outcome is not Phase.COMPLETED
    # Both must differ: a newer operator may compute another digest for an unchanged spec.
    return release.generation != last.generation and plan.spec_digest(spec) != last.spec_digest


def _restarts(last: Attempt | None, resolved: plan.Plan) -> int:
    """How often in a row this plan has started over before the first change, by itself."""
    if last is None or last.end is None or last.digest != resolved.digest:
        return 0
    causes = {Reason.GATES_NOT_PASSED, Reason.BACKUP_EXPIRED}
    again = last.end.outcome is Phase.SUPERSEDED and last.end.reason in causes
    return last.restarts + 1 if again else 0


def _is_good_already(status: ReleaseStatus, resolved: plan.Plan, seen: Observation) -> bool:
    """Whether the spec went back to the plan that completed last, and that still runs.

    So a revert in Git after a rollback changes nothing in the cluster, and runs no migration.
    """
    current = status.current
    if current is None or current.spec_digest != resolved.spec_digest:
        return False
    return runs_already(resolved.spec, seen)


def _begin(
    release: ReleaseObject,
    status: ReleaseStatus,
    resolved: plan.Plan,
    seen: Observation,
    now: datetime,
) -> Attempt:
    last, spec = status.attempt, resolved.spec
    previous, basis, known = previous_version(spec, status, seen), None, None
    if last is not None and last.end is not None and last.end.outcome in NOTHING_GOOD_SINCE:
        failed = last.end.outcome is Phase.ROLLBACK_FAILED
        # A rollback that failed has recorded what it had taken over from one before, and more.
        basis = last.revision if failed else last.basis
        known = last.revision_digest if failed else last.basis_digest
        previous = last.previous_version if basis else previous
    kind = kind_of(previous, spec.version, spec.type)
    name = seen.policy(release.name).name
    rehearsed = rehearsal.rehearsed_by(last, resolved.spec_digest)
    attempt = Attempt(
        number=last.number + 1 if last else 1,
        restarts=_restarts(last, resolved),
        digest=resolved.digest,
        spec_digest=resolved.spec_digest,
        generation=release.generation,
        version=spec.version,
        previous_version=previous,
        type=kind,
        policy=policy.applied(name, resolved.requirements, kind),
        started_at=now,
        basis=basis,
        basis_digest=known,
        in_place=in_place(spec, status, seen),
        inherited=left_applied(last)[:32] if last else [],
        rehearsal=rehearsal.is_due(spec, rehearsed),
        rehearsed=rehearsed,
    )
    return _ordered(release, last, attempt)


def _behind(
    release: ReleaseObject, status: ReleaseStatus, attempt: Attempt, traces: TracesFact
) -> Note:
    """Begin beyond what the cluster knows, and hold: the status is older, perhaps from a backup."""
    if traces.problem:
        text = f"{traces.problem}. Platform team: give it the right, then resume"
        return hold(status, attempt, attempt.started_at, Reason.API_DENIED, text)
    known = attempt.number - 1
    number = max(attempt.number, traces.attempt + 1)
    text = (
        f"the status knows of {known} attempts, but {traces.where} is "
        f"of attempt {traces.attempt}: the status is older than the cluster, as after a restore. "
        "Compare images, schema of the database and status.current with the last ReleaseRecord of "
        f"{release.name}, put right what differs, then resume: attempt {number} begins"
    )
    beyond = attempt.model_copy(update={"number": number})
    return hold(status, beyond, attempt.started_at, Reason.JOURNAL_BEHIND, text)


def _ordered(release: ReleaseObject, last: Attempt | None, attempt: Attempt) -> Attempt:
    """The attempt with the order that it follows, if it does."""
    if last is None or last.end is None or last.end.outcome is Phase.SUPERSEDED:
        return attempt
    if not ordering.is_given(release, names.ANNOTATION_RETRY, str(last.number)):
        return attempt
    text = f"attempt {last.number}"
    return ordering.obeyed(attempt, release, OrderKind.RETRY, attempt.started_at, text)
