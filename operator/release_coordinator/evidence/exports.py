"""What staging in another cluster has proved: a ConfigMap of the namespace (`signed.exports`).

Read live, because the store keeps nothing of its content; its label only wakes the Release.
"""

from release_coordinator.api.export import DATA_KEY
from release_coordinator.cluster.port import CONFIG_MAP, Ref
from release_coordinator.engine.exportfacts import ExportFact, ExportFault, ExportWant
from release_coordinator.errors import Denied, Invalid, NotFound
from release_coordinator.signed.exports import proved, unusable

from .sources import Sources


async def look(sources: Sources, namespace: str, want: ExportWant) -> ExportFact:
    """The export in the ConfigMap, if a key vouches for it."""
    try:
        body = await sources.cluster.get(Ref(CONFIG_MAP, namespace, want.config_map))
    except (NotFound, Invalid):
        return ExportFact(fault=ExportFault.MISSING)
    except Denied:
        text = (
            f"the operator may not read configmaps in namespace {namespace}; the platform team "
            "installs the chart's roles again"
        )
        return ExportFact(fault=ExportFault.UNREAD, problem=text)
    export = (body.get("data") or {}).get(DATA_KEY)
    return unusable(f"it has no key {DATA_KEY}") if export is None else proved(export, want.keys)
