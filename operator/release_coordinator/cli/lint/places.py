"""A file as documents, with the line on which each field stands. Pure; first step of `cli.lint`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from release_coordinator.cli.manifest import Loader
from release_coordinator.cluster.port import Body

from .findings import Finding, Level

NODES = 100_000
"""Values of a document, those of aliases counted each time; an API server takes far fewer."""
_PART = re.compile(r"\[([^\]]*)\]|([^.\[\]]+)")


@dataclass(frozen=True, slots=True)
class Document:
    """One object of a file."""

    file: str
    body: Body
    node: yaml.Node

    @property
    def kind(self) -> str:
        """As the file says it."""
        return str(self.body.get("kind") or "")

    @property
    def name(self) -> str:
        """As the file says it; empty if it does not."""
        metadata = self.body.get("metadata")
        return str(metadata.get("name") or "") if isinstance(metadata, dict) else ""

    def placed(self, finding: Finding) -> Finding:
        """The same finding with file, line and object."""
        return Finding(
            finding.level,
            finding.rule,
            finding.path,
            finding.text,
            self.file,
            line_of(self.node, finding.path),
            f"{self.kind} {self.name}".strip(),
        )


def read(text: str, file: str) -> tuple[list[Document], list[Finding]]:
    """The objects of a file, and what keeps it from being read."""
    loader = Loader(text)
    found, faults = [], []
    try:
        while loader.check_node() and (node := loader.get_node()) is not None:
            fields = _Fields()
            fields.visit(node)
            faults += [_at(file, line, text) for line, text in fields.twice]
            body = loader.construct_document(node)
            found += list(_apart(file, body, node, faults))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        faults.append(_at(file, line, f"this is no YAML: {error.problem or error.context}"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        faults.append(_at(file, 1, f"this is no YAML: {error}"))
    finally:
        loader.dispose()
    return found, faults


def line_of(node: yaml.Node, path: str) -> int:
    """The line of a field, counted from 1; of the nearest field around it if it is missing."""
    line = node.start_mark.line + 1
    for match in _PART.finditer(path):
        key, name = match.groups()
        step = _child(node, name if key is None else key)
        if step is None:
            break
        line, node = step
    return line


def _child(node: yaml.Node, key: str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return name.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and key.isdecimal() and int(key) < len(node.value):
        entry: yaml.Node = node.value[int(key)]
        return entry.start_mark.line + 1, entry
    return None


def _apart(file: str, body: Any, node: yaml.Node, faults: list[Finding]) -> Iterator[Document]:
    """A List is its items; what is no object is a fault."""
    if body is None:
        return
    if not isinstance(body, dict):
        line = node.start_mark.line + 1
        faults.append(_at(file, line, "a document is no Kubernetes object; write its fields"))
        return
    if body.get("kind") != "List":
        yield Document(file, body, node)
        return
    items = _child(node, "items")
    nodes = items[1].value if items and isinstance(items[1], yaml.SequenceNode) else []
    for item, place in zip(body.get("items") or [], nodes, strict=False):
        yield from _apart(file, item, place, faults)


class _Fields:
    """Looks for fields that are said twice: YAML would silently take the last, kubectl refuses."""

    def __init__(self) -> None:
        self.twice: list[tuple[int, str]] = []
        self._left = NODES

    def visit(self, node: yaml.Node) -> None:
        """Everything below a node. Raises YAMLError if aliases make it endless."""
        self._left -= 1
        if self._left < 0:
            raise yaml.YAMLError("its aliases make it far too large; write it without them")
        if isinstance(node, yaml.SequenceNode):
            for entry in node.value:
                self.visit(entry)
        if not isinstance(node, yaml.MappingNode):
            return
        seen: set[str] = set()
        for name, value in node.value:
            key = str(name.value)
            if key in seen and key != "<<":
                self.twice.append((name.start_mark.line + 1, f"{key} is there twice; remove one"))
            seen.add(key)
            self.visit(value)


def _at(file: str, line: int, text: str) -> Finding:
    return Finding(Level.ERROR, "yaml", "", text, file, line)
