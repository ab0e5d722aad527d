"""Approvals in somebody else's name, for `guard` to see them refused; pure.

They are sent as dry runs only, and name a Release that does not exist: even an API server that
stored one by mistake would not open a gate with it.
"""

from typing import Any

from release_coordinator.api.approval import ApprovalSpec, Decision
from release_coordinator.api.checklist import GateName

Body = dict[str, Any]

NOBODY = "somebody-else-than-release-coordinator"
"""No identity of the operator, so no policy of ours lets it write this name."""
NAME = "release-coordinator-trial"
_DIGEST = f"sha256:{'0' * 64}"


def forgeries(namespace: str) -> list[Body]:
    """One of each kind of word that can open a gate."""
    return [
        _approval(namespace, Decision.APPROVED, role="qa"),
        _approval(namespace, Decision.REVOKED, role="qa"),  # takes back a rejection
        _approval(namespace, Decision.WAIVED, gate=GateName.CI),
    ]


def _approval(
    namespace: str, decision: Decision, *, role: str | None = None, gate: GateName | None = None
) -> Body:
    spec = ApprovalSpec(
        release=NAME,
        release_uid=NAME,
        digest=_DIGEST,
        role=role,
        gate=gate,
        decision=decision,
        by=NOBODY,
        comment="a dry run by which release-coordinator looks whether forgeries are refused",
    )
    return {"metadata": {"name": NAME, "namespace": namespace}, "spec": spec.to_wire()}
