"""What a metric source says of a query, and of its alerts, to Releases of one namespace.

Asked by the watch and for baselines. An outage of the source is a `problem`, never an exception.
Queries are narrowed to what the platform team lets the namespace see, alerts are filtered by it.
"""

from dataclasses import replace
from functools import lru_cache

from release_coordinator.engine import promql
from release_coordinator.engine.watchfacts import (
    FiringFact,
    FiringWant,
    SampleFact,
    SampleWant,
    SeriesFact,
    SeriesWant,
)

from .metricsources import Source, metric_source
from .sources import Sources


class _Refused(Exception):  # noqa: N818 - a fact
    """The query cannot be asked; the message says why and who mends it."""


async def sample(sources: Sources, namespace: str, want: SampleWant) -> SampleFact:
    """The query's value now."""
    try:
        source = await _source(sources, namespace, want.source)
        query = _narrowed(source, want.query)
    except _Refused as refusal:
        return SampleFact(None, str(refusal))
    return await sources.metrics.query(source.endpoint, query)


async def series(sources: Sources, namespace: str, want: SeriesWant) -> SeriesFact:
    """The query's values over a range."""
    try:
        source = await _source(sources, namespace, want.source)
        query = _narrowed(source, want.query)
    except _Refused as refusal:
        return SeriesFact((), str(refusal))
    return await sources.metrics.series(source.endpoint, query, want.start, want.end, want.step)


async def firing(sources: Sources, namespace: str, want: FiringWant) -> FiringFact:
    """The alerts that fire, as far as they concern the namespace."""
    try:
        source = await _source(sources, namespace, want.source)
    except _Refused as refusal:
        return FiringFact((), str(refusal))
    fact = await sources.metrics.firing(source.endpoint)
    return replace(fact, alerts=tuple(one for one in fact.alerts if source.concerns(one.labels)))


async def _source(sources: Sources, namespace: str, name: str) -> Source:
    source = await metric_source(sources, namespace, name)
    if isinstance(source, str):
        raise _Refused(source)
    return source


def _narrowed(source: Source, query: str) -> str:
    try:
        return _forced(query, tuple(sorted(source.matchers.items())))
    except ValueError as error:
        raise _Refused(
            f"MetricSource {source.endpoint.name} narrows every query, but this one {error}; its "
            "author writes it another way"
        ) from None


@lru_cache(maxsize=4096)
def _forced(query: str, matchers: tuple[tuple[str, str], ...]) -> str:
    """Cached: the same few queries are asked for hours."""
    return promql.narrowed(query, dict(matchers))
