"""An abstract world around `decide`: facts instead of bodies, and a shell that may die anywhere.

The shell is the contract of `reconcile` in a page: notes are collected, persisted before the next
effect, and lost in a crash. The world keeps what really happened, for the promises to be checked.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.world import DAWN
from tests.policies import basic

from release_coordinator.api.approval import ApprovalSpec, Decision
from release_coordinator.api.attempt import Revision
from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.api.conditions import Reason
from release_coordinator.api.policy import ReleasePolicySpec
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.api.snapshot import Snapshot
from release_coordinator.api.status import ReleaseStatus
from release_coordinator.engine import names
from release_coordinator.engine.action import (
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
from release_coordinator.engine.chain import digest_of, is_same
from release_coordinator.engine.decide import decide
from release_coordinator.engine.evidence import (
    AdmissionFact,
    AdmissionWant,
    ApprovalFact,
    ApprovalsFact,
    ApprovalsWant,
    LeftoversFact,
    LeftoversWant,
    PolicyFact,
    PolicyWant,
    SnapshotWant,
    TracesFact,
    TracesWant,
)
from release_coordinator.engine.lockfacts import (
    HolderWant,
    LockFact,
    LockWant,
    OwnLocksWant,
    RivalsWant,
)
from release_coordinator.engine.observation import NotSeen, Observation, Want
from release_coordinator.engine.outcome import Do, Note, Wait
from release_coordinator.engine.recordfacts import (
    KeptRecordsFact,
    KeptRecordsWant,
    RecordDigestWant,
    RecordFact,
    RecordWant,
)
from release_coordinator.engine.refusal import refused
from release_coordinator.engine.runfacts import (
    DocumentFact,
    DocumentWant,
    JobFact,
    JobPhase,
    JobPodsWant,
    JobWant,
    LeftFact,
    LeftWant,
    PodFact,
    ProbeFact,
    ProbeWant,
    RevisionWant,
    WorkloadFact,
    WorkloadPodsWant,
    WorkloadWant,
    WriterFact,
    WriterWant,
)
from release_coordinator.engine.summary import material, summarise
from release_coordinator.engine.templates import containers, hash_of, with_images
from release_coordinator.engine.watchfacts import SampleFact, SampleWant, SeriesFact, SeriesWant

UID = "5b1f0f4e-release"
CHANGELOG = "\n".join(f"## [1.{n}.0] - 2026-11-2{n}\n\n- Something.\n" for n in range(10))


class Crash(BaseException):
    """The process ends here."""


class Refusal(Exception):  # noqa: N818 - named after what the server does
    """The API server refuses an effect."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def policy_of(*, signed: bool) -> ReleasePolicySpec:
    """The policy that asks no other system, and the QA engineer if so."""
    roles = [{"role": "qa"}] if signed else []
    return ReleasePolicySpec.model_validate(basic(signOffs=roles)["spec"])


@dataclass
class Job:
    """A Job of the world and what its program did."""

    fact: JobFact
    step: str


