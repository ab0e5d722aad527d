"""Inline workloads tried on the API server before anything is changed, as dry runs.

Beside the workload a pod of its template is tried: Pod Security, the ServiceAccount and the quota
of pods are judged when pods are made, which would be after the migrations. Nothing is stored.
"""

import json
from collections.abc import Mapping
from typing import Any

from release_coordinator.cluster.facts import is_over
from release_coordinator.cluster.port import POD, Body
from release_coordinator.cluster.workloads import fact_of, has_made, ref_in
from release_coordinator.engine import documents
from release_coordinator.engine.evidence import PodsLeftWant, TrialFact, TrialWant
from release_coordinator.errors import AlreadyExists, Denied, Invalid, NotFound
from release_coordinator.text import one_line

from .sources import Sources

NO_DRY_RUN = "does not support dry run"
"""How the API server words that a webhook in its way cannot be asked without consequences."""
QUOTED = 300
"""Characters of an answer that are repeated."""
TRIAL_NAME = "release-coordinator-trial"


async def look(sources: Sources, namespace: str, want: TrialWant) -> TrialFact:
    """Whether it would be taken as it is declared."""
    document = json.loads(want.document)
    try:
        stored = await _workload(sources, namespace, want, document)
        await _pod(sources, namespace, document["spec"]["template"])
    except (Denied, Invalid) as refusal:
        text = one_line(str(refusal), QUOTED)
        if NO_DRY_RUN in str(refusal):
            return TrialFact(note=f"{want.workload} cannot be tried beforehand: {text}")
        return TrialFact(refusal=text)
    return TrialFact(lost=tuple(documents.lost(stored, document)))


async def pods_left(sources: Sources, namespace: str, want: PodsLeftWant) -> tuple[str, ...]:
    """Names of the pods; one that has ended runs nothing."""
    pods = await sources.cluster.list(POD, namespace, dict(want.labels))
    return tuple(
        pod["metadata"]["name"] for pod in pods if has_made(want.workload, pod) and not is_over(pod)
    )


async def _workload(
    sources: Sources, namespace: str, want: TrialWant, document: Mapping[str, Any]
) -> Body:
    """As it would be stored: created, or changed if it exists."""
    ref = ref_in(namespace, want.workload)
    try:
        live = await sources.cluster.get(ref)
    except NotFound:
        metadata = {**document["metadata"], "name": ref.name, "namespace": namespace}
        body = {"metadata": metadata, "spec": document["spec"]}
        return await sources.cluster.create(ref.kind, body, dry_run=True)
    change = documents.patch(fact_of(live).declared, document)
    return await sources.cluster.patch(ref, change, dry_run=True)


async def _pod(sources: Sources, namespace: str, template: Mapping[str, Any]) -> None:
    said = template.get("metadata", {})
    metadata = {key: said[key] for key in ("labels", "annotations") if key in said}
    body = {
        "metadata": {**metadata, "name": TRIAL_NAME, "namespace": namespace},
        "spec": template.get("spec", {}),
    }
    try:
        await sources.cluster.create(POD, body, dry_run=True)
    except AlreadyExists:
        return  # somebody has a pod of this name: it was taken that far
