"""Gate R2.3: the changelog has a dated, non-empty section for the version.

The text is in the form of Keep a Changelog: a second-level heading `[1.3.0] - 2026-11-23`,
third-level headings for the kinds of change, lists below them (`engine.markdown`).
"""

from datetime import date

from release_coordinator.api.attempt import Role
from release_coordinator.api.checklist import GateName
from release_coordinator.api.release import ReleaseType
from release_coordinator.engine.context import Context
from release_coordinator.engine.markdown import VersionSection
from release_coordinator.engine.versions import derive_type

from . import documents
from .verdict import GateVerdict, failed, passed

NAME = GateName.CHANGELOG
OWNER = Role.DEVELOPER


def evaluate(ctx: Context) -> GateVerdict:
    """Look for the version's section."""
    ref = ctx.plan.spec.documents.changelog
    if ref is None:
        return failed(NAME, OWNER, documents.unnamed("changelog", "changelog", "CHANGELOG.md"))
    document = documents.read(ctx, ref)
    place = documents.place(ref)
    if document.text is None:
        message = f"spec.documents.changelog: {document.problem}"
        return failed(NAME, OWNER, message, evidence=place)
    section = documents.changes(ctx)
    fault = _fault(ctx, section)
    if fault or section is None:
        return failed(NAME, OWNER, f"{place}: {fault}", evidence=place)
    kinds = ", ".join(section.kinds) or "no kinds"
    found = f"{section.version} of {section.date}: {section.entries} entries ({kinds})"
    return passed(NAME, OWNER, found, evidence=place)


def _fault(ctx: Context, section: VersionSection | None) -> str:
    version = ctx.plan.spec.version
    if section is None:
        return f'no section for {version}; add "## [{version}] - YYYY-MM-DD" with its changes'
    if not _is_date(section.date):
        return f"section {version} has no date; write the heading as ## [{version}] - YYYY-MM-DD"
    if not section.entries:
        return f"section {version} is empty; list what was added, changed, fixed or removed"
    step = derive_type(ctx.attempt.previous_version, version)
    # On the way back the section tells of an earlier step.
    if section.breaking and step not in {ReleaseType.MAJOR, ReleaseType.ROLLBACK, None}:
        return (
            f"section {version} names a breaking change, but the version is a {step} step; "
            "a breaking change needs a major version"
        )
    return ""


def _is_date(text: str | None) -> bool:
    try:
        date.fromisoformat(text or "")
    except ValueError:
        return False
    return True
