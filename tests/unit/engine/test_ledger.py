"""Whatever is done to a release log, the check says to which record."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import records
from tests.fakes.world import DAWN
from tests.unit.engine.logs import RELEASE, UID, Log, name_of, ref_of

from release_coordinator.api.record import RecordSpec
from release_coordinator.api.status import PrunedRecords
from release_coordinator.engine.chain import digest_of, sealed
from release_coordinator.engine.ledger import Fault, Page, check

COUNT = 14
"""More than the status remembers."""
WHOLE = Log.of(COUNT)


def again() -> Log:
    """The same log, to be tampered with."""
    return Log(dict(WHOLE.records), WHOLE.status)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of everything in a JSON value."""
    if isinstance(value, dict):
        return [leaf for key, one in value.items() for leaf in leaves(one, (*path, key))]
    if isinstance(value, list):
        return [leaf for i, one in enumerate(value) for leaf in leaves(one, (*path, i))]
    return [path]


def other(value: Any) -> list[Any]:
    """Values in its place, one of which is valid in most places."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value - 1]
    text = str(value)
    digit = text.translate(str.maketrans("0123456789", "1234567890"))
    return [digit, "Failed", "Fail", "RolledBack", f"{text}x", "Rolling", "StatefulSet"]


def changed(record: RecordSpec, path: tuple[Any, ...]) -> list[RecordSpec]:
    """The record with something else in one place, as often as that can be read."""
    found = []
    wire = record.to_wire()
    place = wire
    for key in path[:-1]:
        place = place[key]
    for value in other(place[path[-1]]):
        body = copy.deepcopy(wire)
        place = body
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        try:
            found.append(RecordSpec.model_validate(body))
        except ValueError:
            continue
    return [one for one in found if one != record]


def test_a_log_that_nobody_has_touched_has_no_fault() -> None:
    account = WHOLE.check()

    assert (account.checked, account.findings, account.notes) == (COUNT, (), ())


@pytest.mark.parametrize("attempt", [1, 2, 3, COUNT])
def test_a_change_of_any_field_is_found_at_its_record(attempt: int) -> None:
    record = WHOLE.records[name_of(attempt)]
    tried = 0
    for path in leaves(record.to_wire()):
        for one in changed(record, path):
            log = again()
            log.records[name_of(attempt)] = one
            tried += 1
            assert log.faults().get(name_of(attempt)) == Fault.CHANGED, path
    assert tried > 100


def test_a_field_that_is_left_out_is_found() -> None:
    record = WHOLE.records[name_of(3)]
    for name in record.to_wire():
        body = record.to_wire()
        del body[name]
        try:
            less = RecordSpec.model_validate(body)
        except ValueError:
            continue  # the API server would not take it
        if name == "recordDigest" or less == record:
            continue  # see below; and what is a default says nothing
        log = again()
        log.records[name_of(3)] = less
        assert log.faults().get(name_of(3)) == Fault.CHANGED, name


def test_a_change_whose_digest_was_made_anew_is_found_by_the_next_record() -> None:
    log = again()
    record = log.records[name_of(2)]
    log.records[name_of(2)] = sealed(
        record.model_copy(update={"message": "all was well"}), record.previous
    )

    assert log.faults() == {name_of(2): Fault.CHANGED}


def test_a_record_that_loses_its_digest_does_not_pass_for_an_old_one() -> None:
    log = again()
    bare = log.records[name_of(2)].model_copy(update={"record_digest": None, "previous": None})
    log.records[name_of(2)] = bare

    assert log.faults().get(name_of(2)) == Fault.CHANGED


@given(at=st.integers(1, COUNT - 1))
def test_a_log_that_was_written_anew_from_some_record_on_disagrees_with_the_status(at: int) -> None:
    log = again()
    before = None
    for number in range(1, COUNT + 1):
        record = log.records[name_of(number)]
        if number >= at:
            text = "all was well" if number == at else record.message
            record = sealed(record.model_copy(update={"message": text}), before)
            log.records[name_of(number)] = record
        before = ref_of(record)

    assert Fault.CHANGED in log.faults().values()


@given(gone=st.sets(st.integers(1, COUNT), min_size=1))
def test_every_deletion_is_found(gone: set[int]) -> None:
    log = again()
    for number in gone:
        del log.records[name_of(number)]

    found = log.faults()

    # Of several in a row before what the status remembers, the last one is named.
    ends = {n for n in gone if n + 1 not in gone or n > COUNT - 10}
    assert found == {name_of(n): Fault.MISSING for n in ends}


@given(pair=st.sets(st.integers(1, COUNT), min_size=2, max_size=2))
def test_two_records_that_were_swapped_are_found(pair: set[int]) -> None:
    one, two = (name_of(number) for number in pair)
    log = again()
    log.records[one], log.records[two] = log.records[two], log.records[one]

    found = log.faults()

    assert {one, two} <= found.keys()


def test_a_record_that_was_slipped_in_is_found() -> None:
    log = Log()
    for number in (1, 2, 4, 5):
        log.write(records.completed(number))
    assert log.faults() == {}
    first = ref_of(log.records[name_of(2)])
    log.records[name_of(3)] = sealed(records.completed(3), first)

    assert log.faults() == {name_of(3): Fault.FOREIGN}


def test_a_record_beyond_what_the_status_knows_is_found() -> None:
    log = again()
    last = ref_of(log.records[name_of(COUNT)])
    log.records[name_of(COUNT + 1)] = sealed(records.completed(COUNT + 1), last)

    assert log.faults() == {name_of(COUNT + 1): Fault.FOREIGN}


def test_a_record_may_be_there_before_the_status_says_so() -> None:
    log = again()
    assert log.status is not None
    assert log.status.attempt is not None
    update = {"number": COUNT + 1, "recorded": False}
    attempt = log.status.attempt.model_copy(update=update)
    log.status = log.status.model_copy(update={"attempt": attempt})
    last = ref_of(log.records[name_of(COUNT)])
    log.records[name_of(COUNT + 1)] = sealed(records.completed(COUNT + 1), last)

    assert log.faults() == {}


def test_records_of_an_operator_that_chained_none_are_no_fault_and_the_last_is_guarded() -> None:
    log = Log()
    for number in (1, 2):
        log.write(records.completed(number), chained=False)
    old = log.records[name_of(2)]
    previous = ref_of(old).model_copy(update={"digest": digest_of(old)})
    log.write(records.completed(3))
    log.records[name_of(3)] = made = sealed(records.completed(3), previous)
    assert log.status is not None
    entry = log.status.history[0].model_copy(update={"digest": made.record_digest})
    log.status = log.status.model_copy(update={"history": [entry, *log.status.history[1:]]})

    account = log.check()

    assert account.findings == ()
    assert account.checked == 1
    assert "not chained" in account.notes[0]
    assert name_of(1) in account.notes[0]
    log.records[name_of(2)] = old.model_copy(update={"message": "all was well"})
    assert log.faults() == {name_of(2): Fault.CHANGED}


def test_without_its_release_a_log_is_checked_as_far_as_it_goes() -> None:
    log = again()
    log.status = None
    del log.records[name_of(COUNT)]

    account = log.check()

    assert account.findings == ()
    assert "cannot be told" in account.notes[0]
    del log.records[name_of(4)]
    assert log.faults() == {name_of(4): Fault.MISSING}


def test_the_last_record_of_a_deleted_release_is_guarded_by_its_own_digest() -> None:
    log = again()
    log.status = None
    last = log.records[name_of(COUNT)]
    log.records[name_of(COUNT)] = last.model_copy(update={"message": "all was well"})

    assert log.faults() == {name_of(COUNT): Fault.CHANGED}


def test_a_record_that_this_version_cannot_read_is_not_called_changed() -> None:
    pages = [Page(name, record) for name, record in WHOLE.records.items()]
    pages[4] = Page(pages[4].name, pages[4].record, "it has a field spec.colour, which is newer")

    account = check(RELEASE, UID, pages, WHOLE.status)

    (finding,) = account.findings
    assert (finding.record, finding.fault) == (name_of(5), Fault.UNREADABLE)
    assert "colour" in finding.text


@given(
    through=st.integers(1, COUNT - 1),
    kept=st.sets(st.integers(1, COUNT - 1), max_size=4),
    data=st.data(),
)
def test_what_retention_has_deleted_is_told_from_what_others_have(
    through: int, kept: set[int], data: st.DataObject
) -> None:
    log = again()
    refs = [ref_of(log.records[name_of(n)]) for n in sorted(kept) if n <= through]
    bound = ref_of(log.records[name_of(through)])
    log.prune(PrunedRecords(through=through, digest=bound.digest, at=DAWN, kept=refs))
    assert log.faults() == {}

    victim = data.draw(st.sampled_from(sorted(log.records)))
    record = log.records.pop(victim)
    assert log.faults() == {victim: Fault.MISSING}
    log.records[victim] = record.model_copy(update={"message": "all was well"})
    assert log.faults().get(victim) == Fault.CHANGED


def test_another_end_of_what_was_deleted_is_found() -> None:
    log = again()
    log.prune(PrunedRecords(through=5, digest="sha256:" + "1" * 64, at=DAWN))

    assert log.faults() == {name_of(5): Fault.CHANGED}
