"""Whether a word about a plan would count, and the Approval that says it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import goldens
from tests.releases import Body
from tests.unit.cli.outlooks import outlook
from tests.unit.cli.pages import text_of
from tests.unit.cli.waiting import AUTHOR, NOW, body, reported

from release_coordinator.api.approval import ApprovalSpec, Decision
from release_coordinator.api.attempt import End, Step, StepState
from release_coordinator.api.checklist import GateName
from release_coordinator.api.codec import parse_approval
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.cli.outlook import Outlook
from release_coordinator.cli.planview import view_of
from release_coordinator.cli.signing import Word, approval_of, obstacle, remarks, said_by
from release_coordinator.cli.signpage import page

GOLDEN = Path(__file__).parent / "golden"
SIGN = Word(Decision.APPROVED, role="security", comment="scan is clean", evidence=("https://r/1",))
WAIVE = Word(Decision.WAIVED, gate=GateName.CI, comment="runner outage")
REJECT = Word(Decision.REJECTED, role="qa", comment="checkout fails")
LENIENT = {
    "gates": [
        {"name": "CI", "enforcement": "Advisory"},
        {"name": "Window", "enforcement": "Off"},
    ],
    "approvals": {"authorMayApprove": True},
}


def made(**metadata: Any) -> Body:
    stored = body(**metadata)
    stored["spec"].pop("schedule")
    return stored


def waiting(**attempt: Any) -> Outlook:
    return outlook(reported(made(), **attempt))


def step(step_id: str, *, ended: bool) -> Step:
    return Step(
        id=step_id,
        state=StepState.SUCCEEDED if ended else StepState.RUNNING,
        started_at=NOW,
        finished_at=NOW if ended else None,
    )


@pytest.mark.parametrize("word", [SIGN, WAIVE, REJECT])
def test_a_word_about_a_plan_that_waits_counts(word: Word) -> None:
    assert obstacle(waiting(), word, "bob") == ""


def test_it_counts_until_the_gates_were_asked_for_the_last_time() -> None:
    steps = [step("gates", ended=True), step("prepare/confirm", ended=False)]

    assert obstacle(waiting(steps=steps, frozen=True), SIGN, "bob") == ""

    steps[-1] = step("prepare/confirm", ended=True)
    assert "past its gates" in obstacle(waiting(steps=steps, frozen=True), SIGN, "bob")


def test_a_rejection_that_comes_too_late_says_how_to_roll_back() -> None:
    steps = [step("prepare/confirm", ended=True), step("rollout/backend", ended=False)]

    text = obstacle(waiting(steps=steps, frozen=True), REJECT, "bob")

    assert "kubectl release rollback bookshop -n shop" in text


def test_without_a_plan_or_after_its_end_there_is_nothing_to_decide() -> None:
    end = End(outcome=Phase.COMPLETED, reason=Reason.COMPLETED, at=NOW)

    assert "has no plan yet" in obstacle(outlook(made()), SIGN, "bob")
    assert "has ended (Completed)" in obstacle(waiting(end=end), SIGN, "bob")


def test_an_edit_that_the_operator_has_not_seen_is_not_signed() -> None:
    stale = reported(made())
    stale["metadata"]["generation"] = 2

    assert "the operator has not seen it yet" in obstacle(outlook(stale), SIGN, "bob")


def test_a_plan_that_is_not_the_one_shown_is_signed_by_name_only() -> None:
    found = outlook(reported(made()), rules={"suites": ["smoke"]})
    digest = found.release.status.digest

    assert "the operator reports the plan" in obstacle(found, SIGN, "bob")
    assert obstacle(found, SIGN, "bob", digest) == ""
    assert "the plan is no longer sha256:0" in obstacle(waiting(), SIGN, "bob", "sha256:0")


def test_only_what_the_policy_asks_for_can_be_said() -> None:
    lenient = outlook(
        reported(made(), outlook(made(), rules=LENIENT).plan.requirements), rules=LENIENT
    )

    assert "asks for qa, security, product-owner" in obstacle(
        waiting(), replace(SIGN, role="marketing"), "bob"
    )
    assert "cannot be waived" in obstacle(waiting(), replace(WAIVE, gate=GateName.POLICY), "bob")
    assert "gate CI is Advisory" in obstacle(lenient, WAIVE, "bob")
    assert "gate Window is Off" in obstacle(lenient, replace(WAIVE, gate=GateName.WINDOW), "bob")


def test_who_changed_the_spec_last_does_not_open_it_but_may_stop_it() -> None:
    rules = outlook(made(), rules=LENIENT).plan.requirements
    lenient = outlook(reported(made(), rules), rules=LENIENT)

    assert f"you, {AUTHOR}, changed the spec last" in obstacle(waiting(), SIGN, AUTHOR)
    assert obstacle(waiting(), REJECT, AUTHOR) == ""
    assert obstacle(lenient, SIGN, AUTHOR) == ""
    assert "nobody knows who changed" in obstacle(
        outlook(reported(made(annotations={}))), SIGN, "bob"
    )


WORDS = st.builds(
    Word,
    st.just(Decision.APPROVED),
    role=st.from_regex(r"\A[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z"),
    comment=st.text(max_size=40),
    evidence=st.lists(st.text(min_size=1, max_size=20), max_size=8).map(tuple),
)


@given(WORDS, st.text(min_size=1, max_size=40))
def test_every_approval_can_be_read_and_is_bound_to_release_and_plan(word: Word, user: str) -> None:
    found = waiting()

    spec, faults = parse_approval(approval_of(found, word, user, NOW))

    assert spec is not None, faults
    assert (spec.release, spec.release_uid) == ("bookshop", "u-1")
    assert spec.digest == found.release.status.digest
    assert (spec.role, spec.by, spec.comment) == (word.role, user, word.comment)


def test_two_words_have_two_names() -> None:
    names = {
        approval_of(waiting(), word, user, NOW + timedelta(milliseconds=later))["metadata"]["name"]
        for word in (SIGN, WAIVE, REJECT)
        for user in ("bob", "eve")
        for later in (0, 1)
    }

    assert len(names) == 12
    assert all(len(name) <= 253 for name in names)


def said(**changes: Any) -> ApprovalSpec:
    spec, faults = parse_approval(approval_of(waiting(), SIGN, "eve", NOW))
    assert spec is not None, faults
    return spec.model_copy(update=changes)


def test_earlier_words_are_told() -> None:
    old = said(digest="sha256:" + "0" * 64)

    assert remarks(waiting(), SIGN, [said()]) == ["eve: Approved, this plan"]
    assert "eve spoke about an earlier plan (role security)" in remarks(waiting(), SIGN, [old])[0]
    assert remarks(waiting(), SIGN, [said(release_uid="gone")]) == []
    assert said_by("eve", waiting(), SIGN, [said()])
    assert not said_by("eve", waiting(), SIGN, [old])


def test_what_is_signed_is_shown_first() -> None:
    found = waiting()
    view = view_of(found, remarks(found, SIGN, [said()]))

    goldens.check(GOLDEN / "sign.txt", text_of(page(view, SIGN, "bob")))
