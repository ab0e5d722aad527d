"""What staging in another cluster has proved: the content of a signed export.

Made by `kubectl release export` in that cluster, carried as a ConfigMap, read by `signed.exports`
and judged by `engine.exported`. It is the predicate of an in-toto Statement in a DSSE envelope
(`signed.dsse`). No kind of its own: the API server never reads it, so its bounds are kept here.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from .base import Model, Name, ObjectName, Time, Uid, Version, to_milliseconds
from .record import RecordRef, RecordSpec
from .workload import WorkloadRef

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://release-coordinator.io/staging-export/v1"
"""Of another type is what the same key has signed for another purpose."""
PAYLOAD_TYPE = "application/vnd.in-toto+json"
DATA_KEY = "staging.dsse.json"
"""Key of the ConfigMap that holds the envelope."""

PAYLOAD_LIMIT = 160 * 1024
"""Bytes of a statement."""
ENVELOPE_LIMIT = 224 * 1024
"""Characters of an envelope. `kubectl apply` keeps a second copy in an annotation, of which the API
server takes 256 KiB."""
RECORDS_LIMIT = 16
"""Records of one export."""
ENTRIES_LIMIT = 1024
"""Entries of configuration of one workload."""

Path = Annotated[str, Field(max_length=512)]
Value = Annotated[str, Field(max_length=512)]


class ExportedRecord(Model):
    """A ReleaseRecord, whole: its digest can be computed again."""

    name: ObjectName
    spec: RecordSpec


class ExportedWorkload(Model):
    """How a component was configured in staging when the export was made."""

    component: Name
    workload: WorkloadRef
    entries: dict[Path, Value] = Field({}, max_length=ENTRIES_LIMIT)
    """Path -> value, as the gate StagingConfig compares them."""
    hidden: dict[Path, Value] = Field({}, max_length=ENTRIES_LIMIT)
    """Path -> salted digest of a value that looks like a credential."""


class StagingExport(Model):
    """What one Release of another cluster has proved about one version."""

    exported_at: Annotated[Time, AfterValidator(to_milliseconds)]
    """By the clock of whoever has exported it; as exact as the journal that remembers it."""
    namespace: Name
    release: ObjectName
    release_uid: Uid
    version: Version
    head: RecordRef
    """The newest record of that Release when it was exported, of whatever version."""
    records: list[ExportedRecord] = Field([], max_length=RECORDS_LIMIT)
    """Those of the version, oldest first."""
    salt: Annotated[str, Field(max_length=64)] = ""
    """Of the digests of hidden values."""
    configuration: list[ExportedWorkload] | None = Field(None, max_length=16)
    """None: left out."""
