"""Copies of configuration, and what is deleted: the calls for `engine.snapshots` and its kin.

Called by `act`. The content of a copy goes from the API server to the API server: it is never
logged, stored or repeated.
"""

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.snapshot import ConfigKind
from release_coordinator.engine.action import CopyConfig, DeleteKept, DeletePod, Kept
from release_coordinator.errors import AlreadyExists, Conflict, Invalid, NotFound
from release_coordinator.render import objects

from .configuration import KINDS, version_of
from .port import CONTROLLER_REVISION, POD, Cluster, Kind, Ref

_KINDS: dict[str, Kind] = {
    CONTROLLER_REVISION.kind: CONTROLLER_REVISION,
    **{str(kind): resource for kind, resource in KINDS.items()},
}


async def copy(cluster: Cluster, release: ReleaseObject, action: CopyConfig) -> None:
    """Make a copy of what was looked at. Raises Conflict if that has changed."""
    kind = KINDS[action.kind]
    changed = f"{action.kind} {action.source} was changed or deleted while it was copied"
    try:
        source = await cluster.get(Ref(kind, release.namespace, action.source))
    except NotFound:
        raise Conflict(changed) from None
    if version_of(source) != action.version:
        raise Conflict(changed)
    try:
        await cluster.create(kind, objects.copy_body(release, action.name, source))
    except AlreadyExists:
        return  # whether it is ours is for the engine to say
    except Invalid:
        if action.kind is not ConfigKind.SECRET:
            raise
        text = f"the API server refuses {action.name}, a copy of Secret {action.source}"
        raise Invalid(f"{text}; its answer is left out, for it may quote the content") from None


async def delete(cluster: Cluster, namespace: str, action: DeletePod | DeleteKept) -> list[Ref]:
    """Delete what an action names; return what it was."""
    wanted = (
        [Kept(POD.kind, action.name, action.uid)]
        if isinstance(action, DeletePod)
        else list(action.objects)
    )
    refs = [Ref(_KINDS.get(one.kind, POD), namespace, one.name) for one in wanted]
    for ref, one in zip(refs, wanted, strict=True):
        try:
            await cluster.delete(ref, uid=one.uid)
        except (NotFound, Conflict):
            continue  # it is gone, and what has its name now is not ours to delete
    return refs
