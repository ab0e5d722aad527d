"""Nobody can forge a sign-off, because the API server refuses it: everything tried on a real one.

No operator runs here: forgeries are refused whether one runs or not.
"""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client
from tests import goldens
from tests.api import attacks
from tests.api.attacks import SPEAKERS, WORDS, Attack
from tests.api.people import APPLY, MERGE, Outcome
from tests.api.scene import Scene, scene
from tests.releases import Body, bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.codec import parse_approval
from release_coordinator.engine import approvals
from release_coordinator.engine.evidence import (
    AdmissionFact,
    AdmissionWant,
    ApprovalFact,
    ApprovalsFact,
    ApprovalsWant,
)
from release_coordinator.engine.names import ANNOTATION_CHANGED_BY, FINALIZER

TABLE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "sign-off-attacks.md"
TRIED = [attack for tried in attacks.CHAPTERS.values() for attack in tried]
ON = "of API group release-coordinator.io on releases"
TITLE = """\
# What was tried to get past the sign-offs

Written by `tests/api/test_approvals.py`, which carries out every row on a real API server with the
roles of `manifests/install.yaml` and without an operator: whatever is refused, the API server alone
refuses it. [Sign-offs](../approvals.md) explains the rules.

## Everybody in his own name"""

pytestmark = pytest.mark.api


