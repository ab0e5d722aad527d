"""What is kept of a record: little, and all that is asked of every record."""

import json

from tests.fakes.world import DAWN
from tests.records import broken, completed

from release_coordinator.api.attempt import Gate, GateState, Hold
from release_coordinator.api.conditions import Reason
from release_coordinator.api.measurement import Downtime
from release_coordinator.api.record import RecordSpec
from release_coordinator.cluster.bodies import kept
from release_coordinator.cluster.port import JOB, RECORD, Body
from release_coordinator.engine import incidents
from release_coordinator.engine.deployments import ended
from release_coordinator.evidence.records import kept_of


def a_record() -> RecordSpec:
    """One with everything in it."""
    waited = {"state": GateState.PASSED, "owner": "QA engineer", "message": "looked at " * 20}
    hold = Hold(id="4-1", reason=Reason.SMOKE_TEST_FAILED, message="decide", since=DAWN)
    return broken(
        4,
        gates=[Gate(name=f"Gate{n}", waited_seconds=7.5 * (n < 2), **waited) for n in range(18)],
        downtime=Downtime(seconds=3.0, measured_seconds=4.5, component="backend"),
        changed_at=DAWN,
        held=[hold, hold],
        fixes=["login-7-aa01"],
        record_digest=f"sha256:{7:064x}",
    )


def body(record: RecordSpec) -> Body:
    """As the API server gives it."""
    metadata: Body = {"name": "r", "namespace": "shop", "uid": "u", "resourceVersion": "7"}
    metadata |= {"labels": {"a": "b"}, "managedFields": [], "generation": 1}
    return {"apiVersion": "v", "kind": "k", "metadata": metadata, "spec": record.to_wire()}


def test_what_is_kept_of_a_record_answers_as_all_of_it_does() -> None:
    whole = body(a_record())
    slim = kept(RECORD, whole)
    read = RecordSpec.model_validate(slim["spec"])

    assert kept_of([slim], "0b7c") == kept_of([whole], "0b7c") != ()
    assert ended("shop", read) == ended("shop", a_record())
    told, known = (incidents.of_record("r", one) for one in (a_record(), read))
    assert incidents.cause_of(known) == incidents.cause_of(told)
    assert known.end == told.end
    assert read.fixes == ["login-7-aa01"]
    assert slim["metadata"]["labels"] == {"a": "b"}


def test_a_record_that_was_held_still_says_so() -> None:
    held = completed(4, held=a_record().held)
    read = RecordSpec.model_validate(kept(RECORD, body(held))["spec"])

    cause = incidents.cause_of(incidents.of_record("r", read))
    assert cause is not None
    assert cause == incidents.cause_of(incidents.of_record("r", held))


def test_little_is_kept() -> None:
    slim = kept(RECORD, body(a_record()))

    assert len(json.dumps(slim)) < 2048
    assert [one["name"] for one in slim["spec"]["gates"]] == ["Gate0", "Gate1"]
    assert kept(RECORD, slim) is slim


def test_what_many_records_say_is_there_once() -> None:
    one, other = (
        kept(RECORD, json.loads(json.dumps(body(record))))
        for record in (completed(1), completed(2))
    )

    for name in ("release", "releaseUid", "version", "digest", "artifactDigest", "outcome"):
        assert one["spec"][name] is other["spec"][name], name


def test_a_long_message_is_cut_so_that_it_is_seen() -> None:
    slim = kept(RECORD, body(completed(1, message="x" * 1024)))

    assert len(slim["spec"]["message"]) == 513


def test_other_kinds_are_kept_as_they_are() -> None:
    assert kept(JOB, {"metadata": {"name": "a"}, "spec": {"x": 1}}) == {
        "metadata": {"name": "a"},
        "spec": {"x": 1},
    }
