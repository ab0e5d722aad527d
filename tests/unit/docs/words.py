"""Which of our words there are, as the code has them: reasons, alerts, metrics, fields, files."""

import ast
import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import Any

import yaml
from tools.markdown import ROOT
from tools.reference import alertrules, instruments

from release_coordinator import api
from release_coordinator.api.schema import crds

CHART = ROOT / "helm" / "release-coordinator"
PACKAGE = ROOT / "operator" / "release_coordinator"
METADATA = "metadata"
"""Of every object; Kubernetes says what is in it."""
_SERIES = ("", "_bucket", "_count", "_sum")
_PROMETHEUS = re.compile(r"\b(?:release_coordinator|workqueue|controller_runtime)_\w+")


@cache
def names() -> frozenset[str]:
    """Words in CamelCase: of the vocabulary, kinds, alerts, and the classes of the code."""
    for module in pkgutil.iter_modules(api.__path__):
        importlib.import_module(f"{api.__name__}.{module.name}")
    said = {word.value for kind in StrEnum.__subclasses__() for word in kind}
    kinds = {body["spec"]["names"]["kind"] for body in crds().values()}
    return frozenset(said | kinds | alerts() | _classes())


@cache
def alerts() -> frozenset[str]:
    """Names of the alerts that the chart brings."""
    rules = yaml.safe_load((ROOT / "manifests" / "alerts.yaml").read_text(encoding="utf-8"))
    return frozenset(alertrules.names(rules))


def unknown_metrics(text: str) -> list[str]:
    """Return the metrics in a text that are like ours and are not exported."""
    return [word for word in _PROMETHEUS.findall(text) if not _is_metric(word)]


def _is_metric(word: str) -> bool:
    """Whether it is one, or, with `_` at its end, how some begin."""
    begins = word.endswith("_") and any(name.startswith(word) for name in _series())
    return begins or word in _series()


@cache
def _series() -> frozenset[str]:
    found = {one.name for one in instruments.instruments()}
    return frozenset(f"{name}{ending}" for name in found for ending in _SERIES)


def is_field(path: str) -> bool:
    """Whether a path is one of fields, from wherever it begins: of our kinds or of the chart."""
    return tuple(path.replace("[]", "").split(".")) in _chains()


def is_value(path: str) -> bool:
    """Whether the chart has such a value."""
    return tuple(path.split(".")) in _values()


def begins_like_a_field(path: str) -> bool:
    """Whether the first word is a field of ours, so that what follows should be one below it."""
    first = path.replace("[]", "").split(".")[0]
    return first != METADATA and (first,) in _chains()


@cache
def _chains() -> frozenset[tuple[str, ...]]:
    return frozenset(
        path[start:end]
        for path in _paths() | _values()
        for start in range(len(path))
        for end in range(start + 1, len(path) + 1)
    )


@cache
def _paths() -> frozenset[tuple[str, ...]]:
    """Every field of every kind, from `spec` or `status` on."""
    schemas = (one["schema"] for body in crds().values() for one in body["spec"]["versions"])
    return frozenset(path for one in schemas for path in _below(one["openAPIV3Schema"], ()))


@cache
def _values() -> frozenset[tuple[str, ...]]:
    """Every value of the chart."""
    text = (CHART / "values.schema.json").read_text(encoding="utf-8")
    return frozenset(_below(json.loads(text), ()))


def _below(node: Any, at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    node = node.get("items", node)
    for name, field in node.get("properties", {}).items():
        yield (*at, name)
        yield from _below(field, (*at, name))
    if isinstance(node.get("additionalProperties"), dict):
        yield from _below(node["additionalProperties"], at)


@cache
def _classes() -> frozenset[str]:
    """Names of the classes of the code, and what its constants say in CamelCase."""
    return frozenset(
        name
        for file in PACKAGE.rglob("*.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if (name := _named(node))
    )


def _named(node: ast.stmt) -> str:
    match node:
        case ast.ClassDef(name=name):
            return name
        case ast.Assign(value=ast.Constant(value=str(text))):
            return text
        case _:
            return ""


def is_file(path: str, page: str) -> bool:
    """Whether there is such a file: from the root, the package or beside the page, or anywhere."""
    beside = (ROOT / page).parent
    if "/" in path:
        return any((base / path).exists() for base in (ROOT, PACKAGE, beside))
    return path in _files()


@cache
def _files() -> frozenset[str]:
    folders = ("crds", "docs", "helm", "manifests", "operator", "requirements", "tests", "tools")
    found = {file.name for name in folders for file in (ROOT / name).rglob("*.*")}
    return frozenset(found | {file.name for file in ROOT.iterdir()})
