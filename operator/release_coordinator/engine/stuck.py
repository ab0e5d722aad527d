"""Pods that keep a StatefulSet from going on, although its template has been put right.

Where pods follow one after the other, the controller waits for each to become ready before it
touches the next: also for one of a template that is not wanted any more and never will be ready
(kubernetes/kubernetes#67250). Used by `workloads` for rollouts that do not get on.
"""

from release_coordinator.api.attempt import Step

from .action import DeletePod
from .context import Context
from .outcome import Do, Note
from .runfacts import PodFact, WorkloadFact


def clear(ctx: Context, step: Step, fact: WorkloadFact, *, back: bool) -> Note | Do | None:
    """Say which pod is in the way, then delete it; None if none is. One at a time.

    On the way back each pod that is not ready and not of the wanted revision; forwards only what
    an interrupted update has left, never a pod of the revision that was complete last.
    """
    complete, wanted = fact.ordered
    if not wanted:
        return None
    pods = ctx.seen.workload_pods(fact.ref)
    kept = {wanted} if back else {wanted, complete}
    blocking = [pod for pod in pods if not pod.ready and pod.revision not in {*kept, ""}]
    if not blocking or any(pod.terminating for pod in pods):
        return None
    last = max(blocking, key=_ordinal)
    text = f"Pod {last.name} of another revision is not ready and holds up the others: deleted"
    if step.message != text:
        return ctx.change(step.id, message=text)
    return Do(DeletePod(last.name, last.uid))


def _ordinal(pod: PodFact) -> int:
    number = pod.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else -1
