"""Where metrics and alert rules come from: the MetricSource that a Release names.

Shared by `look`, which samples metrics, and `evidence.rules`.
"""

from release_coordinator.api.base import parse_duration
from release_coordinator.api.codec import parse_metric_source
from release_coordinator.api.faults import told
from release_coordinator.cluster.port import METRIC_SOURCE, Ref
from release_coordinator.errors import Denied, NotFound
from release_coordinator.signals.port import Endpoint

from .sources import Sources


async def metric_source(sources: Sources, name: str) -> Endpoint | str:
    """The MetricSource as the platform team wrote it, or why there is none and who mends that."""
    ref = Ref(METRIC_SOURCE, None, name)
    body = sources.store.get(ref)
    if body is None:
        try:
            body = await sources.cluster.get(ref)
        except NotFound:
            return f"there is no MetricSource {name}; the platform team must create it"
        except Denied:
            return "the operator may not read MetricSources; the platform team must let it"
    source = parse_metric_source(body)
    if source.spec is None:
        return f"MetricSource {name} cannot be read: {told(source.faults)}"
    return Endpoint(source.spec.url, parse_duration(source.spec.timeout))
