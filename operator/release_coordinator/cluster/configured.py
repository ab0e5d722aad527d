"""Reads how a workload is configured, its ConfigMaps included (`cluster.configuration`).

Used by `evidence.config` with the operator's rights, and by the plugin with a person's.
"""

import asyncio

from release_coordinator.api.workload import WorkloadRef
from release_coordinator.errors import Invalid, NotFound

from . import configuration
from .port import CONFIG_MAP, Body, Cluster, Ref
from .workloads import ref_in


async def read(cluster: Cluster, namespace: str, workload: WorkloadRef) -> dict[str, str] | None:
    """The entries of a workload; None if there is none. Raises Denied and Transient."""
    body = await _get(cluster, ref_in(namespace, workload))
    if body is None:
        return None
    names = configuration.config_maps(body)
    maps = await asyncio.gather(
        *(_get(cluster, Ref(CONFIG_MAP, namespace, name)) for name in names)
    )
    return configuration.entries(body, dict(zip(names, maps, strict=True)))


async def _get(cluster: Cluster, ref: Ref) -> Body | None:
    try:
        return await cluster.get(ref)
    except (NotFound, Invalid):  # of a name that cannot be there is none
        return None
