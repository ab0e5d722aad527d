"""Reading objects: nothing raises, faults are worded for authors, a lost memory is noticed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.releases import Body, bookshop, everything

from release_coordinator.api.attempt import Attempt, Step, StepState
from release_coordinator.api.codec import parse_metric_source, parse_release
from release_coordinator.api.conditions import Phase
from release_coordinator.api.status import ReleaseStatus, RevisionRef

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
DIGEST = "sha256:" + "0" * 64
LABEL = "use lower-case letters, digits and '-', beginning and ending with a letter or digit"
DURATION = "write hours, minutes and seconds, like 90s, 10m or 1h30m"

Change = Callable[[Body], Any]

FAULTS: dict[str, tuple[Change, str]] = {
    "leading v": (
        lambda s: s.update(version="v1.3.0"),
        (
            'spec.version: "v1.3.0" has the wrong form; '
            "write a SemVer 2 version without a leading v, like 1.4.0 or 2.0.0-rc.1"
        ),
    ),
    "version as number": (
        lambda s: s.update(version=1.3),
        "spec.version: must be text, not a number; put the value in quotes",
    ),
    "version empty": (
        lambda s: s.update(version=None),
        "spec.version: is missing; add it",
    ),
    "missing field": (
        lambda s: s["components"][1].pop("images"),
        "spec.components[1].images: is missing; add it",
    ),
    "empty map": (
        lambda s: s["components"][0].update(images={}),
        "spec.components[0].images: has 0 entries; write 1 or more",
    ),
    "key of a map": (
        lambda s: s["components"][0].update(images={"API": "example/shop:1"}),
        f'spec.components[0].images[API]: "API" has the wrong form; {LABEL}',
    ),
    "value of a map": (
        lambda s: s["components"][0]["images"].update(api="two words"),
        (
            'spec.components[0].images[api]: "two words" has the wrong form; '
            "write an image with tag or digest, like example/shop:1.4.0"
        ),
    ),
    "list instead of object": (
        lambda s: s.update(verify=[]),
        "spec.verify: must be an object, not a list; write its fields indented below it",
    ),
    "object instead of list": (
        lambda s: s.update(migrations={"name": "one"}),
        "spec.migrations: must be a list, not an object; begin each entry with '-'",
    ),
    "list too long": (
        lambda s: s.update(components=s["components"] * 9),
        "spec.components: has more than 16 entries; remove some",
    ),
    "list too short": (
        lambda s: s.update(components=[]),
        "spec.components: has 0 entries; write 1 or more",
    ),
    "text too long": (
        lambda s: s["watch"]["metrics"][0].update(query="x" * 4097),
        "spec.watch.metrics[0].query: is longer than 4096 characters; shorten it",
    ),
    "text too short": (
        lambda s: s["watch"]["metrics"][0].update(query=""),
        "spec.watch.metrics[0].query: is too short; the least length is 1",
    ),
    "unknown word": (
        lambda s: s["migrations"][0].update(reversibility="Maybe"),
        (
            'spec.migrations[0].reversibility: "Maybe" is not a known value; '
            "write 'Reversible', 'ExpandOnly' or 'Irreversible'"
        ),
    ),
    "number too large": (
        lambda s: s["components"][0]["health"].update(port=70000),
        "spec.components[0].health.port: 70000 is too large; write 65535 or less",
    ),
    "number too small": (
        lambda s: s["watch"]["metrics"][0].update(failureThreshold=0),
        "spec.watch.metrics[0].failureThreshold: 0 is too small; write 1 or more",
    ),
    "number at its limit": (
        lambda s: s["watch"]["metrics"][0]["breach"].update(ratioToBaseline=0),
        "spec.watch.metrics[0].breach.ratioToBaseline: 0 is too small; write more than 0.0",
    ),
    "fraction": (
        lambda s: s["components"][0]["health"].update(port=80.5),
        (
            "spec.components[0].health.port: must be a whole number, not 80.5; "
            "write it without a fraction"
        ),
    ),
    "word instead of number": (
        lambda s: s["components"][0]["health"].update(port="http"),
        (
            "spec.components[0].health.port: must be a whole number, not text; "
            "write digits without quotes"
        ),
    ),
    "word instead of fraction": (
        lambda s: s["watch"]["metrics"][0]["breach"].update(above="high"),
        (
            "spec.watch.metrics[0].breach.above: must be a number, not text; "
            "write digits without quotes"
        ),
    ),
    "duration without unit": (
        lambda s: s["watch"].update(duration="10"),
        f'spec.watch.duration: "10" has the wrong form; {DURATION}',
    ),
    "label that could move a cursor": (
        lambda s: s["watch"].update(alerts=[{"name": "a", "labels": {"x\x1b[2J\nLie: ": "b"}}]),
        (
            'spec.watch.alerts[0].labels[x [2J Lie: ]: "x\\u001b[2J\\nLie: " has the wrong form; '
            "use letters, digits and '_', beginning with a letter or '_'"
        ),
    ),
    "long wrong value": (
        lambda s: s["components"][0].update(name="A" * 63),
        f'spec.components[0].name: "{"A" * 58}… has the wrong form; {LABEL}',
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_names_field_problem_and_remedy(case: str) -> None:
    change, message = FAULTS[case]
    body = bookshop()
    change(body["spec"])

    release = parse_release(body)

    assert release.spec is None
    assert [str(fault) for fault in release.faults] == [message]


def test_all_faults_are_told_at_once() -> None:
    body = bookshop()
    body["spec"]["version"] = "1"
    body["spec"]["components"][0].pop("name")

    paths = [fault.path for fault in parse_release(body).faults]

    assert paths == ["spec.version", "spec.components[0].name"]


def test_a_secret_in_the_wrong_place_is_not_repeated() -> None:
    body = bookshop()
    body["spec"]["caches"][0]["job"]["env"] = [{"name": "TOKEN", "value": "hunter2" * 1000}]

    (fault,) = parse_release(body).faults

    assert "hunter2" not in str(fault)


def test_null_is_absence_as_it_is_for_the_server() -> None:
    body = bookshop()
    body["spec"] |= {"caches": None, "type": None}
    body["spec"]["components"][0]["dependsOn"] = None

    assert parse_release(body).faults == ()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "spec: is missing; add it"),
        ({"spec": None}, "spec: must be an object, not empty; write its fields indented below it"),
        ({"spec": 3}, "spec: must be an object, not a number; write its fields indented below it"),
    ],
)
def test_an_object_without_a_spec_has_a_fault(body: Body, message: str) -> None:
    assert [str(fault) for fault in parse_release(body).faults] == [message]


def test_metadata_is_read() -> None:
    body = bookshop()
    body["metadata"] |= {
        "uid": "u-1",
        "resourceVersion": "7",
        "generation": 3,
        "deletionTimestamp": "2026-05-04T12:00:00Z",
        "annotations": {"a": "b"},
        "finalizers": ["f"],
    }

    release = parse_release(body)

    assert (release.namespace, release.name, release.uid) == ("shop", "bookshop", "u-1")
    assert (release.resource_version, release.generation) == ("7", 3)
    assert release.deleting
    assert release.annotations == {"a": "b"}
    assert release.finalizers == ("f",)


@pytest.mark.parametrize("make", [bookshop, everything])
def test_a_spec_survives_the_way_to_the_wire_and_back(make: Callable[[], Body]) -> None:
    first = parse_release(make())
    assert first.spec is not None

    again = parse_release({"spec": first.spec.to_wire()})

    assert again.spec == first.spec


def attempt() -> Attempt:
    step = Step(id="migrate/0007", state=StepState.RUNNING, started_at=NOON, uid="u-2")
    return Attempt(
        number=2,
        digest=DIGEST,
        spec_digest=DIGEST,
        generation=4,
        version="1.3.0",
        started_at=NOON,
        steps=[step],
    )


def status() -> ReleaseStatus:
    return ReleaseStatus(
        observed_generation=4,
        phase=Phase.MIGRATING,
        current=RevisionRef(version="1.2.0", since=NOON),
        attempt=attempt(),
    )


def with_status(raw: Any) -> Body:
    return {**bookshop(), "status": raw}


def test_a_status_survives_the_way_to_the_wire_and_back() -> None:
    release = parse_release(with_status(status().to_wire()))

    assert release.status == status()
    assert release.journal_fault is None


def test_a_release_without_status_has_no_memory_and_no_fault() -> None:
    release = parse_release(bookshop())

    assert release.status == ReleaseStatus()
    assert release.journal_fault is None


def damaged(change: Change) -> Body:
    raw = status().to_wire()
    change(raw)
    return raw


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            lambda s: s["attempt"].update(journalSchema=2),
            (
                "status.attempt.journalSchema: 2 is not the schema 1 that this operator reads; "
                "run the operator version that wrote it"
            ),
        ),
        (
            lambda s: s["attempt"].pop("journalSchema"),
            (
                "status.attempt.journalSchema: None is not the schema 1 that this operator reads; "
                "run the operator version that wrote it"
            ),
        ),
        (lambda s: s["attempt"].pop("digest"), "status.attempt.digest: is missing"),
        (
            lambda s: s["attempt"]["steps"][0].update(state="Odd"),
            'status.attempt.steps[0].state: "Odd" is not a known value',
        ),
        (lambda s: s["current"].pop("version"), "status.current.version: is missing"),
    ],
)
def test_a_memory_that_cannot_be_read_is_a_fault_and_stays_as_it_is(
    change: Change, fault: str
) -> None:
    raw = damaged(change)

    release = parse_release(with_status(raw))

    assert release.journal_fault == fault
    assert release.raw_status == raw
    assert release.status.attempt is None
    assert release.status.current is None
    assert release.status.phase is Phase.MIGRATING


def test_a_report_that_cannot_be_read_does_no_harm() -> None:
    raw = damaged(lambda s: s.update(phase="Dreaming", conditions=[{"type": "Odd"}]))

    release = parse_release(with_status(raw))

    assert release.journal_fault is None
    assert release.status.attempt == attempt()
    assert release.status.phase is Phase.PENDING


FIELDS = (
    "version",
    "components",
    "images",
    "watch",
    "attempt",
    "journalSchema",
    "steps",
    "current",
)
KEYS = st.sampled_from(FIELDS) | st.text(max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines may be busy
@given(st.fixed_dictionaries({}, optional={"spec": JSON, "status": JSON, "metadata": st.just({})}))
def test_nothing_raises(body: Body) -> None:
    parse_release(body)
    parse_metric_source(body)


def test_a_metric_source_is_read() -> None:
    source = parse_metric_source({"metadata": {"name": "main"}, "spec": {"url": "http://m:9090"}})

    assert source.name == "main"
    assert source.spec is not None
    assert source.spec.timeout == "5s"


def test_a_metric_source_with_credentials_in_its_url_has_a_fault() -> None:
    source = parse_metric_source({"spec": {"url": "http://user:word@m:9090"}})

    assert source.spec is None
    assert [fault.path for fault in source.faults] == ["spec.url"]
