"""What runs in a namespace, as what a first Release could say of it. Pure; see `cli.draft`.

A guess is never silent: what was guessed, and from what, is a comment in the file.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import semver

from release_coordinator.api.release import WorkloadKind
from release_coordinator.api.watch import Convention
from release_coordinator.cluster.port import Body
from release_coordinator.engine import names
from release_coordinator.engine.documents import kept_back

from . import reading
from .reading import Container, Health

PART_OF = "app.kubernetes.io/part-of"
COMPONENTS, IMAGES, WATCHED = 16, 8, 5
"""Most components of a Release, images of one, and components for which presets are written."""
CHANGELOGS = ("CHANGELOG.md", "changelog.md")
FIRST = "0.1.0"
_UNFIT = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Namespace:
    """What was found."""

    workloads: Sequence[Body]
    """Deployments, StatefulSets and DaemonSets, each with its kind."""
    services: Sequence[Body] = ()
    config_maps: Sequence[Body] = ()
    cron_jobs: Sequence[Body] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A component."""

    name: str
    kind: WorkloadKind
    workload: str
    images: Mapping[str, str]
    left_out: Sequence[str]
    """Containers with versions of their own."""
    health: Health
    convention: Convention | None
    depends_on: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A Release to write."""

    name: str
    namespace: str
    version: str
    version_from: str
    """An image that has it; empty if none has a version."""
    parts: Sequence[Part]
    skipped: Sequence[str]
    """Workloads that are no part of it, and why."""
    changelog: tuple[str, str] | None = None
    backups: Sequence[str] = field(default=())
    """CronJobs that look like backups."""


def drafts(found: Namespace, namespace: str, name: str | None = None) -> list[Draft]:
    """A Release for each application, told apart by the label part-of; with `name` only one."""
    groups: dict[str, list[Body]] = {}
    for body in filter(_is_own, found.workloads):
        label = (body["metadata"].get("labels") or {}).get(PART_OF)
        groups.setdefault(name or fit(label or namespace, 40), []).append(body)
    made = [_draft(found, namespace, group, sorted(own, key=_key)) for group, own in groups.items()]
    return sorted((one for one in made if one.parts), key=lambda one: one.name)


def fit(text: str, limit: int) -> str:
    """A text as the name of something."""
    return _UNFIT.sub("-", text.lower()).strip("-")[:limit].strip("-") or "application"


def _draft(found: Namespace, namespace: str, name: str, bodies: Sequence[Body]) -> Draft:
    version, source = _version(bodies)
    chosen, skipped = _chosen(bodies, version)
    parts: list[Part] = []
    for body in chosen:
        part = _part(body, name, version, found.services, {one.name for one in parts})
        if part is None:
            skipped.append(f"{_label(body)}: no image that a Release can name")
        elif len(parts) == COMPONENTS:
            skipped.append(f"{_label(body)}: a Release has at most {COMPONENTS} components")
        else:
            parts.append(part)
    return Draft(
        name,
        namespace,
        version or FIRST,
        source,
        _ordered(parts),
        skipped,
        _changelog(found.config_maps),
        sorted(one["metadata"]["name"] for one in found.cron_jobs if "backup" in _name(one)),
    )


def _version(bodies: Sequence[Body]) -> tuple[str, str]:
    """The version that most images have, and one of them."""
    known = [
        (one.version, one.image)
        for body in bodies
        for one in reading.containers_of(body)
        if one.version and one.is_usable and not one.is_infrastructure
    ]
    counts = Counter(version for version, _ in known)
    if not counts:
        return "", ""
    best = max(counts, key=lambda text: (counts[text], semver.Version.parse(text), text))
    return best, next(image for version, image in known if version == best)


def _chosen(bodies: Sequence[Body], version: str) -> tuple[list[Body], list[str]]:
    """The workloads that are released together, and why the others are not."""
    chosen, skipped = [], []
    for body in bodies:
        problem = kept_back(body.get("spec") or {})
        if problem:
            skipped.append(f"{_label(body)}: {problem}")
        elif _is_foreign(reading.containers_of(body), version):
            skipped.append(f"{_label(body)}: has a version of its own")
        else:
            chosen.append(body)
    return chosen, skipped


def _is_foreign(containers: Sequence[Container], version: str) -> bool:
    own = [one for one in containers if not one.runs_first]
    return all(one.is_infrastructure and one.version != version for one in own)


def _part(
    body: Body, group: str, version: str, services: Sequence[Body], taken: set[str]
) -> Part | None:
    usable = [one for one in reading.containers_of(body) if one.is_usable]
    same = [one for one in usable if one.version == version and version]
    main = [one for one in usable if not one.runs_first]
    chosen = (same or [one for one in main if not one.is_infrastructure] or main)[:IMAGES]
    if not chosen:
        return None
    own = [one.name for one in chosen]
    is_served = reading.is_served(body, services)
    return Part(
        name=_apart(_short(_name(body), group), body["kind"], taken),
        kind=WorkloadKind(body["kind"]),
        workload=body["metadata"]["name"],
        images={one.name: one.image for one in chosen},
        left_out=[one.name for one in usable if one.name not in own and not one.runs_first],
        health=reading.health_of(body, own),
        convention=reading.convention_of(body) if is_served else None,
    )


def _short(name: str, group: str) -> str:
    """A workload's name without that of the application."""
    return fit(name.removeprefix(f"{group}-") or name, 50)


def _apart(name: str, kind: str, taken: set[str]) -> str:
    """A name that no other component has."""
    wishes = [name, f"{name}-{kind.lower()}", *(f"{name}-{number}" for number in range(2, 99))]
    return next(wish for wish in wishes if wish not in taken)


def _ordered(parts: Sequence[Part]) -> list[Part]:
    """What people reach first goes last: it is the one that calls the others."""
    back = [one for one in parts if not reading.is_front(one.name)]
    before = [one.name for one in back]
    front = [
        Part(
            *(one.name, one.kind, one.workload, one.images, one.left_out),
            *(one.health, one.convention, before),
        )
        for one in parts
        if reading.is_front(one.name)
    ]
    return [*back, *front]


def _changelog(config_maps: Sequence[Body]) -> tuple[str, str] | None:
    for body in sorted(config_maps, key=_name):
        for key in CHANGELOGS:
            if key in (body.get("data") or {}):
                return body["metadata"]["name"], key
    return None


def _is_own(body: Body) -> bool:
    """Whether a person or a tool has made it: neither another operator nor ours, for a release."""
    metadata = body["metadata"]
    owners = metadata.get("ownerReferences") or ()
    is_twin = names.LABEL_SLOT in (metadata.get("labels") or {})
    return not is_twin and not any(owner.get("controller") for owner in owners)


def _label(body: Body) -> str:
    return f"{body['kind']} {body['metadata']['name']}"


def _name(body: Body) -> str:
    return str(body["metadata"]["name"])


def _key(body: Body) -> tuple[str, str]:
    return _name(body), str(body["kind"])
