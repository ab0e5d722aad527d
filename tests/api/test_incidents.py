"""Incidents on a real API server: its rules, whose rights, and the operator's part in a process."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.api.plugin import RELEASE as RELEASES
from tests.api.plugin import Place, opened
from tests.api.server import Refusal, Server
from tests.fakes.prometheus import vector
from tests.fakes.stage import Stage, at_step
from tests.releases import Body, bookshop

from release_coordinator.api.conditions import Phase
from release_coordinator.api.incident import NOTES_LIMIT, FollowUpState
from release_coordinator.cli import main as cli

pytestmark = pytest.mark.api

AT = "2026-12-01T20:00:00Z"
INCIDENTS = "incidents.release-coordinator.io"
Change = Callable[[Body], Any]


def note(action: str, owner: str = "ada") -> Body:
    return {"at": AT, "action": action, "owner": owner}


def written(**spec: Any) -> Body:
    return {
        "apiVersion": "release-coordinator.io/v1alpha1",
        "kind": "Incident",
        "metadata": {"name": "bookshop-2"},
        "spec": {
            "release": "bookshop",
            "releaseUid": "0b7c",
            "attempt": 2,
            "title": "bookshop 1.4.0",
            "timeline": [note("looked"), note("found it")],
            **spec,
        },
    }


@pytest.fixture
def stored(server: Server) -> Iterator[Body]:
    """An Incident, for the time of the test."""
    body = server.create(written())
    yield body
    server.delete(body)


def test_an_incident_is_investigated_until_somebody_says_otherwise(stored: Body) -> None:
    assert stored["spec"]["state"] == "Investigating"


REFUSED: dict[str, tuple[Change, str]] = {
    "resolved": (lambda s: s.update(state="Resolved"), "only with its root cause"),
    "resolved without prevention": (
        lambda s: s.update(state="Resolved", rootCause="x"),
        "only with what prevents it from now on",
    ),
    "resolved with blanks": (
        lambda s: s.update(state="Resolved", rootCause=" \n\t", prevention="x"),
        "only with its root cause",
    ),
    "another release": (lambda s: s.update(release="other"), "stays with its release"),
    "another UID": (lambda s: s.update(releaseUid="1111"), "stays with its release"),
    "no UID": (lambda s: s.pop("releaseUid"), "stays with its release"),
    "another attempt": (lambda s: s.update(attempt=3), "stays with its attempt"),
    "no attempt": (lambda s: s.pop("attempt"), "stays with its attempt"),
    "an entry less": (lambda s: s["timeline"].pop(), "are added, never changed or removed"),
    "no timeline": (lambda s: s.pop("timeline"), "are added, never changed or removed"),
    "an entry changed": (
        lambda s: s["timeline"][0].update(action="slept"),
        "are added, never changed or removed",
    ),
    "an entry for another": (
        lambda s: s.update(timeline=[note("looked"), note("looked")]),
        "are added, never changed or removed",
    ),
    "no title": (lambda s: s.update(title=""), "at least 1 chars"),
    "a severity of one's own": (lambda s: s.update(severity="Awful"), "Unsupported value"),
    "too many entries": (
        lambda s: s["timeline"].extend(note(str(one)) for one in range(NOTES_LIMIT)),
        "must have at most",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_breaks_the_rules_is_refused_and_told(server: Server, stored: Body, case: str) -> None:
    change, message = REFUSED[case]
    change(stored["spec"])

    with pytest.raises(Refusal) as refusal:
        server.replace(stored)

    assert message in str(refusal.value)


def test_people_write_the_rest(server: Server, stored: Body) -> None:
    stored["spec"]["timeline"].insert(0, note("was told", "dana"))
    stored["spec"] |= {"state": "Resolved", "rootCause": "this", "prevention": "that"}
    resolved = server.replace(stored)
    resolved["spec"]["state"] = "Investigating"

    reopened = server.replace(resolved)

    assert reopened["spec"] == stored["spec"] | {"state": "Investigating"}
    stored["metadata"]["resourceVersion"] = reopened["metadata"]["resourceVersion"]


def test_the_fullest_timeline_can_still_be_added_to(server: Server) -> None:
    texts = dict.fromkeys(("rootCause", "prevention", "fix"), "x" * 4096)
    long = [note(f"{one:03}".ljust(512, "x"), "o" * 256) for one in range(NOTES_LIMIT - 1)]
    body = server.create(written(timeline=long, impact="x" * 1024, **texts))
    try:
        body["spec"]["timeline"].append(note("the last"))
        assert len(server.replace(body)["spec"]["timeline"]) == NOTES_LIMIT
    finally:
        server.delete(body)


def test_a_name_that_no_release_could_name_is_refused(server: Server) -> None:
    body = written() | {"metadata": {"name": "x" * 64}}

    with pytest.raises(Refusal, match=r"Releases name it in spec\.fixes"):
        server.create(body)


@pytest.fixture(scope="module")
def editor(policies: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Somebody who may edit a namespace; no operator looks after the Release in it."""
    with opened(policies, tmp_path_factory.mktemp("incidents")) as made:
        robot = made.machine("edit")
        robot.may("create", INCIDENTS)
        robot.may("create", RELEASES)
        robot.kubectl.run("apply", "-f", robot.file(bookshop()))
        yield robot


