"""R7.1: release notes are published when their version has completed.

Asked by `closing` when the record is written. The journal has only the digest of what gate
ReleaseNotes let pass, so the text is read again; if people have edited it meanwhile, theirs is
published, and the record says that the gate has seen another.
"""

from release_coordinator.api.attempt import Attempt, GateState
from release_coordinator.api.checklist import GateName
from release_coordinator.api.conditions import Phase
from release_coordinator.api.evidence import DocumentRef
from release_coordinator.api.notes import TEXT_LIMIT, PublishedNotes

from . import markdown, notes
from .observation import Observation
from .plan import Plan
from .runfacts import DocumentFact


def of_attempt(attempt: Attempt, plan: Plan | None, seen: Observation) -> PublishedNotes | None:
    """What is published of an ended attempt; None if it brought no version, or names no notes."""
    ended = attempt.end is not None and attempt.end.outcome is Phase.COMPLETED
    ref = plan.spec.documents.release_notes if plan else None
    if not ended or attempt.revision is None or ref is None:
        return None
    fact = seen.document(ref.config_map, ref.key)
    return published(ref, fact, attempt.version, _passed(attempt))


def published(
    ref: DocumentRef, fact: DocumentFact, version: str, passed: str | None
) -> PublishedNotes:
    """A version's part of a document; `passed` is the digest that the gate let pass."""
    found = PublishedNotes(config_map=ref.config_map, key=ref.key, passed=passed)
    text, problem = fact.text, fact.problem
    if text is not None and len(text) > markdown.LIMIT:
        text, problem = None, f"it has more than {markdown.LIMIT:,} characters"
    mine = notes.text_of(text, version) if text is not None else ""
    if not mine:
        problem = problem or f"it does not name {version}"
        return found.model_copy(update={"problem": problem[:256]})
    digest, kept = notes.digest_of(mine), _beginning(mine)
    changes = {"text": kept, "cut": kept != mine, "digest": digest}
    if passed is not None and passed != digest:
        changes["problem"] = "edited after gate ReleaseNotes had let them pass"
    return found.model_copy(update=changes)


def _passed(attempt: Attempt) -> str | None:
    gate = next((gate for gate in attempt.gates if gate.name == GateName.RELEASE_NOTES), None)
    return gate.content if gate and gate.state is GateState.PASSED else None


def _beginning(text: str) -> str:
    """As much of a text as a record keeps, in whole lines where a line is not longer than that."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= TEXT_LIMIT:
        return encoded.decode()
    room = encoded[:TEXT_LIMIT].decode(errors="ignore")
    return room.rpartition("\n")[0] or room
