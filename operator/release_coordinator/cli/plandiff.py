"""What is different between two plans of a Release, by what people ask about. Pure.

The documented shape of `kubectl release diff -o json`, and its page.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field
from rich.console import Group, RenderableType
from rich.text import Text

from release_coordinator.api.base import Model
from release_coordinator.api.checklist import Enforcement, GateName
from release_coordinator.api.policy import Requirements, TypeRequirements
from release_coordinator.api.release import ReleaseSpec, ReleaseType
from release_coordinator.engine import plan, policy
from release_coordinator.engine.versions import type_of_numbers

from .difference import differences
from .view import DifferenceView
from .words import plain

SECTIONS = {
    "components": ("components",),
    "migrations": ("migrations", "database", "backup"),
    "tests and watch": ("verify", "watch", "rollback", "alerts", "ci", "credentialChecks"),
    "operation": ("caches", "warmup", "schedule", "documents"),
}
"""Section -> fields of the spec; what is in none of them is in `other`."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of two plans."""

    label: str
    """For people: 1.3.0 (attempt 3)."""
    spec: ReleaseSpec
    requirements: Requirements | None
    """None: not known."""
    type: ReleaseType | None


class SideView(Model):
    """Which plan it is."""

    label: str
    version: str
    artifact_digest: str


class SectionView(Model):
    """A part of the plan."""

    name: str
    differences: list[DifferenceView]


class DiffView(Model):
    """Everything that is different."""

    namespace: str
    release: str
    before: SideView
    after: SideView
    same_artifacts: bool = Field(description="The same images, order and migrations.")
    sections: list[SectionView] = Field(description="Those with a difference.")
    notes: list[str]


def diff(namespace: str, release: str, before: Side, after: Side) -> DiffView:
    """Compare two plans."""
    views = [_side(side) for side in (before, after)]
    found = [*_of_spec(before, after), *_of_requirements(before, after)]
    unknown = [side.label for side in (before, after) if side.requirements is None]
    notes = [f"what was required of {label} is not known" for label in unknown]
    return DiffView(
        namespace=namespace,
        release=release,
        before=views[0],
        after=views[1],
        same_artifacts=views[0].artifact_digest == views[1].artifact_digest,
        sections=[section for section in found if section.differences],
        notes=notes,
    )


def page(view: DiffView) -> RenderableType:
    """As a coloured list, in the manner of diff."""
    parts: list[RenderableType] = [
        Text(f"--- {plain(view.before.label).plain}", style="red"),
        Text(f"+++ {plain(view.after.label).plain}", style="green"),
    ]
    if view.same_artifacts:
        parts.append(Text("The same artifacts: images, order and migrations are equal."))
    for section in view.sections:
        parts += [Text(), Text(section.name.capitalize(), style="bold")]
        parts += [line for one in section.differences for line in _lines(one)]
    if not view.sections:
        parts.append(Text("No difference."))
    parts += [Text(f"note: {plain(note).plain}", style="dim") for note in view.notes]
    return Group(*parts)


def _lines(one: DifferenceView) -> Iterator[Text]:
    if one.before is not None:
        yield Text(f"- {plain(one.field).plain}: {plain(one.before).plain}", style="red")
    if one.after is not None:
        yield Text(f"+ {plain(one.field).plain}: {plain(one.after).plain}", style="green")


def _side(side: Side) -> SideView:
    digest = plan.artifact_digest(side.spec)
    return SideView(label=side.label, version=side.spec.version, artifact_digest=digest)


def _of_spec(before: Side, after: Side) -> Iterator[SectionView]:
    sections: dict[str, list[DifferenceView]] = {name: [] for name in (*SECTIONS, "other")}
    for field, old, new in differences(before.spec.to_wire(), after.spec.to_wire()):
        sections[_section(field)].append(DifferenceView(field=field, before=old, after=new))
    yield from (SectionView(name=name, differences=found) for name, found in sections.items())


def _section(field: str) -> str:
    top = field.split(".", 1)[0].split("[", 1)[0]
    return next((name for name, fields in SECTIONS.items() if top in fields), "other")


def _of_requirements(before: Side, after: Side) -> Iterator[SectionView]:
    if before.requirements is None or after.requirements is None:
        return
    old, new = (
        _required(policy.of_type(required, kind))
        for required, kind in (
            (before.requirements, before.type or _kind(before)),
            (after.requirements, after.type or _kind(after)),
        )
    )
    found = [
        DifferenceView(field=name, before=old.get(name), after=new.get(name))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]
    yield SectionView(name="requirements", differences=found)


def _kind(side: Side) -> ReleaseType:
    return side.spec.type or type_of_numbers(side.spec.version)


def _required(rules: TypeRequirements) -> dict[str, str]:
    """Everything that is required of one type, in words."""
    levels = {gate: policy.enforcement(rules, gate) for gate in GateName}
    said = {f"gate {gate}": str(level) for gate, level in levels.items()}
    for sign in rules.sign_offs:
        if sign.enforcement is not Enforcement.OFF:
            said[f"sign-off {sign.role}"] = f"{sign.count}, {sign.enforcement}"
    return said | {f"suite {suite}": "must have passed in staging" for suite in rules.suites}
