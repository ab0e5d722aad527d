"""Gate R2.5: who has to change something for the version is told how.

Asked only when something breaks: a Major step, or a breaking change in the changelog.
"""

import re

import semver

from release_coordinator.api.attempt import Role
from release_coordinator.api.checklist import GateName
from release_coordinator.engine.context import Context
from release_coordinator.engine.markdown import finished, sections, whole

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
    title = _guide(document.text, version)
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


def _guide(text: str, version: str) -> str | None:
    """Heading or first line of the guide; empty if it has no text yet, None without a guide.

    A document whose first line names the version is about it as a whole.
    """
    document = sections(text)
    named = [index for index, section in enumerate(document) if _is_of(section.title, version)]
    for index in named:
        texts = [text for section in whole(document, index) for text in section.texts]
        if finished(texts):
            return document[index].title
    if document and not document[0].level and _is_of(document[0].texts[0].plain, version):
        texts = [text for section in document for text in section.texts]
        # The first line alone is a title.
        return texts[0].plain if finished(texts[1:]) else ""
    return "" if named else None


def _is_of(words: str, version: str) -> bool:
    """Whether words name the version, or its line of versions if it begins one."""
    number = semver.Version.parse(version)
    core = f"{number.major}.{number.minor}.{number.patch}"
    if documents.names(words, version) or documents.names(words, core):
        return True
    if number.patch:
        return False
    if documents.names(words, f"{number.major}.{number.minor}"):
        return True
    # A lone digit is more often the number of a step than of a version.
    lone = rf"(?:\bv|\b(?:version|release|to) v?){number.major}(?![\w+-]|\.\w)"
    return not number.minor and bool(re.search(lone, words, re.IGNORECASE))
