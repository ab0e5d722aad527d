"""Gate R2.4: the release notes are drafted: every section of the template that applies (R7.1).

Which sections apply is read off the changelog and the version step; each must have text that its
author did not leave for later, and what was fixed or broken must be what the changelog says. The
digest of the text that passed stays with the verdict: what is published is compared with it.
"""

from release_coordinator.api.attempt import Role
from release_coordinator.api.checklist import GateName
from release_coordinator.engine import changes, notes
from release_coordinator.engine.context import Context
from release_coordinator.engine.markdown import sections

from . import documents
from .verdict import GateVerdict, failed, passed

NAME = GateName.RELEASE_NOTES
OWNER = Role.RELEASE_MANAGER


def evaluate(ctx: Context) -> GateVerdict:
    """Look for every section that applies."""
    named = ctx.plan.spec.documents
    ref = named.release_notes
    if ref is None:
        message = documents.unnamed("releaseNotes", "release notes", "RELEASE_NOTES.md")
        return failed(NAME, OWNER, message)
    ctx.seen.gather(*documents.wants(ref, named.changelog))
    document = documents.read(ctx, ref)
    place = documents.place(ref)
    if document.text is None:
        message = f"spec.documents.releaseNotes: {document.problem}"
        return failed(NAME, OWNER, message, evidence=place)
    version = ctx.plan.spec.version
    mine = notes.part(sections(document.text), version)
    if not mine:
        message = f"{place} does not name {version}; write it into the heading of its release notes"
        return failed(NAME, OWNER, message, evidence=place)
    section = documents.changes(ctx)
    told = _told(ctx)
    needed = notes.required(section.kinds if section else (), told, documents.breaks(ctx))
    unbroken = notes.unbroken(ctx.attempt.previous_version, version, section)
    fault = notes.fault(mine, needed, told, unbroken)
    if fault:
        return failed(NAME, OWNER, f"{place}, release notes of {version}: {fault}", evidence=place)
    digest = notes.digest_of(notes.text_of(document.text, version))
    message = f"{version} has {', '.join(needed)}"
    return passed(NAME, OWNER, message, evidence=place, content=digest)


def _told(ctx: Context) -> tuple[changes.Change, ...]:
    """What the changelog says of the version."""
    ref = ctx.plan.spec.documents.changelog
    text = documents.read(ctx, ref).text if ref else None
    return changes.of_version(text or "", ctx.plan.spec.version)
