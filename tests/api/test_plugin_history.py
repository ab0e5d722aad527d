"""`kubectl release history` and `diff` on a real API server, also after somebody tampered."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.api.server import Refusal, Server
from tests.records import broken, completed, staging_release
from tests.releases import Body
from tests.unit.engine.logs import Log

from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import ReleaseType
from release_coordinator.engine import names
from release_coordinator.engine.chain import sealed
from release_coordinator.engine.policy import BUILT_IN

pytestmark = pytest.mark.api

NAME = "log"
TYPED = {"apiVersion": "release-coordinator.io/v1alpha1"}


class Told:
    """A Release with a log, as an operator has left it, and the plugin that reads it."""

    def __init__(self, server: Server, kubeconfig: Path) -> None:
        self.server = server
        self._kubeconfig = kubeconfig
        metadata = {"name": NAME}
        body = TYPED | {"kind": "Release", "metadata": metadata, "spec": staging_release()["spec"]}
        self.release = server.create(body)
        uid = self.release["metadata"]["uid"]
        mine = {
            "release": NAME,
            "release_uid": uid,
            "requirements": BUILT_IN,
            "type": ReleaseType.MINOR,
        }
        log = Log(release=NAME, uid=uid)
        newer = staging_release(version="1.3.1")
        for record in (completed(1, **mine), broken(2, **mine), completed(3, body=newer, **mine)):
            log.write(record)
        self.records = [self.store(record.to_wire()) for record in log.records.values()]
        assert log.status is not None
        assert log.status.attempt is not None
        reported = log.status.to_wire()
        self.release = server.replace_status({**self.release, "status": reported})

    def store(self, spec: Body) -> Body:
        """Write a record, as the operator or an administrator does."""
        uid = self.release["metadata"]["uid"]
        labels = {names.LABEL_RELEASE: NAME, names.LABEL_UID: uid}
        name = names.record_name(NAME, uid, spec["attempt"])
        metadata = {"name": name, "labels": labels}
        return self.server.create(
            TYPED | {"kind": "ReleaseRecord", "metadata": metadata, "spec": spec}
        )

    def ask(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the plugin."""
        plugin = (sys.executable, "-m", "release_coordinator.cli.main", command, NAME)
        where = ("-n", self.release["metadata"]["namespace"], "--kubeconfig", str(self._kubeconfig))
        return subprocess.run(
            [*plugin, *options, *where], capture_output=True, text=True, check=False, timeout=60
        )

    def verify(self) -> tuple[int, list[tuple[str, str]]]:
        """Its exit code, and what it has found."""
        done = self.ask("history", "--verify", "-o", "json")
        assert not done.stderr, done.stderr
        (chain, *_) = json.loads(done.stdout)["chains"]
        return done.returncode, [(one["record"], one["fault"]) for one in chain["findings"]]


@pytest.fixture
def told(server: Server, light_kubeconfig: Path) -> Iterator[Told]:
    ready = Told(server, light_kubeconfig)
    yield ready
    for body in ready.records:
        with suppress(Refusal):  # a test has deleted it
            server.delete(body)
    server.delete(ready.release)


def test_a_log_that_nobody_has_touched_is_confirmed(told: Told) -> None:
    assert told.verify() == (0, [])
    done = told.ask("history", "--verify")
    assert done.stdout == "3 records: each is as it was written, and none is missing\n"


def test_a_record_that_an_administrator_has_replaced_is_named(told: Told) -> None:
    victim = told.records[1]
    told.server.delete(victim)
    told.records[1] = told.store({**victim["spec"], "message": "all was well"})

    assert told.verify() == (1, [(victim["metadata"]["name"], "Changed")])


def test_a_record_that_was_replaced_with_a_new_digest_is_named(told: Told) -> None:
    victim = told.records[1]
    told.server.delete(victim)
    record = RecordSpec.model_validate({**victim["spec"], "outcome": "Completed"})
    told.records[1] = told.store(sealed(record, record.previous).to_wire())

    assert told.verify() == (1, [(victim["metadata"]["name"], "Changed")])
    shown = told.ask("history", "--verify").stdout
    assert "the log was changed" in shown
    assert f"{victim['metadata']['name']} (attempt 2) does not agree with" in shown


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_record_that_was_deleted_is_named(told: Told, index: int) -> None:
    victim = told.records[index]
    told.server.delete(victim)

    assert told.verify() == (1, [(victim["metadata"]["name"], "Missing")])


def test_the_log_is_a_table_objects_and_a_document(told: Told) -> None:
    table = told.ask("history", "-o", "wide").stdout
    listed = json.loads(told.ask("history", "-o", "json").stdout)
    one = json.loads(told.ask("history", "--attempt", "2", "-o", "json").stdout)
    document = told.ask("history", "--attempt", "2").stdout
    missing = told.ask("history", "--attempt", "9")

    assert [line.split()[0] for line in table.splitlines()[1:]] == ["3", "2", "1"]
    assert listed["kind"] == "List"
    assert [item["spec"]["attempt"] for item in listed["items"]] == [3, 2, 1]
    assert one["kind"] == "ReleaseRecord"
    assert one["spec"] == told.records[1]["spec"]
    assert document.startswith(f"# {NAME} 1.2.0 -> 1.3.0: RolledBack\n")
    assert missing.returncode == 3
    assert "attempts with a record: 1, 2, 3" in missing.stderr


def test_two_versions_differ_and_so_does_what_is_asked_for_now(told: Told) -> None:
    found: dict[str, Any] = json.loads(told.ask("diff", "1.3.0", "1.3.1", "-o", "json").stdout)
    same = told.ask("diff", "1.3.0")
    unknown = told.ask("diff", "7.0.0")

    fields = [one["field"] for section in found["sections"] for one in section["differences"]]
    assert fields == ["version"]
    assert "+++ 1.3.0 (asked for now)" in same.stdout
    assert unknown.returncode == 3
    assert "versions with a record: 1.3.1, 1.3.0" in unknown.stderr
