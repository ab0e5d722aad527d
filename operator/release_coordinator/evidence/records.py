"""The release log of another Release, which may live in another namespace."""

from datetime import datetime

from pydantic import ValidationError

from release_coordinator.api.faults import faults_of
from release_coordinator.api.record import RecordSpec
from release_coordinator.cluster.port import RECORD, Body
from release_coordinator.engine import names
from release_coordinator.engine.evidence import RecordsFact, RecordsWant, UnreadableRecord
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
