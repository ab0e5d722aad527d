"""`ReleasePolicy`: what each type of release requires, written by the platform team.

The policy named like a Release counts for it, else the one named `default` in its namespace,
else the built-in one, which is the checklist of the requirements (`engine.policy`). What applied
to an attempt is frozen into its plan as `Requirements`.
"""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from .base import Duration, Model, Name, ObjectName
from .checklist import Enforcement, GateRule
from .incident import IncidentSeverity
from .job import LIST_MAP, rules
from .release import ReleaseType
from .windows import Freeze, Window

DEFAULT_POLICY = "default"
"""Name of the policy for all Releases of a namespace that have none of their own."""

TYPE_MAP: JsonDict = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
ROLE_MAP: JsonDict = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["role"]}


class SignOff(Model):
    """A role that must sign off, and by how many different people."""

    role: Name = Field(
        description=(
            "Name of the role, like qa, security or product-owner. Who holds the verb approve on "
            "releases/<role> may sign."
        )
    )
    count: Annotated[int, Field(ge=1, le=5)] = Field(1, description="Different people that sign.")
    enforcement: Enforcement = Enforcement.REQUIRED


GateRules = Annotated[list[GateRule], Field(max_length=24, json_schema_extra=LIST_MAP)]
SignOffs = Annotated[list[SignOff], Field(max_length=8, json_schema_extra=ROLE_MAP)]
Suites = Annotated[
    list[Name], Field(max_length=8, json_schema_extra={"x-kubernetes-list-type": "set"})
]


class TypeRules(Model):
    """What one type of release requires, where it differs from all others."""

    type: ReleaseType
    enforcement: Enforcement | None = Field(None, description="For gates that are not listed here.")
    gates: GateRules = Field([], description="How strictly single gates are meant.")
    sign_offs: SignOffs | None = Field(
        None, description="Replaces the list of all types; an empty list asks nobody."
    )
    suites: Suites | None = Field(
        None, description="Test suites that must have passed in staging; replaces the list."
    )


class ApprovalRules(Model):
    """When an Approval counts."""

    valid_for: Duration = Field("168h", description="An approval lapses after this time.")
    author_may_approve: bool = Field(
        False,
        description="Whether who changed the spec last may sign it off or waive a gate of it.",
    )


PUBLIC_KEY_PATTERN = (
    "^-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=]{1,76}\n){1,8}-----END PUBLIC KEY-----\n?$"
)
KEYS_LIMIT = 4


class SigningKey(Model):
    """Who may vouch for staging."""

    name: Name = Field(description="Name by which gates tell the keys apart.")
    public_key: Annotated[str, Field(max_length=800, pattern=PUBLIC_KEY_PATTERN)] = Field(
        description="Public key in PEM, of Ed25519 or ECDSA P-256: `openssl pkey -pubout`."
    )


class ExportRules(Model):
    """When the signed export of a staging in another cluster counts."""

    keys: Annotated[
        list[SigningKey],
        Field(min_length=1, max_length=KEYS_LIMIT, json_schema_extra=LIST_MAP),
    ] = Field(description="Each of them may sign alone; several while one replaces another.")
    max_age: Duration = Field("168h", description="An older export proves nothing any more.")


class StagingRef(Model):
    """Where a version proves itself before production."""

    namespace: Name = Field(description="Namespace of the staging Release.")
    release: ObjectName | None = Field(
        None, description="Name of the staging Release; the same name if empty."
    )
    differences: list[Annotated[str, Field(min_length=1, max_length=256)]] = Field(
        [],
        max_length=64,
        json_schema_extra={"x-kubernetes-list-type": "set"},
        description=(
            "Configuration that may differ from production: component/env/NAME, "
            "component/config/CONFIGMAP/KEY and the like; * stands for anything between slashes."
        ),
    )


class StagingRules(StagingRef):
    """Staging as the policy names it: in this cluster, or in another one."""

    exported: ExportRules | None = Field(
        None,
        description=(
            "Staging is in another cluster: what it has proved is the signed export in ConfigMap "
            "`RELEASE-staging-export`. Keys and age are no part of a plan's digest."
        ),
    )


