"""What is exported of a log, and that an export holds together."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exports import STAGING, chained, made
from tests.fakes.world import DAWN
from tests.records import broken, completed, rehearsed, staging_release
from tests.unit.engine.logs import KINDS

from release_coordinator.api.conditions import Phase
from release_coordinator.api.export import RECORDS_LIMIT, StagingExport
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import WorkloadRef
from release_coordinator.engine import chain
from release_coordinator.engine.exporting import (
    export_of,
    fault,
    hidden,
    revealed,
    shortened,
    statement_of,
    workload_of,
)
from release_coordinator.engine.plan import artifact_digest

OLD, NEW = staging_release(version="1.2.9"), staging_release()


def export(*records: RecordSpec, version: str = "1.3.0") -> StagingExport:
    log = chained(*records)
    return export_of(STAGING, log, version, log[-1].ended_at + timedelta(minutes=1))


def attempts(found: StagingExport) -> list[int]:
    return [one.spec.attempt for one in found.records]


def test_only_the_records_of_the_version_are_told_and_where_the_log_ends() -> None:
    found = export(
        completed(1, body=OLD), rehearsed(2, body=NEW), completed(3), broken(4, body=OLD)
    )

    assert attempts(found) == [2, 3]
    assert (found.head.attempt, found.release, found.namespace) == (4, "bookshop", STAGING)


def test_an_export_is_an_in_toto_statement_about_the_artifacts() -> None:
    other = staging_release()
    other["spec"]["components"][0]["images"] = {"api": "example/bookshop-backend:1.3.0-b2"}

    said = statement_of(export(broken(1, body=other), completed(2), completed(3)))

    plans = [completed(3).plan, broken(1, body=other).plan]
    digests = [artifact_digest(one).removeprefix("sha256:") for one in plans if one]
    name = "shop-staging/bookshop@1.3.0"
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["subject"] == [{"name": name, "digest": {"sha256": one}} for one in digests]


def test_of_many_attempts_the_newest_are_told() -> None:
    count = RECORDS_LIMIT + 3

    found = export(*(KINDS[number % 3](number) for number in range(1, count + 1)))

    assert attempts(found) == list(range(4, count + 1))
    assert attempts(shortened(found)) == list(range(5, count + 1))
    assert not fault(shortened(found))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(KINDS), min_size=1, max_size=6))
def test_what_is_exported_holds_together_also_after_it_was_carried(kinds: list[Any]) -> None:
    found = export(*(make(number) for number, make in enumerate(kinds, 1)))

    carried = StagingExport.model_validate(json.loads(json.dumps(found.to_wire())))

    assert carried == found
    assert not fault(carried)


GOOD = made(rehearsed(3), broken(4), completed(5))


def changed(index: int, **changes: Any) -> StagingExport:
    """With one record changed; its digests are not computed again."""
    records = list(GOOD.records)
    spec = records[index].spec.model_copy(update=changes)
    records[index] = records[index].model_copy(update={"spec": spec})
    return GOOD.model_copy(update={"records": records})


def resealed(index: int, **changes: Any) -> StagingExport:
    """With one record changed and sealed anew."""
    records = list(changed(index, **changes).records)
    spec = records[index].spec
    records[index] = records[index].model_copy(update={"spec": chain.sealed(spec, spec.previous)})
    return GOOD.model_copy(update={"records": records})


@pytest.mark.parametrize(
    ("export", "words"),
    [
        (changed(0, message="all was well"), "says something else than its digest stands for"),
        (resealed(0, message="all was well"), "is not the record that bookshop-4"),
        (resealed(1, outcome=Phase.COMPLETED), "is not the record that bookshop-5"),
        (resealed(2, message="x"), "is not the record that the head of the log names"),
        (resealed(2, attempt=9), "does not bear its own name"),
        (resealed(2, release="cafe"), "is a record of another Release"),
        (resealed(2, version="1.3.1"), "is about version 1.3.1, not 1.3.0"),
        (GOOD.model_copy(update={"records": GOOD.records[::-1]}), "not in the order"),
        (GOOD.model_copy(update={"records": [GOOD.records[0]] * 2}), "not in the order"),
        (
            GOOD.model_copy(update={"head": GOOD.head.model_copy(update={"attempt": 4})}),
            "is newer than the head of the log",
        ),
    ],
)
def test_what_the_operator_in_staging_cannot_have_written_is_told(
    export: StagingExport, words: str
) -> None:
    assert words in fault(export)


def test_records_that_an_older_operator_has_not_chained_are_taken_as_they_are() -> None:
    found = export_of(STAGING, [broken(1), completed(2)], "1.3.0", DAWN)

    assert not fault(found)


# Configuration.

BACK = WorkloadRef(name="bookshop-backend")


def test_what_looks_like_a_credential_leaves_as_a_digest_alone() -> None:
    entries = {
        "env/LOG_LEVEL": "info",
        "env/DB_PASSWORD": "hunter2",
        "env/DB": "postgresql://shop:hunter2@db/shop",
        "env/TOKEN": "secret bookshop/token",
    }

    told = workload_of("backend", BACK, entries, "salt")

    assert told.entries == {
        "env/LOG_LEVEL": "info",
        "env/TOKEN": "secret bookshop/token",  # which Secret and key, not what is in it
    }
    assert set(told.hidden) == {"env/DB_PASSWORD", "env/DB"}
    assert "hunter2" not in told.model_dump_json()


def test_a_digest_says_nothing_about_the_same_value_elsewhere() -> None:
    digests = {
        hidden("salt", "env/DB_PASSWORD", "hunter2"),
        hidden("salt", "env/API_KEY", "hunter2"),
        hidden("other", "env/DB_PASSWORD", "hunter2"),
    }

    assert len(digests) == 3


@given(
    st.dictionaries(st.sampled_from(["env/A", "env/PASSWORD", "env/TOKEN"]), st.text(max_size=3)),
    st.dictionaries(st.sampled_from(["env/A", "env/PASSWORD", "env/TOKEN"]), st.text(max_size=3)),
)
def test_what_was_hidden_differs_exactly_where_it_differed(
    there: dict[str, str], here: dict[str, str]
) -> None:
    found = revealed(workload_of("backend", BACK, there, "salt"), "salt", here)

    assert set(found) == set(there)
    assert {path for path in found if found[path] == here.get(path)} == {
        path for path in there if there[path] == here.get(path)
    }
