"""What is exported of a staging Release, and whether an export holds together; pure.

`kubectl release export` makes one from the release log and the workloads; `signed.exports` asks
`fault` about each that arrives. What it proves is for `engine.exported` to say.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from release_coordinator.api.export import (
    PREDICATE_TYPE,
    RECORDS_LIMIT,
    STATEMENT_TYPE,
    ExportedRecord,
    ExportedWorkload,
    StagingExport,
)
from release_coordinator.api.record import RecordRef, RecordSpec
from release_coordinator.api.workload import WorkloadRef

from . import chain, configuration, names
from .plan import artifact_digest


def export_of(
    namespace: str, records: Sequence[RecordSpec], version: str, now: datetime
) -> StagingExport:
    """What the log of one Release says of a version, the newest records of it; no configuration.

    Args:
        namespace: of the Release.
        records: its log, oldest first, checked by `engine.ledger`; not empty.
        version: that is to be proved.
        now: the time of the export.
    """
    head = records[-1]
    about = [one for one in records if one.version == version][-RECORDS_LIMIT:]
    return StagingExport(
        exported_at=now,
        namespace=namespace,
        release=head.release,
        release_uid=head.release_uid,
        version=version,
        head=RecordRef(name=_name(head), attempt=head.attempt, digest=head.record_digest),
        records=[ExportedRecord(name=_name(one), spec=one) for one in about],
    )


def shortened(export: StagingExport) -> StagingExport:
    """The same without the oldest record. What is left out can open no gate, only keep one shut."""
    return export.model_copy(update={"records": export.records[1:]})


def workload_of(
    component: str, workload: WorkloadRef, entries: Mapping[str, str], salt: str
) -> ExportedWorkload:
    """How a component is configured; what looks like a credential leaves as a digest alone."""
    secret = {path for path, value in entries.items() if configuration.is_telling(path, value)}
    return ExportedWorkload(
        component=component,
        workload=workload,
        entries={path: value for path, value in entries.items() if path not in secret},
        hidden={path: hidden(salt, path, entries[path]) for path in sorted(secret)},
    )


def hidden(salt: str, path: str, value: str) -> str:
    """Digest of a value: tells whether another one is the same."""
    text = f"{path}\0{value}".encode()
    return hmac.new(salt.encode(), text, hashlib.sha256).hexdigest()


def revealed(there: ExportedWorkload, salt: str, here: Mapping[str, str]) -> dict[str, str]:
    """What was exported, with a hidden value where it is the one that is here."""
    found = dict(there.entries)
    for path, digest in there.hidden.items():
        own = here.get(path)
        same = own is not None and hmac.compare_digest(hidden(salt, path, own), digest)
        found[path] = own if own is not None and same else "(another value)"
    return found


def statement_of(export: StagingExport) -> dict[str, Any]:
    """The in-toto Statement: its subjects are the artifacts that the records are about."""
    digests = dict.fromkeys(_artifacts(one.spec) for one in reversed(export.records))
    name = f"{export.namespace}/{export.release}@{export.version}"
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": one}} for one in digests if one],
        "predicateType": PREDICATE_TYPE,
        "predicate": export.to_wire(),
    }


def fault(export: StagingExport) -> str:
    """Why the records of an export cannot be as the operator there wrote them; else empty."""
    return next(_faults(export), "")


def _faults(export: StagingExport) -> Iterator[str]:
    for one in export.records:
        yield from _of_record(export, one)
    attempts = [one.spec.attempt for one in export.records]
    if attempts != sorted(set(attempts)):
        yield "its records are not in the order of their attempts"
    for earlier, later in pairwise(export.records):
        yield from _link(earlier, later.spec.previous, later.name)
    if export.records:
        yield from _link(export.records[-1], export.head, "the head of the log")


def _of_record(export: StagingExport, one: ExportedRecord) -> Iterator[str]:
    spec = one.spec
    if (spec.release, spec.release_uid) != (export.release, export.release_uid):
        yield f"{one.name} is a record of another Release"
    if spec.version != export.version:
        yield f"{one.name} is about version {spec.version}, not {export.version}"
    if one.name != _name(spec):
        yield f"{one.name} does not bear its own name"
    if spec.attempt > export.head.attempt:
        yield f"{one.name} is newer than the head of the log"
    if not chain.is_whole(spec):
        yield (
            f"{one.name} says something else than its digest stands for; if staging has a newer "
            "operator, this one has to be renewed first"
        )


def _link(earlier: ExportedRecord, named: RecordRef | None, by: str) -> Iterator[str]:
    """Where one names the other, the digests agree."""
    if named is None or named.attempt != earlier.spec.attempt:
        return
    if None not in {named.digest, earlier.spec.record_digest} and (
        named.digest != earlier.spec.record_digest
    ):
        yield f"{earlier.name} is not the record that {by} names"


def _name(record: RecordSpec) -> str:
    return names.record_name(record.release, record.release_uid, record.attempt)


def _artifacts(record: RecordSpec) -> str:
    known = artifact_digest(record.plan) if record.plan else record.artifact_digest
    return (known or "").removeprefix("sha256:")
