"""The definitions on a real API server: what it admits, completes, shows and refuses."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests import schemas
from tests.api.server import Refusal, Server
from tests.releases import Body, bookshop, everything

from release_coordinator.api.job import TEXT_LIMIT

pytestmark = pytest.mark.api

Change = Callable[[Body], Any]


def named(body: Body, name: str) -> Body:
    """Return the body under a name of its own; the namespace is the server's."""
    return {**body, "metadata": {"name": name}}


def contains(stored: Any, written: Any) -> bool:
    """Whether everything that was written is stored; defaults may have come to it."""
    match stored, written:
        case dict(), dict():
            return all(name in stored and contains(stored[name], written[name]) for name in written)
        case list(), list():
            return len(stored) == len(written) and all(map(contains, stored, written))
        case _:
            pass
    return bool(stored == written)


@pytest.fixture
def admitted(server: Server) -> Iterator[Callable[[Body], Body]]:
    """Return a function that creates an object for the time of the test."""
    created = []

    def create(body: Body) -> Body:
        created.append(server.create(body))
        return created[-1]

    yield create
    for body in created:
        server.delete(body)


@pytest.mark.parametrize(
    "name",
    [
        *("releases", "releaserecords", "metricsources", "releasepolicies", "approvals"),
        *("channels", "notifications", "incidents"),
    ],
)
def test_a_definition_is_accepted_and_structural(definitions: dict[str, Body], name: str) -> None:
    conditions = definitions[f"{name}.release-coordinator.io"]["status"]["conditions"]

    assert {one["type"]: one["status"] for one in conditions} == {
        "Established": "True",
        "NamesAccepted": "True",
    }


@pytest.mark.parametrize("make", [bookshop, everything])
def test_a_release_as_people_write_it_is_admitted(
    make: Callable[[], Body], admitted: Callable[[Body], Body]
) -> None:
    stored = admitted(named(make(), "admitted"))

    for field, value in make()["spec"].items():
        assert contains(stored["spec"][field], value), field


def test_defaults_are_filled_in(admitted: Callable[[Body], Body]) -> None:
    spec = admitted(named(bookshop(), "defaults"))["spec"]

    assert spec["components"][0]["progressDeadline"] == "10m"
    assert spec["components"][0]["health"]["timeout"] == "2s"
    assert spec["migrations"][0]["up"]["timeout"] == "10m"
    assert spec["watch"]["interval"] == "15s"
    assert spec["watch"]["unknownLimit"] == "5m"
    metric = spec["watch"]["metrics"][0]
    assert (metric["source"], metric["failureThreshold"], metric["onUnknown"]) == (
        "default",
        1,
        "Hold",
    )


def test_nothing_is_invented(admitted: Callable[[Body], Body]) -> None:
    spec = admitted(named(bookshop(), "nothing"))["spec"]

    assert set(spec) == set(bookshop()["spec"]) | {"deletionPolicy", "rehearsal"}
    assert set(spec["caches"][0]["job"]) == {"image", "args", "timeout"}


def test_an_undeclared_migration_is_irreversible(admitted: Callable[[Body], Body]) -> None:
    body = bookshop()
    body["spec"]["migrations"] = [{"name": "one", "up": {"image": "example/m:1"}}]

    stored = admitted(named(body, "undeclared"))

    assert stored["spec"]["migrations"][0]["reversibility"] == "Irreversible"


def test_the_first_write_already_says_that_nobody_looked(
    admitted: Callable[[Body], Body],
) -> None:
    assert admitted(named(bookshop(), "first"))["status"] == {
        "observedGeneration": -1,
        "phase": "Pending",
    }


def test_who_writes_a_release_does_not_write_its_status(
    admitted: Callable[[Body], Body],
) -> None:
    body = {**named(bookshop(), "forged"), "status": {"phase": "Completed"}}

    assert admitted(body)["status"]["phase"] == "Pending"


def test_the_largest_release_is_admitted(server: Server) -> None:
    server.create(schemas.largest_release(), dry_run="All")


def job(**fields: Any) -> Body:
    return {"name": "one", "job": {"image": "example/one:1", **fields}}


def env(**fields: Any) -> list[Body]:
    return [job(env=[{"name": "TOKEN", **fields}])]


REFERENCE = {"secretKeyRef": {"name": "bookshop-db", "key": "dsn"}}

