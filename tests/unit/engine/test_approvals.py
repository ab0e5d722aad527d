"""Words from a time in which nobody checked who wrote them."""

from datetime import timedelta

import pytest
from tests.fakes.world import DAWN
from tests.releases import bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.approval import ApprovalSpec, Decision
from release_coordinator.engine import approvals
from release_coordinator.engine.approvals import Voices
from release_coordinator.engine.evidence import (
    AdmissionFact,
    AdmissionWant,
    ApprovalFact,
    ApprovalsFact,
    ApprovalsWant,
)
from release_coordinator.engine.names import ANNOTATION_CHANGED_BY

WHOLE_SINCE = DAWN - timedelta(hours=1)


def heard(*words: tuple[Decision, timedelta]) -> Voices:
    """What is made of the words that vera said so long before now."""
    body = bookshop()
    body["metadata"]["annotations"] = {ANNOTATION_CHANGED_BY: "ed"}
    ctx = context(body)
    facts = tuple(
        ApprovalFact(
            f"word-{number}",
            ApprovalSpec(
                release="bookshop",
                release_uid=ctx.release.uid,
                digest=ctx.attempt.digest,
                role="qa",
                decision=decision,
                by="vera",
                comment="looked at it",
            ),
            DAWN - ago,
        )
        for number, (decision, ago) in enumerate(words)
    )
    proved = {AdmissionWant(): AdmissionFact("", WHOLE_SINCE)}
    return approvals.about_role(
        context(body, facts={ApprovalsWant("bookshop"): ApprovalsFact(facts), **proved}), "qa"
    )


@pytest.mark.parametrize("decision", [Decision.APPROVED, Decision.REVOKED])
def test_what_is_older_than_the_rules_against_forgery_does_not_count(decision: Decision) -> None:
    voices = heard((decision, timedelta(hours=2)))

    assert voices.valid == ()
    (reason,) = voices.void
    assert reason.startswith(f"{decision} by vera does not count: nobody checked at that time")


def test_what_was_said_since_then_counts() -> None:
    (fact,) = heard((Decision.APPROVED, timedelta(hours=1))).valid

    assert fact.spec.decision is Decision.APPROVED


def test_an_old_rejection_still_shuts_and_an_old_revocation_does_not_lift_it() -> None:
    voices = heard((Decision.REJECTED, timedelta(hours=3)), (Decision.REVOKED, timedelta(hours=2)))

    assert [fact.spec.decision for fact in voices.valid] == [Decision.REJECTED]
