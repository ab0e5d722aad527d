"""Answers the engine's questions: from what the watches told, else from the world itself.

Called by `reconcile`. Jobs, their pods and the workloads of a Release are watched by label, so
waiting costs no request; what is not watched is read when it is asked for.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from .api.attempt import Revision
from .api.base import parse_duration
from .api.release import WorkloadRef
from .cluster import facts, workloads
from .cluster.port import (
    CONFIG_MAP,
    CONTROLLER_REVISION,
    JOB,
    POD,
    Body,
    Kind,
    Ref,
)
from .engine import names
from .engine.memo import Memo
from .engine.observation import Want
from .engine.plan import is_recorded
from .engine.runfacts import (
    DocumentFact,
    DocumentWant,
    JobPhase,
    JobPodsWant,
    JobWant,
    PodFact,
    ProbeFact,
    ProbeWant,
    RevisionWant,
    WorkloadPodsWant,
    WorkloadWant,
)
from .engine.watchfacts import Late
from .errors import Denied, NotFound
from .evidence import registry
from .evidence.sources import Sources
from .late import PATIENCE, Background, Key
from .render.objects import read_revision
from .text import one_line

logger = logging.getLogger(__name__)

JOB_NAME_LABEL = "batch.kubernetes.io/job-name"
BACKGROUND_SECONDS = 120.0
"""Seconds after which a question of the background counts as unanswered; its parts have limits of
their own, far below."""
PODS_KEPT = 256
"""Workloads whose pods are remembered; those that were asked for longest ago go first."""
_ENDED = {JobPhase.SUCCEEDED, JobPhase.FAILED}


class Looker:
    """Turns wants into facts."""

    def __init__(
        self,
        sources: Sources,
        wake: Callable[[Key], None] = lambda _: None,
        *,
        patience: float = PATIENCE,
    ) -> None:
        """`wake` is called with a Release for which an answer of the background is there."""
        self._background = Background(self._in_background, wake, patience=patience)
        self._pods_seen: dict[Any, tuple[Any, tuple[PodFact, ...]]] = {}
        """Pods of a workload that does not get on, and the state in which they were listed."""
        self._told: set[tuple[type, type]] = set()
        """Failures that are in the log, by want and error."""
        self._sources = sources
        self._cluster = sources.cluster
        self._store = sources.store
        self._prober = sources.prober

    async def look(self, key: Key, wants: tuple[Want, ...]) -> Mapping[Want, Any]:
        """All answers, looked up concurrently; None where one takes its time (`engine.watchfacts`).

        Raises what `Cluster` raises, but not NotFound.
        """
        late = tuple(want for want in wants if isinstance(want, Late))
        soon = tuple(want for want in wants if not isinstance(want, Late))
        questions = (self._answer(key[0], want) for want in soon)
        later, *answers = await asyncio.gather(
            self._background.ask(key, late), *questions, return_exceptions=True
        )
        for answer in (later, *answers):
            if isinstance(answer, BaseException):
                raise answer  # itself, not a group: the queue must see what it says of a retry
        return dict(zip(soon + late, [*answers, *later], strict=True))

    async def close(self) -> None:
        """End what is looked up in the background."""
        await self._background.close()

    async def _in_background(self, namespace: str, want: Want) -> Any:
        try:
            async with asyncio.timeout(BACKGROUND_SECONDS):
                return await registry.answer(self._sources, namespace, want)
        except Exception as error:  # noqa: BLE001 - whatever it is: no answer holds a Release up
            if not isinstance(error, TimeoutError):
                return self._failed(namespace, want, error)
            return registry.UNREAD[type(want)](
                f"there was no answer within {BACKGROUND_SECONDS:.0f} s; it is asked again"
            )

    def _failed(self, namespace: str, want: Want, error: Exception) -> Any:
        """The fact that a look has failed as nobody has foreseen; it is told in the log once."""
        kind, what = type(want), f"{type(error).__name__}: {one_line(str(error), 80)}"
        if (kind, type(error)) not in self._told:
            self._told.add((kind, type(error)))
            text = "the look for %s in namespace %s has failed"
            logger.error(text, kind.__name__, namespace, exc_info=error)
        return registry.UNREAD[kind](
            f"the operator could not look ({what}); it tries again, and the platform team reads "
            "the operator's log"
        )

    async def _answer(self, namespace: str, want: Want) -> Any:
        match want:
            case JobWant():
                return await self._job(namespace, want)
            case JobPodsWant():
                return await self._job_pods(namespace, want.job)
            case WorkloadWant():
                body = await self._workload(namespace, want)
                return workloads.fact_of(body) if body else None
            case WorkloadPodsWant():
                return await self._explained(namespace, want)
            case ProbeWant():
                return await self._probe(namespace, want)
            case DocumentWant():
                return await self._document(namespace, want)
            case RevisionWant():
                return await self._revision(namespace, want)
            case _:
                return await registry.answer(self._sources, namespace, want)

    async def _known_or_live(self, kind: Kind, namespace: str, name: str) -> Body | None:
        return self._store.get(Ref(kind, namespace, name)) or await self._live(
            kind, namespace, name
        )

    async def _live(self, kind: Kind, namespace: str, name: str) -> Body | None:
        try:
            return await self._cluster.get(Ref(kind, namespace, name))
        except NotFound:
            return None

    async def _job(self, namespace: str, want: JobWant) -> Any:
        body = self._store.get(Ref(JOB, namespace, want.name))
        if body is None and want.confirm:
            body = await self._live(JOB, namespace, want.name)
            if body is not None:
                self._store.put(JOB, body)
        return facts.job_fact(body) if body else None

    async def _job_pods(self, namespace: str, job: str) -> tuple[PodFact, ...]:
        labels = {JOB_NAME_LABEL: job}
        pods = self._store.select(POD, namespace, labels)
        body = self._store.get(Ref(JOB, namespace, job))
        phase = facts.job_fact(body).phase if body is not None else None
        if phase in _ENDED and not any(facts.has_ended(pod) for pod in pods):
            # The Job's end may reach us before its pod's: the reason is worth one read.
            pods = await self._cluster.list(POD, namespace, labels)
        elif phase in {None, JobPhase.SUSPENDED}:
            # Its pods may outlive it for a while: whether one still runs is not for a watch to say.
            pods = await self._cluster.list(POD, namespace, labels)
        return tuple(facts.pod_fact(pod) for pod in pods)

    async def _workload(self, namespace: str, want: WorkloadWant) -> Body | None:
        """From the watch if the workload carries our label, else (or if fresh) live."""
        ref = workloads.ref_in(namespace, want.workload)
        if not want.fresh:
            known = self._store.get(ref)
            if known is not None:
                return known
        body = await self._live(ref.kind, namespace, ref.name)
        if body is not None and names.LABEL_RELEASE in body["metadata"].get("labels", {}):
            self._store.put(ref.kind, body)
        return body

    async def _pods(self, namespace: str, workload: WorkloadRef) -> list[Body]:
        body = await self._workload(namespace, WorkloadWant(workload))
        if body is None:
            return []
        listed = await self._cluster.list(POD, namespace, workloads.selector_of(body))
        pods = workloads.own_pods(body, listed)
        return [pod for pod in pods if not facts.is_over(pod)]

    async def _explained(self, namespace: str, want: WorkloadPodsWant) -> tuple[PodFact, ...]:
        """As they are now; or as they were, where that is good enough and the workload is too."""
        if want.since is None:
            return await self._workload_pods(namespace, want.workload)
        body = await self._workload(namespace, WorkloadWant(want.workload))
        place = (namespace, want.workload)
        state = (
            want.since,
            body and body["metadata"]["uid"],
            body and body["metadata"]["resourceVersion"],
        )
        known = self._pods_seen.pop(place, None)
        if known is None or known[0] != state:
            known = state, await self._workload_pods(namespace, want.workload)
        self._pods_seen[place] = known
        if len(self._pods_seen) > PODS_KEPT:
            del self._pods_seen[next(iter(self._pods_seen))]
        return known[1]

    async def _workload_pods(self, namespace: str, workload: WorkloadRef) -> tuple[PodFact, ...]:
        return tuple(facts.pod_fact(pod) for pod in await self._pods(namespace, workload))

    async def _probe(self, namespace: str, want: ProbeWant) -> ProbeFact:
        body = await self._workload(namespace, WorkloadWant(want.workload))
        if body is not None and workloads.fact_of(body).replicas == 0:
            return ProbeFact(0, "")  # scaled to zero on purpose: there is nobody to ask
        pods = [fact for fact in await self._workload_pods(namespace, want.workload) if fact.ip]
        if not pods:
            return ProbeFact(0, f"{want.workload} has no running pod to ask")
        seconds = parse_duration(want.timeout)
        results = await asyncio.gather(
            *(self._prober.probe(pod.ip, want.port, want.path, seconds) for pod in pods)
        )
        for pod, result in zip(pods, results, strict=True):
            if not result.ok:
                return ProbeFact(
                    len(pods), f"Pod {pod.name}, port {want.port}, {want.path}: {result.detail}"
                )
        return ProbeFact(len(pods), "")

    async def _document(self, namespace: str, want: DocumentWant) -> DocumentFact:
        try:
            body = await self._known_or_live(CONFIG_MAP, namespace, want.config_map)
        except Denied:
            text = f"the operator may not read ConfigMap {want.config_map}"
            return DocumentFact(None, f"{text}; the platform team gives it the right")
        if body is None:
            return DocumentFact(
                None, f"there is no ConfigMap {want.config_map} in this namespace; create it"
            )
        text = body.get("data", {}).get(want.key)
        if text is None:
            keys = ", ".join(sorted(body.get("data", {}))) or "no keys"
            return DocumentFact(
                None, f"ConfigMap {want.config_map} has no key {want.key}; it has {keys}"
            )
        return DocumentFact(text)

    async def _revision(self, namespace: str, want: RevisionWant) -> Revision | None:
        body = self._store.get(Ref(CONTROLLER_REVISION, namespace, want.name))
        known = _recorded(body)
        if (body is None and not want.confirm) or is_recorded(known, want.digest):
            return known
        body = await self._live(CONTROLLER_REVISION, namespace, want.name)
        if body is not None:
            self._store.put(CONTROLLER_REVISION, body)
        return _recorded(body)


def _recorded(body: Body | None) -> Revision | None:
    """Spoilt is as good as gone."""
    try:
        return _READ(body) if body is not None else None
    except ValidationError:
        return None


_READ = Memo(read_revision)
"""A revision is read once as long as the store has it; bodies there are replaced, not changed."""
