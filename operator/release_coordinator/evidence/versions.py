"""Which version the pods of a workload say they are.

What a pod answers is taken only if it is a SemVer version: nothing else of it reaches a status.
"""

import asyncio
import json
import re

from release_coordinator.api.base import SEMVER_PATTERN, parse_duration
from release_coordinator.api.release import WorkloadRef
from release_coordinator.cluster import facts, workloads
from release_coordinator.cluster.port import POD
from release_coordinator.engine.evidence import VersionFact, VersionWant
from release_coordinator.engine.runfacts import PodFact
from release_coordinator.errors import Denied, NotFound

from .sources import Sources

LONGEST = 128
"""Characters of a version, as in the Release."""
_SEMVER = re.compile(SEMVER_PATTERN)


async def look(sources: Sources, namespace: str, want: VersionWant) -> VersionFact:
    """Every version that a pod of the workload says, and why one did not say any.

    A workload that is scaled to zero has neither.
    """
    place = want.namespace or namespace
    try:
        pods = await _pods(sources, place, want.workload)
    except NotFound:
        return VersionFact((), f"there is no {want.workload} in namespace {place}")
    except Denied:
        text = (
            f"the operator may not read workloads and pods in namespace {place}; the platform "
            "team adds it to the chart's value namespaces"
        )
        return VersionFact((), text)
    if pods is None:
        return VersionFact(())
    if not pods:
        text = f"{want.workload} in namespace {place} has no running pod to ask"
        return VersionFact((), text)
    answers = await asyncio.gather(*(_ask(sources, pod, want) for pod in pods))
    versions = {version for version, _ in answers if version}
    return VersionFact(tuple(sorted(versions)), next((text for _, text in answers if text), ""))


async def _pods(sources: Sources, namespace: str, workload: WorkloadRef) -> list[PodFact] | None:
    """Pods with an address; None if there shall be none."""
    ref = workloads.ref_in(namespace, workload)
    body = sources.store.get(ref) or await sources.cluster.get(ref)
    if workloads.fact_of(body).replicas == 0:
        return None
    selected = await sources.cluster.list(POD, ref.namespace, workloads.selector_of(body))
    running = (pod for pod in workloads.own_pods(body, selected) if not facts.is_over(pod))
    return [fact for pod in running if (fact := facts.pod_fact(pod)).ip]


async def _ask(sources: Sources, pod: PodFact, want: VersionWant) -> tuple[str, str]:
    """The pod's version, or what is wrong with its answer."""
    seconds = parse_duration(want.timeout)
    answer = await sources.prober.fetch(pod.ip, want.port, want.path, seconds)
    if answer.text is None:
        return "", f"Pod {pod.name}: {answer.detail}"
    version = read_version(answer.text)
    if version is None:
        return "", (
            f"Pod {pod.name}, port {want.port}, {want.path}: the answer is no SemVer version; "
            'answer it as plain text, or as JSON with a member "version"'
        )
    return version, ""


def read_version(text: str) -> str | None:
    """The version in an answer, without a leading v; None if it is none."""
    said: object = text
    if text.lstrip().startswith("{"):
        try:
            said = json.loads(text).get("version")
        except (ValueError, RecursionError):
            return None
    if not isinstance(said, str):
        return None
    version = said.strip().removeprefix("v")
    return version if len(version) <= LONGEST and _SEMVER.fullmatch(version) else None
