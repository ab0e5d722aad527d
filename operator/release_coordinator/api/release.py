"""`Release`: what people write. One per application; editing it starts the next attempt.

Read by `api.codec`, resolved and checked by `engine.plan`. Every field does something today;
what a later capability needs is added with it.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from .base import (
    NAME_PATTERN,
    Duration,
    HttpPath,
    Image,
    Model,
    Name,
    ObjectName,
    Port,
    Version,
)
from .control import DeletionPolicy, Suspend
from .evidence import (
    AlertRules,
    CICheck,
    Database,
    Documents,
    Schedule,
    SchemaVersion,
    VersionEndpoint,
)
from .job import LIST_MAP, JobTemplate, NamedJob, rules


class ReleaseType(StrEnum):
    """What a release claims to be; checked against the version step (SemVer)."""

    HOTFIX = "Hotfix"  # a Patch that cannot wait
    PATCH = "Patch"  # corrections only: 1.2.3 to 1.2.4
    MINOR = "Minor"  # new and compatible: 1.2.3 to 1.3.0
    MAJOR = "Major"  # incompatible: 1.2.3 to 2.0.0
    ROLLBACK = "Rollback"
    """A declared downgrade: the only way to a lower version."""


class WorkloadKind(StrEnum):
    """Kinds of workload a component can be."""

    DEPLOYMENT = "Deployment"  # apps/v1
    STATEFUL_SET = "StatefulSet"  # apps/v1, with updateStrategy RollingUpdate
    DAEMON_SET = "DaemonSet"  # apps/v1, with updateStrategy RollingUpdate


class WorkloadRef(Model):
    """An existing workload of the Release's namespace."""

    kind: WorkloadKind = WorkloadKind.DEPLOYMENT
    name: ObjectName = Field(description="Name of the workload.")

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class HealthProbe(Model):
    """An HTTP endpoint every pod of the component must answer with 200-399."""

    path: HttpPath = Field("/healthz", description="Path of the endpoint.")
    port: Port = Field(description="Port of the container, by number.")
    timeout: Duration = Field("2s", description="Time for one answer.")


class Component(Model):
    """One deployable part of the application."""

    name: Name = Field(description="Name of the component, unique in this Release.")
    depends_on: list[Name] = Field(
        [],
        max_length=15,
        json_schema_extra={"x-kubernetes-list-type": "set"},
        description="Components that must run the new version before this one.",
    )
    workload_ref: WorkloadRef
    images: dict[Name, Image] = Field(
        min_length=1,
        max_length=8,
        description="Container name -> image of the new version. Init containers count too.",
        json_schema_extra=rules(
            (
                f"self.all(k, k.size() <= 63 && k.matches('{NAME_PATTERN}'))",
                (
                    "the keys of images are container names: lower-case letters, digits and '-', "
                    "at most 63"
                ),
            )
        ),
    )
    health: HealthProbe | None = None
    version_endpoint: VersionEndpoint | None = None
    progress_deadline: Duration = Field(
        "10m", description="Time to roll out and answer its health probe, from the first change."
    )

    @property
    def target(self) -> WorkloadRef:
        """The workload that runs it."""
        return self.workload_ref


class Reversibility(StrEnum):
    """What a migration allows a rollback to do."""

    REVERSIBLE = "Reversible"
    """`down` undoes it."""
    EXPAND_ONLY = "ExpandOnly"
    """The previous code runs on the new schema: a rollback leaves the schema."""
    IRREVERSIBLE = "Irreversible"
    """A rollback past it needs a person."""


Word = Annotated[str, Field(max_length=128)]


class DryRun(Model):
    """How the program of `up` tries the migration without changing anything; a gate runs it."""

    command: list[Word] = Field([], max_length=4, description="Entry point; that of up if empty.")
    args: list[Word] = Field(
        min_length=1, max_length=16, description="Arguments instead of those of up."
    )


