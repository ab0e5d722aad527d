"""Questions that take their time: metrics, alerts, pods in a row, logs. Facts and wants.

Part of the questions of `engine.observation`. They are asked in the background (`late`): until an
answer is there the getter gives None, the pass goes on without it, and the Release is looked at
again when it comes. So no measurement delays a rollout, and no slow source another Release.

`at` is the moment that a question is due: the same question with another `at` is a new one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from release_coordinator.api.release import WorkloadRef

F_co = TypeVar("F_co", covariant=True)


class Late(Generic[F_co]):
    """A want that is answered in the background, with this type of fact."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SampleFact:
    """Answer to a metric query: a finite value or the reason there is none."""

    value: float | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SeriesFact:
    """Values of one series over a range, evenly spaced, without those that are no finite number."""

    values: tuple[float, ...]
    problem: str = ""
    """Why nothing can be said of the range; then there are no values. An empty range is none."""


@dataclass(frozen=True, slots=True)
class AlertFact:
    """An alert that is firing."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    since: datetime | None = None
    """Since when its expression holds (`activeAt`), by the source's clock; None: not said."""


@dataclass(frozen=True, slots=True)
class FiringFact:
    """All alerts that are firing at a source."""

    alerts: tuple[AlertFact, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PodHealth:
    """One pod of a workload, as its kubelet reports it."""

    name: str
    restarts: int
    """Most restarts of one of its containers since the pod was created."""
    crashing: str
    """Container that waits in CrashLoopBackOff and the reason of its last end, or empty."""
    ready: bool
    created: datetime
    template: str = ""
    """Label `pod-template-hash` or `controller-revision-hash`."""
    images: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PodsHealthFact:
    """Pods of a workload that are not over and not terminating."""

    pods: tuple[PodHealth, ...]
    wanted: int
    """Ready pods that there should be."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class LogFact:
    """Lines of the logs of a workload's containers that match."""

    lines: int
    """Those from before `LogWant.until`: none of them will be read again."""
    first: str
    """The first that matched, with its pod, cut and on one line; it is a workload's text and may
    contain anything."""
    pods: int
    """Pods whose logs were read."""
    problem: str = ""
    """Why not all could be read; the others were counted."""
    recent: int = 0
    """Those since `LogWant.until`: they are read once more."""
    cut: str = ""
    """What was left out because there was too much; empty if nothing was."""
    reached: datetime | None = None
    """Up to where everything was read and searched, of each log that was read at all; from then on
    it is read once more. None: as far as it was asked for."""
    per_second: tuple[tuple[datetime, int], ...] = ()
    """When `lines` were logged: the second, and how many."""


@dataclass(frozen=True, slots=True)
class SampleWant(Late[SampleFact]):
    """The value of a query, at or after a moment."""

    source: str
    query: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SeriesWant(Late[SeriesFact]):
    """The values of a query between two moments, `step` seconds apart."""

    source: str
    query: str
    start: datetime
    end: datetime
    step: float


@dataclass(frozen=True, slots=True)
class FiringWant(Late[FiringFact]):
    """The alerts that fire, at or after a moment."""

    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PodsHealthWant(Late[PodsHealthFact]):
    """Health of a workload's pods, at or after a moment."""

    workload: WorkloadRef
    at: datetime


@dataclass(frozen=True, slots=True)
class LogWant(Late[LogFact]):
    """Lines that match any pattern (RE2), logged since a moment; read at or after another."""

    workload: WorkloadRef
    container: str
    """Name of the container; all if empty."""
    patterns: tuple[str, ...]
    images: frozenset[str]
    """Only pods that run all of these images: the new version's. Empty: all pods."""
    since: datetime
    until: datetime
    """Lines from this moment on are counted apart: others of that time may still come. A whole
    second."""
    at: datetime
    created: datetime | None = None
    """Only pods that were not created before."""


LateWants = SampleWant | SeriesWant | FiringWant | PodsHealthWant | LogWant
