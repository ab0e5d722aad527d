"""Gate R2.5: who has to change something for the version is told how.

Asked only when something breaks: a Major step, or a breaking change in the changelog.
"""

from release_coordinator.api.attempt import Role
from release_coordinator.api.checklist import GateName
from release_coordinator.engine import guides
from release_coordinator.engine.context import Context

from . import documents
from .verdict import GateVerdict, failed, passed

NAME = GateName.MIGRATION_GUIDE
OWNER = Role.DEVELOPER


def evaluate(ctx: Context) -> GateVerdict:
    """Look for a guide, if something breaks."""
    named = ctx.plan.spec.documents
    ctx.seen.gather(*documents.wants(named.changelog))
    reason = documents.breaks(ctx)
    if not reason:
        return passed(NAME, OWNER, "nothing breaks: no migration guide is needed")
    ref = named.migration_guide
    if ref is None:
        message = documents.unnamed("migrationGuide", "migration guide", "MIGRATION.md")
        return failed(NAME, OWNER, f"{reason}, but {message}")
    document = documents.read(ctx, ref)
    place = documents.place(ref)
    if document.text is None:
        message = f"{reason}, but spec.documents.migrationGuide: {document.problem}"
        return failed(NAME, OWNER, message, evidence=place)
    version = ctx.plan.spec.version
    title = guides.title_of(document.text, version)
    if title is None:
        message = (
            f'{reason}, but {place} has no section for it; add one, like "## Migrating to '
            f'{version}", that says what users of the previous version change'
        )
        return failed(NAME, OWNER, message, evidence=place)
    if not title:
        message = f"{reason}, but the section of {version} in {place} is not finished; write it"
        return failed(NAME, OWNER, message, evidence=place)
    return passed(NAME, OWNER, f'{reason}; the guide is "{title}"', evidence=place)
