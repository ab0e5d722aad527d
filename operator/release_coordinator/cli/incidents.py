"""What people change of an Incident: bodies and patches, and why something cannot be written. Pure.

Used by `cli.commands.incident`. The API server has the same rules; here they name the command that
helps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from release_coordinator.api.base import INCIDENT_NAME, format_time
from release_coordinator.api.codec import IncidentObject
from release_coordinator.api.faults import faults_of, told
from release_coordinator.api.incident import (
    NOTES_LIMIT,
    IncidentDecision,
    IncidentNote,
    IncidentSeverity,
    IncidentSpec,
    IncidentState,
)
from release_coordinator.engine.plan import short_hash

from .failure import UnansweredError

Body = dict[str, Any]
NEEDED = {"rootCause": "--root-cause", "prevention": "--prevention"}
"""What an Incident says before it is Resolved, and the option for it."""


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody wants to write; None leaves what is there."""

    title: str | None = None
    severity: IncidentSeverity | None = None
    impact: str | None = None
    state: IncidentState | None = None
    decision: IncidentDecision | None = None
    detected_at: str | None = None
    root_cause: str | None = None
    prevention: str | None = None
    fix: str | None = None

    def to_wire(self) -> Body:
        """As fields of a spec."""
        found = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                alias = IncidentSpec.model_fields[field.name].alias or field.name
                found[alias] = str(value)
        return found


def opened(namespace: str, release: str, attempt: int | None, words: Words, now: datetime) -> Body:
    """A new Incident. Raises UnansweredError for what cannot be stored."""
    spec = {"release": release, **words.to_wire()}
    if attempt is not None:
        spec["attempt"] = attempt
    _check(spec, "NAME")
    key = f"{now:%Y%m%d-%H%M}-{short_hash(release, words.title or '', format_time(now))[:4]}"
    name = f"{release[: INCIDENT_NAME - len(key) - 1].rstrip('-.')}-{key}"
    return {"metadata": {"name": name, "namespace": namespace}, "spec": spec}


def edited(incident: IncidentObject, words: Words) -> Body:
    """The patch that writes them. Raises UnansweredError for what cannot be stored."""
    spec = words.to_wire()
    _check({**_spec(incident).to_wire(), **spec}, incident.name)
    return {"metadata": {"uid": incident.uid}, "spec": spec}


def noted(incident: IncidentObject, at: str, action: str, owner: str) -> Body:
    """The patch that adds an entry to the timeline, if that is still as it was seen."""
    spec = _spec(incident)
    if len(spec.timeline) >= NOTES_LIMIT:
        raise UnansweredError(
            f"the timeline of incident {incident.name} is full ({NOTES_LIMIT} entries); write the "
            f"rest into its texts: kubectl release incident edit {incident.name} --impact TEXT"
        )
    entry = {"at": at, "action": action, "owner": owner}
    timeline = [*(note.to_wire() for note in spec.timeline), entry]
    _check({**spec.to_wire(), "timeline": timeline}, incident.name)
    metadata = {"uid": incident.uid, "resourceVersion": incident.resource_version}
    written = [IncidentNote.model_validate(note).to_wire() for note in timeline]
    return {"metadata": metadata, "spec": {"timeline": written}}


def _spec(incident: IncidentObject) -> IncidentSpec:
    if incident.spec is None:
        raise UnansweredError(
            f"incident {incident.name} cannot be read: {told(incident.faults)}\n"
            f"Correct it: kubectl -n {incident.namespace} edit incident {incident.name}"
        )
    return incident.spec


def _check(spec: Mapping[str, Any], name: str) -> None:
    try:
        IncidentSpec.model_validate(spec)
    except ValidationError as error:
        raise UnansweredError(told(faults_of(error, "spec"))) from error
    if spec.get("state") != IncidentState.RESOLVED:
        return
    missing = [flag for field, flag in NEEDED.items() if not str(spec.get(field, "")).strip()]
    if missing:
        options = " ".join(f"{flag} TEXT" for flag in missing)
        raise UnansweredError(
            "an incident is Resolved only with its root cause and what prevents it from now on.\n"
            f"Say them: kubectl release incident resolve {name} {options}"
        )