@pytest.fixture(scope="module")
def town(
    connection: client.ApiClient, policies: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    with scene(connection, policies, tmp_path_factory.mktemp("keys")) as made:
        yield made


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("who", SPEAKERS)
def test_everybody_says_what_he_may_and_nothing_else(town: Scene, who: str, word: str) -> None:
    answer = town.says(who, **WORDS[word])

    assert answer.outcome is attacks.expected(who, word), answer


@pytest.mark.parametrize("attack", TRIED, ids=lambda attack: attack.text)
def test_what_is_tried_ends_as_it_must(town: Scene, attack: Attack) -> None:
    answer = attack.attempt(town)

    assert answer.outcome is attack.outcome, answer


def test_the_documented_table_is_what_was_just_tried() -> None:
    goldens.check(TABLE, _table())


@pytest.mark.parametrize(
    ("who", "spec", "said"),
    [
        ("robot", {}, "only people sign off, and system:serviceaccount:"),
        ("vera", {"by": "sven"}, "spec.by is sven, but the API server knows you as vera"),
        ("vera", {"role": "security"}, f"the verb approve {ON}/security"),
        ("wanda", WORDS["Approved for qa"], f"the verb approve {ON}/qa"),
        ("vera", WORDS["Waived gate CI"], f"the verb waive {ON}/ci"),
    ],
)
def test_a_refusal_says_what_to_do(town: Scene, who: str, spec: dict[str, Any], said: str) -> None:
    assert said in town.says(who, **spec).message


def test_a_signature_counts_for_this_release_and_this_plan_only(town: Scene) -> None:
    body = bookshop()
    body["metadata"]["annotations"] = {ANNOTATION_CHANGED_BY: "ed"}
    ctx = context(body)
    plan: dict[str, Any] = {"digest": ctx.attempt.digest}
    uid: dict[str, Any] = {"releaseUid": ctx.release.uid}
    words = [
        town.says("vera", **plan, **uid),
        town.says("root", **uid),  # about an older plan
        town.says("admin", **plan),  # about a Release of the same name that is gone
    ]
    assert {answer.outcome for answer in words} == {Outcome.ADMITTED}
    facts = {
        ApprovalsWant("bookshop"): ApprovalsFact(tuple(_fact(answer.body) for answer in words)),
        AdmissionWant(): AdmissionFact(""),
    }

    voices = approvals.about_role(context(body, facts=facts), "qa")

    assert [fact.spec.by for fact in voices.valid] == ["vera"]
    assert voices.void == ("Approved by root does not count: it was for another plan",)


def test_applying_a_release_again_meets_no_conflict_and_keeps_its_author(town: Scene) -> None:
    """As Argo CD does: server-side apply of what Git has, which has no such annotation."""
    body = {key: town.release[key] for key in ("apiVersion", "kind", "spec")}
    body["metadata"] = {"name": "applied"}
    path = town.path("releases", "applied")
    apply = {"fieldManager": "argocd-controller"}

    created = town["ed"].ask("PATCH", path, body, APPLY, **apply)
    once = town["ada"].ask("PATCH", path, body, APPLY, **apply)
    again = town["ada"].ask("PATCH", path, body, APPLY, **apply)
    changed = {**body, "spec": {**body["spec"], "version": "1.3.1"}}
    after = town["ada"].ask("PATCH", path, changed, APPLY, **apply)

    assert [_author(one.body) for one in (created, again, after)] == ["ed", "ed", "ada"]
    assert again.body["metadata"]["resourceVersion"] == once.body["metadata"]["resourceVersion"]
    owned = json.dumps(after.body["metadata"]["managedFields"])
    assert ANNOTATION_CHANGED_BY not in owned  # else a tool would think that somebody drifted


def test_deleting_a_release_and_its_namespace_is_not_in_anybodys_way(town: Scene) -> None:
    held = town["ed"].ask("POST", town.path("releases"), _named(town, "leaving"))
    path = town.path("releases", "leaving")
    finalizers = {"metadata": {"finalizers": [FINALIZER]}}
    town["operator"].ask("PATCH", path, finalizers, MERGE)
    marked = town["ed"].ask("DELETE", path)
    released = town["operator"].ask("PATCH", path, {"metadata": {"finalizers": None}}, MERGE)
    other = town["root"].ask(
        "POST", town.path("releases", namespace=town.elsewhere), _named(town, "left")
    )
    gone = town["root"].ask("DELETE", f"/api/v1/namespaces/{town.elsewhere}")

    assert held.status == other.status == 201
    assert marked.body["metadata"]["deletionTimestamp"]
    assert released.status == 200
    assert town["root"].ask("GET", path).status == 404
    assert gone.status == 200
    _until_gone(town, f"/api/v1/namespaces/{town.elsewhere}")


def test_the_garbage_collector_can_finish_its_work(town: Scene) -> None:
    path = town.path("releases", "collected")
    town["ed"].ask("POST", town.path("releases"), _named(town, "collected"))

    marked = town["ed"].ask("DELETE", path, propagationPolicy="Foreground")

    assert marked.body["metadata"]["finalizers"] == ["foregroundDeletion"]
    _until_gone(town, path)


def _until_gone(town: Scene, path: str) -> None:
    until = time.monotonic() + 60
    while town["root"].ask("GET", path).status != 404:
        assert time.monotonic() < until, f"{path} does not go"
        time.sleep(0.2)


def _named(town: Scene, name: str) -> Body:
    return {
        **{key: town.release[key] for key in ("apiVersion", "kind", "spec")},
        "metadata": {"name": name},
    }


def _author(body: Body) -> str:
    return str(body["metadata"]["annotations"][ANNOTATION_CHANGED_BY])


def _fact(body: Body) -> ApprovalFact:
    spec, _ = parse_approval(body)
    assert spec is not None
    at = datetime.fromisoformat(body["metadata"]["creationTimestamp"])
    return ApprovalFact(body["metadata"]["name"], spec, at)


def _table() -> str:
    """Return what was expected, and by the tests above found, as Markdown."""
    head = f"| Who | {' | '.join(WORDS)} |"
    rows = [
        f"| {who}: {what} | {' | '.join(attacks.expected(who, word) for word in WORDS)} |"
        for who, (what, _) in SPEAKERS.items()
    ]
    parts = [TITLE, "", head, f"|{'---|' * (len(WORDS) + 1)}", *rows]
    for title, tried in attacks.CHAPTERS.items():
        parts += ["", f"## {title}", "", "| What is tried | What comes of it |", "|---|---|"]
        parts += [f"| {attack.text} | {attack.outcome} |" for attack in tried]
    return "\n".join(parts) + "\n"
