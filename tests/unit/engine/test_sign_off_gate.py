"""What the gate of a signature says when nobody's word is known, or somebody's is long."""

from datetime import timedelta

from tests.fakes.world import DAWN
from tests.unit.engine.contexts import context

from release_coordinator.api.approval import ApprovalSpec, Decision
from release_coordinator.api.attempt import Gate, GateState, Role
from release_coordinator.api.policy import SignOff
from release_coordinator.engine.evidence import (
    AdmissionFact,
    AdmissionWant,
    ApprovalFact,
    ApprovalsFact,
    ApprovalsWant,
)
from release_coordinator.engine.gates import sign_off
from release_coordinator.engine.gates.verdict import GateVerdict

DENIED = (
    "the operator may not list approvals in namespace shop; the platform team installs the "
    "chart's roles again"
)


def verdict(fact: ApprovalsFact) -> GateVerdict:
    facts = {ApprovalsWant("bookshop"): fact, AdmissionWant(): AdmissionFact("")}
    return sign_off.evaluate(context(facts=facts), SignOff(role="qa"))


def rejected(comment: str) -> Gate:
    ctx = context()
    spec = ApprovalSpec(
        release="bookshop",
        release_uid=ctx.release.uid,
        digest=ctx.attempt.digest,
        role="qa",
        decision=Decision.REJECTED,
        by="vera",
        comment=comment,
    )
    said = ApprovalFact("no", spec, DAWN - timedelta(hours=1))
    return verdict(ApprovalsFact((said,))).gate


def test_signatures_that_may_not_be_listed_are_unknown_and_asked_for_again() -> None:
    found = verdict(ApprovalsFact((), DENIED))

    assert (found.gate.state, found.gate.owner) == (GateState.UNKNOWN, Role.PLATFORM)
    assert found.gate.message == f"no signature is known: {DENIED}"
    assert not found.watched  # no news would come of it


def test_a_long_comment_leaves_room_for_what_to_do() -> None:
    gate = rejected("CVE-2026-1 is open. " * 50)

    assert gate.state is GateState.FAILED
    assert gate.message.startswith("vera rejected the plan: CVE-2026-1 is open.")
    assert gate.message.endswith("kubectl release approve bookshop -n shop --role qa")