REFUSED: dict[str, tuple[Change, str, str]] = {
    "leading v": (lambda s: s.update(version="v1.2.3"), "spec.version", "without a leading v"),
    "two numbers": (lambda s: s.update(version="1.2"), "spec.version", "SemVer 2"),
    "leading zero": (lambda s: s.update(version="01.2.3"), "spec.version", "SemVer 2"),
    "no components": (lambda s: s.update(components=[]), "spec.components", "at least 1"),
    "same name twice": (
        lambda s: s["components"][1].update(name="backend", dependsOn=[]),
        "spec.components[1]",
        "Duplicate value",
    ),
    "unknown dependency": (
        lambda s: s["components"][1].update(dependsOn=["database"]),
        "spec",
        "dependsOn must name other components of this Release",
    ),
    "own dependency": (
        lambda s: s["components"][1].update(dependsOn=["frontend"]),
        "spec",
        "dependsOn must name other components of this Release",
    ),
    "dependency twice": (
        lambda s: s["components"][1].update(dependsOn=["backend", "backend"]),
        "spec.components[1].dependsOn[1]",
        "Duplicate value",
    ),
    "one workload twice": (
        lambda s: s["components"][1]["workloadRef"].update(name="bookshop-backend"),
        "spec",
        "two components name the same workload",
    ),
    "container name": (
        lambda s: s["components"][0].update(images={"Api": "example/shop:1"}),
        "spec.components[0].images",
        "the keys of images are container names",
    ),
    "reversible without down": (
        lambda s: s["migrations"][0].pop("down"),
        "spec.migrations[0]",
        "a Reversible migration needs a down Job",
    ),
    "down without reversible": (
        lambda s: s["migrations"][0].update(reversibility="ExpandOnly"),
        "spec.migrations[0]",
        "only a Reversible migration has a down Job",
    ),
    "variable with two values": (
        lambda s: s.update(caches=env(value="a", valueFrom=REFERENCE)),
        "spec.caches[0].job.env[0]",
        "set exactly one of value and valueFrom",
    ),
    "variable without a value": (
        lambda s: s.update(caches=env()),
        "spec.caches[0].job.env[0]",
        "set exactly one of value and valueFrom",
    ),
    "variable from nowhere": (
        lambda s: s.update(caches=env(valueFrom={})),
        "spec.caches[0].job.env[0].valueFrom",
        "set exactly one of secretKeyRef and configMapKeyRef",
    ),
    "the operator's variable": (
        lambda s: s.update(caches=env(name="RELEASE_NAME", value="a")),
        "spec.caches[0].job.env[0]",
        "names beginning with RELEASE_ are set by the operator",
    ),
    "a Job full of text": (
        lambda s: s.update(caches=[job(args=["x" * TEXT_LIMIT, "x"])]),
        "spec.caches[0].job",
        f"command, args and env have at most {TEXT_LIMIT} characters together",
    ),
    "breach without a limit": (
        lambda s: s["watch"]["metrics"][0].update(breach={}),
        "spec.watch.metrics[0].breach",
        "set at least one of ratioToBaseline, above, below and comparison",
    ),
    "long query": (
        lambda s: s["watch"]["metrics"][0].update(query="x" * 4097),
        "spec.watch.metrics[0].query",
        "may not be more than 4096",
    ),
    "duration without a unit": (
        lambda s: s["watch"].update(duration="10"),
        "spec.watch.duration",
        "write hours, minutes and seconds",
    ),
    "duration in days": (
        lambda s: s["watch"].update(duration="1d"),
        "spec.watch.duration",
        "write hours, minutes and seconds",
    ),
    "check without a sign": (
        lambda s: s.update(ci=[{"name": "one"}]),
        "spec.ci[0]",
        "set exactly one of object, configMap and job",
    ),
    "check of a Secret": (
        lambda s: s.update(
            ci=[
                {
                    "name": "one",
                    "object": {
                        "apiVersion": "v1",
                        "kind": "Secret",
                        "name": "token",
                        "jsonPath": "$.data",
                        "value": "x",
                    },
                }
            ]
        ),
        "spec.ci[0].object",
        "the operator reads no Secrets",
    ),
    "a field without its value": (
        lambda s: s.update(
            ci=[
                {
                    "name": "one",
                    "object": {"apiVersion": "v1", "kind": "Pod", "name": "a", "jsonPath": "$.a"},
                }
            ]
        ),
        "spec.ci[0].object",
        "set value together with jsonPath",
    ),
    "a day that does not exist": (
        lambda s: s.update(schedule={"notBefore": "2026-13-01T00:00:00Z"}),
        "spec.schedule.notBefore",
        "date-time",
    ),
    "empty duration": (
        lambda s: s["watch"].update(duration=""),
        "spec.watch.duration",
        "at least 2 chars",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_fault_is_refused_at_admission_and_named(server: Server, case: str) -> None:
    change, field, message = REFUSED[case]
    body = named(bookshop(), "refused")
    change(body["spec"])

    with pytest.raises(Refusal) as refusal:
        server.create(body, dry_run="All")

    assert field in {cause["field"] for cause in refusal.value.causes}
    assert message in str(refusal.value)


def test_a_long_name_is_refused(server: Server) -> None:
    server.create(named(bookshop(), "x" * 52), dry_run="All")

    with pytest.raises(Refusal, match="names of Jobs are made from it"):
        server.create(named(bookshop(), "x" * 53), dry_run="All")
