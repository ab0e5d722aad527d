"""What the gates about documents share: where a document is, and what the changelog says.

Below `changelog`, `release_notes` and `migration_guide`, which do not know one another.

A document is measured before it is parsed: everybody waits while the operator does that.
"""

from release_coordinator.api.evidence import DocumentRef
from release_coordinator.engine import markdown, notes
from release_coordinator.engine.context import Context
from release_coordinator.engine.runfacts import DocumentFact, DocumentWant

HEADINGS = 2_000
"""Each is compared with names and versions whenever a gate is asked; a thousand are many."""


def place(ref: DocumentRef) -> str:
    """Where people find a document."""
    return f"ConfigMap {ref.config_map}, key {ref.key}"


def wants(*refs: DocumentRef | None) -> list[DocumentWant]:
    """The questions for several documents, to be asked at once."""
    return [DocumentWant(ref.config_map, ref.key) for ref in refs if ref]


def read(ctx: Context, ref: DocumentRef) -> DocumentFact:
    """A document that costs little to read, or why there is none."""
    fact = ctx.seen.document(ref.config_map, ref.key)
    if fact.text is None:
        return fact
    if len(fact.text) > markdown.LIMIT:
        size = f"{len(fact.text):,} characters, but only {markdown.LIMIT:,} are read"
    elif (count := len(markdown.sections(fact.text))) > HEADINGS:
        size = f"{count:,} headings, but only {HEADINGS:,} are read"
    else:
        return fact
    problem = f"{place(ref)} has {size}; move what is about old versions into another document"
    return DocumentFact(None, problem)


def unnamed(field: str, what: str, key: str) -> str:
    """That the Release names no such document, and what its author adds."""
    return (
        f"the Release names no {what}; write one into a ConfigMap of this namespace and add "
        f"spec.documents.{field}: {{configMap: <its name>, key: {key}}}"
    )


def changes(ctx: Context) -> markdown.VersionSection | None:
    """What the changelog says of the version; None without such a section."""
    ref = ctx.plan.spec.documents.changelog
    text = read(ctx, ref).text if ref else None
    version = ctx.plan.spec.version
    found = markdown.versions(text or "")
    return next((section for section in found if section.version == version), None)


def breaks(ctx: Context) -> str:
    """Why users of the version have to do something; empty if nothing breaks."""
    attempt = ctx.attempt
    return notes.breaks(attempt.previous_version, ctx.plan.spec.version, attempt.type, changes(ctx))
