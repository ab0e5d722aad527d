"""`kubectl release approve | reject | revoke | waive` on a real API server, by real people.

People have certificates of their own and the roles of the chart. No operator runs: its report is
written by the test.
"""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.api.plugin import APPROVAL, RELEASE, Place, opened
from tests.releases import Body, everything
from tests.unit.cli.waiting import reported
from tools.lab.kubectl import Kubectl
from tools.lab.people import with_certificate

pytestmark = pytest.mark.api

SIGN_OFF = "release-coordinator-sign-off-security"


@pytest.fixture(scope="module")
def people(policies: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Certificates: alice writes Releases, sven signs, vera looks only."""
    folder = tmp_path_factory.mktemp("people")
    admin = Kubectl(policies)
    names = ("alice", "sven", "vera")
    return {n: with_certificate(admin, n, folder).kubectl.kubeconfig for n in names}


@pytest.fixture
def place(policies: Path, people: dict[str, Path], tmp_path: Path) -> Iterator[Place]:
    """The bookshop waits for its gates to go from 1.2.0 to 1.3.0, as alice has written."""
    with opened(policies, tmp_path) as made:
        made.bind("--user=alice", "edit", "release-coordinator-sign-off-qa")
        made.bind("--user=sven", SIGN_OFF, "release-coordinator-waive")
        made.bind("--user=vera", "view")
        alice = made.of(people["alice"])
        alice.may("create", RELEASE)
        made.of(people["sven"]).may("create", APPROVAL)
        alice.kubectl.run("apply", "-f", made.file(release()))
        report(made)
        yield made


def release() -> Body:
    body = everything()
    body["spec"].pop("schedule")
    body["metadata"]["annotations"] = {"release-coordinator.io/changed-by": "alice"}
    return body


def report(place: Place, **attempt: Any) -> Body:
    """Write what an operator would report."""
    stored = place.kubectl.get(RELEASE, "bookshop")
    text = json.dumps(reported(stored, **attempt))
    place.kubectl.run("replace", "--subresource=status", "-f", "-", stdin=text)
    return place.kubectl.get(RELEASE, "bookshop")


def approvals(place: Place) -> list[Body]:
    return place.kubectl.items(APPROVAL)


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error


def test_an_approval_is_bound_to_release_plan_and_person(
    place: Place, people: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    live = place.kubectl.get(RELEASE, "bookshop")
    said = ("--comment", "scan is clean", "--evidence", "https://r/1", "--evidence", "https://r/2")

    assert place.of(people["sven"]).run("approve", "--role", "security", "--yes", *said) == 0

    (stored,) = approvals(place)
    assert stored["spec"] == {
        "release": "bookshop",
        "releaseUid": live["metadata"]["uid"],
        "digest": live["status"]["digest"],
        "role": "security",
        "decision": "Approved",
        "by": "sven",
        "comment": "scan is clean",
        "evidence": ["https://r/1", "https://r/2"],
    }
    shown = capsys.readouterr().out
    assert "You may not read deployments" in shown, "the role lets sven sign, and no more"
    assert "1.2.0 -> 1.3.0 (Minor)" in shown
    assert live["status"]["digest"] in shown
    assert (
        f"approval {stored['metadata']['name']} created: Approved (role security) by sven" in shown
    )


def test_all_four_words_are_written_and_a_second_look_names_the_first(
    place: Place, people: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    sven = place.of(people["sven"])

    assert sven.run("approve", "--role", "security", "--yes") == 0
    capsys.readouterr()
    assert sven.run("revoke", "--role", "security", "--comment", "wrong build", "--yes") == 0
    assert "sven: Approved, this plan" in capsys.readouterr().out
    assert sven.run("reject", "--role", "security", "--comment", "no scan", "--yes") == 0
    assert sven.run("waive", "--gate", "changelog", "--comment", "printed", "--yes") == 0

    spoken = {(a["spec"].get("role"), a["spec"].get("gate"), a["spec"]["decision"])
              for a in approvals(place)}  # fmt: skip
    assert spoken == {
        ("security", None, "Approved"),
        ("security", None, "Revoked"),
        ("security", None, "Rejected"),
        (None, "Changelog", "Waived"),
    }


def test_a_dry_run_prints_what_can_be_applied_and_writes_nothing(
    place: Place, people: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    sven = place.of(people["sven"])

    assert sven.run("approve", "--role", "security", "--dry-run") == 0
    text = capsys.readouterr().out

    assert approvals(place) == []
    sven.kubectl.run("create", "-f", "-", stdin=text)
    assert approvals(place)[0]["spec"] == yaml.safe_load(text)["spec"]


@pytest.mark.parametrize(
    ("who", "arguments", "expected"),
    [
        ("sven", ("--role", "security"), "as this is no terminal: name the plan"),
        ("sven", ("--role", "marketing", "--yes"), "the policy asks for qa, security"),
        ("sven", ("--role", "qa", "--yes"), "you may not sign for role qa of Release bookshop"),
        ("alice", ("--role", "qa", "--yes"), "you, alice, changed the spec last"),
        ("vera", ("--role", "security", "--yes"), f"ClusterRole {SIGN_OFF} grants it"),
        (
            "sven",
            ("--role", "security", "--digest", "sha256:" + "0" * 64),
            "the plan is no longer sha256:0000",
        ),
    ],
)
def test_a_word_that_cannot_count_is_refused_in_words(
    place: Place,
    people: dict[str, Path],
    capsys: pytest.CaptureFixture[str],
    who: str,
    arguments: tuple[str, ...],
    expected: str,
) -> None:
    person = place.of(people[who])
    if who == "vera":
        place.kubectl.run("create", "role", "reader", "--verb=get,list", f"--resource={RELEASE}")
        place.kubectl.run("create", "rolebinding", "reader", "--role=reader", "--user=vera")

    assert person.run("approve", *arguments) == 3
    assert expected in refusal(capsys)
    assert approvals(place) == []


def test_a_machine_cannot_sign_whatever_its_rights(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    robot = place.machine("view", SIGN_OFF)

    assert robot.run("approve", "--role", "security", "--yes") == 3
    assert "only people sign off" in refusal(capsys)


def test_the_digest_says_yes_without_a_terminal(place: Place, people: dict[str, Path]) -> None:
    digest = place.kubectl.get(RELEASE, "bookshop")["status"]["digest"]

    assert place.of(people["sven"]).run("approve", "--role", "security", "--digest", digest) == 0
    assert approvals(place)[0]["spec"]["digest"] == digest


def test_past_the_gates_nothing_is_written(
    place: Place, people: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    moment = "2026-11-25T09:00:00Z"
    step = {"id": "rollout/backend", "state": "Running", "startedAt": moment}
    report(place, steps=[step], frozen=True)

    assert place.of(people["sven"]).run("approve", "--role", "security", "--yes") == 3
    assert "attempt 1 is past its gates (RollingOut)" in refusal(capsys)


@pytest.mark.parametrize(("answer", "count"), [("y", 1), ("n", 0), ("", 0), ("\x04", 0)])
def test_at_a_terminal_it_asks(
    place: Place, people: dict[str, Path], answer: str, count: int
) -> None:
    plugin = [sys.executable, "-m", "release_coordinator.cli.main", "approve", "bookshop"]
    where = [f"--namespace={place.namespace}", f"--kubeconfig={people['sven']}"]

    code, shown = at_terminal([*plugin, "--role=security", *where], answer)

    assert "Approved (role security) by sven? [y/N]" in shown
    assert len(approvals(place)) == count
    assert code == (0 if count else 3)
    assert "Traceback" not in shown


def at_terminal(command: list[str], answer: str) -> tuple[int, str]:
    """Run a program on a terminal of its own and type one line; return code and screen."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as program:
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        shown = b""
        with suppress(OSError):  # how a terminal says that nobody writes to it any more
            while part := os.read(ours, 4096):
                shown += part
        code = program.wait(60)
    os.close(ours)
    return code, shown.decode()


def test_what_is_missing_is_explained_with_commands_that_work(
    place: Place, people: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    sven = place.of(people["sven"])

    assert sven.run("explain", "-o", "json") == 0
    missing = {one["name"]: one for one in json.loads(capsys.readouterr().out)["missing"]}
    command = next(
        remedy["text"]
        for remedy in missing["SignOff/security"]["remedies"]
        if " approve " in remedy["text"]
    )
    verb, name, *options = command.removeprefix("kubectl release ").replace('"', "").split()

    assert (verb, name) == ("approve", "bookshop")
    assert sven.run(verb, *options, "--yes") == 0
    assert len(approvals(place)) == 1
