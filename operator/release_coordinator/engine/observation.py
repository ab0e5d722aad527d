"""What the engine may ask about the world, and the answers.

The engine asks for facts while it decides; a fact that was not looked up yet raises `NotSeen`,
which names it, and the shell looks it up and asks again (`reconcile`). So what a pass reads is
exactly what its decision needs, and the engine stays pure. Answers are made by `cluster.facts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from release_coordinator.api.attempt import Revision
from release_coordinator.api.evidence import VersionEndpoint
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import HealthProbe, WorkloadRef
from release_coordinator.api.snapshot import Snapshot, Source

from .evidence import (
    AdmissionFact,
    AdmissionWant,
    AlertRulesFact,
    AlertRulesWant,
    ApprovalsFact,
    ApprovalsWant,
    ConfigFact,
    ConfigStateFact,
    ConfigStateWant,
    ConfigWant,
    KeptFact,
    KeptWant,
    LeftoversFact,
    LeftoversWant,
    NodesFact,
    NodesWant,
    ObjectFact,
    ObjectWant,
    PodsLeftWant,
    PolicyFact,
    PolicyWant,
    QuotaFact,
    QuotasWant,
    RecordsFact,
    RecordsWant,
    SnapshotWant,
    SurgeFact,
    SurgeWant,
    TracesFact,
    TracesWant,
    TrialFact,
    TrialWant,
    VersionFact,
    VersionWant,
)
from .exportfacts import ExportFact, ExportWant
from .lockfacts import (
    HolderFact,
    HolderWant,
    LockFact,
    LockWant,
    LockWants,
    OwnLocksWant,
    RivalFact,
    RivalsWant,
)
from .recordfacts import (
    KeptRecordsFact,
    KeptRecordsWant,
    RecordDigestWant,
    RecordFact,
    RecordWant,
)
from .runfacts import (
    DocumentFact,
    DocumentWant,
    JobFact,
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
from .trafficfacts import (
    AutoscalersFact,
    AutoscalersWant,
    ServiceFact,
    ServiceWant,
    SiblingsFact,
    SiblingsWant,
    SlotPodsWant,
    StrangersWant,
    TrafficWants,
)
from .watchfacts import Late, LateWants

Fact = TypeVar("Fact")

Want = (
    JobWant
    | JobPodsWant
    | WorkloadWant
    | WorkloadPodsWant
    | LeftWant
    | WriterWant
    | ProbeWant
    | DocumentWant
    | RevisionWant
    | RecordWant
    | RecordDigestWant
    | KeptRecordsWant
    | PolicyWant
    | ApprovalsWant
    | AdmissionWant
    | ObjectWant
    | VersionWant
    | RecordsWant
    | ExportWant
    | AlertRulesWant
    | NodesWant
    | QuotasWant
    | SurgeWant
    | ConfigWant
    | TracesWant
    | ConfigStateWant
    | KeptWant
    | LeftoversWant
    | SnapshotWant
    | PodsLeftWant
    | TrialWant
    | LockWants
    | TrafficWants
    | LateWants
)


class NotSeen(Exception):  # noqa: N818 - a question, not an error
    """Raised to the shell: look these up and decide again."""

    def __init__(self, *wants: Want) -> None:
        super().__init__(wants)
        self.wants = wants


@dataclass(frozen=True, slots=True)
class Jump:
    """Time was put forward: it had not passed for what was under way."""

    at: datetime
    """The moment right after."""
    seconds: float


class Observation:
    """The facts of one pass. Every getter raises NotSeen for what was not looked up."""

    def __init__(
        self, facts: Mapping[Want, Any] | None = None, jumps: tuple[Jump, ...] = ()
    ) -> None:
        self._facts: Mapping[Want, Any] = facts or {}
        self._jumps = jumps

    def lost_since(self, moment: datetime) -> timedelta:
        """Time that only seems to have passed since a moment: a clock was put forward."""
        return timedelta(seconds=sum(jump.seconds for jump in self._jumps if jump.at > moment))

    def _get(self, want: Want) -> Any:
        if want not in self._facts:
            raise NotSeen(want)
        return self._facts[want]

    def gather(self, *wants: Want) -> None:
        """Ask for several facts at once, so that they are looked up concurrently."""
        missing = [want for want in wants if want not in self._facts]
        if missing:
            raise NotSeen(*missing)

    def job(self, name: str, *, confirm: bool = False) -> JobFact | None:
        """The Job of that name, None if there is none."""
        fact: JobFact | None = self._get(JobWant(name, confirm))
        return fact

    def job_pods(self, job: str) -> tuple[PodFact, ...]:
        """Pods of a Job."""
        fact: tuple[PodFact, ...] = self._get(JobPodsWant(job))
        return fact

    def workload(self, workload: WorkloadRef, *, fresh: bool = False) -> WorkloadFact | None:
        """The workload, None if there is none."""
        fact: WorkloadFact | None = self._get(WorkloadWant(workload, fresh))
        return fact

    def workload_pods(
        self, workload: WorkloadRef, since: datetime | None = None
    ) -> tuple[PodFact, ...]:
        """Pods the workload selects, those that terminate included.

        What decides nothing may be as old as `since`, unless the workload has changed.
        """
        fact: tuple[PodFact, ...] = self._get(WorkloadPodsWant(workload, since))
        return fact

    def left(self, workload: WorkloadRef) -> LeftFact | None:
        """A workload at rest, None if the watch knows none."""
        fact: LeftFact | None = self._get(LeftWant(workload))
        return fact

    def writer(self, workload: WorkloadRef, container: str) -> WriterFact:
        """Who else wrote the image of a container."""
        fact: WriterFact = self._get(WriterWant(workload, container))
        return fact

    def probe(self, workload: WorkloadRef, probe: HealthProbe) -> ProbeFact:
        """Health of the workload's pods."""
        fact: ProbeFact = self._get(ProbeWant(workload, probe.port, probe.path, probe.timeout))
        return fact

    def document(self, config_map: str, key: str) -> DocumentFact:
        """A document."""
        fact: DocumentFact = self._get(DocumentWant(config_map, key))
        return fact

    def late(self, want: Late[Fact]) -> Fact | None:
        """What is looked up in the background; None while the answer is not there."""
        fact: Fact | None = self._get(cast("Want", want))
        return fact

    def revision(
        self, name: str, *, confirm: bool = True, digest: str | None = None
    ) -> Revision | None:
        """A recorded revision, None if it is gone; one of another digest is what there is now."""
        fact: Revision | None = self._get(RevisionWant(name, confirm, digest))
        return fact

    def record(self, name: str, wanted: RecordSpec) -> RecordFact | None:
        """What bears the name of a record; None if there is none, as far as this process knows."""
        fact: RecordFact | None = self._get(RecordWant(name, wanted))
        return fact

    def record_digest(self, name: str) -> str | None:
        """Digest of what an earlier record says; None if it is gone or cannot be read."""
        fact: str | None = self._get(RecordDigestWant(name))
        return fact

    def kept_records(self, release: str, uid: str) -> KeptRecordsFact:
        """The release log, as far as its retention asks."""
        fact: KeptRecordsFact = self._get(KeptRecordsWant(release, uid))
        return fact

    def lock(self, name: str) -> LockFact | None:
        """A lock, None if nobody holds it."""
        fact: LockFact | None = self._get(LockWant(name))
        return fact

    def own_locks(self, release_uid: str) -> tuple[LockFact, ...]:
        """All locks of a Release, of whichever attempt."""
        fact: tuple[LockFact, ...] = self._get(OwnLocksWant(release_uid))
        return fact

    def holder(self, release: str, *, fresh: bool = False) -> HolderFact | None:
        """The Release that holds a lock, None if it is gone."""
        fact: HolderFact | None = self._get(HolderWant(release, fresh))
        return fact

    def rivals(self, release: str, workloads: tuple[WorkloadRef, ...]) -> tuple[RivalFact, ...]:
        """Other Releases that name one of the workloads."""
        fact: tuple[RivalFact, ...] = self._get(RivalsWant(release, workloads))
        return fact

    def service(self, name: str, *, fresh: bool = False) -> ServiceFact | None:
        """A Service, None if there is none."""
        fact: ServiceFact | None = self._get(ServiceWant(name, fresh))
        return fact

    def strangers(self, service: str, workload: WorkloadRef) -> tuple[str, ...]:
        """Pods behind a Service that are not the workload's."""
        fact: tuple[str, ...] = self._get(StrangersWant(service, workload))
        return fact

    def siblings(self, labels: Mapping[str, str]) -> SiblingsFact:
        """Services that find pods with these labels."""
        fact: SiblingsFact = self._get(SiblingsWant(tuple(sorted(labels.items()))))
        return fact

    def slot_pods(self, slot: str, *, going: bool = True) -> tuple[str, ...]:
        """Pods of a slot, those that terminate included where `going` says so."""
        fact: tuple[str, ...] = self._get(SlotPodsWant(slot, going))
        return fact

    def pods_left(self, want: PodsLeftWant) -> tuple[str, ...]:
        """Names of the pods with some labels, those that terminate included."""
        fact: tuple[str, ...] = self._get(want)
        return fact

    def trial(self, want: TrialWant) -> TrialFact:
        """What the API server says of an inline workload."""
        fact: TrialFact = self._get(want)
        return fact

    def autoscalers(self) -> AutoscalersFact:
        """Who scales the workloads of the namespace."""
        fact: AutoscalersFact = self._get(AutoscalersWant())
        return fact

    def policy(self, release: str, *, fresh: bool = False) -> PolicyFact:
        """The policy that counts for a Release."""
        fact: PolicyFact = self._get(PolicyWant(release, fresh))
        return fact

    def approvals(self, release: str, *, fresh: bool = False) -> ApprovalsFact:
        """All Approvals that name the Release."""
        fact: ApprovalsFact = self._get(ApprovalsWant(release, fresh))
        return fact

    def admission(self) -> AdmissionFact:
        """Whether forged approvals are refused."""
        fact: AdmissionFact = self._get(AdmissionWant())
        return fact

    def object(self, api_version: str, kind: str, name: str) -> ObjectFact:
        """An object of the namespace."""
        fact: ObjectFact = self._get(ObjectWant(api_version, kind, name))
        return fact

    def versions(
        self, workload: WorkloadRef, endpoint: VersionEndpoint, namespace: str = ""
    ) -> VersionFact:
        """What the workload's pods say their version is."""
        fact: VersionFact = self._get(
            VersionWant(workload, endpoint.port, endpoint.path, endpoint.timeout, namespace)
        )
        return fact

    def records(self, namespace: str, release: str) -> RecordsFact:
        """All records of a Release."""
        fact: RecordsFact = self._get(RecordsWant(namespace, release))
        return fact

    def exported(self, want: ExportWant) -> ExportFact:
        """What staging in another cluster has proved."""
        fact: ExportFact = self._get(want)
        return fact

    def alert_rules(self, source: str) -> AlertRulesFact:
        """All alert rules of a metric source."""
        fact: AlertRulesFact = self._get(AlertRulesWant(source))
        return fact

    def traces(self, want: TracesWant) -> TracesFact:
        """What attempts that the status does not know have left."""
        fact: TracesFact = self._get(want)
        return fact

    def nodes(self) -> NodesFact:
        """The nodes of the cluster."""
        fact: NodesFact = self._get(NodesWant())
        return fact

    def quotas(self) -> tuple[QuotaFact, ...]:
        """The quotas of the namespace."""
        fact: tuple[QuotaFact, ...] = self._get(QuotasWant())
        return fact

    def surge(self, workload: WorkloadRef, *, beside: bool = False) -> SurgeFact | None:
        """What an update of the workload needs beside what runs; None: no workload."""
        fact: SurgeFact | None = self._get(SurgeWant(workload, beside))
        return fact

    def config(self, workload: WorkloadRef, namespace: str = "") -> ConfigFact | None:
        """The configuration of the workload; None: no workload."""
        fact: ConfigFact | None = self._get(ConfigWant(workload, namespace))
        return fact

    def config_state(self, source: Source) -> ConfigStateFact:
        """Whether an object that configures pods is what it was."""
        fact: ConfigStateFact = self._get(ConfigStateWant(*source))
        return fact

    def kept(self, want: KeptWant) -> KeptFact | None:
        """A copy of configuration; None: there is none."""
        fact: KeptFact | None = self._get(want)
        return fact

    def leftovers(self, want: LeftoversWant) -> LeftoversFact:
        """What was kept for rollbacks."""
        fact: LeftoversFact = self._get(want)
        return fact

    def snapshot(self, name: str) -> Snapshot | None:
        """What a component ran, None if it is gone."""
        fact: Snapshot | None = self._get(SnapshotWant(name))
        return fact
