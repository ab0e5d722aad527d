"""What later attempts than the status knows have left: is the journal older than the cluster?

Asked once, before an attempt begins. Jobs are watched; of records and revisions the names are
known, so it costs two reads.
"""

from release_coordinator.cluster.port import CONTROLLER_REVISION, JOB, RECORD, Kind, Ref
from release_coordinator.engine import names
from release_coordinator.engine.evidence import TracesFact, TracesWant
from release_coordinator.errors import Denied, NotFound

from . import records
from .sources import Sources

FURTHER = 1000
"""So many records are looked for at most, once there is one."""


async def look(sources: Sources, namespace: str, want: TracesWant) -> TracesFact:
    """The highest attempt with the wanted number or above it of which there is a trace."""
    try:
        found = [
            *_jobs(sources, namespace, want),
            *await _records(sources, namespace, want),
            *await _revisions(sources, namespace, want),
        ]
    except Denied as error:
        return TracesFact(problem=f"the operator may not read what earlier attempts left: {error}")
    return TracesFact(*max(found)) if found else TracesFact()


def _jobs(sources: Sources, namespace: str, want: TracesWant) -> list[tuple[int, str]]:
    found = []
    for body in sources.store.select(JOB, namespace, {names.LABEL_UID: want.uid}):
        number = body["metadata"]["labels"].get(names.LABEL_ATTEMPT, "")
        if number.isdecimal() and int(number) >= want.number:
            found.append((int(number), f"Job {body['metadata']['name']}"))
    return found


async def _records(sources: Sources, namespace: str, want: TracesWant) -> list[tuple[int, str]]:
    """Records are written without gaps, but the oldest of them are deleted in time.

    So what is known of all is asked first; behind that, where one is missing there is no later one.
    """
    bodies = await records.known(sources.cluster, sources.store, namespace, want.uid)
    kept = records.kept_of(bodies, want.uid)
    found = [(r.attempt, f"ReleaseRecord {r.name}") for r in kept if r.attempt >= want.number]
    for number in range(want.number, want.number + FURTHER):
        name = names.record_name(want.release, want.uid, number)
        if not await _exists(sources, RECORD, namespace, name):
            break
        found.append((number, f"ReleaseRecord {name}"))
    return found


async def _revisions(sources: Sources, namespace: str, want: TracesWant) -> list[tuple[int, str]]:
    name = names.revision_name(want.release, want.uid, want.number, want.digest)
    if not await _exists(sources, CONTROLLER_REVISION, namespace, name):
        return []
    return [(want.number, f"ControllerRevision {name}")]


async def _exists(sources: Sources, kind: Kind, namespace: str, name: str) -> bool:
    try:
        await sources.cluster.get(Ref(kind, namespace, name))
    except NotFound:
        return False
    return True