class Migration(Model):
    """One database migration, run as a Job before the components."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "self.reversibility != 'Reversible' || has(self.down)",
                (
                    "a Reversible migration needs a down Job; declare it, or use ExpandOnly "
                    "(the old code runs on the new schema) or Irreversible"
                ),
            ),
            (
                "self.reversibility == 'Reversible' || !has(self.down)",
                (
                    "only a Reversible migration has a down Job; set reversibility: Reversible "
                    "or remove down"
                ),
            ),
            (
                "!has(self.downLosesData) || !self.downLosesData || has(self.down)",
                "downLosesData says what down does: declare down, or remove downLosesData",
            ),
        )
    )

    name: Name = Field(description="Name of the migration, like 0007-add-isbn.")
    reversibility: Reversibility = Field(
        Reversibility.IRREVERSIBLE, description="Undeclared means Irreversible."
    )
    schema_version: SchemaVersion | None = Field(
        None, description="What the Job spec.database.current says once this is applied."
    )
    up: JobTemplate
    down: JobTemplate | None = None
    down_loses_data: bool = Field(
        False,
        description=(
            "down destroys what was written since: a rollback asks first, unless role data-loss "
            "has approved."
        ),
    )
    dry_run: DryRun | None = None

    def dry_run_job(self) -> JobTemplate | None:
        """The Job of its dry run, None if there is none."""
        if self.dry_run is None:
            return None
        own = {"args": self.dry_run.args}
        if self.dry_run.command:
            own["command"] = self.dry_run.command
        return self.up.model_copy(update=own)


class Backup(Model):
    """The Job that takes a database backup before anything changes.

    The last line of its termination message becomes the backup's id in the record.
    """

    job: JobTemplate
    verify: JobTemplate | None = Field(
        None, description="Job that proves the backup; RELEASE_BACKUP_ID names it."
    )
    max_age: Duration | None = Field(
        None, description="A backup that is older when the first change is due is taken again."
    )


class SmokeTest(Model):
    """A Job that succeeds when the released application works."""

    name: Name = Field(description="Name of the test, unique in its list.")
    suite: Name = Field("smoke", description="Test suite it belongs to, shown in messages.")
    job: JobTemplate


class Verify(Model):
    """What must hold after the rollout."""

    smoke_tests: list[SmokeTest] = Field(
        [],
        max_length=8,
        json_schema_extra=LIST_MAP,
        description="Jobs that must succeed, in this order, after the rollout.",
    )


Number = Annotated[float, Field(ge=-1e18, le=1e18)]


class Breach(Model):
    """When a sample means the release is bad; any field that holds is a breach."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "has(self.ratioToBaseline) || has(self.above) || has(self.below)",
                "set at least one of ratioToBaseline, above and below",
            )
        )
    )

    ratio_to_baseline: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None, description="Breach when the value is more than this many times the baseline."
    )
    above: Number | None = Field(None, description="Breach when the value is greater.")
    below: Number | None = Field(None, description="Breach when the value is less.")


class OnUnknown(StrEnum):
    """What happens when a metric gives no usable answer for longer than the limit."""

    HOLD = "Hold"  # a person decides
    ROLLBACK = "Rollback"  # as if it were beyond its limit
    PASS = "Pass"  # noqa: S105 - a verdict, no password
    """As if it were within its limit."""


class Metric(Model):
    """One PromQL query that is watched after the release."""

    name: Name = Field(description="Name of the metric, shown in messages.")
    source: ObjectName = Field("default", description="Name of a MetricSource.")
    query: Annotated[str, Field(min_length=1, max_length=4096)] = Field(
        description="PromQL with exactly one series, or a scalar, as its answer."
    )
    breach: Breach
    failure_threshold: Annotated[int, Field(ge=1, le=100)] = Field(
        1, description="Consecutive breaching samples after which the release is rolled back."
    )
    on_unknown: OnUnknown = OnUnknown.HOLD


