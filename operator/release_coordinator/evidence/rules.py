"""The alert rules that a metric source has loaded, asked for by the gates that judge alerts."""

from release_coordinator.engine.evidence import AlertRulesFact, AlertRulesWant

from .metricsources import metric_source
from .sources import Sources


async def look(sources: Sources, _namespace: str, want: AlertRulesWant) -> AlertRulesFact:
    """All alert rules of the source; an outage of it is a `problem`."""
    source = await metric_source(sources, want.source)
    if isinstance(source, str):
        return AlertRulesFact((), source)
    return await sources.metrics.rules(source)
