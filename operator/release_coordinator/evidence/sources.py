"""What the modules of this package may ask: one value, handed to each of them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from release_coordinator.cluster.port import Cluster
from release_coordinator.cluster.store import Store
from release_coordinator.engine.evidence import AdmissionFact
from release_coordinator.signals.port import Metrics, Prober

from .searching import Searcher
from .sourcesecrets import SourceSecrets

LOGS = 8
"""Logs that are read at the same time, for all Releases together."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where answers come from."""

    cluster: Cluster
    store: Store
    metrics: Metrics
    prober: Prober
    admission: Callable[[], AdmissionFact]
    """The last proof that forged approvals are refused (`guard`)."""
    keep_secrets: bool = False
    """Whether Secrets are copied for rollbacks, as far as the operator may."""
    secrets: SourceSecrets = field(default_factory=SourceSecrets)
    """Credentials of metric sources."""
    logs: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LOGS))
    """Taken from before a log is read until it is searched and dropped, for whichever Release."""
    searcher: Searcher = field(default_factory=Searcher)
    reads_logs: bool = True
    """Whether the platform team lets it read logs of pods."""
