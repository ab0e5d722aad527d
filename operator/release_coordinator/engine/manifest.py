"""The version manifest that CI writes: which version each component has; YAML or JSON.

    backend: 1.3.0            version: 1.3.0
    frontend: 1.3.0           components: {backend: 1.3.0, frontend: 1.3.0}

Read by the gate of version consistency. Anybody may have written it, so it is measured before it
is built: a small document, two levels deep, without aliases. Of YAML every value is the text that
is written: 1.10 is no number and 2026-01-05 no date, and no tag makes anything else of them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

LIMIT = 64 * 1024
"""Characters; a manifest of all components has a thousand."""
DEPTH = 2


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the manifest says, as written."""

    components: Mapping[str, str | None]
    """None: something is there, but it is no text."""
    version: str | None = None
    """Of the whole application, if it is named."""


class ManifestError(Exception):
    """It cannot be read; the text says what to write instead."""


def read(text: str) -> Manifest:
    """The manifest in a text. Raises ManifestError."""
    document = _load(text)
    if not isinstance(document, dict):
        raise ManifestError("it is no mapping; write a line like backend: 1.3.0 per component")
    parts = document.get("components")
    entries = parts if isinstance(parts, dict) else document
    components = {str(name): _text(said) for name, said in entries.items()}
    return Manifest(components, _text(document.get("version")))


def _text(said: object) -> str | None:
    return said if isinstance(said, str) else None


def _load(text: str) -> Any:
    if len(text) > LIMIT:
        raise ManifestError(f"it has more than {LIMIT} characters; name components and versions")
    try:
        return json.loads(text)  # tabs, which JSON may have between its tokens, are no YAML
    except (ValueError, RecursionError):
        pass
    try:
        _measure(text)
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - knows text, maps and lists
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # \UFFFFFFFF is no character
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise ManifestError(f"it is neither YAML nor JSON{place}; correct it") from error


def _measure(text: str) -> None:
    """Walk over the document without building it: neither depth nor aliases can blow it up."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        if isinstance(event, yaml.AliasEvent):
            raise ManifestError("it has an alias (*); write each version out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH:
            raise ManifestError("it is nested too deep; name components and versions only")
