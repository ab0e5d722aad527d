"""The configuration of a workload: the object and the ConfigMaps that its pods use.

Read live, because neither has to carry our label, and no more than one deployment asks for. What
is read becomes entries in `cluster.configuration`.
"""

import asyncio

from release_coordinator.cluster import configuration
from release_coordinator.cluster.port import CONFIG_MAP, Body, Ref
from release_coordinator.cluster.workloads import ref_in
from release_coordinator.engine.evidence import ConfigFact, ConfigWant
from release_coordinator.errors import Denied, Invalid, NotFound

from .sources import Sources


async def look(sources: Sources, namespace: str, want: ConfigWant) -> ConfigFact | None:
    """All entries; None if there is no such workload."""
    where = want.namespace or namespace
    try:
        body = await _get(sources, ref_in(where, want.workload))
        if body is None:
            return None
        names = configuration.config_maps(body)
        maps = await asyncio.gather(
            *(_get(sources, Ref(CONFIG_MAP, where, name)) for name in names)
        )
    except Denied:
        text = (
            f"the operator may not read workloads and configmaps in namespace {where}; the "
            f"platform team adds {where} to `namespaces` of the operator's chart"
        )
        return ConfigFact({}, text)
    return ConfigFact(configuration.entries(body, dict(zip(names, maps, strict=True))))


async def _get(sources: Sources, ref: Ref) -> Body | None:
    try:
        return await sources.cluster.get(ref)
    except (NotFound, Invalid):  # of a name that cannot be there is none
        return None
