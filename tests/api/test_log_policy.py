"""The release log stays as the operator wrote it, because the API server refuses the rest.

No operator runs here: whatever is refused, the API server alone refuses it.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from kubernetes import client
from tests.api.people import GROUP, MERGE, Answer, Outcome, Person
from tests.api.scene import Scene, scene
from tests.records import completed
from tests.releases import Body
from tools.lab.kubectl import Kubectl

from release_coordinator.engine import names
from release_coordinator.engine.chain import sealed
from release_coordinator.render.logpolicy import PURGE, RECORDS

pytestmark = pytest.mark.api

UID = "0b7c"
OPERATOR = "operator"
SCRIBE, PAULA = "scribe", "paula"
"""Who may write and delete records by RBAC and has no more; and who has the role for purging."""
PURGE_ROLE = "release-coordinator-purge-records"
NUMBERS = count(2)
WRITE = "get,list,create,update,patch,delete,deletecollection"


@dataclass
class Town:
    """The scene, and the two who have rights on records."""

    scene: Scene
    people: dict[str, Person]

    def __getitem__(self, who: str) -> Person:
        return self.people.get(who) or self.scene[who]

    def path(self, name: str = "") -> str:
        """Return the path of the records, or of one."""
        return self.scene.path("releaserecords", name)

    def write(self, who: str, attempt: int, **metadata: object) -> Answer:
        """Somebody writes the record of an attempt."""
        return self[who].ask("POST", self.path(), self.record(attempt, **metadata))

    def record(self, attempt: int, **metadata: object) -> Body:
        """Return a record as the operator makes it."""
        name = names.record_name("bookshop", UID, attempt)
        labels = {names.LABEL_RELEASE: "bookshop", names.LABEL_UID: UID}
        return {
            "apiVersion": "release-coordinator.io/v1alpha1",
            "kind": "ReleaseRecord",
            "metadata": {"name": name, "labels": labels, **metadata},
            "spec": sealed(completed(attempt), None).to_wire(),
        }


@pytest.fixture(scope="module")
def town(
    connection: client.ApiClient, policies: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    kubectl = Kubectl(policies)
    with scene(connection, policies, tmp_path_factory.mktemp("keys")) as made:
        here = f"--namespace={made.namespace}"
        resource = "--resource=releaserecords.release-coordinator.io"
        kubectl.run("create", "role", SCRIBE, f"--verb={WRITE}", resource, here)
        kubectl.run("create", "rolebinding", SCRIBE, f"--role={SCRIBE}", f"--user={SCRIBE}", here)
        kubectl.run(
            "create", "rolebinding", PAULA, f"--clusterrole={PURGE_ROLE}", f"--user={PAULA}", here
        )
        people = {name: made["admin"].acting_as(name) for name in (SCRIBE, PAULA)}
        ready = Town(made, people)
        _await(lambda: all(ready[who].ask("GET", ready.path()).status == 200 for who in people))
        yield ready


@pytest.fixture
def record(town: Town) -> Iterator[Body]:
    """A record that the operator has written."""
    answer = town.write(OPERATOR, next(NUMBERS))
    assert answer.outcome is Outcome.ADMITTED, answer
    yield answer.body
    town[PAULA].ask("DELETE", town.path(answer.body["metadata"]["name"]))


@pytest.mark.parametrize(
    ("who", "outcome"),
    [
        (OPERATOR, Outcome.ADMITTED),
        (SCRIBE, Outcome.POLICY),
        ("ed", Outcome.RIGHTS),
        ("ada", Outcome.RIGHTS),
        ("vera", Outcome.RIGHTS),
        (PAULA, Outcome.RIGHTS),
    ],
)
def test_only_the_operator_writes_a_record(town: Town, who: str, outcome: Outcome) -> None:
    body = town.record(1)

    answer = town[who].ask("POST", town.path(), body, dryRun="All")

    assert answer.outcome is outcome, answer


@pytest.mark.parametrize(
    ("who", "outcome"),
    [
        (SCRIBE, Outcome.POLICY),
        ("ed", Outcome.RIGHTS),
        ("ada", Outcome.RIGHTS),
        (OPERATOR, Outcome.ADMITTED),
        (PAULA, Outcome.ADMITTED),
    ],
)
def test_only_the_operator_and_who_may_purge_delete_one(
    town: Town, record: Body, who: str, outcome: Outcome
) -> None:
    answer = town[who].ask("DELETE", town.path(record["metadata"]["name"]))

    assert answer.outcome is outcome, answer
    if outcome is Outcome.POLICY:
        assert PURGE in answer.message
        assert "spec.records" in answer.message


def test_nobody_deletes_them_all_at_once(town: Town, record: Body) -> None:
    answer = town[SCRIBE].ask("DELETE", town.path())

    assert answer.outcome is Outcome.POLICY, answer
    assert town[SCRIBE].ask("GET", town.path(record["metadata"]["name"])).status == 200


@pytest.mark.parametrize("who", [SCRIBE, "root"])
@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {names.LABEL_RELEASE: "another"}},
        {"labels": {names.LABEL_UID: None}},
        {
            "ownerReferences": [
                {"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "u"}
            ]
        },
    ],
    ids=["release", "uid", "owner"],
)
def test_nobody_makes_it_anothers(town: Town, record: Body, who: str, metadata: Body) -> None:
    path = town.path(record["metadata"]["name"])

    answer = town[who].ask("PATCH", path, {"metadata": metadata}, MERGE)

    assert answer.outcome is Outcome.POLICY, answer


def test_a_label_of_another_tool_is_nobodys_business(town: Town, record: Body) -> None:
    path = town.path(record["metadata"]["name"])

    answer = town[SCRIBE].ask("PATCH", path, {"metadata": {"labels": {"audit": "q1"}}}, MERGE)

    assert answer.outcome is Outcome.ADMITTED, answer


@pytest.mark.parametrize("who", [SCRIBE, OPERATOR, "root"])
def test_nobody_changes_what_it_says(town: Town, record: Body, who: str) -> None:
    path = town.path(record["metadata"]["name"])

    answer = town[who].ask("PATCH", path, {"spec": {"message": "all was well"}}, MERGE)

    assert answer.outcome in {Outcome.DEFINITION, Outcome.RIGHTS}, answer


def test_a_namespace_goes_with_its_records(town: Town, connection: client.ApiClient) -> None:
    name = f"{town.scene.namespace}-gone"
    core = client.CoreV1Api(connection)
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=name)))
    path = f"{GROUP}/namespaces/{name}/releaserecords"
    body = town.record(1, finalizers=["example.com/slow"])
    assert town["root"].ask("POST", path, body).outcome is Outcome.ADMITTED
    core.delete_namespace(name)
    where = f"{path}/{body['metadata']['name']}"
    _await(lambda: "deletionTimestamp" in town["root"].ask("GET", where).body["metadata"])
    town["root"].ask("PATCH", where, {"metadata": {"finalizers": None}}, MERGE)
    _await(lambda: town["root"].ask("GET", f"/api/v1/namespaces/{name}").status == 404)


def test_the_policy_is_in_force_for_all_versions(town: Town) -> None:
    found = (
        town["root"]
        .ask("GET", f"/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/{RECORDS}")
        .body
    )

    assert found["status"].get("typeChecking", {}).get("expressionWarnings", []) == []


def _await(ready: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < until, "it does not come to that"
        time.sleep(0.2)
