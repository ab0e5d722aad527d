"""Services, the pods behind them and who scales workloads: what switching traffic depends on.

A Service that carries our label is watched; it gets the label with the first change.
"""

from release_coordinator.api.release import WorkloadKind, WorkloadRef
from release_coordinator.cluster import facts, workloads
from release_coordinator.cluster.port import AUTOSCALER, POD, SERVICE, Body, Ref
from release_coordinator.engine import names
from release_coordinator.engine.trafficfacts import (
    AutoscalersFact,
    AutoscalersWant,
    ServiceFact,
    ServiceWant,
    SiblingsFact,
    SiblingsWant,
    SlotPodsWant,
    StrangersWant,
)
from release_coordinator.errors import Denied, NotFound

from .sources import Sources

_DENIED = "the operator may not {verb} {what}; the platform team must let it"


async def service(sources: Sources, namespace: str, want: ServiceWant) -> ServiceFact | None:
    """The Service; None if there is none."""
    ref = Ref(SERVICE, namespace, want.service)
    known = None if want.fresh else sources.store.get(ref)
    try:
        body = known or await sources.cluster.get(ref)
    except NotFound:
        return None
    except Denied:
        problem = _DENIED.format(verb="get", what=SERVICE.plural)
        return ServiceFact(want.service, problem=problem)
    if names.LABEL_RELEASE in body["metadata"].get("labels", {}):
        sources.store.put(SERVICE, body)
    return _fact(body)


def _fact(body: Body) -> ServiceFact:
    metadata = body["metadata"]
    return ServiceFact(
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        selector=body.get("spec", {}).get("selector") or {},
        mark=metadata.get("annotations", {}).get(names.ANNOTATION_STEP, ""),
    )


async def strangers(sources: Sources, namespace: str, want: StrangersWant) -> tuple[str, ...]:
    """By name; none where the Service or the workload is missing, which is told elsewhere."""
    selected = await service(sources, namespace, ServiceWant(want.service))
    ref = workloads.ref_in(namespace, want.workload)
    if selected is None or not selected.selector:
        return ()
    try:
        body = sources.store.get(ref) or await sources.cluster.get(ref)
    except NotFound:
        return ()
    behind = await _pods(sources, namespace, dict(selected.selector))
    own = {pod["metadata"]["name"] for pod in workloads.own_pods(body, behind)}
    return tuple(sorted({pod["metadata"]["name"] for pod in behind} - own))


async def siblings(sources: Sources, namespace: str, want: SiblingsWant) -> SiblingsFact:
    """By name; without those whose selector is ignored or whose owner lets them find all."""
    try:
        listed = await sources.cluster.list(SERVICE, namespace)
    except Denied:
        return SiblingsFact(problem=_DENIED.format(verb="list", what=SERVICE.plural))
    labels = dict(want.labels)
    return SiblingsFact(tuple(sorted(b["metadata"]["name"] for b in listed if _finds(b, labels))))


def _finds(service: Body, labels: dict[str, str]) -> bool:
    spec, said = service.get("spec", {}), service["metadata"].get("annotations", {})
    selector = spec.get("selector") or {}
    unused = spec.get("type") == "ExternalName" or not selector
    if unused or said.get(names.ANNOTATION_BOTH_VERSIONS) == "true":
        return False
    return all(labels.get(key) == value for key, value in selector.items())


async def slot_pods(sources: Sources, namespace: str, want: SlotPodsWant) -> tuple[str, ...]:
    """By name."""
    pods = await _pods(sources, namespace, {names.LABEL_SLOT: want.slot})
    found = [pod["metadata"] for pod in pods]
    return tuple(sorted(m["name"] for m in found if want.going or "deletionTimestamp" not in m))


async def _pods(sources: Sources, namespace: str, labels: dict[str, str]) -> list[Body]:
    listed = await sources.cluster.list(POD, namespace, labels)
    return [pod for pod in listed if not facts.is_over(pod)]


async def autoscalers(sources: Sources, namespace: str, _want: AutoscalersWant) -> AutoscalersFact:
    """Those of the namespace that scale a workload of a kind we release."""
    try:
        listed = await sources.cluster.list(AUTOSCALER, namespace)
    except NotFound:  # a cluster without them
        return AutoscalersFact()
    except Denied:
        return AutoscalersFact(problem=_DENIED.format(verb="list", what=AUTOSCALER.plural))
    found = ((body["metadata"]["name"], _target(body)) for body in listed)
    return AutoscalersFact(tuple((name, target) for name, target in found if target is not None))


def _target(body: Body) -> WorkloadRef | None:
    said = body.get("spec", {}).get("scaleTargetRef", {})
    if said.get("kind") not in set(WorkloadKind):
        return None
    return WorkloadRef(kind=WorkloadKind(said["kind"]), name=said.get("name", ""))
