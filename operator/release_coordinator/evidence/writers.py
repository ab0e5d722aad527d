"""Who wrote a workload, and what it runs at rest.

The first is read from the API server, with all that it keeps of writers; the second is what the
watch has told, so that a Release at rest costs no request.
"""

from dataclasses import replace

from release_coordinator.cluster import workloads
from release_coordinator.cluster.bodies import lean
from release_coordinator.cluster.port import Body
from release_coordinator.engine import names, templates
from release_coordinator.engine.runfacts import LeftFact, LeftWant, WriterFact, WriterWant
from release_coordinator.engine.writers import writer_of
from release_coordinator.errors import Denied, NotFound

from .sources import Sources


async def writer(sources: Sources, namespace: str, want: WriterWant) -> WriterFact:
    """The other writer; nobody where that cannot be read, for it explains only."""
    ref = workloads.ref_in(namespace, want.workload)
    try:
        body = await sources.cluster.get(ref, managers=True)
    except (NotFound, Denied):
        return WriterFact()
    sources.store.put(ref.kind, lean(body))
    found = writer_of(body["metadata"].get("managedFields"), want.container)
    return replace(found, image=_images(body).get(want.container))


async def left(sources: Sources, namespace: str, want: LeftWant) -> LeftFact | None:
    """The workload as the watch knows it; None if it carries no label of ours."""
    body = sources.store.get(workloads.ref_in(namespace, want.workload))
    if body is None:
        return None
    metadata = body["metadata"]
    return LeftFact(
        images=_images(body),
        labelled_for=metadata.get("labels", {}).get(names.LABEL_RELEASE, ""),
        deleting="deletionTimestamp" in metadata,
    )


def _images(body: Body) -> dict[str, str]:
    """Container -> image."""
    template = body.get("spec", {}).get("template", {})
    return {one["name"]: one.get("image", "") for one in templates.containers(template)}
