"""The release notes of a version: published, written or drafted. Pure.

Filled by `cli.notesources`, shown and written by `commands.notes`.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from release_coordinator.api.base import format_time
from release_coordinator.api.evidence import DocumentRef
from release_coordinator.api.notes import PublishedNotes
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import ReleaseType
from release_coordinator.cluster.port import Body
from release_coordinator.engine import changes, drafting, markdown, notes, placing
from release_coordinator.engine.drafting import Sources
from release_coordinator.engine.gates.documents import place


class State(StrEnum):
    """How far notes are."""

    PUBLISHED = "Published"  # the version has completed, they are in the release log
    WRITTEN = "Written"  # they are in the document that the Release names
    DRAFT = "Draft"  # they are nowhere: made from changelog and commits


@dataclass(frozen=True, slots=True)
class Step:
    """How a version is reached."""

    previous: str | None = None
    kind: ReleaseType | None = None


@dataclass(frozen=True, slots=True)
class Notebook:
    """What there is about the notes of one version."""

    release: str
    namespace: str
    version: str
    ref: DocumentRef | None
    config_map: Body | None
    """As the API server has it; None if there is none."""
    sources: Sources
    step: Step = field(default_factory=Step)
    record: tuple[str, RecordSpec] | None = None
    """Name and content of the record of the attempt that completed this version."""

    @property
    def document(self) -> str:
        """The whole document; empty if it is not written."""
        data = (self.config_map or {}).get("data") or {}
        return str(data.get(self.ref.key, "")) if self.ref else ""

    @property
    def written(self) -> str:
        """What the document says of the version."""
        return notes.text_of(self.document, self.version)

    @property
    def published(self) -> str:
        """What the release log says of it."""
        found = self.record[1].notes if self.record else None
        return found.text if found else ""

    @property
    def draft(self) -> str:
        """Notes for people to complete, headed as those of other versions are."""
        return drafting.draft(self.sources, *placing.heading(self.document, self.version))

    @property
    def best(self) -> tuple[State, str]:
        """What is shown if nobody asks for something else."""
        known = ((State.PUBLISHED, self.published), (State.WRITTEN, self.written))
        return next((one for one in known if one[1]), (State.DRAFT, self.draft))

    def lacks(self, text: str) -> str:
        """What gate ReleaseNotes would say against a text; empty if it lets it pass."""
        told = changes.of_version(self.sources.changelog, self.version)
        section = section_of(self.sources.changelog, self.version)
        needed = notes.required(section.kinds if section else (), told, self.sources.breaks)
        unbroken = notes.unbroken(self.step.previous, self.version, section)
        return notes.fault(
            notes.part(markdown.sections(text), self.version), needed, told, unbroken
        )

    def placed(self, text: str) -> str | None:
        """The document with these notes of the version; None if only a person can write them."""
        return placing.placed(self.document, self.version, text, self.release)

    def to_wire(self, state: State, text: str) -> dict[str, Any]:
        """For programs."""
        ref, published = self.ref, self._published(state)
        wire: dict[str, Any] = {
            "release": self.release,
            "namespace": self.namespace,
            "version": self.version,
            "state": str(state),
            "document": ref.to_wire() if ref else None,
            "text": text,
            "missing": "" if published else self.lacks(text),
        }
        if published and self.record:
            name, record = self.record
            wire["record"] = name
            wire["publishedAt"] = format_time(record.ended_at)
            wire["published"] = published.to_wire()
        return wire

    def remark(self, state: State, text: str) -> str:
        """What a reader should know of what is shown."""
        published = self._published(state)
        if published and self.record:
            found = DocumentRef(config_map=published.config_map, key=published.key)
            told = f"Published with ReleaseRecord {self.record[0]}"
            told += f"; {published.problem}" if published.problem else ""
            return f"{told}; the rest is in {place(found)}" if published.cut else f"{told}."
        lacks = self.lacks(text)
        verdict = f"Gate ReleaseNotes: {lacks}." if lacks else "Nothing is missing."
        if state is State.WRITTEN and self.ref:
            return f"Written in {place(self.ref)}. {verdict}"
        return f"A draft, not written anywhere. {verdict}"

    def _published(self, state: State) -> PublishedNotes | None:
        return self.record[1].notes if self.record and state is State.PUBLISHED else None


def section_of(changelog: str, version: str) -> markdown.VersionSection | None:
    """What a changelog says of a version, in short."""
    return next((one for one in markdown.versions(changelog) if one.version == version), None)
