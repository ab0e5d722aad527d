"""What gates may ask about the world beyond an attempt's own objects, and the answers.

Part of the vocabulary of `engine.observation`, which hands them out. Every answer that may be
missing says in `problem` why, and what whoever can mend it must do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from release_coordinator.api.approval import ApprovalSpec
from release_coordinator.api.policy import ReleasePolicySpec
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import WorkloadRef
from release_coordinator.api.snapshot import ConfigKind


@dataclass(frozen=True, slots=True)
class PolicyFact:
    """The ReleasePolicy that counts for a Release; without a name it is the built-in one."""

    name: str | None = None
    spec: ReleasePolicySpec | None = None
    """None for the built-in policy, and if it cannot be read."""
    problem: str = ""
    """What is wrong with it, field and what to write instead."""


@dataclass(frozen=True, slots=True)
class ApprovalFact:
    """An Approval, with the time the API server took it at."""

    name: str
    spec: ApprovalSpec
    at: datetime


@dataclass(frozen=True, slots=True)
class ApprovalsFact:
    """The Approvals that name a Release, in no order, or why they were not read."""

    approvals: tuple[ApprovalFact, ...]
    problem: str = ""
    """Why none were read; the platform team mends it."""


@dataclass(frozen=True, slots=True)
class AdmissionFact:
    """Whether the API server was seen to refuse forged approvals."""

    problem: str
    """Empty when it does; else what was seen, and who mends it."""
    since: datetime | None = None
    """Approvals from before that time may be forged: the policy was not there, or was weaker."""


@dataclass(frozen=True, slots=True)
class ObjectFact:
    """Any object of the Release's namespace, or why it was not read."""

    body: Mapping[str, Any] | None
    problem: str = ""
    forbidden: bool = False
    """The operator may not read it, or the API server fails: a matter for the platform team."""
    refused: bool = False
    """Such an object is never read: who named it must name another."""


@dataclass(frozen=True, slots=True)
class VersionFact:
    """What the pods of a workload say their version is."""

    versions: tuple[str, ...]
    """Each version once, sorted."""
    problem: str = ""
    """Why a pod did not say it."""


@dataclass(frozen=True, slots=True)
class AlertRuleFact:
    """One alert rule as a Prometheus-compatible server has it loaded."""

    name: str
    health: str
    """ok, err or unknown."""
    firing: bool
    severity: str
    """Its label `severity`, empty without one."""
    problem: str = ""
    """The server's last error in evaluating it."""


