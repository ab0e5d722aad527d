"""Which module answers which question. Asked by `look`."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from release_coordinator.engine import evidence as wants

from . import approvals, capacity, config, objects, records, rules, versions
from .sources import Sources

Look = Callable[[Sources, str, Any], Awaitable[Any]]

LOOKS: Mapping[type, Look] = {
    wants.PolicyWant: approvals.policy,
    wants.ApprovalsWant: approvals.approvals,
    wants.AdmissionWant: approvals.admission,
    wants.ObjectWant: objects.look,
    wants.VersionWant: versions.look,
    wants.AlertRulesWant: rules.look,
    wants.NodesWant: capacity.nodes,
    wants.QuotasWant: capacity.quotas,
    wants.SurgeWant: capacity.surge,
    wants.RecordsWant: records.look,
    wants.ConfigWant: config.look,
}
"""Type of the want -> function that looks it up."""


async def answer(sources: Sources, namespace: str, want: Any) -> Any:
    """The fact that answers a want, for a Release of a namespace."""
    return await LOOKS[type(want)](sources, namespace, want)
