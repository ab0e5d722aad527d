"""The configuration of a workload: the object and the ConfigMaps that its pods use.

Read live, because neither has to carry our label, and no more than one deployment asks for.
"""

from release_coordinator.cluster import configured
from release_coordinator.engine.evidence import ConfigFact, ConfigWant
from release_coordinator.errors import Denied

from .sources import Sources


async def look(sources: Sources, namespace: str, want: ConfigWant) -> ConfigFact | None:
    """All entries; None if there is no such workload."""
    where = want.namespace or namespace
    try:
        entries = await configured.read(sources.cluster, where, want.workload)
    except Denied:
        text = (
            f"the operator may not read workloads and configmaps in namespace {where}; the "
            f"platform team adds {where} to `namespaces` of the operator's chart"
        )
        return ConfigFact({}, text)
    return None if entries is None else ConfigFact(entries)
