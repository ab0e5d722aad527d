"""Each record names the one before it, and is met again after a crash."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import records
from tests.unit.engine.logs import RELEASE, UID, Log, name_of, ref_of

from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.api.conditions import Phase
from release_coordinator.api.record import RecordRef, RecordSpec
from release_coordinator.api.status import ReleaseStatus
from release_coordinator.engine.chain import digest_of, is_same, is_whole, previous_of, sealed
from release_coordinator.engine.observation import NotSeen, Observation
from release_coordinator.engine.plan import digest
from release_coordinator.engine.policy import BUILT_IN
from release_coordinator.engine.recordfacts import RecordDigestWant

STORED = Path(__file__).with_name("golden") / "record.json"
"""A record as an API server has stored it; never changed."""
PINNED = "sha256:b0042df4e16aa33d3e8584ede2d754061156eecbe38521469df6547680e0b832"
DIGEST = "sha256:" + "2" * 64


def a_release() -> ReleaseObject:
    return parse_release({"metadata": {"name": RELEASE, "namespace": "shop", "uid": UID}})


def with_plan(attempt: int) -> RecordSpec:
    return sealed(records.completed(attempt, requirements=BUILT_IN), None)


def test_the_digest_of_a_record_is_the_same_in_every_version_of_the_operator() -> None:
    """Fields with a default may be added. If this fails, every log that exists is broken."""
    stored = json.loads(STORED.read_text(encoding="utf-8"))

    assert digest_of(RecordSpec.model_validate(stored)) == PINNED


def test_a_digest_is_the_same_after_the_record_was_stored() -> None:
    record = sealed(records.broken(3), None)
    stored = record.to_wire()
    stored["durationSeconds"] = int(stored["durationSeconds"])  # as the API server gives it back
    stored["plan"]["suspend"] = None

    read = RecordSpec.model_validate(stored)

    assert is_whole(read)
    assert digest_of(read) == record.record_digest


def test_a_record_follows_the_newest_that_the_history_names() -> None:
    log = Log.of(4)
    assert log.status is not None
    none = log.status.history[0].model_copy(update={"attempt": 5, "record": None, "digest": None})
    status = log.status.model_copy(update={"history": [none, *log.status.history]})

    assert previous_of(a_release(), log.status, 5, Observation()) == ref_of(log.records[name_of(4)])
    assert previous_of(a_release(), status, 6, Observation()) == ref_of(log.records[name_of(4)])
    assert previous_of(a_release(), ReleaseStatus(), 1, Observation()) is None


def test_the_last_record_of_an_operator_that_chained_none_is_named_by_what_it_says_now() -> None:
    log = Log()
    log.write(records.completed(1), chained=False)
    assert log.status is not None
    seen = Observation({RecordDigestWant(name_of(1)): DIGEST})

    with pytest.raises(NotSeen):
        previous_of(a_release(), log.status, 2, Observation())
    found = previous_of(a_release(), log.status, 2, seen)

    assert found == RecordRef(name=name_of(1), attempt=1, digest=DIGEST)


@given(lost=st.booleans())
def test_after_a_restored_status_the_chain_goes_on_where_the_cluster_is(*, lost: bool) -> None:
    log = Log.of(2)
    assert log.status is not None
    status = ReleaseStatus() if lost else log.status
    seen = Observation({RecordDigestWant(name_of(7)): DIGEST})
    nothing = Observation({RecordDigestWant(name_of(7)): None})

    found = previous_of(a_release(), status, 8, seen)

    assert found == RecordRef(name=name_of(7), attempt=7, digest=DIGEST)
    behind = None if lost else ref_of(log.records[name_of(2)])
    assert previous_of(a_release(), status, 8, nothing) == behind


LESS: dict[str, Any] = {"plan": None, "requirements": None, "artifact_digest": None}


def test_a_record_that_was_written_before_a_crash_is_met_again() -> None:
    there = sealed(with_plan(2).model_copy(update={"digest": _own_digest(with_plan(2))}), None)
    again = sealed(there.model_copy(update=LESS), None)

    assert is_same(there, there)
    assert is_same(there, again)  # the spec was edited meanwhile, so the plan is lost


def test_incidents_that_are_named_as_fixed_meanwhile_make_no_other_record_of_it() -> None:
    wanted = with_plan(2)
    plan = wanted.plan and wanted.plan.model_copy(update={"fixes": ["bookshop-1"]})
    there = wanted.model_copy(update={"fixes": ["bookshop-1"], "plan": plan})
    there = sealed(there.model_copy(update={"digest": _own_digest(there)}), None)

    assert is_same(there, sealed(there.model_copy(update={"fixes": []}), None))
    assert is_same(there, sealed(there.model_copy(update={"fixes": [], **LESS}), None))


SHORT = {
    "release": "other",
    "release_uid": "other",
    "attempt": 3,
    "digest": DIGEST,
    "outcome": Phase.ROLLED_BACK,
    "ended_at": records.completed(3).ended_at,
}


@pytest.mark.parametrize("field", SHORT)
def test_one_that_is_not_chained_is_known_by_what_every_definition_keeps(field: str) -> None:
    wanted = with_plan(2)
    there = wanted.model_copy(update={"record_digest": None, "fixes": ["x"], "held": [], **LESS})

    assert is_same(there, wanted)
    assert not is_same(there.model_copy(update={field: SHORT[field]}), wanted)


@pytest.mark.parametrize(
    "update",
    [
        {"outcome": Phase.ROLLED_BACK},
        {"message": "all was well"},
        {"previous": RecordRef(name="x", attempt=1, digest=DIGEST)},
        {"plan": records.spec_of(records.staging_release(version="9.9.9"))},
        {"artifact_digest": DIGEST},
        {"gates": [], "timeline": []},
    ],
)
def test_what_bears_its_name_and_says_something_else_is_not_taken_for_it(
    update: dict[str, Any],
) -> None:
    wanted = sealed(with_plan(2).model_copy(update={"digest": _own_digest(with_plan(2))}), None)
    forged = wanted.model_copy(update={**update, "record_digest": None})
    forged = forged.model_copy(update={"record_digest": digest_of(forged)})

    assert not is_same(forged, wanted)
    assert not is_same(wanted.model_copy(update=update), wanted)


def _own_digest(record: RecordSpec) -> str:
    assert record.plan is not None
    assert record.requirements is not None
    return digest(record.plan, record.requirements)
