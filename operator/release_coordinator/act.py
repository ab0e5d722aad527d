"""Carries out the engine's actions, each with a precondition, each safe to repeat.

Called by `reconcile`, after the intent was persisted. Answers go into the store, so that the
next decision sees what was done before any watch tells it.
"""

from typing import Any

from .api.codec import ReleaseObject
from .cluster import facts, kept, workloads
from .cluster.port import (
    CONTROLLER_REVISION,
    JOB,
    LEASE,
    RECORD,
    RELEASE,
    Cluster,
    Kind,
    Ref,
)
from .cluster.store import Store
from .engine import names
from .engine.action import (
    Action,
    AddFinalizer,
    ApplyTemplate,
    CopyConfig,
    CreateJob,
    CreateRecord,
    CreateRevision,
    CreateSnapshots,
    DeleteKept,
    DeletePod,
    DropLock,
    RemoveFinalizer,
    ResumeJob,
    TakeLock,
    WithdrawJob,
)
from .engine.observation import JobPhase
from .errors import AlreadyExists, Conflict, NotFound
from .render import objects
from .render.job import job_body


class Actor:
    """Changes the cluster."""

    def __init__(self, cluster: Cluster, store: Store) -> None:
        self._cluster = cluster
        self._store = store

    async def act(self, release: ReleaseObject, action: Action) -> None:
        """Do it. Raises what `Cluster` raises, but not AlreadyExists."""
        match action:
            case CreateJob() | CreateRevision() | CreateSnapshots() | CreateRecord():
                for kind, body in _created(release, action):
                    await self._create(kind, body)
            case ResumeJob() | WithdrawJob():
                await self._job(release, action)
            case ApplyTemplate():
                await self._apply(release, action)
            case CopyConfig():
                await kept.copy(self._cluster, release, action)
            case DeletePod() | DeleteKept():
                for ref in await kept.delete(self._cluster, release.namespace, action):
                    self._store.remove(ref, "")
            case TakeLock() | DropLock():
                await self._lock(release, action)
            case AddFinalizer() | RemoveFinalizer():
                others = [name for name in release.finalizers if name != names.FINALIZER]
                added = [names.FINALIZER] if isinstance(action, AddFinalizer) else []
                await self._finalizers(release, others + added)

    async def _create(self, kind: Kind, body: dict[str, Any]) -> None:
        """Create, or take over what is there: whether it is ours is for the engine to say."""
        try:
            stored = await self._cluster.create(kind, body)
        except AlreadyExists:
            metadata = body["metadata"]
            stored = await self._cluster.get(Ref(kind, metadata["namespace"], metadata["name"]))
        self._store.put(kind, stored)

    async def _job(self, release: ReleaseObject, action: ResumeJob | WithdrawJob) -> None:
        if isinstance(action, ResumeJob):
            await self._resume(release, action)
        else:
            await self._withdraw(release, action)

    async def _resume(self, release: ReleaseObject, action: ResumeJob) -> None:
        ref = Ref(JOB, release.namespace, action.name)
        version = self._resumable(ref, action)
        patch = {
            "metadata": {"uid": action.uid, "resourceVersion": version},
            "spec": {"suspend": False},
        }
        await self._patch_job(ref, patch)

    async def _withdraw(self, release: ReleaseObject, action: WithdrawJob) -> None:
        metadata = {
            "uid": action.uid,
            "resourceVersion": action.resource_version,
            "annotations": {names.ANNOTATION_WITHDRAWN: "true"},
        }
        ref = Ref(JOB, release.namespace, action.name)
        await self._patch_job(ref, {"metadata": metadata})

    async def _patch_job(self, ref: Ref, patch: dict[str, Any]) -> None:
        try:
            self._store.put(JOB, await self._cluster.patch(ref, patch))
        except (Conflict, NotFound):
            await self._refresh(ref)
            raise

    def _resumable(self, ref: Ref, action: ResumeJob) -> str:
        """The newest version known of the Job, if the decision holds for it as well.

        The Job controller says in the status of a new Job that it is suspended, and does so
        while we write down its UID: with the version of the decision, each first try would fail.
        """
        known = self._store.get(ref)
        if known is None or known["metadata"]["uid"] != action.uid:
            return action.resource_version
        still = facts.job_fact(known)
        holds = still.phase is JobPhase.SUSPENDED and not still.withdrawn
        return still.resource_version if holds else action.resource_version

    async def _apply(self, release: ReleaseObject, action: ApplyTemplate) -> None:
        ref = workloads.ref_in(release.namespace, action.workload)
        live = self._store.get(ref)
        if live is None or live["metadata"]["resourceVersion"] != action.resource_version:
            live = await self._cluster.get(ref)
        patch = objects.template_patch(release, action, live)
        try:
            self._store.put(ref.kind, await self._cluster.patch(ref, patch))
        except (Conflict, NotFound):
            await self._refresh(ref)
            raise

    async def _lock(self, release: ReleaseObject, action: TakeLock | DropLock) -> None:
        if isinstance(action, TakeLock):
            await self._create(LEASE, objects.lock_body(release, action))
            return
        ref = Ref(LEASE, release.namespace, action.name)
        try:
            await self._cluster.delete(ref, uid=action.uid)
        except NotFound:
            pass
        except Conflict:  # another one of this name
            await self._refresh(ref)
            raise
        self._store.remove(ref, action.uid)

    async def _refresh(self, ref: Ref) -> None:
        """Our view of an object was old: replace it by the API server's."""
        try:
            self._store.put(ref.kind, await self._cluster.get(ref))
        except NotFound:
            self._store.remove(ref, "")

    async def _finalizers(self, release: ReleaseObject, finalizers: list[str]) -> None:
        patch = objects.finalizers_patch(release, finalizers)
        stored = await self._cluster.patch(Ref(RELEASE, release.namespace, release.name), patch)
        if stored["metadata"].get("deletionTimestamp") and not finalizers:
            self._store.remove(
                Ref(RELEASE, release.namespace, release.name), release.uid, release.resource_version
            )
        else:
            self._store.put(RELEASE, stored)


def _created(
    release: ReleaseObject, action: CreateJob | CreateRevision | CreateSnapshots | CreateRecord
) -> list[tuple[Kind, dict[str, Any]]]:
    """What an action creates."""
    match action:
        case CreateJob():
            return [(JOB, job_body(release, action))]
        case CreateRevision():
            return [(CONTROLLER_REVISION, objects.revision_body(release, action))]
        case CreateRecord():
            return [(RECORD, objects.record_body(release, action))]
        case CreateSnapshots(snapshots):
            bodies = (objects.snapshot_body(release, *named) for named in snapshots)
            return [(CONTROLLER_REVISION, body) for body in bodies]