@dataclass
class Abstract:
    """Everything outside the engine."""

    spec: dict[str, Any]
    now: datetime = DAWN
    generation: int = 1
    deleting: bool = False
    gone: bool = False
    annotations: dict[str, str] = field(default_factory=dict)
    finalizers: list[str] = field(default_factory=list)
    stored: dict[str, Any] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    workloads: dict[str, WorkloadFact] = field(default_factory=dict)
    revisions: dict[str, Revision] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    records: dict[str, CreateRecord] = field(default_factory=dict)
    sample: float | None = 1.0
    slow: bool = False
    """Whether answers of the background are not there yet."""
    healthy: bool = True
    refusal: Reason | None = None
    """The next effect is refused for this reason."""
    lagging: dict[Want, Any] = field(default_factory=dict)
    """Old answers that the watches still give."""
    known: set[str] = field(default_factory=set)
    """Jobs that this process knows of."""
    policy: ReleasePolicySpec = field(default_factory=lambda: policy_of(signed=True))
    approvals: list[ApprovalFact] = field(default_factory=list)
    unheard: int = 0
    """How many of the last approvals the watch has not told yet."""
    unproved: str = ""
    locks: dict[str, LockFact] = field(default_factory=dict)
    created: int = 0
    ran: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(attempt, step) -> how often a guarded Job was let run, deleted ones included."""

    def release(self) -> ReleaseObject:
        """The Release as a watch shows it."""
        metadata: dict[str, Any] = {
            "name": "bookshop",
            "namespace": "shop",
            "uid": UID,
            "resourceVersion": "1",
            "generation": self.generation,
            "annotations": {"release-coordinator.io/changed-by": "ada", **self.annotations},
            "finalizers": list(self.finalizers),
        }
        if self.deleting:
            metadata["deletionTimestamp"] = "2026-11-23T12:00:00Z"
        return parse_release({"metadata": metadata, "spec": self.spec, "status": self.stored})

    @property
    def plan(self) -> ReleaseSpec:
        """The spec of now."""
        return ReleaseSpec.model_validate(self.spec)

    def look(self, want: Want) -> Any:
        """The answer to a question."""
        return self.lagging[want] if want in self.lagging else self._answer(want)

    def _answer(self, want: Want) -> Any:
        answers: dict[type, Callable[[Any], Any]] = {
            JobWant: lambda w: self.jobs[w.name].fact if self._sees(w) else None,
            JobPodsWant: lambda _: (),
            WorkloadWant: lambda w: self.workloads.get(w.workload.name),
            WorkloadPodsWant: lambda w: self._pods(w.workload.name),
            LeftWant: lambda w: self._left(w.workload.name),
            WriterWant: lambda _: WriterFact(),
            ProbeWant: lambda _: ProbeFact(1, "" if self.healthy else "HTTP 503"),
            DocumentWant: lambda _: DocumentFact(CHANGELOG),
            SampleWant: lambda _: None if self.slow else self._sampled(),
            SeriesWant: lambda _: None if self.slow else self._series(),
            RevisionWant: lambda w: self.revisions.get(w.name),
            SnapshotWant: lambda w: self.snapshots.get(w.name),
            LeftoversWant: lambda _: LeftoversFact(),
            TracesWant: lambda _: TracesFact(),
            RecordWant: self._recorded,
            RecordDigestWant: lambda w: digest_of(self.records[w.name].record),
            KeptRecordsWant: lambda _: KeptRecordsFact(),
            PolicyWant: lambda _: PolicyFact("default", self.policy),
            ApprovalsWant: lambda w: ApprovalsFact(
                tuple(self.approvals if w.fresh else self._heard())
            ),
            AdmissionWant: lambda _: AdmissionFact(self.unproved),
            LockWant: lambda w: self.locks.get(w.name),
            OwnLocksWant: lambda w: tuple(
                lock for lock in self.locks.values() if lock.release_uid == w.release_uid
            ),
            HolderWant: lambda _: None,
            RivalsWant: lambda _: (),
        }
        return answers[type(want)](want)

    def _recorded(self, want: RecordWant) -> RecordFact | None:
        there = self.records.get(want.name)
        if there is None:
            return None
        same = is_same(there.record, want.wanted)
        return RecordFact(there.record.record_digest if same else None, ours=same)

    def _left(self, name: str) -> LeftFact | None:
        fact = self.workloads.get(name)
        return LeftFact(fact.images, fact.labelled_for, fact.deleting) if fact else None

    def _sampled(self) -> SampleFact:
        return SampleFact(self.sample, "" if self.sample else "down")

    def _series(self) -> SeriesFact:
        fact = self._sampled()
        return SeriesFact(() if fact.value is None else (fact.value,) * 5, fact.problem)

    def _heard(self) -> list[ApprovalFact]:
        return self.approvals[: len(self.approvals) - self.unheard]

    def say(self, decision: Decision, digest: str) -> None:
        """The QA engineer says something about a plan."""
        spec = ApprovalSpec(
            release="bookshop",
            release_uid=UID,
            digest=digest,
            role="qa",
            decision=decision,
            by="quinn",
            comment="because",
        )
        self.approvals.append(ApprovalFact(f"qa-{len(self.approvals)}", spec, self.now))

    def signed(self, digest: str) -> bool:
        """Whether the last word about a plan, by the time it was given, lets it pass."""
        words = [fact for fact in self.approvals if fact.spec.digest == digest]
        if not words:
            return False
        last = max(fact.at for fact in words)
        return all(f.spec.decision is Decision.APPROVED for f in words if f.at == last)

    def _sees(self, want: JobWant) -> bool:
        return want.name in self.jobs and (want.confirm or want.name in self.known)

    def _pods(self, name: str) -> tuple[PodFact, ...]:
        fact = self.workloads.get(name)
        images = frozenset(fact.images.values()) if fact else frozenset()
        return (PodFact(f"{name}-pod", "10.0.0.1", images, "", ""),)

    def act(self, action: Action) -> None:  # noqa: C901, PLR0912 - one line each
        """Carry out an effect as the API server would."""
        if self.refusal is not None:
            reason, self.refusal = self.refusal, None
            raise Refusal(reason)
        match action:
            case CreateJob():
                self._create(action)
            case ResumeJob():
                job = self._unchanged(action)
                self.ran[job.fact.owner[1], job.step] += 1
                self.turn(job, JobPhase.RUNNING)
            case WithdrawJob():
                job = self._unchanged(action)
                self.turn(job, job.fact.phase)
                job.fact = replace(job.fact, withdrawn=True)
            case CreateRevision(name, _, revision):
                self.revisions.setdefault(name, revision)
            case DeleteKept() | CopyConfig():
                pass  # nothing is configured here, and what is kept does no harm
            case CreateWorkload() | DeleteWorkload() | DeletePod() as strange:
                raise AssertionError(f"no plan of this world asks for {strange}")
            case MoveTraffic() | CreateTwin() | ScaleTwin() as strange:
                raise AssertionError(f"no plan of this world asks for {strange}")
            case CreateSnapshots(snapshots):
                self.snapshots |= dict(snapshots)
            case ApplyTemplate(workload, uid, _, template, _, mark):
                fact = self.workloads[workload.name]
                if fact.uid != uid:
                    raise Crash
                images = {one["name"]: one["image"] for one in containers(template)}
                self.roll(replace(fact, mark=mark), images, labelled_for="bookshop")
            case CreateRecord(name, _):
                self.records.setdefault(name, action)
            case TakeLock() | DropLock():
                self._lock(action)
            case AddFinalizer():
                self.finalizers.append(names.FINALIZER)
            case RemoveFinalizer():
                self.finalizers.clear()
                self.gone = True

    def _lock(self, action: TakeLock | DropLock) -> None:
        name = action.name
        if isinstance(action, TakeLock):
            about = (action.attempt, action.workload, self.now)
            self.locks.setdefault(name, LockFact(name, f"{name}-1", "bookshop", UID, *about))
        elif name in self.locks and self.locks[name].uid == action.uid:
            del self.locks[name]

    def _unchanged(self, action: ResumeJob | WithdrawJob) -> Job:
        """The Job, if it is still as the action says."""
        job = self.jobs.get(action.name)
        seen = (action.uid, action.resource_version)
        if job is None or (job.fact.uid, job.fact.resource_version) != seen:
            self.lagging.clear()
            raise Crash  # a conflict: the pass ends, the next one looks anew
        return job

    def _create(self, action: CreateJob) -> None:
        self.known.add(action.name)
        if action.name in self.jobs:
            return
        self.created += 1
        phase = JobPhase.SUSPENDED if action.suspended else JobPhase.RUNNING
        owner = (UID, str(action.context.attempt), names.content_hash(action.template))
        fact = JobFact(action.name, f"job-{self.created}", "1", phase, False, "", owner)
        self.jobs[action.name] = Job(fact, action.context.step)

    def turn(self, job: Job, phase: JobPhase) -> None:
        """A Job comes to a phase."""
        version = str(int(job.fact.resource_version) + 1)
        job.fact = replace(job.fact, phase=phase, resource_version=version, message="some words")

    def roll(self, fact: WorkloadFact, images: dict[str, str], labelled_for: str) -> None:
        """Give a workload images; its pods follow later."""
        now = {**fact.images, **images}
        template = with_images(fact.template, now)
        hashed = hash_of(template)
        same = hashed == fact.template_hash
        self.workloads[fact.ref.name] = replace(
            fact,
            images=now,
            template=template,
            template_hash=hashed,
            labelled_for=labelled_for,
            rolled_out=same and fact.rolled_out,
        )


@dataclass
class Shell:
    """One process of the operator; what it has not persisted dies with it."""

    world: Abstract
    watch: Callable[[ReleaseStatus, Action | None], None]
    """Told of every persisted status, and of every effect with the status stored before it."""
    unwritten: ReleaseStatus | None = None
    operations: int = 0

    def run(self, crash_at: int | None = None) -> datetime | None:
        """One pass; `crash_at` is the number of operations after which the process ends."""
        world = self.world
        release = world.release()
        status = self.unwritten or release.status
        last: Action | None = None
        for _ in range(500):
            match self._decide(release, status):
                case Note(changed) if _untold_end(release, status, changed):
                    self._persist(release, status, crash_at)
                    self.unwritten = None
                    release = world.release()
                    status = release.status
                case Note(changed):
                    status = changed
                case Wait(until):
                    report = summarise(release, status, world.now)
                    if material(report) != material(release.status):
                        self._persist(release, status, crash_at)
                        self.unwritten = None
                    else:
                        self.unwritten = status
                    return until
                case Do(action):
                    if not isinstance(action, AddFinalizer):
                        self._persist(release, status, crash_at)
                        self.unwritten = None
                    release = world.release()
                    status = release.status if not isinstance(action, AddFinalizer) else status
                    status = self._act(release, status, action, last, crash_at)
                    if world.gone:
                        return None
                    last, release = action, world.release()
        raise AssertionError("a pass does not end")

    def _decide(self, release: ReleaseObject, status: ReleaseStatus) -> Note | Do | Wait:
        facts: dict[Want, Any] = {}
        while True:
            try:
                return decide(release, status, Observation(facts), self.world.now)
            except NotSeen as question:
                facts |= {want: self.world.look(want) for want in question.wants}

    def _persist(self, release: ReleaseObject, status: ReleaseStatus, crash_at: int | None) -> None:
        report = summarise(release, status, self.world.now)
        if report == release.status:
            return
        self._count(crash_at)
        self.watch(report, None)
        self.world.stored = report.to_wire()

    def _act(
        self,
        release: ReleaseObject,
        status: ReleaseStatus,
        action: Action,
        last: Action | None,
        crash_at: int | None,
    ) -> ReleaseStatus:
        self._count(crash_at)
        self.watch(release.status, action)
        if action == last:  # accepted, without effect
            self.world.refusal = Reason.API_REJECTED
        try:
            self.world.act(action)
        except Refusal as refusal:
            note = refused(status, action, refusal.reason, "no", self.world.now)
            if note is None:
                raise Crash from refusal  # the queue tries again later
            return note.status
        return status

    def _count(self, crash_at: int | None) -> None:
        if crash_at is not None and self.operations >= crash_at:
            raise Crash
        self.operations += 1


def _untold_end(release: ReleaseObject, ended: ReleaseStatus, begun: ReleaseStatus) -> bool:
    if ended.attempt is None or begun.attempt is None:
        return False
    other = ended.attempt.number != begun.attempt.number
    return other and release.status.attempt != ended.attempt


def later(world: Abstract, seconds: float) -> None:
    """Time passes."""
    world.now += timedelta(seconds=seconds)