class Watch(Model):
    """How long and what to measure after the rollout, before the release counts as good."""

    duration: Duration = Field("10m", description="Length of the watch.")
    interval: Duration = Field("15s", description="Time between two samples of a metric.")
    unknown_limit: Duration = Field(
        "5m", description="How long answers may be missing in a row before onUnknown applies."
    )
    metrics: list[Metric] = Field(
        min_length=1, max_length=10, json_schema_extra=LIST_MAP, description="What is measured."
    )


class RollbackConfiguration(StrEnum):
    """Which pod template and configuration a rollback restores."""

    LAST_GOOD = "LastGood"
    """That with which the version was found good, if the same images still run."""
    AS_FOUND = "AsFound"
    """That which was there when the attempt began."""


class Rollback(Model):
    """What a rollback restores, and how it is verified beyond health probes."""

    configuration: RollbackConfiguration = RollbackConfiguration.LAST_GOOD

    smoke_tests: list[SmokeTest] = Field(
        [],
        max_length=8,
        json_schema_extra=LIST_MAP,
        description="Jobs that must succeed, in this order, after a rollback.",
    )


class ReleaseSpec(Model):
    """The application's wanted version and everything needed to get there and back."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                (
                    "self.components.all(c, !has(c.dependsOn) || c.dependsOn.all(d, "
                    "d != c.name && self.components.exists(o, o.name == d)))"
                ),
                "dependsOn must name other components of this Release",
            ),
            (
                (
                    "self.components.all(c, self.components.exists_one(o, "
                    "o.workloadRef.name == c.workloadRef.name && "
                    "o.workloadRef.kind == c.workloadRef.kind))"
                ),
                "two components name the same workload; give each component its own workloadRef",
            ),
        )
    )

    version: Version = Field(description="SemVer 2, without a leading v.")
    type: ReleaseType | None = Field(
        None,
        description="Derived from the version step if empty. Hotfix and Rollback are declared.",
    )
    components: list[Component] = Field(
        min_length=1,
        max_length=16,
        json_schema_extra=LIST_MAP,
        description="Parts of the application; rolled out in the order of dependsOn.",
    )
    schedule: Schedule = Field(default_factory=Schedule)
    ci: list[CICheck] = Field(
        [],
        max_length=3,
        json_schema_extra=LIST_MAP,
        description="Signs that the pipeline of the version is green; all must hold.",
    )
    alerts: AlertRules | None = None
    credential_checks: list[NamedJob] = Field(
        [],
        max_length=2,
        json_schema_extra=LIST_MAP,
        description="Jobs that log in with the production credentials; a gate runs them.",
    )
    database: Database = Field(default_factory=Database)
    backup: Backup | None = None
    migrations: list[Migration] = Field(
        [],
        max_length=16,
        json_schema_extra=LIST_MAP,
        description="Database migrations of this version, run in this order.",
    )
    caches: list[NamedJob] = Field(
        [],
        max_length=8,
        json_schema_extra=LIST_MAP,
        description="Jobs that clear caches, after the components and after a rollback.",
    )
    warmup: list[NamedJob] = Field(
        [], max_length=8, json_schema_extra=LIST_MAP, description="Jobs that warm the application."
    )
    verify: Verify = Field(default_factory=Verify)
    watch: Watch | None = None
    rollback: Rollback = Field(default_factory=Rollback)
    documents: Documents = Field(default_factory=Documents)
    suspend: Suspend | None = Field(
        None,
        description=(
            "Begin nothing more until this is removed. No part of the plan: approvals stay valid."
        ),
    )
    rehearsal: bool = Field(
        False,
        description=(
            "Go forward to the end of the watch, back, verify the previous version, and forward "
            "again. No part of the plan."
        ),
    )
    deletion_policy: DeletionPolicy = Field(
        DeletionPolicy.ROLLBACK,
        description="What happens if the Release is deleted in the middle. No part of the plan.",
    )
