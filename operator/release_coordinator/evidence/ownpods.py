"""The pods of a workload that are there to stay: for looks at their health and their logs.

The workload comes from the watch; its pods carry no label of ours, so they are listed: one request.
"""

from release_coordinator.api.release import WorkloadRef
from release_coordinator.cluster import facts, workloads
from release_coordinator.cluster.port import POD, Body
from release_coordinator.errors import Denied, NotFound

from .sources import Sources


async def of(
    sources: Sources, namespace: str, workload: WorkloadRef
) -> tuple[int, list[Body]] | str:
    """How many are wanted, and those that neither are over nor terminate; or why nobody knows."""
    ref = workloads.ref_in(namespace, workload)
    try:
        body = sources.store.get(ref) or await sources.cluster.get(ref)
        listed = await sources.cluster.list(POD, namespace, workloads.selector_of(body))
    except NotFound:
        return f"there is no {workload} in namespace {namespace}"
    except Denied:
        return (
            f"the operator may not read workloads and pods in namespace {namespace}; the platform "
            "team adds it to the chart's value namespaces"
        )
    own = [
        pod
        for pod in workloads.own_pods(body, listed)
        if not facts.is_over(pod) and "deletionTimestamp" not in pod["metadata"]
    ]
    return workloads.fact_of(body).replicas, own
