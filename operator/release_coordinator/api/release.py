"""`Release`: what people write. One per application; editing it starts the next attempt.

Read by `api.codec`, resolved and checked by `engine.plan`. Every field does something today;
what a later capability needs is added with it.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from .base import (
    NAME_PATTERN,
    Duration,
    HttpPath,
    Image,
    IncidentName,
    Model,
    Name,
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
    VersionEndpoint,
)
from .job import LIST_MAP, JobTemplate, NamedJob, rules
from .migration import Backup as Backup  # noqa: PLC0414 - part of this vocabulary
from .migration import DryRun as DryRun  # noqa: PLC0414 - part of this vocabulary
from .migration import Migration as Migration  # noqa: PLC0414 - part of this vocabulary
from .migration import Reversibility as Reversibility  # noqa: PLC0414 - part of this vocabulary
from .strategy import BLUE_GREEN_LIMIT, Strategy, StrategyType
from .watch import Breach as Breach  # noqa: PLC0414 - part of this vocabulary
from .watch import Metric as Metric  # noqa: PLC0414 - part of this vocabulary
from .watch import OnUnknown as OnUnknown  # noqa: PLC0414 - part of this vocabulary
from .watch import Watch as Watch  # noqa: PLC0414 - part of this vocabulary
from .workload import InlineWorkload
from .workload import WorkloadKind as WorkloadKind  # noqa: PLC0414 - part of this vocabulary
from .workload import WorkloadRef as WorkloadRef  # noqa: PLC0414 - part of this vocabulary


class ReleaseType(StrEnum):
    """What a release claims to be; checked against the version step (SemVer)."""

    HOTFIX = "Hotfix"  # a Patch that cannot wait
    PATCH = "Patch"  # corrections only: 1.2.3 to 1.2.4
    MINOR = "Minor"  # new and compatible: 1.2.3 to 1.3.0
    MAJOR = "Major"  # incompatible: 1.2.3 to 2.0.0
    ROLLBACK = "Rollback"
    """A declared downgrade: the only way to a lower version."""


class HealthProbe(Model):
    """An HTTP endpoint every pod of the component must answer with 200-399."""

    path: HttpPath = Field("/healthz", description="Path of the endpoint.")
    port: Port = Field(description="Port of the container, by number.")
    timeout: Duration = Field("2s", description="Time for one answer.")


class Component(Model):
    """One deployable part of the application."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                (
                    "!has(self.strategy) || self.strategy.type != 'BlueGreen' || "
                    "(has(self.workloadRef) && self.workloadRef.kind == 'Deployment')"
                ),
                (
                    "strategy BlueGreen needs workloadRef of kind Deployment: no other runs "
                    "beside itself; use Rolling here"
                ),
            )
        )
    )

    name: Name = Field(description="Name of the component, unique in this Release.")
    depends_on: list[Name] = Field(
        [],
        max_length=15,
        json_schema_extra={"x-kubernetes-list-type": "set"},
        description="Components that must run the new version before this one.",
    )
    workload_ref: WorkloadRef | None = None
    workload: InlineWorkload | None = None
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
    strategy: Strategy = Field(default_factory=Strategy)

    @property
    def is_blue_green(self) -> bool:
        """Whether the new version runs beside the old one."""
        return self.strategy.type is StrategyType.BLUE_GREEN

    @property
    def target(self) -> WorkloadRef:
        """The workload that runs it."""
        ref = self.workload.ref if self.workload else self.workload_ref
        assert ref is not None  # noqa: S101 - one of them is there
        return ref

    @model_validator(mode="after")
    def _has_one_workload(self) -> Self:
        if (self.workload is None) == (self.workload_ref is None):
            raise PydanticCustomError("one_workload", "names no workload, or two")
        return self


class SmokeTest(Model):
    """A Job that succeeds when the released application works."""

    name: Name = Field(description="Name of the test, unique in its list.")
    suite: Name = Field("smoke", description="Test suite it belongs to, shown in messages.")
    job: JobTemplate
    retries: Annotated[int, Field(ge=0, le=4)] = Field(
        0, description="How often it is run again when it fails; one success is enough."
    )


class Verify(Model):
    """What must hold after the rollout."""

    smoke_tests: list[SmokeTest] = Field(
        [],
        max_length=8,
        json_schema_extra=LIST_MAP,
        description="Jobs that must succeed, in this order, after the rollout.",
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


FIXES_LIMIT = 8
"""Incidents that one version may fix."""
_TWICE = "two components name the same workload; give each component its own workload"
"""Said of two rules: the cost of a rule that looks at all pairs of both kinds is too high."""


def _same(one: str, other: str) -> str:
    """CEL: component o names by the one field what component c names by the other."""
    fields = " && ".join(f"o.{one}.{part} == c.{other}.{part}" for part in ("name", "kind"))
    return f"has(o.{one}) && has(c.{other}) && {fields}"


class ReleaseSpec(Model):
    """The application's wanted version and everything needed to get there and back."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                (
                    "self.components.filter(c, has(c.strategy) && c.strategy.type == 'BlueGreen')"
                    f".size() <= {BLUE_GREEN_LIMIT}"
                ),
                (
                    f"at most {BLUE_GREEN_LIMIT} components can be BlueGreen: each keeps twice its "
                    "pods; use Rolling for the others"
                ),
            ),
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
                    f"{_same('workloadRef', 'workloadRef')} || {_same('workload', 'workload')}))"
                ),
                _TWICE,
            ),
            (
                (
                    "!self.components.exists(c, self.components.exists(o, "
                    f"{_same('workloadRef', 'workload')}))"
                ),
                _TWICE,
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
    fixes: Annotated[
        list[IncidentName],
        Field(max_length=FIXES_LIMIT, json_schema_extra={"x-kubernetes-list-type": "set"}),
    ] = Field(
        [],
        description=(
            "Incidents of which this version brings the fix; their follow-up ends when it "
            "completes. No part of the plan."
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
