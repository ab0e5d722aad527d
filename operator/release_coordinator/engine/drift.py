"""At rest: whether the workloads still run what the last attempt has left; pure.

A tool that heals what is in Git may do so at any time after a release. Nothing is put back between
releases (docs/workloads.md), but a Release whose version does not run any more must not say that it
is Ready. Only images are compared, only of workloads that still carry our label, and only by what
the watch tells: as long as all is well this costs neither a request nor a write. What it has told
is confirmed at the API server before it is written down. Used by `decide`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.api.release import WorkloadKind, WorkloadRef
from release_coordinator.api.status import Drift, ReleaseStatus

from . import names, plan, writers
from .context import shorten
from .observation import Observation
from .outcome import Decision, Note, Wait
from .runfacts import LeftWant, WriterFact

SETTLED = timedelta(seconds=10)
"""Age of a foreign write from which it is told: the Release may follow in the same sync."""
_IMAGE = 512

Left = list[tuple[WorkloadRef, Mapping[str, str]]]
"""Workloads, and the images that each was left with."""


@dataclass(frozen=True, slots=True)
class _Found:
    workload: WorkloadRef
    container: str
    image: str
    wanted: str


def beside(
    decision: Decision,
    release: ReleaseObject,
    status: ReleaseStatus,
    seen: Observation,
    now: datetime,
) -> Decision:
    """What there is to decide at rest; where that is nothing, news of the workloads."""
    attempt = status.attempt
    if not isinstance(decision, Wait) or attempt is None or release.deleting:
        return decision
    left = _left(release, attempt, seen)
    seen.gather(*(LeftWant(workload) for workload, _ in left))
    found = list(_differing(release, left, seen))
    if not found:
        return _journal(status, None) if status.drift else decision
    if status.drift is not None and _is_known(status.drift, found[0], len(found) - 1):
        return decision
    confirmed = _confirmed(found, seen)
    if confirmed is None:
        return Wait(now + SETTLED)  # the watch was behind, and is not any more
    first, others, writer = confirmed
    if writer.at is not None and now < writer.at + SETTLED:
        return Wait(min(writer.at, now) + SETTLED)
    drift = Drift(
        workload=first.workload,
        container=first.container,
        image=shorten(first.image, _IMAGE),
        wanted=shorten(first.wanted, _IMAGE),
        by=writer.manager,
        others=others,
        since=now,
    )
    return _journal(status, drift)


def _confirmed(found: list[_Found], seen: Observation) -> tuple[_Found, int, WriterFact] | None:
    """The first one that the API server has too, how many may follow it, and who wrote it."""
    for place, one in enumerate(found):
        writer = seen.writer(one.workload, one.container)
        if writer.image in {None, one.image}:
            return one, len(found) - place - 1, writer
    return None


def by_tool(drift: Drift) -> bool:
    """Whether it was a tool, which does so again, and no person."""
    return writers.tool_of(drift.by) is not writers.Tool.OTHER


def told(drift: Drift) -> str:
    """What was found and what a person does about it."""
    more = f" ({drift.others} more containers differ)" if drift.others else ""
    kind = _KUBECTL[drift.workload.kind]
    command = f"kubectl set image {kind}/{drift.workload.name} {drift.container}={drift.wanted}"
    text = (
        f"{drift.workload} no longer runs what the release has left: container {drift.container} "
        f"is {drift.image} instead of {drift.wanted}{more}, written by {writers.who(drift.by)}"
    )
    if by_tool(drift):
        # A rule that names our field manager leaves alone only what is written under that name.
        command += f" --field-manager={names.FIELD_MANAGER}"
        return f"{text}. So that it does not do so again: {writers.mend(drift.by)}; then {command}"
    return f"{text}. If that is meant, release it as a version of its own; else {command}"


_KUBECTL: Mapping[WorkloadKind, str] = {
    WorkloadKind.DEPLOYMENT: "deployment",
    WorkloadKind.STATEFUL_SET: "statefulset",
    WorkloadKind.DAEMON_SET: "daemonset",
}


def _left(release: ReleaseObject, attempt: Attempt, seen: Observation) -> Left:
    """What the attempt has left; nothing where nobody can say that."""
    outcome = attempt.end.outcome if attempt.end else None
    if outcome is Phase.COMPLETED and release.spec is not None:
        same = release.generation == attempt.generation
        if same or plan.spec_digest(release.spec) == attempt.spec_digest:
            return [(one.target, one.images) for one in release.spec.components]
    if outcome is Phase.ROLLED_BACK and attempt.revision:
        recorded = seen.revision(attempt.revision, digest=attempt.revision_digest)
        if plan.is_recorded(recorded, attempt.revision_digest) and recorded is not None:
            return [(one.ref, one.images) for one in recorded.previous if not one.absent]
    return []


def _differing(release: ReleaseObject, left: Left, seen: Observation) -> Iterator[_Found]:
    for workload, images in left:
        fact = seen.left(workload)
        if fact is None or fact.labelled_for != release.name or fact.deleting:
            continue
        for container, wanted in images.items():
            image = fact.images.get(container, wanted)
            if image != wanted:
                yield _Found(workload, container, image, wanted)


def _is_known(drift: Drift, first: _Found, others: int) -> bool:
    same = (drift.workload, drift.container) == (first.workload, first.container)
    images = (shorten(first.image, _IMAGE), shorten(first.wanted, _IMAGE))
    return same and (drift.image, drift.wanted) == images and drift.others == others


def _journal(status: ReleaseStatus, drift: Drift | None) -> Note:
    return Note(status.model_copy(update={"drift": drift}))