def test_editors_write_incidents_and_nobody_writes_what_happened(editor: Place) -> None:
    for verb in ("get", "list", "watch", "create", "update", "patch"):
        assert may(editor, verb, INCIDENTS), verb
    assert not may(editor, "delete", INCIDENTS)
    for verb in ("update", "patch"):
        assert not may(editor, verb, INCIDENTS, "--subresource=status"), verb


def may(somebody: Place, verb: str, what: str, *options: str) -> bool:
    return somebody.kubectl.succeeds("auth", "can-i", "--quiet", verb, what, *options)


def test_the_plugin_opens_edits_notes_and_resolves(
    editor: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(editor, "open", "bookshop", "--title", "orders are sent twice") == 0
    name = capsys.readouterr().out.split()[1].rstrip(":")
    assert run(editor, "edit", name, "--state", "identified", "--impact", "ten people") == 0
    assert run(editor, "timeline", name, "--add", "told them") == 0
    capsys.readouterr()
    assert run(editor, "resolve", name, "--root-cause", "a retry") == 3
    assert f"resolve {name} --prevention TEXT" in capsys.readouterr().err
    assert run(editor, "resolve", name, "--root-cause", "a retry", "--prevention", "ids") == 0
    capsys.readouterr()
    assert run(editor, "show", name, "-o", "markdown") == 0

    document = capsys.readouterr().out
    assert "# Incident: orders are sent twice" in document
    assert f"told them | system:serviceaccount:{editor.namespace}:robot |" in document
    assert run(editor, "list", "--unresolved", "-o", "name") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_each_command_prints_the_incident_as_the_server_has_it(
    editor: Place, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    def said(*arguments: str) -> Body:
        assert run(editor, *arguments, "-o", form) == 0
        body: Body = yaml.safe_load(capsys.readouterr().out)  # JSON is YAML
        assert (body["apiVersion"], body["kind"]) == (written()["apiVersion"], "Incident")
        return body

    opened = said("open", "bookshop", "--title", "orders are sent twice")
    name = opened["metadata"]["name"]
    edited = said("edit", name, "--impact", "ten people")
    noted = said("timeline", name, "--add", "told them")
    resolved = said("resolve", name, "--root-cause", "a retry", "--prevention", "ids")

    assert edited["spec"]["impact"] == "ten people"
    assert noted["spec"]["timeline"][-1]["action"] == "told them"
    assert resolved["spec"]["state"] == "Resolved"
    assert said("timeline", name) == said("show", name) == resolved


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "nothing"), "kubectl release incident list -n"),
        (("edit", "nothing", "--impact", "x"), "kubectl release incident list -n"),
        (("open", "nothing", "--title", "x"), "kubectl release list -n"),
        (("edit", "nothing"), "say what to write"),
    ],
)
def test_what_is_not_there_is_told_with_the_command_that_shows_what_is(
    editor: Place, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert run(editor, *arguments) == 3

    assert words in " ".join(capsys.readouterr().err.split())


def run(somebody: Place, *arguments: str) -> int:
    """`kubectl release incident ...` as somebody."""
    login = f"--kubeconfig={somebody.kubectl.kubeconfig}"
    return cli.run(["incident", *arguments, f"--namespace={somebody.namespace}", login])


async def test_the_operator_opens_one_at_a_rollback_although_it_is_killed(shop: Stage) -> None:
    operator = await shop.start()
    await shop.apply(shop.release(duration="1m"))
    await shop.until(lambda one: one.status.phase is Phase.WATCHING)
    shop.prometheus.script = vector("9.9")
    await shop.until(at_step("undo/"))
    await operator.kill()
    await shop.start()
    ended = await shop.ended("1.3.0")
    incident = await shop.incident_until(lambda one: one.status.record is not None)

    attempt = ended.status.attempt
    assert attempt is not None
    assert ended.status.phase is Phase.ROLLED_BACK
    assert incident.status.record == attempt.record
    assert incident.status.version == "1.3.0"
    actions = [event.action for event in incident.status.timeline]
    assert [one for one in actions if one.startswith("Taking back")] == [
        "Taking back frontend: done",
        "Taking back backend: done",
    ]

    shop.prometheus.script = vector("0.02")
    body = shop.release("1.4.0")
    body["spec"]["fixes"] = [incident.name]
    await shop.apply(body)
    await shop.ended("1.4.0")
    await shop.incident_until(
        lambda one: (
            one.status.follow_up is not None
            and (one.status.follow_up.state, one.status.follow_up.version)
            == (FollowUpState.DONE, "1.4.0")
        )
    )