class RequiredStaging(StagingRef):
    """Staging as a plan requires it."""

    elsewhere: bool = Field(
        False, description="It is in another cluster: what it has proved comes as signed export."
    )


class Targets(Model):
    """What the team wants to reach; shown beside what was measured."""

    success_percent: Annotated[float, Field(ge=0, le=100)] = Field(
        95.0, description="Share of deployments that complete, at least."
    )
    time_to_deploy: Duration = Field("30m", description="From the first change to the end.")
    rollback_percent: Annotated[float, Field(ge=0, le=100)] = Field(
        5.0, description="Share of deployments that are rolled back, at most."
    )
    downtime: Duration = Field("5m", description="Downtime of one release, at most.")


class RecordRules(Model):
    """How long the release log is kept. Records that are still needed are kept in any case."""

    keep: Annotated[int, Field(ge=10, le=1000)] = Field(
        100, description="Records of a Release that are kept, the newest."
    )
    max_age_days: Annotated[int, Field(ge=1, le=36500)] | None = Field(
        None, description="Those that ended longer ago are deleted; empty: age does not matter."
    )


class IncidentSeverities(Model):
    """How bad an incident is that the operator opens, by its cause."""

    rollback_failed: IncidentSeverity = Field(
        IncidentSeverity.CRITICAL, description="The previous version could not be restored."
    )
    rolled_back: IncidentSeverity = Field(
        IncidentSeverity.HIGH, description="The version was taken back."
    )
    held: IncidentSeverity = Field(
        IncidentSeverity.MEDIUM, description="It was stopped until a person decided."
    )
    failed: IncidentSeverity = Field(
        IncidentSeverity.MEDIUM, description="It ended before anything was changed."
    )


class IncidentRules(Model):
    """What is made of what goes wrong. No part of a plan's digest."""

    severity: IncidentSeverities = Field(default_factory=IncidentSeverities)


class ReleasePolicySpec(Model):
    """What releases require. What is not said here is as in the built-in policy."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "!has(self.windows) || self.windows.size() > 0",
                "an empty list of windows would never open; remove windows to allow any time",
            ),
        )
    )

    enforcement: Enforcement | None = Field(
        None, description="For gates that are not listed, in all types."
    )
    gates: GateRules = Field([], description="How strictly single gates are meant.")
    sign_offs: SignOffs | None = Field(
        None, description="Who signs off, in all types; an empty list asks nobody."
    )
    suites: Suites | None = Field(
        None, description="Test suites that must have passed in staging, in all types."
    )
    types: list[TypeRules] = Field(
        [], max_length=5, json_schema_extra=TYPE_MAP, description="Where a type differs."
    )
    approvals: ApprovalRules = Field(default_factory=ApprovalRules)
    staging: StagingRules | None = None
    windows: list[Window] | None = Field(
        None,
        max_length=16,
        json_schema_extra=LIST_MAP,
        description="When deployments may begin; any time if not set.",
    )
    freezes: list[Freeze] = Field(
        [],
        max_length=32,
        json_schema_extra=LIST_MAP,
        description="When none may begin. Windows and freezes are no part of a plan's digest.",
    )
    targets: Targets = Field(default_factory=Targets)
    records: RecordRules = Field(default_factory=RecordRules)
    incidents: IncidentRules = Field(default_factory=IncidentRules)


class TypeRequirements(Model):
    """All that one type of release requires, nothing left to a default."""

    type: ReleaseType
    gates: list[GateRule] = Field(
        [], max_length=24, description="Gates that are not simply Required."
    )
    sign_offs: list[SignOff] = Field([], max_length=8, description="Who signs off.")
    suites: list[Name] = Field([], max_length=8, description="Suites that staging has passed.")


class Requirements(Model):
    """What applies to an attempt, frozen into its plan and part of the plan's digest."""

    types: list[TypeRequirements] = Field([], max_length=5, description="Each type of release.")
    approvals: ApprovalRules = Field(default_factory=ApprovalRules)
    staging: RequiredStaging | None = None
