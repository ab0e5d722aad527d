"""The schema of an object and its rules, checked without a server. Pure; part of `cli.lint`.

The types say what a value may be; the CRD says besides which fields there are, what may not be
there twice, and has rules (CEL). A rule is known here by its message; `celrules` has its meaning.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from release_coordinator.api import codec, schema
from release_coordinator.api.faults import MAPS, Fault
from release_coordinator.api.structural import RULES
from release_coordinator.cluster.port import (
    APPROVAL,
    CHANNEL,
    INCIDENT,
    METRIC_SOURCE,
    NOTIFICATION,
    POLICY,
    RELEASE,
    Body,
    Kind,
)
from release_coordinator.engine import plan

from . import celrules
from .findings import Finding, error, of_faults

KINDS: Mapping[str, Kind] = {
    one.kind: one
    for one in (RELEASE, POLICY, APPROVAL, METRIC_SOURCE, CHANNEL, INCIDENT, NOTIFICATION)
}
"""Kinds that are checked. Others are passed over; nobody writes a ReleaseRecord by hand."""
ELSEWHERE: Mapping[str, str] = {
    "spec.apprise.url": (
        "an apprise URL contains credentials and must not stand in a file; put it into a Secret "
        "of the operator's namespace, and name that in urlFrom"
    ),
    "spec.watch.onUnknown": "onUnknown belongs to each entry of metrics, alerts, logs, dataChecks",
    "spec.watch.severity": "severity belongs to each entry of what is watched",
    "spec.watch.failureThreshold": "failureThreshold belongs to each entry of metrics",
    "spec.unknownLimit": "spec.watch.unknownLimit is meant",
}
"""Fields that people look for where they are not, and where they are."""
_READERS: Mapping[str, Callable[[Body], tuple[Fault, ...]]] = {
    "Release": lambda body: codec.parse_release({**body, "status": {}}).faults,
    "ReleasePolicy": lambda body: codec.parse_policy(body)[1],
    "Approval": lambda body: codec.parse_approval(body)[1],
    "MetricSource": lambda body: codec.parse_metric_source({**body, "status": {}}).faults,
    "Channel": lambda body: codec.parse_channel(as_written(body)).faults,
    "Incident": lambda body: codec.parse_incident(as_written(body)).faults,
    "Notification": lambda body: codec.parse_notification({**body, "status": {}}).faults,
}


def findings(kind: Kind, body: Body) -> list[Finding]:
    """Everything for which the API server or the operator would refuse an object."""
    found = [*_name(body), *of_faults("schema", _READERS[kind.kind](body))]
    known = {(one.path, one.text) for one in found}
    faulty = frozenset(one.path for one in found)  # their rules would say the same again
    root = _schema(kind)
    walked = list(_walk(body.get("spec"), root["properties"]["spec"], "spec", faulty))
    walked += _rules(body, root, "metadata.name", frozenset())
    found += [one for one in walked if (one.path, one.text) not in known]
    if kind == RELEASE and not found:
        spec = codec.parse_release(body).spec
        resolved = plan.resolve(spec) if spec else ()
        found += of_faults("plan", resolved if isinstance(resolved, tuple) else ())
    return found


def _name(body: Body) -> Iterator[Finding]:
    metadata = body.get("metadata")
    named = metadata if isinstance(metadata, Mapping) else {}
    name = named.get("name") or named.get("generateName")
    if not isinstance(name, str) or not name:
        yield error("schema", "metadata.name", "is missing; add it")


def as_written(body: Body) -> Body:
    """A body without what only a server writes: in a file that may be anything."""
    metadata = body.get("metadata")
    named = metadata if isinstance(metadata, Mapping) else {}
    return {**body, "status": {}, "metadata": {**named, "creationTimestamp": None}}


@cache
def _schema(kind: Kind) -> Mapping[str, Any]:
    definition = schema.crds()[f"{kind.plural}.yaml"]
    root: Mapping[str, Any] = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return root


def _walk(
    value: Any, node: Mapping[str, Any], path: str, faulty: frozenset[str]
) -> Iterator[Finding]:
    if isinstance(value, Mapping):
        yield from _object(value, node, path, faulty)
    elif isinstance(value, list):
        yield from _list(value, node, path)
        for index, entry in enumerate(value):
            yield from _walk(entry, node.get("items", {}), f"{path}[{index}]", faulty)
    yield from _rules(value, node, path, faulty)


def _rules(
    value: Any, node: Mapping[str, Any], path: str, faulty: frozenset[str]
) -> Iterator[Finding]:
    if value is None or path in faulty:
        return
    for rule in node.get(RULES, ()):
        if not celrules.holds(rule["message"], value):
            yield error("rule", path, rule["message"])


def _object(
    value: Mapping[Any, Any], node: Mapping[str, Any], path: str, faulty: frozenset[str]
) -> Iterator[Finding]:
    properties = node.get("properties", {})
    entries = node.get("additionalProperties")
    for name, part in value.items():
        own = path.rpartition(".")[2] in MAPS
        place = f"{path}[{name}]" if own else f"{path}.{name}"
        if name in properties:
            yield from _walk(part, properties[name], place, faulty)
        elif isinstance(entries, Mapping):
            yield from _walk(part, entries, place, faulty)
        elif not node.get("x-kubernetes-preserve-unknown-fields") and entries is None:
            text = ELSEWHERE.get(place) or _alike(name, properties)
            yield error("unknown-field", place, f"there is no such field; {text}")


def _alike(name: object, properties: Mapping[str, Any]) -> str:
    plain = str(name).replace("_", "").replace("-", "").lower()
    near = [known for known in properties if known.lower() in {plain, f"{plain}s", plain[:-1]}]
    return f"{near[0]} is meant" if near else "remove it, or correct its name"


def _list(value: list[Any], node: Mapping[str, Any], path: str) -> Iterator[Finding]:
    """What the API server wants to find only once."""
    kind = node.get("x-kubernetes-list-type")
    keys = node.get("x-kubernetes-list-map-keys", [])
    seen: list[Any] = []
    for index, entry in enumerate(value):
        mark = entry
        if kind == "map":
            mark = [entry.get(key) for key in keys] if isinstance(entry, Mapping) else None
        if kind in {"map", "set"} and mark is not None and mark in seen:
            said = ", ".join(map(str, mark)) if kind == "map" else mark
            yield error("schema", f"{path}[{index}]", f"{said} is there twice; remove one")
        seen.append(mark)
