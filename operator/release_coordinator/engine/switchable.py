"""Whether the Service of a BlueGreen component can be switched, or is left switched.

Asked by gate RollbackTarget, itself and through `inheritance`: everything that would leave pods
without traffic, or give traffic to the wrong ones, is told before anything begins.
"""

from collections.abc import Mapping

from release_coordinator.api.release import Component, WorkloadRef

from . import names, traffic
from .context import Context
from .runfacts import WorkloadFact
from .trafficfacts import AutoscalersWant, ServiceFact, ServiceWant, StrangersWant
from .wording import some


def obstacles(ctx: Context) -> list[str]:
    """What stands in the way, a sentence each; empty if nothing does."""
    components = [
        (index, component)
        for index, component in enumerate(ctx.plan.spec.components)
        if component.is_blue_green
    ]
    if not components:
        return []
    named = [(_service(component), component.target) for _, component in components]
    ctx.seen.gather(
        AutoscalersWant(),
        *(ServiceWant(service) for service, _ in named),
        *(StrangersWant(service, target) for service, target in named),
    )
    found = (_obstacle(ctx, index, component) for index, component in components)
    return [*_shared(ctx), *filter(None, found)]


def left(ctx: Context, former: list[Component]) -> list[str]:
    """What is left of attempts that could not end: of components that were switched then."""
    named = [(_service(component), component.target) for component in former]
    ctx.seen.gather(
        *(ServiceWant(service) for service, _ in named),
        *(StrangersWant(service, target) for service, target in named),
    )
    return list(filter(None, (_left(ctx, *one) for one in named)))


def _left(ctx: Context, name: str, target: WorkloadRef) -> str:
    service = ctx.seen.service(name)
    if service is None or service.problem or not service.selector:
        return ""  # it leads nowhere that we have made
    if traffic.pin_of(service):
        return _pinned(service, target)
    others = ctx.seen.strangers(name, target)
    if others:
        return (
            f"Service {name} also selects pods that are not of {target} ({some(list(others))}): an "
            "earlier attempt could not end; delete the Deployment that ran beside"
        )
    return ""


def _pinned(service: ServiceFact, target: WorkloadRef) -> str:
    return (
        f"spec.selector of Service {service.name} has {', '.join(traffic.pin_of(service))}: an "
        f"earlier attempt could not end; see that {target} serves, remove that label from the "
        "selector, and delete the Deployment that ran beside"
    )


def _service(component: Component) -> str:
    return component.strategy.service or ""


def _shared(ctx: Context) -> list[str]:
    """Two components that would switch the same Service."""
    owners: dict[str, str] = {}
    said = []
    for component in ctx.plan.spec.components:
        service = _service(component)
        if service and service in owners:
            said.append(
                f"components {owners[service]} and {component.name} both name Service {service} "
                "in strategy.service; give each a Service of its own"
            )
        owners.setdefault(service, component.name)
    return said


def _obstacle(ctx: Context, index: int, component: Component) -> str:
    fact = ctx.seen.workload(component.target)
    if fact is None:
        return ""  # told with the workloads
    field, name = f"spec.components[{index}].strategy.service", _service(component)
    service = ctx.seen.service(name)
    if service is None:
        return f"{field}: there is no Service {name} in this namespace; create it or correct it"
    if service.problem:
        return f"{field}: {service.problem}"
    return _of_service(ctx, component, service, fact) or _of_pods(ctx, fact)


def _of_service(
    ctx: Context, component: Component, service: ServiceFact, fact: WorkloadFact
) -> str:
    who = f"Service {service.name}"
    if not service.selector:
        return f"{who} has no selector to switch; name a Service that selects pods"
    if traffic.pin_of(service):
        return _pinned(service, component.target)
    labels = (fact.template.get("metadata") or {}).get("labels") or {}
    if any(labels.get(key) != value for key, value in service.selector.items()):
        return f"{who} does not select the pods of {fact.ref}; correct its selector or the name"
    others = ctx.seen.strangers(service.name, component.target)
    if others:
        return (
            f"{who} also selects pods that are not of {fact.ref} ({some(list(others))}), which "
            "would lose their traffic; narrow its selector"
        )
    return _of_siblings(ctx, service, labels, fact)


def _of_siblings(
    ctx: Context, service: ServiceFact, labels: Mapping[str, str], fact: WorkloadFact
) -> str:
    """Other Services, which would send requests to the new version as soon as it has pods."""
    found = ctx.seen.siblings(labels)
    if found.problem:
        return f"whether other Services find the pods of {fact.ref} is not known: {found.problem}"
    others = [name for name in found.services if name != service.name]
    if not others:
        return ""
    return (
        f"other Services also select the pods of {fact.ref} ({some(others)}) and would send "
        f"requests to the new version before it has proved good; delete them and use Service "
        f"{service.name}, or, where that does no harm (metrics are collected by it), annotate them "
        f'with {names.ANNOTATION_BOTH_VERSIONS}: "true", or release with strategy Rolling'
    )


def _of_pods(ctx: Context, fact: WorkloadFact) -> str:
    if fact.replicas == 0:
        return f"{fact.ref} is scaled to zero: scale it up, or release it with strategy Rolling"
    scaled = ctx.seen.autoscalers()
    if scaled.problem:
        return f"whether {fact.ref} is scaled automatically is not known: {scaled.problem}"
    for name, target in scaled.targets:
        if target == fact.ref:
            return (
                f"HorizontalPodAutoscaler {name} scales {fact.ref}: it would count the pods of "
                "both versions and scale only one; release it with strategy Rolling, or delete "
                "the autoscaler until the release has ended"
            )
    return ""
