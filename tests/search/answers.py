"""What an operator is told when the engine asks, from the abstract world.

Each answer has a key, small and comparable, and is made into the engine's fact only when a
question with this key is decided for the first time (`deciding`).
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any

from tests.search.journals import NOW, Journals
from tests.search.parts import Job, Kept, Lock, Stored, Workload, World

from release_coordinator.api.approval import ApprovalSpec, Decision
from release_coordinator.api.policy import ReleasePolicySpec
from release_coordinator.api.release import WorkloadRef
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
    HolderFact,
    HolderWant,
    LockFact,
    LockWant,
    OwnLocksWant,
    RivalFact,
    RivalsWant,
)
from release_coordinator.engine.observation import Want
from release_coordinator.engine.recordfacts import (
    KeptRecordsFact,
    KeptRecordsWant,
    RecordDigestWant,
    RecordFact,
    RecordWant,
)
from release_coordinator.engine.runfacts import (
    JobFact,
    JobPhase,
    JobPodsWant,
    JobWant,
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
from release_coordinator.engine.watchfacts import SampleFact, SampleWant

DIGEST = f"sha256:{'0' * 64}"
"""Of every record: no decision can tell them apart."""
SAMPLES = {"good": SampleFact(1.0), "bad": SampleFact(9.0), "none": SampleFact(None, "down")}


@dataclass(frozen=True, slots=True)
class Eyes:
    """Whose question it is, and what there is to see."""

    own: Stored
    releases: tuple[Stored, ...]
    seen: World
    """What the watches have told."""
    live: World
    """What is true."""


Told = Callable[[Any, Eyes], Hashable]


def job_of(world: World, name: str) -> Job | None:
    """A Job by name."""
    return next((job for job in world.jobs if job.name == name), None)


def workload_of(world: World, name: str) -> Workload | None:
    """A workload by name."""
    return next((one for one in world.workloads if one.name == name), None)


def job_uid(job: Job) -> str:
    """Another one for each Job of a name."""
    return f"{job.name}#{job.made}"


def job_version(job: Job) -> str:
    """A Job never comes back to a state it has left."""
    return f"{job.phase}{job.end}{job.touched:d}{job.withdrawn:d}"


def workload_version(one: Workload) -> str:
    """Equal only where nothing was written in between, but for what a later mark would tell."""
    return f"{one.image} {one.stage > 0:d} {one.mark} {one.meddled}"


def job_fact(job: Job) -> JobFact:
    """What a Job says of itself."""
    return JobFact(
        name=job.name,
        uid=job_uid(job),
        resource_version=job_version(job),
        phase=JobPhase(job.phase),
        timed_out=False,
        message="",
        owner=job.owner,
        withdrawn=job.withdrawn,
        touched=job.touched,
    )


def workload_fact(one: Workload) -> WorkloadFact:
    """What a workload says of itself."""
    return WorkloadFact(
        ref=WorkloadRef(name=one.name),
        uid=f"{one.name}#{one.made}",
        resource_version=workload_version(one),
        images={one.container: one.image},
        init=frozenset(),
        template_hash=one.image,
        labelled_for=one.label,
        rolled_out=one.stage > 0,
        replicas=2,
        ready=2,
        trouble="",
        mark=one.mark,
        template={"spec": {"containers": [{"name": one.container, "image": one.image}]}},
    )


def pods_of(one: Workload) -> tuple[PodFact, ...]:
    """Pods of the template, and those of earlier ones that have not ended yet."""
    old = [
        PodFact(f"{one.name}-{image}", "", frozenset({image}), "", "", terminating=one.stage > 0)
        for image in one.leftover
    ]
    return (*old, PodFact(f"{one.name}-pod", "10.0.0.1", frozenset({one.image}), "", ""))


def lock_of(world: World, name: str) -> Lock | None:
    """A lock by name."""
    return next((one for one in world.locks if one.name == name), None)


def lock_uid(lock: Lock) -> str:
    """Another one each time."""
    return f"{lock.name}#{lock.made}"


def lock_fact(lock: Lock) -> LockFact:
    """What a Lease says."""
    owner = f"app{lock.app}", f"uid-{lock.app}"
    return LockFact(lock.name, lock_uid(lock), *owner, lock.attempt, lock.name, NOW)


class Answers:
    """Looks things up, as `look` does: from the watches, or from the API server where it must."""

    def __init__(self, policy: ReleasePolicySpec, kept: Kept, journals: Journals) -> None:
        self._policy = policy
        self._kept = kept
        self._journals = journals
        self._told: dict[type, Told] = {
            JobWant: _job,
            JobPodsWant: lambda want, eyes: job_of(eyes.seen, want.job),
            WorkloadWant: _workload,
            WorkloadPodsWant: lambda want, eyes: workload_of(eyes.live, want.workload.name),
            ProbeWant: lambda *_: True,
            SampleWant: lambda _, eyes: eyes.live.metric,
            RevisionWant: _revision,
            SnapshotWant: lambda want, eyes: dict(eyes.live.snapshots).get(want.name),
            RecordWant: lambda want, eyes: want.name in eyes.seen.records,
            RecordDigestWant: lambda want, eyes: want.name in eyes.live.records,
            KeptRecordsWant: lambda *_: True,
            PolicyWant: lambda *_: True,
            ApprovalsWant: _words,
            AdmissionWant: lambda _, eyes: eyes.live.proved,
            TracesWant: _traces,
            LeftoversWant: lambda *_: True,
            LeftWant: lambda *_: None,
            WriterWant: lambda *_: True,
            LockWant: lambda want, eyes: lock_of(eyes.seen, want.name),
            OwnLocksWant: lambda _, eyes: _own_locks(eyes),
            HolderWant: self._holder,
            RivalsWant: _rivals,
        }
        self._made: dict[type, Callable[[Any], Any]] = {
            JobWant: lambda job: job and job_fact(job),
            JobPodsWant: lambda job: _job_pods(job) if job else (),
            WorkloadWant: lambda one: one and workload_fact(one),
            WorkloadPodsWant: lambda one: pods_of(one) if one else (),
            ProbeWant: lambda _: ProbeFact(1, ""),
            SampleWant: SAMPLES.__getitem__,
            RevisionWant: lambda n: None if n is None else self._kept.revisions[n],
            SnapshotWant: lambda n: None if n is None else self._kept.snapshots[n],
            RecordDigestWant: lambda there: DIGEST if there else None,
            KeptRecordsWant: lambda _: KeptRecordsFact(),
            PolicyWant: lambda _: PolicyFact("default", self._policy),
            ApprovalsWant: lambda words: ApprovalsFact(tuple(_approval(*word) for word in words)),
            AdmissionWant: lambda proved: AdmissionFact("" if proved else "the policy is gone"),
            TracesWant: lambda number: TracesFact(number, "an object" if number else ""),
            LeftoversWant: lambda _: LeftoversFact(),
            LeftWant: lambda _: None,  # what becomes of workloads at rest is no part of the models
            WriterWant: lambda _: WriterFact(),
            LockWant: lambda lock: lock and lock_fact(lock),
            OwnLocksWant: lambda locks: tuple(lock_fact(lock) for lock in locks),
            HolderWant: lambda holder: holder and HolderFact(*holder),
            RivalsWant: lambda rivals: rivals,
        }

    def told(self, want: Want, eyes: Eyes) -> Hashable:
        """The key of an answer. A question that no model knows is an error of the search."""
        return self._told[type(want)](want, eyes)

    def fact(self, want: Want, key: Hashable) -> Any:
        """The answer itself."""
        if isinstance(want, RecordWant):  # what others slip in is no part of the models
            return RecordFact(want.wanted.record_digest) if key else None
        return self._made[type(want)](key)

    def _holder(self, want: HolderWant, eyes: Eyes) -> Hashable:
        """The other Release as it is; only old news of the world are part of the models."""
        other = next((one for one in eyes.releases if f"app{one.app}" == want.release), None)
        if other is None or other.gone:
            return None
        attempt = self._journals[other.journal].attempt
        if attempt is None:
            return (f"uid-{other.app}", 0, False, False)
        ended = attempt.end is not None
        return (f"uid-{other.app}", attempt.number, attempt.frozen, ended)


def _job(want: JobWant, eyes: Eyes) -> Job | None:
    return job_of(eyes.seen, want.name) or (job_of(eyes.live, want.name) if want.confirm else None)


def _workload(want: WorkloadWant, eyes: Eyes) -> Workload | None:
    """Watched by label; one that carries none yet is read."""
    known = workload_of(eyes.seen, want.workload.name)
    watched = known is not None and known.label and not want.fresh
    return known if watched else workload_of(eyes.live, want.workload.name)


def _revision(want: RevisionWant, eyes: Eyes) -> int | None:
    found = dict(eyes.seen.revisions).get(want.name)
    return dict(eyes.live.revisions).get(want.name) if found is None and want.confirm else found


def _words(want: ApprovalsWant, eyes: Eyes) -> Hashable:
    world = eyes.live if want.fresh else eyes.seen
    return tuple(word for word in world.words if word[0] == eyes.own.app)


def _traces(want: TracesWant, eyes: Eyes) -> int:
    """The highest attempt from the wanted one on that has left something behind."""
    named = [*eyes.live.records, *(name for name, _ in eyes.live.revisions)]
    numbers = [int(n.split("-")[1]) for n in named if n.startswith(f"{want.release}-")]
    numbers += [int(job.owner[1]) for job in eyes.seen.jobs if job.owner[0] == want.uid]
    return max((number for number in numbers if number >= want.number), default=0)


def _own_locks(eyes: Eyes) -> Hashable:
    return tuple(lock for lock in eyes.seen.locks if lock.app == eyes.own.app)


def _rivals(want: RivalsWant, eyes: Eyes) -> Hashable:
    """In the models every application has all its workloads in common with the others."""
    others = [one for one in eyes.releases if one.app != eyes.own.app and not one.gone]
    return tuple(RivalFact(f"app{one.app}", ref) for one in others for ref in want.workloads)


def _approval(app: int, digest: str, decision: str) -> ApprovalFact:
    spec = ApprovalSpec(
        release=f"app{app}",
        release_uid=f"uid-{app}",
        digest=digest,
        role="qa",
        decision=Decision(decision),
        by="quinn",
        comment="because",
    )
    return ApprovalFact(f"qa-{digest[7:13]}", spec, NOW)


def _job_pods(job: Job) -> tuple[PodFact, ...]:
    """None is left of a Job that somebody suspended."""
    if job.phase == JobPhase.SUSPENDED:
        return ()
    said = "some words" if job.end == "said" else ""
    over = job.phase != JobPhase.RUNNING
    pod = PodFact(f"{job.name}-pod", "", frozenset(), "", said)
    return (replace(pod, ended=over, killed=job.end == "killed"),)
