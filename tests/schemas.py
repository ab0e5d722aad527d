"""Tools on the schemas in the definitions: a walk, and the largest object a schema allows."""

import json
import re
from collections.abc import Iterator
from typing import Any

from release_coordinator.api.job import TEXT_LIMIT
from release_coordinator.api.schema import crds
from release_coordinator.api.strategy import BLUE_GREEN_LIMIT
from release_coordinator.api.workload import INLINE_LIMIT

Schema = dict[str, Any]

ENVELOPE = {".apiVersion", ".kind", ".metadata"}
"""Fields that the API server itself checks."""

STEMS = (
    "",
    "/",
    "1.2.3-",
    "9999h99999m999999s",
    "2026-12-01T20:00:00.000000000+01:00",
    f"{'x' * 119}/v1alpha1",
    "X",
)
"""Beginnings, one of which makes a text match any pattern of a Release."""


def schema_of(file: str) -> Schema:
    """Return the schema of a whole object."""
    (version,) = crds()[file]["spec"]["versions"]
    return dict(version["schema"]["openAPIV3Schema"])


def walk(node: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Yield every node below the envelope with its path."""
    if path in ENVELOPE:
        return
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from walk(child, f"{path}.{name}")
    for keyword, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if keyword in node:
            yield from walk(node[keyword], path + mark)


def refused_nulls(node: Schema, value: object, path: str = "") -> list[str]:
    """Where a list has a null that the API server refuses; fields that are null it leaves out."""
    found: list[str] = []
    if isinstance(value, dict):
        for name, one in value.items():
            below = node.get("properties", {}).get(name) or node.get("additionalProperties") or {}
            found += refused_nulls(below, one, f"{path}.{name}")
    if isinstance(value, list):
        items = node.get("items", {"nullable": True})
        for index, one in enumerate(value):
            if one is None and not items.get("nullable"):
                found.append(f"{path}[{index}]")
            found += refused_nulls(items, one, f"{path}[{index}]")
    return found


def size(value: object) -> int:
    """Bytes of a value as JSON, as the server stores it."""
    return len(json.dumps(value, separators=(",", ":")).encode())


def largest_release() -> Schema:
    """Return a Release with every list full and every text as long as its definition allows."""
    spec = largest(schema_of("releases.yaml")["properties"]["spec"])
    names = [component["name"] for component in spec["components"]]
    for index, component in enumerate(spec["components"]):
        _give_workload(component, index, inline=index == 0)
        if 0 < index <= BLUE_GREEN_LIMIT:
            component["workloadRef"]["kind"] = "Deployment"
        else:
            del component["strategy"]
        component["dependsOn"] = [name for name in names if name != component["name"]]
    for metric in spec["watch"]["metrics"]:
        del metric["preset"]  # a query is the larger one of the two
    return {
        "apiVersion": "release-coordinator.io/v1alpha1",
        "kind": "Release",
        "metadata": {"name": "x" * 52},
        "spec": spec,
    }


def _give_workload(component: Schema, index: int, *, inline: bool) -> None:
    """Leave one of the two ways to name a workload; one that is inline takes all the room."""
    del component["workloadRef" if inline else "workload"]
    if not inline:
        component["workloadRef"]["name"] = numbered("x" * 253, index)
        return
    workload = component["workload"]
    del workload["metadata"]
    workload["spec"] = {"x": ""}
    workload["spec"]["x"] = "x" * (INLINE_LIMIT - size(workload))


def largest(node: Schema) -> Any:
    """Return the largest value of a schema whose texts are all of the kinds in a Release."""
    match node:
        case {"enum": values}:
            return "Reversible" if "Reversible" in values else max(values, key=len)
        case {"properties": {"runAsUser": _}}:
            return _largest_job(node)
        case {"properties": {"object": _, "configMap": _, "job": _} as fields}:
            # One of the three is allowed; a Job is by far the largest.
            return {name: largest(fields[name]) for name in ("name", "job")}
        case {"properties": fields}:
            return {name: largest(field) for name, field in fields.items()}
        case {"items": items, "maxItems": count}:
            return [_distinct(largest(items), index) for index in range(count)]
        case {"additionalProperties": values, "maxProperties": count}:
            return {numbered("x" * 63, index): largest(values) for index in range(count)}
        case {"type": "string"}:
            return _longest_text(node)
        case _:  # a number, true, or an object of any form
            return node.get("maximum", {} if node["type"] == "object" else True)


def _largest_job(node: Schema) -> Schema:
    """A Job whose texts reach their common limit in the way that needs most brackets."""
    fields = node["properties"]
    special = ("command", "args", "env")
    variables = fields["env"]["maxItems"]
    key = TEXT_LIMIT // variables - 63 - 1
    return {
        **{name: largest(field) for name, field in fields.items() if name not in special},
        "command": [""] * fields["command"]["maxItems"],
        "args": [""] * fields["args"]["maxItems"],
        "env": [
            {
                "name": numbered("X" * 63, index),
                "valueFrom": {"configMapKeyRef": {"name": "x", "key": "x" * key}},
            }
            for index in range(variables)
        ],
    }


def _told_pattern(node: Schema) -> str:
    """Return the pattern that a rule with a message of its own stands for."""
    rules = [entry["rule"] for entry in node.get("x-kubernetes-validations", [])]
    told = (re.fullmatch(r"self\.matches\(r'(.*)'\)", rule) for rule in rules)
    return next((found[1] for found in told if found), "")


def _longest_text(node: Schema) -> str:
    pattern = re.compile(node.get("pattern") or _told_pattern(node))
    for stem in STEMS:
        text = stem if len(stem) > len("1.2.3-") else stem.ljust(node["maxLength"], "x")
        if pattern.search(text):
            return text
    return "1" * int(node["maxLength"])


def _distinct(value: Any, index: int) -> Any:
    if isinstance(value, dict) and "name" in value:
        return {**value, "name": numbered(value["name"], index)}
    return numbered(value, index) if isinstance(value, str) and value else value


def numbered(text: str, index: int) -> str:
    """Return the text with a number as its end, as long as before."""
    return f"{text[:-2]}{index:02}"
