"""What a metric source says of a query: its value now, or its values over a range.

Asked by the watch and for baselines. An outage of the source is a `problem`, never an exception.
"""

from release_coordinator.engine.watchfacts import SampleFact, SampleWant, SeriesFact, SeriesWant

from .metricsources import metric_source
from .sources import Sources


async def sample(sources: Sources, _namespace: str, want: SampleWant) -> SampleFact:
    """The query's value now."""
    source = await metric_source(sources, want.source)
    if isinstance(source, str):
        return SampleFact(None, source)
    return await sources.metrics.query(source, want.query)


async def series(sources: Sources, _namespace: str, want: SeriesWant) -> SeriesFact:
    """The query's values over a range."""
    source = await metric_source(sources, want.source)
    if isinstance(source, str):
        return SeriesFact((), source)
    return await sources.metrics.series(source, want.query, want.start, want.end, want.step)
