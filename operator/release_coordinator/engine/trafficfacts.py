"""What the engine may ask about traffic: Services, the pods behind them, who scales workloads.

Part of `engine.observation`; answered by `evidence.services`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from release_coordinator.api.release import WorkloadRef


@dataclass(frozen=True, slots=True)
class ServiceFact:
    """A Service, or why it could not be read."""

    name: str
    uid: str = ""
    resource_version: str = ""
    selector: Mapping[str, str] = field(default_factory=dict)
    mark: str = ""
    """Which step of ours has written it last."""
    problem: str = ""
    """Why nothing is known of it, and who changes that."""


@dataclass(frozen=True, slots=True)
class AutoscalersFact:
    """Which workload each HorizontalPodAutoscaler scales, or why that is not known."""

    targets: tuple[tuple[str, WorkloadRef], ...] = ()
    """Name of the autoscaler and its workload, by name."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ServiceWant:
    """A Service. With `fresh`, it is read from the API server itself."""

    service: str
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class StrangersWant:
    """Names of pods that a Service selects besides those of a workload."""

    service: str
    workload: WorkloadRef


@dataclass(frozen=True, slots=True)
class SiblingsFact:
    """Services that find pods with some labels, or why they are not known."""

    services: tuple[str, ...] = ()
    """By name; not those whose owner has declared that they may find both versions."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SiblingsWant:
    """Services of the namespace that find pods with these labels."""

    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SlotPodsWant:
    """Names of all pods of a slot, whether or not their Deployment still exists."""

    slot: str
    going: bool = True
    """Whether pods that terminate count; no Service sends them requests."""


@dataclass(frozen=True, slots=True)
class AutoscalersWant:
    """All HorizontalPodAutoscalers of the namespace."""


TrafficWants = ServiceWant | StrangersWant | SiblingsWant | SlotPodsWant | AutoscalersWant
