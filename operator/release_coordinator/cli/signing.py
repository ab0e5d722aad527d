"""What a person says about a plan: whether it would count now, and the Approval that says it. Pure.

Used by `cli.commands.sign`. Who may say it is for the API server to decide (`render.admission`),
and whether it counts for the operator (`engine.approvals`); here a person is told beforehand.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from release_coordinator.api.approval import ApprovalSpec, Decision
from release_coordinator.api.attempt import Attempt
from release_coordinator.api.base import format_time
from release_coordinator.api.checklist import UNWAIVABLE, Enforcement, GateName
from release_coordinator.api.policy import TypeRequirements
from release_coordinator.cluster.port import APPROVAL, Body
from release_coordinator.engine import consent, names, policy
from release_coordinator.engine.describe import phase_of
from release_coordinator.engine.phases import confirming
from release_coordinator.engine.plan import short_hash

from .outlook import Outlook


@dataclass(frozen=True, slots=True)
class Word:
    """What is to be said: about a role, or about a gate."""

    decision: Decision
    role: str | None = None
    gate: GateName | None = None
    comment: str = ""
    evidence: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        """The role or gate, in words."""
        return f"role {self.role}" if self.role else f"gate {self.gate}"

    @property
    def opens(self) -> bool:
        """Whether it lets the plan pass; the others stop it."""
        return self.decision in {Decision.APPROVED, Decision.WAIVED}


def obstacle(found: Outlook, word: Word, user: str, digest: str | None = None) -> str:
    """Why saying it would change nothing, or not what the person means; empty if it would count."""
    return next((text for text in _obstacles(found, word, user, digest) if text), "")


def approval_of(found: Outlook, word: Word, user: str, now: datetime) -> Body:
    """The Approval, bound to this Release and to the plan that the operator reports."""
    release, digest = found.release, found.release.status.digest or ""
    about = (word.role or str(word.gate)).lower()
    key = short_hash(release.uid, digest, user, word.decision, format_time(now))
    spec = ApprovalSpec(
        release=release.name,
        release_uid=release.uid,
        digest=digest,
        role=word.role,
        gate=word.gate,
        decision=word.decision,
        by=user,
        comment=word.comment,
        evidence=list(word.evidence),
    )
    return {
        "apiVersion": APPROVAL.api_version,
        "kind": APPROVAL.kind,
        "metadata": {
            "name": f"{release.name[:170].rstrip('-.')}-{about}-{key}",
            "namespace": release.namespace,
        },
        "spec": spec.model_dump(
            mode="json", by_alias=True, exclude_none=True, exclude_defaults=True
        ),
    }


def remarks(found: Outlook, word: Word, said: Iterable[ApprovalSpec]) -> list[str]:
    """What a person should know before saying it: earlier words, and that nothing waits for it."""
    notes = []
    release = found.release
    about = [
        spec
        for spec in said
        if spec.release_uid == release.uid and (spec.role, spec.gate) == (word.role, word.gate)
    ]
    older = sorted({spec.by for spec in about if spec.digest != release.status.digest})
    if older:
        notes.append(
            f"{', '.join(older)} spoke about an earlier plan ({word.about}): it has changed since, "
            "so that does not count any more."
        )
    notes += [
        f"{s.by}: {s.decision}, this plan" for s in about if s.digest == release.status.digest
    ]
    gate = next((g for g in found.attempt.gates if word.gate and g.name == word.gate), None)
    if gate is not None and gate.opens:
        notes.append(f"Gate {gate.name} is open at the moment ({gate.state}).")
    return notes


def said_by(user: str, found: Outlook, word: Word, said: Iterable[ApprovalSpec]) -> bool:
    """Whether the person has said anything about this that could be taken back."""
    return any(
        spec.by == user
        and spec.digest == found.release.status.digest
        and (spec.role, spec.gate) == (word.role, word.gate)
        for spec in said
    )


def _obstacles(found: Outlook, word: Word, user: str, digest: str | None) -> Iterator[str]:
    yield _no_plan(found)
    attempt = found.release.status.attempt
    if attempt is not None:
        yield _past(found, attempt, word)
    yield _other_plan(found, digest)
    yield _role(found, word) if word.role else _gate(found, word)
    if word.opens:
        yield _own(found, user)


def _no_plan(found: Outlook) -> str:
    release, name = found.release, found.release.name
    attempt = release.status.attempt
    if release.journal_fault:
        return (
            f"the journal of release {name!r} cannot be read, so nothing is done, approved or not "
            f"({release.journal_fault})"
        )
    if release.deleting:
        return f"release {name!r} is being deleted"
    if attempt is None or release.status.digest is None:
        return (
            f"release {name!r} has no plan yet: the operator has not looked at it. Wait a moment; "
            "if it stays so, ask the platform team whether release-coordinator is running"
        )
    if attempt.end is not None:
        return (
            f"attempt {attempt.number} of release {name!r}, to {attempt.version}, has ended "
            f"({attempt.end.outcome}): there is nothing to decide"
        )
    return ""


def _past(found: Outlook, attempt: Attempt, word: Word) -> str:
    """Gates count until they were asked for the last time, immediately before the first change."""
    confirmed = any(s.id == confirming.STEP and s.finished_at for s in attempt.steps)
    changed = any(s.id.startswith(("migrate/", "rollout/")) for s in attempt.steps)
    if attempt.trigger is None and not confirmed and not changed:
        return ""
    text = (
        f"attempt {attempt.number} is past its gates ({phase_of(attempt)}): this would change "
        "nothing now"
    )
    if word.opens:
        return text
    release = found.release
    return (
        f"{text}. To roll it back:\n  kubectl release rollback {release.name} "
        f"-n {release.namespace}"
    )


def _other_plan(found: Outlook, digest: str | None) -> str:
    release = found.release
    reported = release.status.digest
    look = f"look at it: kubectl release plan {release.name} -n {release.namespace}"
    if digest is not None:
        return (
            ""
            if digest == reported
            else f"the plan is no longer {digest}, it is {reported}; {look}"
        )
    if release.status.observed_generation != release.generation:
        return (
            f"release {release.name!r} was edited, and the operator has not seen it yet: wait a "
            f"moment, then {look}"
        )
    if found.plan.digest != reported:
        return (
            f"the operator reports the plan {reported}, but the Release and its policy make "
            f"{found.plan.digest}. Wait until it has taken up the last change. If it stays so, "
            "this program and the operator are of different versions, or you may not read the "
            "policies; then name the plan you mean with --digest"
        )
    return ""


def _role(found: Outlook, word: Word) -> str:
    asked = [s.role for s in _required(found).sign_offs if s.enforcement is not Enforcement.OFF]
    loses = any(migration.down_loses_data for migration in found.plan.spec.migrations)
    if word.role in asked or (word.role == consent.ROLE and loses):
        return ""
    return (
        f"no sign-off of role {word.role!r} is asked for; the policy asks for "
        f"{', '.join(asked) or 'none'}"
    )


def _gate(found: Outlook, word: Word) -> str:
    gate = word.gate
    if gate is None:
        return "name a role or a gate"
    if gate in UNWAIVABLE:
        return f"gate {gate} cannot be waived: without it nobody knows what happens"
    level = policy.enforcement(_required(found), gate)
    if level is Enforcement.REQUIRED:
        return ""
    return f"gate {gate} is {level}: it holds nothing up, so there is nothing to waive"


def _required(found: Outlook) -> TypeRequirements:
    return policy.of_attempt(found.plan.requirements, found.attempt)


def _own(found: Outlook, user: str) -> str:
    if found.plan.requirements.approvals.author_may_approve:
        return ""
    author = found.release.annotations.get(names.ANNOTATION_CHANGED_BY, "")
    if not author:
        return (
            "nobody knows who changed the spec last, so no approval counts: apply the Release "
            f"again with the annotation {names.ANNOTATION_CHANGED_BY} naming who applies it"
        )
    if author == user:
        return f"you, {user}, changed the spec last: the policy wants another person to sign it off"
    return ""