@dataclass(frozen=True, slots=True)
class AlertRulesFact:
    """All alert rules of a metric source, or why they were not read."""

    rules: tuple[AlertRuleFact, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class NodesFact:
    """The nodes of the cluster."""

    ready: tuple[str, ...]
    """Names of nodes that are Ready and take new pods."""
    unready: tuple[str, ...]
    """Names of nodes that are not Ready. A cordoned node is in neither list."""
    problem: str = ""
    """Why they could not be read."""


@dataclass(frozen=True, slots=True)
class QuotaFact:
    """One ResourceQuota of the namespace: what is left of each resource."""

    name: str
    left: Mapping[str, float]
    """Resource as in the quota (pods, requests.cpu, limits.memory) -> what is left, in units,
    cores or bytes."""
    problem: str = ""
    """Why it is not known."""


@dataclass(frozen=True, slots=True)
class SurgeFact:
    """What a rolling update of a workload needs beside what runs: its surge pods."""

    pods: int
    resources: Mapping[str, float]
    """requests.cpu, requests.memory, limits.cpu, limits.memory of all surge pods together."""
    problem: str = ""
    """Why it is not known."""


@dataclass(frozen=True, slots=True)
class ConfigFact:
    """The configuration of a workload, flattened; None of the workload gives no fact."""

    entries: Mapping[str, str]
    """Path like env/LOG_LEVEL, config/bookshop/pool-size or args -> value. Images and the number
    of replicas are no configuration. Secrets appear by name and key only."""
    problem: str = ""
    """Why it could not be read; the platform team mends it."""


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """A ReleaseRecord whose content means nothing to this operator."""

    name: str
    at: datetime
    """When it was written, in whole seconds."""
    problem: str


@dataclass(frozen=True, slots=True)
class RecordsFact:
    """The records of a Release, or why they were not read."""

    records: tuple[RecordSpec, ...]
    """Oldest first."""
    unreadable: tuple[UnreadableRecord, ...] = ()
    """Oldest first."""
    problem: str = ""
    """Why none were read; the platform team mends it."""


@dataclass(frozen=True, slots=True)
class ConfigStateFact:
    """Whether a ConfigMap or Secret is what it was; nothing of its content."""

    version: str
    """Differs when its content does; empty if it is not there or could not be read."""
    problem: str = ""
    """Why it could not be read; the platform team mends it."""


@dataclass(frozen=True, slots=True)
class KeptFact:
    """An immutable copy of configuration."""

    ours: bool
    """Made by the operator for this Release, immutable, and with the content that is wanted."""
    uid: str = ""


@dataclass(frozen=True, slots=True)
class PolicyWant:
    """The ReleasePolicy that counts for a Release. With `fresh`, it is read from the API server."""

    release: str
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class ApprovalsWant:
    """All Approvals that name a Release. With `fresh`, they are read from the API server."""

    release: str
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class AdmissionWant:
    """Whether forged approvals are refused."""


@dataclass(frozen=True, slots=True)
class ObjectWant:
    """An object of the namespace by apiVersion, kind and name."""

    api_version: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class VersionWant:
    """The version endpoint of all pods of a workload; no namespace: the Release's own."""

    workload: WorkloadRef
    port: int
    path: str
    timeout: str
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class RecordsWant:
    """All ReleaseRecords of a Release, of another namespace too."""

    namespace: str
    release: str


@dataclass(frozen=True, slots=True)
class AlertRulesWant:
    """All alert rules that a metric source has loaded."""

    source: str


@dataclass(frozen=True, slots=True)
class NodesWant:
    """The nodes of the cluster."""


@dataclass(frozen=True, slots=True)
class QuotasWant:
    """The ResourceQuotas of the namespace."""


@dataclass(frozen=True, slots=True)
class SurgeWant:
    """What an update of a workload needs beside what runs."""

    workload: WorkloadRef
    beside: bool = False
    """All its pods run twice meanwhile."""


@dataclass(frozen=True, slots=True)
class ConfigWant:
    """The configuration of a workload; no namespace: the Release's own."""

    workload: WorkloadRef
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class ConfigStateWant:
    """The present state of a ConfigMap or Secret of the namespace."""

    kind: ConfigKind
    name: str


@dataclass(frozen=True, slots=True)
class KeptWant:
    """A copy of a ConfigMap or Secret; `uid` is that of the Release it was made for."""

    kind: ConfigKind
    name: str
    uid: str
    version: str
    """Of the content it must have. Of a Secret only its name can say so."""


@dataclass(frozen=True, slots=True)
class SnapshotWant:
    """What a component ran, by the name of its ControllerRevision."""

    name: str


@dataclass(frozen=True, slots=True)
class KeptObject:
    """An object that was kept for rollbacks."""

    kind: str
    name: str
    uid: str
    attempt: int = 0
    """Of a recorded plan: its attempt."""
    needs: frozenset[str] = frozenset()
    """Names of the snapshots that a plan, or of the copies that a snapshot restores from."""


@dataclass(frozen=True, slots=True)
class LeftoversFact:
    """All that was kept for the rollbacks of a Release."""

    plans: tuple[KeptObject, ...] = ()
    snapshots: tuple[KeptObject, ...] = ()
    copies: tuple[KeptObject, ...] = ()
    used: frozenset[str] = frozenset()
    """Names of the configuration that workloads of the namespace name."""
    problem: str = ""
    """Why it is not known; the platform team mends it."""


@dataclass(frozen=True, slots=True)
class LeftoversWant:
    """All that was kept for the rollbacks of the Release of that UID."""

    uid: str


@dataclass(frozen=True, slots=True)
class TracesFact:
    """What attempts of this Release have left behind that its status does not know of."""

    attempt: int = 0
    """The highest number found; 0: none."""
    where: str = ""
    """The object that shows it."""
    problem: str = ""
    """Why it is not known; the platform team mends it."""


@dataclass(frozen=True, slots=True)
class TracesWant:
    """Objects of attempts with this number or a higher one, by the Release's UID."""

    release: str
    uid: str
    number: int
    digest: str
    """Of the plan that is to begin: the name of a ControllerRevision contains it."""


@dataclass(frozen=True, slots=True)
class PodsLeftWant:
    """The pods that a workload has made, gone itself perhaps, for whoever waits for their end."""

    workload: WorkloadRef
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TrialWant:
    """Whether the API server takes an inline workload, and a pod of it; nothing is stored."""

    workload: WorkloadRef
    document: str
    """What is declared of it, as canonical JSON."""


@dataclass(frozen=True, slots=True)
class TrialFact:
    """What came of the trial."""

    refusal: str = ""
    """What the API server says against it."""
    lost: tuple[str, ...] = ()
    """Fields that it would not store as they were declared."""
    problem: str = ""
    """Why the trial could not be made for now."""
    note: str = ""
    """Why it can never be made here; then the rollout shows."""
