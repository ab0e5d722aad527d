"""The plan: a valid spec in the order it will happen, what is required of it, and its digests.

`resolve` is the last check a spec passes: what neither the schema nor CEL can say. Called by
`engine.decide` on every pass; cheap.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from release_coordinator.api.attempt import Revision
from release_coordinator.api.base import Model
from release_coordinator.api.faults import Fault
from release_coordinator.api.job import JobTemplate
from release_coordinator.api.policy import Requirements
from release_coordinator.api.release import Component, ReleaseSpec, WorkloadRef

from . import inline, watchfaults
from .memo import Memo
from .policy import BUILT_IN


@dataclass(frozen=True, slots=True)
class Plan:
    """What an attempt does."""

    spec: ReleaseSpec
    requirements: Requirements
    digest: str
    """Over everything: the spec and what is required. Approvals are bound to it."""
    spec_digest: str
    """Over the spec alone: whether the plan is another one."""
    order: tuple[Component, ...]
    """Components, each after those it depends on."""


def canonical(data: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def short_hash(*parts: str) -> str:
    """Ten hex digits that differ where any part differs."""
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:10]


def _sha256(data: Any) -> str:
    return "sha256:" + hashlib.sha256(canonical(data).encode()).hexdigest()


def spec_digest(spec: ReleaseSpec) -> str:
    """SHA-256 over everything the spec says.

    Defaults are left out, so that a field added by a later version of the operator does not
    turn a finished plan into a new one.
    """
    return _sha256(_said(spec))


def digest(spec: ReleaseSpec, requirements: Requirements) -> str:
    """SHA-256 over the spec and what is required of it, the same on any machine.

    Defaults are left out here too: an attempt in flight survives an upgrade of the operator.
    """
    return _sha256({"spec": _said(spec), "requirements": _said(requirements)})


def revision_digest(revision: Revision) -> str:
    """SHA-256 over all that is recorded before the first change: the plan and the way back.

    Defaults are left out as in the others.
    """
    return _REVISION_DIGEST(revision)


def _revision_digest(revision: Revision) -> str:
    return _sha256(
        revision.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True)
    )


_REVISION_DIGEST = Memo(_revision_digest)


def is_recorded(revision: Revision | None, known: str | None) -> bool:
    """Whether a revision is the one of that digest; an older operator has journalled none."""
    return revision is not None and (known is None or known == revision_digest(revision))


def artifact_digest(spec: ReleaseSpec) -> str:
    """SHA-256 over what is deployed: version, images, order and migrations.

    Equal in staging and production, where metrics, credentials and windows differ.
    """
    return _sha256(
        {
            "version": spec.version,
            "components": {c.name: [dict(c.images), sorted(c.depends_on)] for c in spec.components},
            "migrations": [
                [m.name, m.reversibility, _program(m.up), _program(m.down)] for m in spec.migrations
            ],
        }
    )


CONTROL = {"suspend", "rehearsal", "deletion_policy", "fixes"}
"""Fields of a spec that say how, and not what: in no digest, so that they void no approval."""


def _said(model: Model) -> Any:
    return model.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, exclude_none=True, exclude=CONTROL
    )


def _program(job: JobTemplate | None) -> list[Any] | None:
    return [job.image, job.command, job.args] if job else None


def resolve(spec: ReleaseSpec, requirements: Requirements = BUILT_IN) -> Plan | tuple[Fault, ...]:
    """The plan of a spec, or everything that is wrong with it."""
    return _RESOLVED(spec, requirements)


def _resolve(spec: ReleaseSpec, requirements: Requirements) -> Plan | tuple[Fault, ...]:
    faults = [
        *_workload_faults(spec),
        *_dependency_faults(spec),
        *inline.faults(spec),
        *watchfaults.faults(spec),
    ]
    if faults:
        return tuple(faults)
    order = _order(spec)
    if isinstance(order, Fault):
        return (order,)
    return _plan(spec, requirements, order)


_RESOLVED = Memo(_resolve)


def recorded(revision: Revision) -> Plan | tuple[Fault, ...]:
    """The plan of what is recorded: a fault that only this version knows ends no attempt halfway.

    The version that began it found none.
    """
    return _RECORDED(revision)


def _recorded(revision: Revision) -> Plan | tuple[Fault, ...]:
    order = _order(revision.spec)
    if isinstance(order, Fault):
        return (order,)
    return _plan(revision.spec, revision.requirements, order)


_RECORDED = Memo(_recorded)


def _plan(spec: ReleaseSpec, requirements: Requirements, order: tuple[Component, ...]) -> Plan:
    return Plan(spec, requirements, digest(spec, requirements), spec_digest(spec), order)


def _workload_faults(spec: ReleaseSpec) -> list[Fault]:
    owners: dict[WorkloadRef, str] = {}
    faults = []
    for index, component in enumerate(spec.components):
        target = component.target
        field = "workload" if component.workload else "workloadRef"
        if target in owners:
            faults.append(
                Fault(
                    f"spec.components[{index}].{field}.name",
                    f"{target} is already the workload of component {owners[target]}",
                    "give each component its own workload",
                )
            )
        owners.setdefault(target, component.name)
    return faults


def _dependency_faults(spec: ReleaseSpec) -> list[Fault]:
    names = {component.name for component in spec.components}
    return [
        Fault(
            f"spec.components[{index}].dependsOn",
            f"{needed} is no component of this Release",
            f"use one of {', '.join(sorted(names))}",
        )
        for index, component in enumerate(spec.components)
        for needed in component.depends_on
        if needed not in names
    ]


def _order(spec: ReleaseSpec) -> tuple[Component, ...] | Fault:
    """Topological order, ties in the order of the spec."""
    placed: list[Component] = []
    waiting = list(spec.components)
    while waiting:
        done = {component.name for component in placed}
        ready = next((c for c in waiting if set(c.depends_on) <= done), None)
        if ready is None:
            circle = ", ".join(component.name for component in waiting)
            return Fault(
                "spec.components",
                f"dependsOn goes in a circle among {circle}",
                "remove one of these dependencies",
            )
        placed.append(ready)
        waiting.remove(ready)
    return tuple(placed)
