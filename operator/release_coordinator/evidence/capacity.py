"""What the cluster has room for: its nodes, the quotas of the namespace, what a rollout adds.

Nothing of it is watched: kubelets report every few seconds and quotas change with each pod. So
every look at nodes is a listing, in pages, of all that the API server keeps about them, several
kilobytes a node; it is asked for only while the gate is evaluated.
"""

from release_coordinator.cluster import capacity
from release_coordinator.cluster.port import NODE, RESOURCE_QUOTA, Body, Kind
from release_coordinator.cluster.workloads import ref_in
from release_coordinator.engine.evidence import (
    NodesFact,
    NodesWant,
    QuotaFact,
    QuotasWant,
    SurgeFact,
    SurgeWant,
)
from release_coordinator.errors import Denied, NotFound

from .sources import Sources


async def nodes(sources: Sources, _namespace: str, _want: NodesWant) -> NodesFact:
    """All nodes of the cluster. Without the right to list them they are a `problem`."""
    listed = await _list(sources, NODE, None)
    return NodesFact((), (), listed) if isinstance(listed, str) else capacity.nodes_fact(listed)


async def quotas(sources: Sources, namespace: str, _want: QuotasWant) -> tuple[QuotaFact, ...]:
    """The quotas that count for the pods of a workload; one with a `problem` if unreadable."""
    listed = await _list(sources, RESOURCE_QUOTA, namespace)
    if isinstance(listed, str):
        return (QuotaFact("", {}, listed),)
    return tuple(capacity.quota_fact(body) for body in listed if capacity.counts_for_rollout(body))


async def surge(sources: Sources, namespace: str, want: SurgeWant) -> SurgeFact | None:
    """The surge of a workload; None if there is no such workload."""
    ref = ref_in(namespace, want.workload)
    try:
        body = sources.store.get(ref) or await sources.cluster.get(ref)
    except NotFound:
        return None
    except Denied:
        return SurgeFact(0, {}, _denied("get", ref.kind))
    return capacity.surge_fact(body, beside=want.beside)


async def _list(sources: Sources, kind: Kind, namespace: str | None) -> list[Body] | str:
    try:
        return await sources.cluster.list(kind, namespace)
    except Denied:
        return _denied("list", kind)


def _denied(verb: str, kind: Kind) -> str:
    return f"the operator may not {verb} {kind.plural}; the platform team must let it"
