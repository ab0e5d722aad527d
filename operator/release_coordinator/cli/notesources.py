"""Reads what there is about the notes of a version, with the caller's own rights.

The record of the version that completed, the document that the Release names, and what a draft is
made from: changelog, commits and migration guide. Used by `commands.notes`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import ValidationError

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.api.evidence import DocumentRef, Documents
from release_coordinator.api.record import RecordSpec
from release_coordinator.cluster.faults import Unserved
from release_coordinator.cluster.port import CONFIG_MAP, RECORD, Body, Ref
from release_coordinator.engine import markdown, names, notes
from release_coordinator.engine.drafting import Sources
from release_coordinator.errors import NotFound

from .lookup import InvalidSpecError, Lookup
from .notebook import Notebook, Step, section_of
from .source import Source


async def read(
    source: Source, release: ReleaseObject, version: str | None, commits: str = ""
) -> Notebook:
    """Everything about the notes of a version, or of the one the Release names.

    Raises InvalidSpecError if the spec cannot be used and no version is named.
    """
    spec = release.spec
    named = spec.documents if spec else Documents()
    if spec is None and version is None:
        raise InvalidSpecError(release.faults)
    wanted = version or (spec.version if spec else "")
    step = await _step(source, release, wanted)
    async with source.explained():
        reader = _Reader(source, release.namespace)
        changelog = await reader.text(named.changelog)
        sources = Sources(
            version=wanted,
            changelog=changelog,
            commits=commits or await reader.text(named.commits),
            guide=await reader.text(named.migration_guide),
            breaks=notes.breaks(step.previous, wanted, step.kind, section_of(changelog, wanted)),
        )
        ref = named.release_notes
        config_map = await reader.config_map(ref.config_map) if ref else None
        record = await _record(source, release, wanted)
    return Notebook(release.name, release.namespace, wanted, ref, config_map, sources, step, record)


class _Reader:
    """Reads each ConfigMap once."""

    def __init__(self, source: Source, namespace: str) -> None:
        self._source, self._namespace = source, namespace
        self._known: dict[str, Body | None] = {}

    async def config_map(self, name: str) -> Body | None:
        if name not in self._known:
            try:
                found = await self._source.cluster.get(Ref(CONFIG_MAP, self._namespace, name))
            except NotFound:
                found = None
            self._known[name] = found
        return self._known[name]

    async def text(self, ref: DocumentRef | None) -> str:
        """A document; empty if it is not there, or longer than the operator reads."""
        body = await self.config_map(ref.config_map) if ref else None
        found = str(((body or {}).get("data") or {}).get(ref.key, "")) if ref else ""
        return found if len(found) <= markdown.LIMIT else ""


async def _step(source: Source, release: ReleaseObject, version: str) -> Step:
    """The step to the version, if it is the one that the Release asks for."""
    if release.spec is None or release.spec.version != version:
        return Step()
    lookup = Lookup(source.cluster, release.namespace)
    async with source.explained():
        found = await lookup.outlook(release, datetime.now(UTC))
    return Step(found.attempt.previous_version, found.attempt.type)


async def _record(
    source: Source, release: ReleaseObject, version: str
) -> tuple[str, RecordSpec] | None:
    """The newest record that has the version's notes."""
    labels = {names.LABEL_RELEASE: release.name}
    try:
        bodies = await source.cluster.list(RECORD, release.namespace, labels)
    except (NotFound, Unserved):
        return None
    found = [one for one in _records(bodies) if one[1].version == version and one[1].notes]
    good = [one for one in found if one[1].outcome is Phase.COMPLETED]
    return max(good, key=lambda one: one[1].ended_at, default=None)


def _records(bodies: Sequence[Body]) -> list[tuple[str, RecordSpec]]:
    found = []
    for body in bodies:
        try:
            found.append((body["metadata"]["name"], RecordSpec.model_validate(body.get("spec"))))
        except ValidationError:
            continue  # of another version of the operator; `history --verify` tells of it
    return found
