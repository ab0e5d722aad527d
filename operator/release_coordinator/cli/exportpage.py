"""An export as `kubectl release verify` tells of it. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import yaml
from rich.console import Group, RenderableType
from rich.text import Text

from release_coordinator.api.export import DATA_KEY, StagingExport
from release_coordinator.engine.exportfacts import ExportFact

from .failure import UnansweredError
from .tables import new_table
from .words import ago, plain, word


def envelope_in(text: str) -> str:
    """The envelope in a file: bare, or in the ConfigMap that carries it. Raises UnansweredError."""
    try:
        said = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise UnansweredError(f"the file is neither YAML nor JSON: {error}") from error
    if isinstance(said, Mapping) and said.get("kind") == "ConfigMap":
        data = said.get("data")
        found = data.get(DATA_KEY) if isinstance(data, Mapping) else None
        if not isinstance(found, str):
            raise UnansweredError(f"the ConfigMap in the file has no key {DATA_KEY}")
        return found
    return text


def view(fact: ExportFact) -> dict[str, Any]:
    """The documented shape of `verify -o json`."""
    if fact.export is None:
        return {"verified": False, "problem": fact.problem}
    return {"verified": True, "key": fact.key, "export": fact.export.to_wire()}


def refused(problem: str) -> RenderableType:
    """Why it proves nothing."""
    what = plain(problem.removeprefix("it ")).plain
    return Text(f"Not to be believed: it {what}", style="bold red")


def page(export: StagingExport, key: str, now: datetime) -> RenderableType:
    """What is proved, and by whom."""
    place = f"{export.namespace}/{export.release}"
    lines = [
        Text(f"Signed with {plain(key).plain}: nothing was changed", style="green"),
        Text(f"Release {place}, UID {export.release_uid}, exported {ago(export.exported_at, now)}"),
        Text(f"Its newest attempt was {export.head.attempt}, record {export.head.name}"),
        Text(_configuration(export)),
    ]
    table = new_table("ATTEMPT", "VERSION", "OUTCOME", "ENDED", "ARTIFACTS")
    for one in reversed(export.records):
        spec = one.spec
        ended = ago(spec.ended_at, now)
        digest = (spec.artifact_digest or "")[:19]
        table.add_row(str(spec.attempt), plain(spec.version), word(spec.outcome), ended, digest)
    return Group(*lines, Text(), table)


def _configuration(export: StagingExport) -> str:
    if export.configuration is None:
        return "It tells no configuration"
    count = sum(len(one.entries) + len(one.hidden) for one in export.configuration)
    names = ", ".join(one.component for one in export.configuration)
    return f"It tells the configuration of {names} ({count} entries)"
