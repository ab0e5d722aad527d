"""`Approval`: the word of one person about one plan. Immutable; a change of mind is a new object.

Who may say what is not for the operator to decide: a ValidatingAdmissionPolicy of the API server
binds `by` to the authenticated user and asks for the verb `approve` on `releases/<role>`, or
`waive` on `releases/<gate>` (`render.admission`). Judged by `engine.approvals`.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from .base import Digest, Model, Name, ObjectName, ShortText, Uid
from .checklist import UNWAIVABLE, GateName
from .job import rules


class Decision(StrEnum):
    """What a person says."""

    APPROVED = "Approved"  # the role lets the plan pass
    REJECTED = "Rejected"  # the role stops the plan; comment says why
    WAIVED = "Waived"  # the gate need not pass; comment says why
    REVOKED = "Revoked"  # takes back what the same person said before


class ApprovalSpec(Model):
    """One decision of one person about one plan."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "has(self.role) != has(self.gate)",
                "set exactly one of role (a sign-off) and gate (a waiver)",
            ),
            (
                "self.decision != 'Waived' || has(self.gate)",
                "decision Waived names the gate that need not pass; set gate",
            ),
            (
                "!has(self.gate) || self.decision in ['Waived', 'Revoked']",
                "a gate is Waived, or a waiver Revoked; only a role is Approved or Rejected",
            ),
            (
                "self.decision == 'Approved' || self.?comment.orValue('').size() > 0",
                "say why in comment",
            ),
            (
                f"!has(self.gate) || !(self.gate in {[str(name) for name in UNWAIVABLE]})",
                f"{', '.join(UNWAIVABLE)} cannot be waived: without them nobody knows what happens",
            ),
        )
    )

    release: ObjectName = Field(description="Name of the Release, in the same namespace.")
    release_uid: Annotated[Uid, Field(min_length=1)] = Field(
        description="metadata.uid of the Release: a new one of the same name needs new approvals."
    )
    digest: Digest = Field(
        description="Digest of the plan, as in status.digest of the Release; any change voids it."
    )
    role: Name | None = Field(None, description="Role that is signed for, like qa or security.")
    gate: GateName | None = Field(None, description="Gate that is waived.")
    decision: Decision
    by: Annotated[str, Field(min_length=1, max_length=256)] = Field(
        description="Who says it: the user name that the API server knows the writer by."
    )
    comment: Annotated[str, Field(max_length=1024)] = Field("", description="Why.")
    evidence: list[ShortText] = Field(
        [], max_length=8, description="Where it can be looked up: reports, tickets."
    )
