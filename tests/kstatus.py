"""What kstatus makes of an object of ours: the library by which Flux and Helm wait.

A port of `checkGenericProperties`, `checkGeneration` and `checkReadyCondition` in
`pkg/kstatus/status` of cli-utils: deletion, then the generation, then the first of Reconciling and
Stalled that is True in the order of the list, then Ready; without any of them it is Current.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Kstatus(StrEnum):
    """The states that a custom resource can have."""

    IN_PROGRESS = "InProgress"
    FAILED = "Failed"
    CURRENT = "Current"
    TERMINATING = "Terminating"


def compute(body: Mapping[str, Any]) -> Kstatus:
    """The state of an object."""
    metadata, status = body["metadata"], body.get("status") or {}
    if metadata.get("deletionTimestamp"):
        return Kstatus.TERMINATING
    observed = status.get("observedGeneration")
    if "generation" in metadata and observed not in {None, metadata["generation"]}:
        return Kstatus.IN_PROGRESS
    conditions = [(one["type"], one["status"]) for one in status.get("conditions", [])]
    for pair in conditions:
        if pair == ("Reconciling", "True"):
            return Kstatus.IN_PROGRESS
        if pair == ("Stalled", "True"):
            return Kstatus.FAILED
    ready = dict(conditions).get("Ready")
    return Kstatus.CURRENT if ready in {None, "True"} else Kstatus.IN_PROGRESS


def faults(body: Mapping[str, Any]) -> list[str]:
    """What is wrong with a status for who waits by it."""
    status = body.get("status") or {}
    found = []
    if status.get("observedGeneration") is None:
        found.append("without observedGeneration it is Current before anybody has looked")
    true = {one["type"] for one in status.get("conditions", ()) if one["status"] == "True"}
    if {"Reconciling", "Stalled"} <= true:
        found.append("Reconciling and Stalled at once")
    if "Ready" in true and true & {"Reconciling", "Stalled"}:
        found.append("Ready, and Reconciling or Stalled")
    if status.get("conditions") and not true & {"Ready", "Reconciling", "Stalled"}:
        found.append("neither Ready nor Reconciling nor Stalled")
    return found
