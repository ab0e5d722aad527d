"""The release log as a chain: each record names the one before it by its digest; pure.

Made by `engine.closing`, checked by `engine.ledger`. A digest is computed on what is read, with
defaults left out, so that it is the same before and after storage, and a field that a later
version of the operator adds changes no digest of an earlier record.
"""

import hashlib
from typing import Any

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.record import RecordRef, RecordSpec
from release_coordinator.api.status import ReleaseStatus

from . import names, plan
from .memo import Memo
from .observation import Observation

_GUARDED_OTHERWISE = {
    "plan",
    "requirements",
    "artifact_digest",
    "record_digest",
    "notes",
    "fixes",
}
"""What an attempt may have lost since its record was written, when its spec was edited. The digest
of the plan stands for all of it. Notes and fixes are as people had written them at that time."""
_SHORT = {"release", "release_uid", "attempt", "digest", "outcome", "ended_at"}
"""What every version of the operator writes, and every definition of ReleaseRecord keeps."""


def digest_of(record: RecordSpec) -> str:
    """SHA-256 over everything that a record says, but for this digest itself."""
    return _DIGEST(record)


def _digest_of(record: RecordSpec) -> str:
    said = record.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, exclude={"record_digest"}
    )
    return f"sha256:{hashlib.sha256(plan.canonical(_plain(said)).encode()).hexdigest()}"


_DIGEST = Memo(_digest_of, limit=8)
"""Few: each keeps a whole record alive."""


def sealed(record: RecordSpec, previous: RecordRef | None) -> RecordSpec:
    """The record as the next link."""
    linked = record.model_copy(update={"previous": previous, "record_digest": None})
    return linked.model_copy(update={"record_digest": digest_of(linked)})


def is_whole(record: RecordSpec) -> bool:
    """Whether a record says what it said when it was written; True for one without a digest."""
    return record.record_digest in {None, digest_of(record)}


def is_same(found: RecordSpec, wanted: RecordSpec) -> bool:
    """Whether the record that is there is the one that is to be written.

    It may say more about the plan: the attempt has lost it if its spec was edited meanwhile. One
    without a digest is from an operator that chained none, or from this one where the definition
    of ReleaseRecord is older and has dropped it, with whatever else it does not know.
    """
    if found.record_digest is None:
        return _in_short(found) == _in_short(wanted)
    if not is_whole(found):
        return False
    if found.plan is not None and not _has_plan_of(found):
        return False
    return _without_plan(found) == _without_plan(wanted)


def previous_of(
    release: ReleaseObject, status: ReleaseStatus, number: int, seen: Observation
) -> RecordRef | None:
    """The record that the one of an attempt follows."""
    newest = status.history[0].attempt if status.history else 0
    if number > newest + 1:
        # The status was older than the cluster: what it does not know of comes before this one.
        name = names.record_name(release.name, release.uid, number - 1)
        digest = seen.record_digest(name)
        if digest is not None:
            return RecordRef(name=name, attempt=number - 1, digest=digest)
    last = next((entry for entry in status.history if entry.record), None)
    if last is None or last.record is None:
        return None
    # An operator that chained none has journalled no digest: what its record says now counts.
    digest = last.digest or seen.record_digest(last.record)
    return RecordRef(name=last.record, attempt=last.attempt, digest=digest)


def _has_plan_of(found: RecordSpec) -> bool:
    if found.plan is None or found.requirements is None:
        return False
    if found.artifact_digest != plan.artifact_digest(found.plan):
        return False
    return plan.digest(found.plan, found.requirements) == found.digest


def _without_plan(record: RecordSpec) -> str:
    return digest_of(record.model_copy(update=dict.fromkeys(_GUARDED_OTHERWISE)))


def _in_short(record: RecordSpec) -> dict[str, Any]:
    return record.model_dump(mode="json", include=_SHORT)


def _plain(value: Any) -> Any:
    """JSON as every server gives it back: no member that is null, 1.0 is 1."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
