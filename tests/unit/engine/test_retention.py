"""How long records are kept: what is needed stays, and what went was journalled before."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests import records
from tests.unit.engine.logs import RELEASE, UID, Log, at, name_of

from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.api.policy import RecordRules, ReleasePolicySpec
from release_coordinator.api.status import RevisionRef
from release_coordinator.engine.evidence import PolicyFact, PolicyWant
from release_coordinator.engine.observation import Observation
from release_coordinator.engine.outcome import Note
from release_coordinator.engine.recordfacts import KeptRecordsFact, KeptRecordsWant
from release_coordinator.engine.retention import PROOFS, advance, doomed, due

KEEP = 10
RULES = RecordRules(keep=KEEP)


def a_release(*, deleting: bool = False) -> ReleaseObject:
    gone = {"deletionTimestamp": "2026-11-23T12:00:00Z"} if deleting else {}
    metadata = {"name": RELEASE, "namespace": "shop", "uid": UID, **gone}
    return parse_release({"metadata": metadata})


def seen(log: Log, policy: PolicyFact | None = None, problem: str = "") -> Observation:
    fact = KeptRecordsFact(tuple(log.kept()), problem)
    chosen = policy or PolicyFact("default", ReleasePolicySpec(records=RULES))
    return Observation({PolicyWant(RELEASE): chosen, KeptRecordsWant(RELEASE, UID): fact})


def shorten(log: Log, rules: RecordRules, hours: int) -> None:
    """What the operator does between two attempts, the deletion included."""
    assert log.status is not None
    pruned = due(rules, log.status, log.kept(), at(hours))
    if pruned is None:
        return
    log.status = log.status.model_copy(update={"pruned_records": pruned})
    gone = {one.name for one in doomed(log.status, log.kept())}
    log.records = {name: one for name, one in log.records.items() if name not in gone}


@given(
    kinds=st.lists(st.sampled_from(["completed", "broken", "rehearsed"]), min_size=1, max_size=40),
    good=st.integers(1, 40),
    age=st.none() | st.integers(1, 2),
)
def test_a_log_is_whole_and_short_after_every_attempt(
    kinds: list[str], good: int, age: int | None
) -> None:
    log = Log()
    rules = RecordRules(keep=KEEP, max_age_days=age)
    for number, kind in enumerate(kinds, start=1):
        record = getattr(records, kind)(number, digest=f"sha256:{number:064x}")
        log.write(record)
        assert log.status is not None
        if number == good:
            current = RevisionRef(version="1.3.0", digest=record.digest)
            log.status = log.status.model_copy(update={"current": current})
        shorten(log, rules, number)

        assert log.check().findings == ()
        assert name_of(number) in log.records
        runs = number >= good and kinds[good - 1] == "completed"
        assert not runs or name_of(good) in log.records
        assert len(log.records) <= KEEP + 1 + 2 * PROOFS
        if age is None:
            assert {name_of(n) for n in range(max(1, number - KEEP + 1), number + 1)} <= {
                *log.records
            }


def test_nothing_is_said_twice() -> None:
    log = Log.of(15)
    assert log.status is not None
    note = advance(a_release(), log.status, log.status.attempt, seen(log), at(15))

    assert isinstance(note, Note)
    assert note.status.pruned_records is not None
    assert note.status.pruned_records.through == 15 - KEEP
    again = advance(a_release(), note.status, note.status.attempt, seen(log), at(99))
    assert again is None
    gone = doomed(note.status, log.kept())
    assert {one.attempt for one in gone} <= set(range(1, 6))
    assert doomed(log.status, log.kept()) == []


def test_the_newest_stays_however_old_it_is() -> None:
    log = Log.of(3)
    rules = RecordRules(max_age_days=1)
    assert log.status is not None

    pruned = due(rules, log.status, log.kept(), at(3) + timedelta(days=400))

    assert pruned is not None
    assert pruned.through == 2


def test_without_a_policy_a_hundred_are_kept() -> None:
    log = Log.of(101)
    assert log.status is not None

    note = advance(a_release(), log.status, log.status.attempt, seen(log, PolicyFact()), at(101))

    assert note is not None
    assert note.status.pruned_records is not None
    assert note.status.pruned_records.through == 1


def test_nothing_goes_while_it_is_not_known_what_may() -> None:
    log = Log.of(15)
    status = log.status
    assert status is not None
    unread = PolicyFact("default", None, "spec.gates is no list")
    older = status.attempt and status.attempt.model_copy(update={"number": 14})

    assert advance(a_release(), status, status.attempt, seen(log, unread), at(15)) is None
    denied = seen(log, problem="may not list")
    assert advance(a_release(), status, status.attempt, denied, at(15)) is None
    assert advance(a_release(), status, older, seen(log), at(15)) is None
    assert advance(a_release(deleting=True), status, status.attempt, seen(log), at(15)) is None


def test_what_is_needed_no_more_goes_later() -> None:
    log = Log()
    log.write(records.completed(1, artifact_digest="sha256:" + "a" * 64))
    assert log.status is not None
    current = RevisionRef(version="1.3.0", digest=log.records[name_of(1)].digest)
    log.status = log.status.model_copy(update={"current": current})
    for number in range(2, 2 + KEEP):
        log.write(records.broken(number, digest=f"sha256:{number:064x}"))
    shorten(log, RULES, 12)
    assert name_of(1) in log.records
    for number in range(2 + KEEP, 2 + KEEP + PROOFS):
        fields = {"digest": f"sha256:{number:064x}", "artifact_digest": f"sha256:{number:064x}"}
        log.write(records.completed(number, **fields))
    new = RevisionRef(version="1.3.0", digest=fields["digest"])
    log.status = log.status.model_copy(update={"current": new})

    shorten(log, RULES, 13)

    assert name_of(1) not in log.records
    assert log.check().findings == ()


def test_what_was_given_up_and_is_still_there_is_not_taken_back() -> None:
    log = Log()
    for number in range(1, PROOFS + KEEP + 2):
        own = f"sha256:{number:064x}"
        log.write(records.completed(number, digest=own, artifact_digest=own))
    assert log.status is not None
    pruned = due(RULES, log.status, log.kept(), at(20))
    assert pruned is not None
    log.status = log.status.model_copy(update={"pruned_records": pruned})
    given_up = doomed(log.status, log.kept())[0]
    current = RevisionRef(version="1.3.0", digest=log.records[given_up.name].digest)
    log.status = log.status.model_copy(update={"current": current})
    log.write(records.broken(PROOFS + KEEP + 2))

    later = due(RULES, log.status, log.kept(), at(21))

    assert later is not None
    assert given_up.name not in {one.name for one in later.kept}
