"""Pod templates: what they name, and the same with other images or other configuration; pure.

Templates are bodies of the API, shared and never changed: each function returns a new one. Used
by `engine.workloads` and `engine.snapshots`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from release_coordinator.api.snapshot import ConfigKind, Source

from .plan import canonical, short_hash

Template = Mapping[str, Any]
_REFERENCES: Mapping[str, tuple[ConfigKind, str]] = {
    "configMap": (ConfigKind.CONFIG_MAP, "name"),
    "configMapRef": (ConfigKind.CONFIG_MAP, "name"),
    "configMapKeyRef": (ConfigKind.CONFIG_MAP, "name"),
    "secret": (ConfigKind.SECRET, "secretName"),
    "secretRef": (ConfigKind.SECRET, "name"),
    "secretKeyRef": (ConfigKind.SECRET, "name"),
}
"""Member of a volume, an environment or a variable -> the kind it names, and where.

A projected volume names a Secret by `name`, a plain one by `secretName`.
"""
_CONFIGURED = ("volumes", "containers", "initContainers")


def hash_of(template: Template) -> str:
    """Hash of a template, as `WorkloadFact.template_hash` has it."""
    return short_hash(canonical(template))


def with_images(template: Template, images: Mapping[str, str]) -> Template:
    """The template with other images for some of its containers, init containers included."""
    pod = dict(template.get("spec", {}))
    for field in ("initContainers", "containers"):
        if field in pod:
            pod[field] = [
                {**one, "image": images.get(one["name"], one.get("image", ""))}
                for one in pod[field]
            ]
    return {**template, "spec": pod}


def with_label(template: Template, key: str, value: str) -> Template:
    """The template with one more label for its pods."""
    metadata = template.get("metadata") or {}
    labels = {**(metadata.get("labels") or {}), key: value}
    return {**template, "metadata": {**metadata, "labels": labels}}


def containers(template: Template) -> Iterator[Mapping[str, Any]]:
    """The containers, init containers first."""
    pod = template.get("spec", {})
    yield from pod.get("initContainers") or []
    yield from pod.get("containers") or []


def sources(template: Template) -> list[Source]:
    """ConfigMaps and Secrets that the pods are configured with, each once, sorted."""
    pod = template.get("spec", {})
    found = (found for field in _CONFIGURED for found in _named(pod.get(field) or []))
    return sorted(set(found))


def renamed(template: Template, names: Mapping[Source, str]) -> Template:
    """The template with other objects in place of some that it names."""
    if not names:
        return template
    pod = dict(template.get("spec", {}))
    for field in _CONFIGURED:
        if field in pod:
            pod[field] = _changed(pod[field], lambda source: names.get(source, source[1]))
    return {**template, "spec": pod}


def covers(actual: Any, wanted: Any) -> bool:
    """Whether everything that is wanted is there; what the API server has added does not matter."""
    if isinstance(wanted, Mapping):
        return isinstance(actual, Mapping) and all(
            covers(actual.get(key), value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(actual, list)
            and len(actual) == len(wanted)
            and all(covers(one, other) for one, other in zip(actual, wanted, strict=True))
        )
    return bool(actual == wanted)


def _place(key: str, value: Any) -> tuple[ConfigKind, str] | None:
    """Kind of the object that a member names and the field with its name; None if it names none."""
    known = _REFERENCES.get(key)
    if known is None or not isinstance(value, Mapping):
        return None
    kind, field = known
    field = field if field in value else "name"
    return (kind, field) if isinstance(value.get(field), str) else None


def _named(value: Any) -> Iterator[Source]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            place = _place(key, item)
            if place is not None:
                yield place[0], item[place[1]]
            yield from _named(item)
    elif isinstance(value, list):
        for item in value:
            yield from _named(item)


def _changed(value: Any, name_of: Callable[[Source], str]) -> Any:
    if isinstance(value, list):
        return [_changed(item, name_of) for item in value]
    if not isinstance(value, Mapping):
        return value
    result = {}
    for key, item in value.items():
        place = _place(key, item)
        inner = _changed(item, name_of)
        if place is not None:
            kind, field = place
            inner = {**inner, field: name_of((kind, item[field]))}
        result[key] = inner
    return result
