"""How long the release log is kept; pure.

Decided between attempts and journalled in `status.prunedRecords`; only then `controllers.records`
deletes what that says. So whoever finds a record missing can tell retention from anything else.
Nothing here holds up or fails a release.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.policy import RecordRules
from release_coordinator.api.record import RecordRef
from release_coordinator.api.status import PrunedRecords, ReleaseStatus

from .evidence import PolicyFact
from .observation import Observation
from .outcome import Note
from .recordfacts import KeptRecord

PROOFS = 5
"""Artifacts, the last that completed, whose proofs are kept: another stage may still ask for them
(`engine.staged`), for how it went and for the rehearsal of its way back."""
_REHEARSALS = {Reason.REHEARSED, Reason.MANUAL_ROLLBACK}


def advance(
    release: ReleaseObject,
    status: ReleaseStatus,
    attempt: Attempt | None,
    seen: Observation,
    now: datetime,
) -> Note | None:
    """Journal that more of the log is given up; None if there is nothing to say."""
    if attempt is None or release.deleting:
        return None
    rules = _rules(seen.policy(release.name))
    fact = seen.kept_records(release.name, release.uid)
    # A status that is older than the cluster, as after a restore, knows not what is needed.
    behind = any(one.attempt > attempt.number for one in fact.records)
    if rules is None or fact.problem or behind:
        return None
    pruned = due(rules, status, fact.records, now)
    if pruned is None:
        return None
    return Note(status.model_copy(update={"pruned_records": pruned}))


def due(
    rules: RecordRules, status: ReleaseStatus, records: Iterable[KeptRecord], now: datetime
) -> PrunedRecords | None:
    """What to journal next; None if that stays as it is. Records come oldest first."""
    last = status.pruned_records or PrunedRecords(through=0, at=now)
    known = [one for one in records if one.attempt > last.through or _is_kept(last, one)]
    fresh = [one for one in known if one.attempt > last.through]
    over = fresh[: _surplus(rules, fresh, now)]
    bound = over[-1] if over else None
    through = bound.attempt if bound else last.through
    needed = _needed(status, known)
    kept = [
        RecordRef(name=one.name, attempt=one.attempt, digest=one.digest)
        for one in known
        if one.attempt <= through and one.name in needed
    ]
    if bound is None and [one.name for one in kept] == [one.name for one in last.kept]:
        return None
    digest = bound.digest if bound else last.digest
    return PrunedRecords(through=through, digest=digest, at=now, kept=kept)


def doomed(status: ReleaseStatus, records: Iterable[KeptRecord]) -> list[KeptRecord]:
    """Records that were given up."""
    pruned = status.pruned_records
    if pruned is None:
        return []
    return [r for r in records if r.attempt <= pruned.through and not _is_kept(pruned, r)]


def _rules(fact: PolicyFact) -> RecordRules | None:
    """None for a policy that cannot be read: perhaps it keeps more."""
    if fact.problem or (fact.name is not None and fact.spec is None):
        return None
    return fact.spec.records if fact.spec else RecordRules()


def _is_kept(pruned: PrunedRecords, record: KeptRecord) -> bool:
    return any(one.name == record.name for one in pruned.kept)


def _surplus(rules: RecordRules, fresh: list[KeptRecord], now: datetime) -> int:
    """How many of the oldest are too many or too old; the newest never is."""
    too_many = max(len(fresh) - rules.keep, 0)
    if rules.max_age_days is None:
        return too_many
    limit = now - timedelta(days=rules.max_age_days)
    old = sum(1 for one in fresh[:-1] if one.ended_at < limit)
    return max(too_many, old)


def _needed(status: ReleaseStatus, records: list[KeptRecord]) -> set[str]:
    """Of what runs, and of what was proved last."""
    current = status.current.digest if status.current else None
    newest = records[::-1]
    completed = [one for one in newest if one.outcome is Phase.COMPLETED]
    back = [one for one in newest if _is_way_back(one)]
    wanted = [one.name for one in completed if one.plan == current][:1]
    for artifacts in list(dict.fromkeys(one.artifacts for one in completed))[:PROOFS]:
        for proofs in (completed, back):
            wanted += [one.name for one in proofs if one.artifacts == artifacts][:1]
    return {*wanted, *(one.name for one in newest[:1])}


def _is_way_back(record: KeptRecord) -> bool:
    return record.outcome is Phase.ROLLED_BACK and record.reason in _REHEARSALS
