"""The fields of one object of the API as a Markdown table; a part of `tools.api_reference`."""

import json
from collections.abc import Iterator
from typing import Any

from tools.reference import vocabulary

from release_coordinator.api import base, evidence, windows
from release_coordinator.api.faults import FORMS
from release_coordinator.api.job import MOUNT_PATTERN, VARIABLE_PATTERN
from release_coordinator.api.metricsource import LABEL_PATTERN, URL_PATTERN
from release_coordinator.api.policy import PUBLIC_KEY_PATTERN
from release_coordinator.api.structural import RULES, SILENT

Schema = dict[str, Any]

HEAD = ["| Field | Type | Default | Bounds | Description |", "|---|---|---|---|---|"]
BOUNDS = (
    ("characters", "minLength", "maxLength"),
    ("entries", "minItems", "maxItems"),
    ("entries", "minProperties", "maxProperties"),
    ("", "minimum", "maximum"),
)
TYPES = {
    "object": "object",
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
}
PATTERNS = {
    base.SEMVER_PATTERN: "version",
    base.DURATION_PATTERN: "duration",
    base.NAME_PATTERN: "label",
    base.OBJECT_NAME_PATTERN: "object name",
    base.KEY_PATTERN: "key",
    LABEL_PATTERN: "metric label",
    base.IMAGE_PATTERN: "image",
    base.PATH_PATTERN: "HTTP path",
    base.QUANTITY_PATTERN: "quantity",
    base.DIGEST_PATTERN: "digest",
    base.MOMENT_PATTERN: "moment",
    windows.LOCAL_TIME_PATTERN: "local time",
    windows.ZONE_PATTERN: "time zone",
    windows.RECURRENCE_PATTERN: "recurrence",
    evidence.API_VERSION_PATTERN: "API version",
    evidence.KIND_PATTERN: "kind",
    evidence.SCHEMA_VERSION_PATTERN: "schema version",
    VARIABLE_PATTERN: "variable name",
    MOUNT_PATTERN: "directory",
    URL_PATTERN: "URL",
    PUBLIC_KEY_PATTERN: "public key",
}
"""What a text of each pattern is called."""

VOCABULARY = {kind.__name__ for kind in vocabulary.WORDS}
"""Types that have a page of their own, because more than fields use their words."""


def table(node: Schema, definitions: dict[str, Schema]) -> list[str]:
    """Return the lines of the table of an object's fields."""
    required = node.get("required", ())
    rows = []
    for name, field in node["properties"].items():
        cells = (
            f"`{name}`",
            _type(field),
            "*required*" if name in required else _default(field),
            "; ".join(_bounds(_present(field))),
            cell(_description(field, definitions)),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return [*HEAD, *rows]


def rules(*nodes: Schema) -> list[str]:
    """Return the CEL rules of these nodes as a list, what they say before how they say it."""
    found = [rule for node in nodes for rule in node.get(RULES, ())]
    lines = [f"- {rule['message']}:<br>`{rule['rule']}`" for rule in found]
    return ["", "Rules:", "", *lines] if lines else []


def link(name: str) -> str:
    """Return a link to the section of a type, here or on the page of the vocabulary."""
    page = "conditions.md" if name in VOCABULARY else ""
    return f"[{name}]({page}#{name.lower()})"


def cell(text: str) -> str:
    """Return text that may stand in a table."""
    return " ".join(text.split()).replace("|", "\\|")


def patterns() -> list[str]:
    """Return the table of the forms that texts have."""
    rows = [
        f"| {name} | {cell(FORMS.get(pattern, ''))} | {cell(f'`{pattern}`')} |"
        for pattern, name in PATTERNS.items()
    ]
    return ["| Type | What to write | Pattern |", "|---|---|---|", *rows]


def _present(node: Schema) -> Schema:
    """The field without the possibility of its absence."""
    choices = [one for one in node.get("anyOf", ()) if one != {"type": "null"}]
    return {**choices[0], **node} if choices else node


def _type(node: Schema) -> str:
    match _present(node):
        case {"$ref": reference}:
            return link(reference.rsplit("/", 1)[-1])
        case {"type": "array", "items": items}:
            return f"list of {_type(items)}"
        case {"patternProperties": values}:
            return f"map to {_type(next(iter(values.values())))}"
        case {"format": "date-time"}:
            return "time"
        case {"pattern": pattern}:
            return f"[{PATTERNS[pattern]}](#patterns)"
        case plain:
            return TYPES[plain["type"]]


def _default(node: Schema) -> str:
    default = node.get("default")
    return "" if default in SILENT else cell(f"`{json.dumps(default)}`")


def _description(node: Schema, definitions: dict[str, Schema]) -> str:
    """What the field says, or else what its type says first."""
    reference = str(_present(node).get("$ref", "")).rsplit("/", 1)[-1]
    inherited = definitions.get(reference, {}).get("description", "")
    return str(node.get("description") or inherited.split("\n\n")[0])


def _bounds(node: Schema) -> Iterator[str]:
    for unit, least, most in BOUNDS:
        if most in node:
            yield f"{_range(node.get(least), node[most])} {unit}".strip()
    if "exclusiveMinimum" in node:
        yield f"more than {node['exclusiveMinimum']}"
    for inner in _inside(node):
        yield from (f"each {bound}" for bound in _bounds(inner))


def _range(least: float | None, most: float) -> str:
    if least is None:
        return f"at most {most:.10g}"
    return f"{least:.10g} or more" if most == base.EXACT else f"{least:.10g} to {most:.10g}"


def _inside(node: Schema) -> list[Schema]:
    items = [node["items"]] if "items" in node else []
    return [*items, *node.get("patternProperties", {}).values()]
