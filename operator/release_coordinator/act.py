"""Carries out the engine's actions, each with a precondition, each safe to repeat.

Called by `reconcile`, after the intent was persisted. Answers go into the store, so that the
next decision sees what was done before any watch tells it.
"""

import logging
from typing import Any

from .api.codec import ReleaseObject
from .cluster import facts, kept, workloads
from .cluster.port import (
    CONTROLLER_REVISION,
    DEPLOYMENT,
    JOB,
    LEASE,
    RECORD,
    RELEASE,
    SERVICE,
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
    CreateTwin,
    CreateWorkload,
    DeleteKept,
    DeletePod,
    DeleteWorkload,
    DropLock,
    MoveTraffic,
    RemoveFinalizer,
    ResumeJob,
    ScaleTwin,
    TakeLock,
    WithdrawJob,
)
from .engine.runfacts import JobPhase
from .errors import AlreadyExists, Conflict, NotFound
from .render import objects, twins
from .render.job import job_body

logger = logging.getLogger(__name__)


class Actor:
    """Changes the cluster."""

    def __init__(self, cluster: Cluster, store: Store) -> None:
        self._cluster = cluster
        self._store = store

    async def act(self, release: ReleaseObject, action: Action) -> bool:
        """Do it; False if it was a lock that somebody else has.

        Raises what `Cluster` raises, but not AlreadyExists.
        """
        match action:
            case CreateJob() | CreateRevision() | CreateSnapshots() | CreateRecord():
                await self._create_all(_created(release, action))
            case ResumeJob() | WithdrawJob():
                await self._job(release, action)
            case ApplyTemplate() | CreateWorkload() | DeleteWorkload():
                await self._workload(release, action)
            case CopyConfig():
                await kept.copy(self._cluster, release, action)
            case DeletePod() | DeleteKept():
                for ref in await kept.delete(self._cluster, release.namespace, action):
                    self._store.remove(ref, "")
            case CreateTwin() | ScaleTwin() | MoveTraffic():
                await self._traffic(release, action)
            case TakeLock() | DropLock():
                return await self._lock(release, action)
            case AddFinalizer() | RemoveFinalizer():
                others = [name for name in release.finalizers if name != names.FINALIZER]
                added = [names.FINALIZER] if isinstance(action, AddFinalizer) else []
                await self._finalizers(release, others + added)
        return True

    async def _create_all(self, wanted: list[tuple[Kind, dict[str, Any]]]) -> None:
        for kind, body in wanted:
            await self._create(kind, body)

    async def _create(self, kind: Kind, body: dict[str, Any]) -> bool:
        """Create, or take over what is there (False): the engine says whether that is ours."""
        created = True
        try:
            stored = await self._cluster.create(kind, body)
        except AlreadyExists:
            created = False
            metadata = body["metadata"]
            stored = await self._cluster.get(Ref(kind, metadata["namespace"], metadata["name"]))
        self._store.put(kind, stored)
        if created and kind == RECORD:
            _tell_what_was_dropped(body, stored)
        return created

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
        await self._patch(ref, patch)

    async def _withdraw(self, release: ReleaseObject, action: WithdrawJob) -> None:
        metadata = {
            "uid": action.uid,
            "resourceVersion": action.resource_version,
            "annotations": {names.ANNOTATION_WITHDRAWN: "true"},
        }
        ref = Ref(JOB, release.namespace, action.name)
        await self._patch(ref, {"metadata": metadata})

    async def _patch(self, ref: Ref, patch: dict[str, Any]) -> None:
        try:
            self._store.put(ref.kind, await self._cluster.patch(ref, patch))
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
        # One that was let run and suspended again has run: it must not run twice.
        fresh = not still.withdrawn and not still.touched
        holds = still.phase is JobPhase.SUSPENDED and fresh
        return still.resource_version if holds else action.resource_version

    async def _workload(
        self, release: ReleaseObject, action: ApplyTemplate | CreateWorkload | DeleteWorkload
    ) -> None:
        ref = workloads.ref_in(release.namespace, action.workload)
        if isinstance(action, ApplyTemplate):
            await self._apply(release, action)
        elif isinstance(action, CreateWorkload):
            await self._create(ref.kind, objects.workload_body(release, action))
        else:
            await self._remove(ref, action.uid)

    async def _apply(self, release: ReleaseObject, action: ApplyTemplate) -> None:
        ref = workloads.ref_in(release.namespace, action.workload)
        live = self._store.get(ref)
        if live is None or live["metadata"]["resourceVersion"] != action.resource_version:
            live = await self._cluster.get(ref)
        await self._patch(ref, objects.template_patch(release, action, live))

    async def _traffic(
        self, release: ReleaseObject, action: CreateTwin | ScaleTwin | MoveTraffic
    ) -> None:
        match action:
            case CreateTwin(workload=workload, uid=uid):
                like = await self._cluster.get(workloads.ref_in(release.namespace, workload))
                if like["metadata"]["uid"] != uid:
                    raise Conflict(f"{workload} was deleted and created anew")
                await self._create(DEPLOYMENT, twins.twin_body(release, action, like))
            case ScaleTwin(name=name):
                ref = Ref(DEPLOYMENT, release.namespace, name)
                await self._patch(ref, twins.scale_patch(action))
            case MoveTraffic(service=service):
                ref = Ref(SERVICE, release.namespace, service)
                await self._patch(ref, twins.traffic_patch(release, action))

    async def _lock(self, release: ReleaseObject, action: TakeLock | DropLock) -> bool:
        if isinstance(action, TakeLock):
            return await self._create(LEASE, objects.lock_body(release, action))
        await self._remove(Ref(LEASE, release.namespace, action.name), action.uid)
        return True

    async def _remove(self, ref: Ref, uid: str) -> None:
        try:
            await self._cluster.delete(ref, uid=uid)
        except NotFound:
            pass
        except Conflict:  # another one of this name
            await self._refresh(ref)
            raise
        self._store.remove(ref, uid)

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


def _tell_what_was_dropped(written: dict[str, Any], stored: dict[str, Any]) -> None:
    """An API server drops without a word what an old definition does not know."""
    dropped = sorted(written["spec"].keys() - stored["spec"].keys())
    if dropped:
        logger.warning(
            "the definition of ReleaseRecord is older than the operator: record %s was stored "
            "without %s; apply the definitions (CRDs) of the operator's version (docs/install.md)",
            stored["metadata"]["name"],
            ", ".join(dropped),
        )


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
