"""Nodes, quotas and Deployments to what the infrastructure gate reckons with; pure.

Reckons as the API server does: a pod asks for the sum of its containers, or for the largest of
its init containers if that is more, and a request that is not named equals its limit. What a
LimitRange adds to pods is not seen. An amount that cannot be reckoned with is the fact's problem.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from kubernetes.utils import parse_quantity

from release_coordinator.api.release import WorkloadKind
from release_coordinator.engine.evidence import NodesFact, QuotaFact, SurgeFact

from .port import Body

_DEFAULT_SURGE = "25%"
_DIGITS = 9
"""Of a percentage that anybody means."""
_ALWAYS_THERE = {"NotTerminating"}
"""Scopes that hold for each pod of a Deployment, which can have no activeDeadlineSeconds."""

_MOST = Decimal(2**63 - 1)
"""What the API server takes larger amounts for."""

Amounts = Mapping[str, Decimal]
"""Resource -> cores, bytes or units."""


def nodes_fact(bodies: Iterable[Body]) -> NodesFact:
    """Which nodes are Ready. A cordoned node is in neither list: it was taken out on purpose."""
    open_nodes = [body for body in bodies if not body.get("spec", {}).get("unschedulable")]
    names = {ready: sorted(_names(open_nodes, ready=ready)) for ready in (True, False)}
    return NodesFact(ready=tuple(names[True]), unready=tuple(names[False]))


def counts_for_rollout(body: Body) -> bool:
    """Whether a quota counts every pod of a workload.

    Quotas of narrower scopes (priority classes, best effort) are left out: which pods they count
    is decided at admission.
    """
    spec = body.get("spec", {})
    selected = spec.get("scopeSelector", {}).get("matchExpressions", [])
    scopes = {*spec.get("scopes", []), *(one.get("scopeName") for one in selected)}
    return scopes <= _ALWAYS_THERE


def quota_fact(body: Body) -> QuotaFact:
    """What is left of each resource; a `problem` before the quota controller has counted."""
    name, status = body["metadata"]["name"], body.get("status", {})
    try:
        hard, used = _amounts(status.get("hard")), _amounts(status.get("used"))
    except ValueError as error:
        return QuotaFact(name, {}, f"ResourceQuota {name}: {error}")
    current = status.get("hard", {}) == body.get("spec", {}).get("hard", {})
    if not current or not hard.keys() <= used.keys():
        return QuotaFact(
            name, {}, f"what is used of ResourceQuota {name} is not counted yet; it soon will be"
        )
    left = {resource: max(limit - used[resource], Decimal()) for resource, limit in hard.items()}
    return QuotaFact(name, {resource: float(amount) for resource, amount in left.items()})


def surge_fact(body: Body, *, beside: bool = False) -> SurgeFact:
    """What a rolling update of a workload needs beside what runs.

    If the new version runs `beside` it, that is all its pods again, and its surge on top.
    """
    spec = body.get("spec", {})
    try:
        pods = _surge_of(WorkloadKind(body["kind"]), spec, body.get("status", {}))
        pods += spec.get("replicas", 1) if beside else 0
        pod = pod_resources(spec.get("template", {}).get("spec", {}))
    except ValueError as error:
        return SurgeFact(0, {}, f"{body['kind']} {body['metadata']['name']}: {error}")
    return SurgeFact(pods, {resource: float(pods * amount) for resource, amount in pod.items()})


def _surge_of(kind: WorkloadKind, spec: Body, status: Body) -> int:
    """A StatefulSet replaces its pods one by one in their places, a DaemonSet unless told not to.

    Raises ValueError.
    """
    match kind:
        case WorkloadKind.DEPLOYMENT:
            return surge_pods(spec.get("replicas", 1), spec.get("strategy", {}))
        case WorkloadKind.STATEFUL_SET:
            return 0
        case WorkloadKind.DAEMON_SET:
            rolling = spec.get("updateStrategy", {}).get("rollingUpdate") or {}
            strategy = {"rollingUpdate": {"maxSurge": rolling.get("maxSurge", 0)}}
            return surge_pods(status.get("desiredNumberScheduled", 0), strategy)


def surge_pods(replicas: int, strategy: Mapping[str, Any]) -> int:
    """How many pods of the new version run beside all the old ones, at most. Raises ValueError."""
    if strategy.get("type") == "Recreate":
        return 0
    surge = (strategy.get("rollingUpdate") or {}).get("maxSurge")
    if surge is None:
        surge = _DEFAULT_SURGE
    if isinstance(surge, str):
        percent = surge.removesuffix("%")
        if not percent.isdecimal() or len(percent) > _DIGITS:
            raise ValueError(f"maxSurge is {surge[:32]}; write a number or a percentage")
        surge = -(-replicas * int(percent) // 100)  # rounded up
    return min(int(surge), replicas)


def pod_resources(pod: Mapping[str, Any]) -> Amounts:
    """What one pod counts for in a quota, like requests.cpu and limits.memory.

    Raises:
        ValueError: an amount is no quantity; says which, and what to write.
    """
    total = _sum(_container(one) for one in pod.get("containers", []))
    sidecars: Amounts = {}
    largest: Amounts = {}
    for one in pod.get("initContainers", []):
        if one.get("restartPolicy") == "Always":  # a sidecar: starts here, and stays
            sidecars = _sum((sidecars, _container(one)))
            largest = _largest(largest, sidecars)
        else:
            largest = _largest(largest, _sum((sidecars, _container(one))))
    needed = _largest(_sum((total, sidecars)), largest)
    # Resources named for the pod as a whole stand for all its containers.
    return {**_container(pod), **needed, **_named(pod)}


def _names(bodies: Iterable[Body], *, ready: bool) -> Iterable[str]:
    return (body["metadata"]["name"] for body in bodies if _is_ready(body) == ready)


def _is_ready(node: Body) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


def _container(body: Mapping[str, Any]) -> Amounts:
    """What a container asks for: a request that is not named equals its limit."""
    named = _named(body)
    limits = {key: amount for key, amount in named.items() if key.startswith("limits.")}
    implied = {key.replace("limits.", "requests.", 1): value for key, value in limits.items()}
    return {**implied, **named}


def _named(body: Mapping[str, Any]) -> Amounts:
    resources = body.get("resources") or {}
    return {
        f"{which}.{resource}": amount
        for which in ("requests", "limits")
        for resource, amount in _amounts(resources.get(which)).items()
    }


def _amounts(quantities: Mapping[str, Any] | None) -> Amounts:
    return {resource: _amount(resource, said) for resource, said in (quantities or {}).items()}


def _amount(resource: str, said: Any) -> Decimal:
    parse: Any = parse_quantity  # carries no types
    try:
        amount: Decimal = parse(said)
    except ValueError:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise ValueError(f"{resource} is {str(said)[:32]}; write an amount like 500m or 2Gi")
    return max(min(amount, _MOST), -_MOST)


def _sum(amounts: Iterable[Amounts]) -> Amounts:
    total: dict[str, Decimal] = {}
    for one in amounts:
        for key, amount in one.items():
            total[key] = total.get(key, Decimal()) + amount
    return total


def _largest(one: Amounts, other: Amounts) -> Amounts:
    return {key: max(one.get(key, Decimal()), other.get(key, Decimal())) for key in {*one, *other}}
