"""From a pydantic model to a structural schema, the part of JSON Schema a CRD may use.

Second station on the way from the types to `crds/`: pydantic writes its own JSON Schema, this
module inlines references and drops what the API server refuses or does not need, `api.schema`
puts the result into CustomResourceDefinitions. A keyword it does not know is an error, no guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from .base import DURATION_PATTERN, SEMVER_PATTERN
from .faults import FORMS

Schema = dict[str, Any]

SAME = (
    "description",
    "type",
    "nullable",
    "format",
    "enum",
    "default",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "required",
    "properties",
    "items",
    "additionalProperties",
)
"""Keywords that pydantic and the API server share, in the order people like to read them."""

DROPPED = ("title", "propertyNames", "$defs")
"""Titles repeat the name; for keys of maps a CRD has no keyword."""

RULES = "x-kubernetes-validations"
TOLD = (SEMVER_PATTERN, DURATION_PATTERN)
"""Patterns that people run into and cannot read: a rule says instead what to write."""
SILENT: tuple[Any, ...] = (None, "", [], {})
"""Defaults that say no more than absence does; left out, they stay out of stored objects."""


class UnknownKeyword(Exception):  # noqa: N818 - names the fact
    """A model uses a feature of JSON Schema that a CRD has no word for."""


def structural(model: type[BaseModel], *, reported: bool = False) -> Schema:
    """Return the structural schema of a model.

    Args:
        model: a type of the API.
        reported: the operator writes the object, and all of it. Then defaults would invent what
            was never reported, and rules for authors would refuse a report of what did happen.
    """
    source = model.model_json_schema(by_alias=True)
    return _Conversion(source.get("$defs", {}), reported=reported).convert(source)


@dataclass(frozen=True)
class _Conversion:
    definitions: Mapping[str, Any]
    reported: bool

    def convert(self, node: Mapping[str, Any]) -> Schema:
        found: Schema = {}
        for keyword, value in self._resolve(node).items():
            found |= self._keyword(keyword, value)
        extensions = sorted(keyword for keyword in found if keyword.startswith("x-kubernetes-"))
        return {keyword: found[keyword] for keyword in (*SAME, *extensions) if keyword in found}

    def _resolve(self, node: Mapping[str, Any]) -> Schema:
        """Follow references and read `X | None` as X; what stands beside them wins."""
        rest = dict(node)
        if "$ref" in rest:
            target = self.definitions[rest.pop("$ref").rsplit("/", 1)[-1]]
            return self._resolve({**target, **rest})
        if "anyOf" in rest:
            choices = [choice for choice in rest.pop("anyOf") if choice != {"type": "null"}]
            if len(choices) != 1:
                raise UnknownKeyword(f"a union of {len(choices)} types")
            return self._resolve({**choices[0], **rest})
        return rest

    def _keyword(self, keyword: str, value: Any) -> Schema:
        match keyword:
            case "description":
                return {keyword: " ".join(value.split("\n\n")[0].split())}
            case "exclusiveMinimum":
                return {"minimum": value, keyword: True}
            case "items":
                return {keyword: self.convert(value) | _absence(value)}
            case "properties":
                return {keyword: {name: self.convert(node) for name, node in value.items()}}
            case "pattern" if value in TOLD and not self.reported:
                return {RULES: [{"rule": f"self.matches(r'{value}')", "message": FORMS[value]}]}
            case "additionalProperties" if value is True:
                return {}  # says as little as its absence; x-kubernetes-preserve... says it all
            case "patternProperties":
                (values,) = value.values()
                return {"additionalProperties": self.convert(values)}
            case _:
                pass
        if not (keyword in SAME or keyword in DROPPED or keyword.startswith("x-kubernetes-")):
            raise UnknownKeyword(keyword)
        return {} if self._left_out(keyword, value) else {keyword: value}

    def _left_out(self, keyword: str, value: Any) -> bool:
        if keyword == "default":
            return self.reported or value in SILENT
        return keyword in DROPPED or (self.reported and keyword == RULES)


def _absence(node: Mapping[str, Any]) -> Schema:
    """A field may be left out, a place in a list may not: there null has to be allowed."""
    return {"nullable": True} if {"type": "null"} in node.get("anyOf", ()) else {}
