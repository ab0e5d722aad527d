"""Bodies to facts about locks, and which Releases wait for one; pure, from the watch cache.

`handlers` asks the latter when a lock goes, so that nobody polls for that.
"""

from collections.abc import Iterator
from datetime import datetime

from release_coordinator.api.codec import parse_release
from release_coordinator.api.release import WorkloadRef
from release_coordinator.engine import names
from release_coordinator.engine.lockfacts import HolderFact, LockFact

from .bodies import ref_of
from .port import LEASE, RELEASE, Body
from .store import Store


def lock_fact(body: Body) -> LockFact:
    """What a Lease says as a lock; without an owner if it is not one of ours."""
    metadata = body["metadata"]
    labels = metadata.get("labels") or {}
    number = str(labels.get(names.LABEL_ATTEMPT, ""))
    ours = number.isdecimal() and names.LABEL_UID in labels
    return LockFact(
        name=metadata["name"],
        uid=metadata["uid"],
        release=labels.get(names.LABEL_RELEASE, "") if ours else "",
        release_uid=labels.get(names.LABEL_UID, ""),
        attempt=int(number) if ours else 0,
        workload=(metadata.get("annotations") or {}).get(names.ANNOTATION_WORKLOAD, ""),
        since=datetime.fromisoformat(metadata["creationTimestamp"]),
    )


def holder_fact(body: Body) -> HolderFact:
    """What the journal of a Release says of its newest attempt."""
    release = parse_release(body)
    attempt = release.status.attempt
    if release.journal_fault or attempt is None:
        return HolderFact(release.uid, 0, frozen=False, ended=False)
    return HolderFact(
        release.uid,
        attempt.number,
        frozen=attempt.frozen,
        ended=attempt.end is not None,
    )


def is_named_by(release: Body, workload: WorkloadRef) -> bool:
    """Whether a Release names a workload, as far as its spec can be read."""
    if not _mentions(release, workload.name):
        return False  # of hundreds of Releases, hardly any is worth reading
    spec = parse_release(release).spec
    return spec is not None and any(one.target == workload for one in spec.components)


def _mentions(release: Body, name: str) -> bool:
    components = (release.get("spec") or {}).get("components") or ()
    named = (one.get(way) or {} for one in components for way in ("workloadRef", "workload"))
    return any(one.get("name") == name for one in named)


def may_wait(store: Store, namespace: str) -> Iterator[tuple[str, str]]:
    """The Releases of a namespace that may wait for a lock: all whose plan is not frozen.

    Not only those whose stored journal says that they wait: it is written when the pass ends, and
    the lock may go before that.
    """
    for body in store.select(RELEASE, namespace):
        attempt = (body.get("status") or {}).get("attempt") or {}
        if attempt.get("recorded") or not attempt.get("frozen"):
            yield namespace, body["metadata"]["name"]


def waiting_for(store: Store, release: Body) -> Iterator[tuple[str, str]]:
    """Who may wait for a Release that leaves locks behind: it is gone, or its attempt is over."""
    metadata = release["metadata"]
    over = ((release.get("status") or {}).get("attempt") or {}).get("recorded")
    if not over and store.get(ref_of(RELEASE, release)) is not None:
        return
    if store.select(LEASE, metadata["namespace"], {names.LABEL_UID: metadata["uid"]}):
        yield from may_wait(store, metadata["namespace"])
