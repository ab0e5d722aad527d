"""The configuration of a Deployment as flat entries, path -> value, to compare two of them; pure.

The first container's entries have plain paths (`env/LOG_LEVEL`); those of the others begin with
`containers/<name>/` or `initContainers/<name>/`. Images, replicas and labels are left out. Of a
Secret the name and the key are told, never its content.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from release_coordinator.api.snapshot import ConfigKind
from release_coordinator.engine import templates
from release_coordinator.engine.plan import canonical, short_hash

from .port import CONFIG_MAP, SECRET, Body, Kind

LONGEST = 256
"""Characters of a value that is kept as it is; longer ones are compared by their hash."""

KINDS: Mapping[ConfigKind, Kind] = {ConfigKind.CONFIG_MAP: CONFIG_MAP, ConfigKind.SECRET: SECRET}
"""The resource type of each kind of configuration."""

ConfigMaps = Mapping[str, Body | None]
"""Name -> ConfigMap, None if there is none."""

Entry = tuple[str, str]

_PLAIN = ("command", "args", "workingDir")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle")
_NESTED = ("resources", "securityContext", *_PROBES)


def version_of(body: Body) -> str:
    """What differs when the content of a ConfigMap or Secret does.

    Of a Secret nothing that is made from its content: it could be guessed at.
    """
    metadata = body["metadata"]
    if body["kind"] == ConfigKind.SECRET:
        return short_hash(metadata["uid"], metadata["resourceVersion"])
    return short_hash(canonical([body.get("data") or {}, body.get("binaryData") or {}]))


def config_maps(body: Body) -> list[str]:
    """Names of the ConfigMaps that a Deployment's pods use, each once, sorted."""
    template = body.get("spec", {}).get("template", {})
    return [name for kind, name in templates.sources(template) if kind is ConfigKind.CONFIG_MAP]


def entries(body: Body, maps: ConfigMaps) -> dict[str, str]:
    """All that a Deployment's pods are configured with."""
    pod = _pod(body)
    found = dict(_of_pod(pod, maps))
    for index, container in enumerate(pod.get("containers", [])):
        prefix = f"containers/{container['name']}/" if index else ""
        found |= _prefixed(prefix, _of_container(container, maps))
    for container in pod.get("initContainers", []):
        found |= _prefixed(f"initContainers/{container['name']}/", _of_container(container, maps))
    return {path: _bounded(value) for path, value in found.items()}


def _pod(body: Body) -> Body:
    pod: Body = body.get("spec", {}).get("template", {}).get("spec", {})
    return pod


def _prefixed(prefix: str, found: Iterable[Entry]) -> dict[str, str]:
    return {prefix + path: value for path, value in found}


def _bounded(value: str) -> str:
    if len(value) <= LONGEST:
        return value
    return f"sha256:{hashlib.sha256(value.encode()).hexdigest()} ({len(value)} characters)"


def _of_pod(pod: Body, maps: ConfigMaps) -> Iterator[Entry]:
    if pod.get("serviceAccountName"):
        yield "serviceAccountName", pod["serviceAccountName"]
    yield from _flat("podSecurityContext", pod.get("securityContext") or {})
    for volume in pod.get("volumes", []):
        source = {key: value for key, value in volume.items() if key != "name"}
        yield f"volumes/{volume['name']}", canonical(source)
        for name in _mounted(volume):
            yield from _data(f"config/{name}", maps.get(name))


def _mounted(volume: Body) -> list[str]:
    """ConfigMaps of a volume."""
    sources = [volume, *(volume.get("projected") or {}).get("sources", [])]
    return [source["configMap"]["name"] for source in sources if "configMap" in source]


def _data(prefix: str, config_map: Body | None) -> Iterator[Entry]:
    if config_map is None:
        yield prefix, "no such ConfigMap"
        return
    for kind in ("data", "binaryData"):
        for key, value in (config_map.get(kind) or {}).items():
            yield f"{prefix}/{key}", value


def _of_container(container: Body, maps: ConfigMaps) -> Iterator[Entry]:
    # Later entries win, as they do in the container: env over envFrom.
    for source in container.get("envFrom", []):
        yield from _environment(source, maps)
    for variable in container.get("env", []):
        yield f"env/{variable['name']}", _value(variable, maps)
    for field in _PLAIN:
        if container.get(field):
            value = container[field]
            yield field, value if isinstance(value, str) else canonical(value)
    for port in container.get("ports", []):
        name = port.get("name") or str(port["containerPort"])
        yield f"ports/{name}", f"{port['containerPort']}/{port.get('protocol', 'TCP')}"
    for field in _NESTED:
        yield from _flat(field, container.get(field) or {})
    yield from _mounts(container)


def _environment(source: Body, maps: ConfigMaps) -> Iterator[Entry]:
    prefix = source.get("prefix", "")
    if "secretRef" in source:
        name = source["secretRef"]["name"]
        yield f"envFrom/{prefix}{name}", f"secret {name}"
    elif "configMapRef" in source:
        name = source["configMapRef"]["name"]
        config_map = maps.get(name)
        if config_map is None:
            yield f"envFrom/{prefix}{name}", f"no ConfigMap {name}"
            return
        for key, value in (config_map.get("data") or {}).items():
            yield f"env/{prefix}{key}", value


def _value(variable: Body, maps: ConfigMaps) -> str:
    source = variable.get("valueFrom") or {}
    if "secretKeyRef" in source:
        reference = source["secretKeyRef"]
        return f"secret {reference['name']}/{reference['key']}"
    if "configMapKeyRef" in source:
        reference = source["configMapKeyRef"]
        config_map = maps.get(reference["name"])
        data: Mapping[str, str] = (config_map or {}).get("data") or {}
        absent = f"no key {reference['key']} of ConfigMap {reference['name']}"
        return data.get(reference["key"], absent)
    return canonical(source) if source else str(variable.get("value", ""))


def _mounts(container: Body) -> Iterator[Entry]:
    mounts: dict[str, list[Body]] = {}
    for mount in container.get("volumeMounts", []):
        mounts.setdefault(mount["name"], []).append(
            {key: value for key, value in mount.items() if key != "name"}
        )
    for name, places in mounts.items():
        yield f"mounts/{name}", canonical(places)


def _flat(prefix: str, value: Any) -> Iterator[Entry]:
    """Nested objects as one entry per leaf; a list is a leaf."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(f"{prefix}/{key}", item)
    else:
        yield prefix, value if isinstance(value, str) else canonical(value)
