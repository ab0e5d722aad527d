"""The release log: of a staging Release, perhaps in another namespace, and of a Release itself.

Only the operator writes records, so nobody watches them: they are listed once, and the store keeps
of each what is asked for all the time (`cluster.bodies.kept`).
"""

from contextlib import suppress
from datetime import datetime
from functools import partial

from pydantic import ValidationError

from release_coordinator.api.faults import faults_of
from release_coordinator.api.record import RecordSpec
from release_coordinator.cluster.port import RECORD, Body, Cluster, Ref
from release_coordinator.cluster.store import Store
from release_coordinator.engine import names
from release_coordinator.engine.chain import digest_of, is_same
from release_coordinator.engine.evidence import RecordsFact, RecordsWant, UnreadableRecord
from release_coordinator.engine.recordfacts import (
    KeptRecord,
    KeptRecordsFact,
    KeptRecordsWant,
    RecordDigestWant,
    RecordFact,
    RecordWant,
)
from release_coordinator.errors import Denied, Invalid, NotFound

from .sources import Sources


async def look(sources: Sources, _namespace: str, want: RecordsWant) -> RecordsFact:
    """All records that are there. One that cannot be read is told, not passed over."""
    labels = {names.LABEL_RELEASE: want.release}
    try:
        bodies = await sources.cluster.list(RECORD, want.namespace, labels)
    except Denied:
        return RecordsFact((), problem=_denied(want.namespace))
    except (Invalid, NotFound) as error:
        text = f"the records of {want.namespace}/{want.release} cannot be listed: {error}"
        return RecordsFact((), problem=text)
    read = [_read(body) for body in bodies]
    records = [one for one in read if isinstance(one, RecordSpec)]
    unreadable = [one for one in read if isinstance(one, UnreadableRecord)]
    return RecordsFact(
        tuple(sorted(records, key=lambda record: (record.ended_at, record.attempt))),
        tuple(sorted(unreadable, key=lambda record: (record.at, record.name))),
    )


async def own(sources: Sources, namespace: str, want: RecordWant) -> RecordFact | None:
    """Whether what bears the name is the record that is wanted; the store has not all of it."""
    ref = Ref(RECORD, namespace, want.name)
    if sources.store.get(ref) is None:
        return None
    try:
        found = _read(await sources.cluster.get(ref))
    except NotFound:
        sources.store.remove(ref, "")
        return None
    if not isinstance(found, RecordSpec) or not is_same(found, want.wanted):
        return RecordFact(None, ours=False)
    return RecordFact(found.record_digest)


async def digest(sources: Sources, namespace: str, want: RecordDigestWant) -> str | None:
    """Digest of what an earlier record says now; None if there is none that can be read."""
    try:
        found = _read(await sources.cluster.get(Ref(RECORD, namespace, want.name)))
    except (NotFound, Denied):
        return None
    return digest_of(found) if isinstance(found, RecordSpec) else None


async def kept(sources: Sources, namespace: str, want: KeptRecordsWant) -> KeptRecordsFact:
    """What retention asks of all records of a Release."""
    try:
        bodies = await known(sources.cluster, sources.store, namespace, want.uid)
    except Denied:
        return KeptRecordsFact(problem=_denied(namespace))
    return KeptRecordsFact(kept_of(bodies, want.uid))


def kept_of(bodies: list[Body], uid: str) -> tuple[KeptRecord, ...]:
    """What retention asks of these records, oldest first; others than of that UID are left out."""
    found = (_kept(body) for body in bodies if body["spec"].get("releaseUid") == uid)
    return tuple(sorted(filter(None, found), key=lambda one: one.attempt))


async def known(cluster: Cluster, store: Store, namespace: str, uid: str) -> list[Body]:
    """The records of the Release of that UID, without what `cluster.bodies.kept` leaves out.

    Raises what `Cluster.list` raises, but not NotFound.
    """
    await ensure_listed(cluster, store, namespace)
    return store.select(RECORD, namespace, {names.LABEL_UID: uid})


async def ensure_listed(cluster: Cluster, store: Store, namespace: str) -> None:
    """List the records of a namespace unless the store has them all; many ask at a start.

    Raises what `Cluster.list` raises, but not NotFound.
    """
    async with store.listing(RECORD, namespace):
        if store.complete(RECORD, namespace):
            return
        mark = store.mark()
        with suppress(NotFound):  # the definition is not installed
            listed = await cluster.list(RECORD, namespace, keep=partial(store.take, RECORD))
            store.replace_all(
                RECORD, listed, since=mark, version=listed.version, namespace=namespace
            )


def _kept(body: Body) -> KeptRecord | None:
    """None for one that cannot be read: it is not known what it is needed for."""
    metadata, said = body["metadata"], body["spec"]
    try:
        record = RecordSpec.model_validate(said)
    except ValidationError:
        return None
    return KeptRecord(
        name=metadata["name"],
        uid=metadata["uid"],
        attempt=record.attempt,
        ended_at=record.ended_at,
        outcome=record.outcome,
        reason=record.reason,
        digest=record.record_digest,
        plan=record.digest,
        artifacts=record.artifact_digest or record.digest,
    )


def _read(body: Body) -> RecordSpec | UnreadableRecord:
    try:
        return RecordSpec.model_validate(body.get("spec"))
    except ValidationError as error:
        fault = faults_of(error, "spec")[0]
        metadata = body["metadata"]
        at = datetime.fromisoformat(metadata["creationTimestamp"])
        return UnreadableRecord(metadata["name"], at, f"{fault.path} {fault.problem}")


def _denied(namespace: str) -> str:
    return (
        f"the operator may not list releaserecords in namespace {namespace}; the platform team "
        f"adds {namespace} to `namespaces` of the operator's chart"
    )
