"""The plan: a valid spec in the order it will happen, with a digest over all of it.

`resolve` is the last check a spec passes: what neither the schema nor CEL can say. Called by
`engine.decide` on every pass; cheap.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from release_coordinator.api.faults import Fault
from release_coordinator.api.release import Component, ReleaseSpec


@dataclass(frozen=True, slots=True)
class Plan:
    """What an attempt does."""

    spec: ReleaseSpec
    digest: str
    order: tuple[Component, ...]
    """Components, each after those it depends on."""


def canonical(data: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def short_hash(*parts: str) -> str:
    """Ten hex digits that differ where any part differs."""
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:10]


def digest(spec: ReleaseSpec) -> str:
    """SHA-256 over everything the spec says.

    Defaults are left out, so that a field added by a later version of the operator does not
    turn a finished plan into a new one.
    """
    data = spec.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True)
    return "sha256:" + hashlib.sha256(canonical(data).encode()).hexdigest()


def resolve(spec: ReleaseSpec) -> Plan | tuple[Fault, ...]:
    """The plan of a spec, or everything that is wrong with it."""
    faults = [*_workload_faults(spec), *_dependency_faults(spec)]
    if faults:
        return tuple(faults)
    order = _order(spec)
    if isinstance(order, Fault):
        return (order,)
    return Plan(spec, digest(spec), order)


def _workload_faults(spec: ReleaseSpec) -> list[Fault]:
    owners: dict[str, str] = {}
    faults = []
    for index, component in enumerate(spec.components):
        name = component.workload_ref.name
        if name in owners:
            faults.append(
                Fault(
                    f"spec.components[{index}].workloadRef.name",
                    f"{name} is already the workload of component {owners[name]}",
                    "give each component its own workload",
                )
            )
        owners.setdefault(name, component.name)
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
