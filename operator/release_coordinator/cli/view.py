"""A plan as `kubectl release plan` shows it: the documented shape of `-o json` and `-o yaml`.

Made from an `Outlook` by `cli.planview`, printed as a page by `cli.planpage`.
"""

from pydantic import Field

from release_coordinator.api.base import Model, Time
from release_coordinator.api.checklist import Enforcement
from release_coordinator.api.policy import SignOff
from release_coordinator.api.release import Reversibility, Watch
from release_coordinator.api.strategy import StrategyType


class PolicyView(Model):
    """The policy, and what it asks for."""

    name: str | None = Field(None, description="ReleasePolicy; empty for the built-in one.")
    from_file: bool = Field(False, description="It is the one of the file, not yet applied.")
    relaxed: list[str] = Field(description="Where it asks for less than the built-in policy.")
    gates: dict[Enforcement, list[str]] = Field(description="How strictly each gate is meant.")
    sign_offs: list[SignOff] = Field(description="Who signs off.")
    approvals_valid_for: str
    author_may_approve: bool
    suites: list[str] = Field(description="Test suites that staging must have passed.")
    staging: str | None = Field(None, description="Staging Release, as namespace/name.")


class ScheduleView(Model):
    """When the deployment may begin."""

    not_before: Time | None = None
    opens: Time | None = Field(None, description="When a window is open next; empty if one is.")
    text: str = Field(description="The same in words.")


class JobView(Model):
    """A Job that will run."""

    name: str
    image: str
    timeout: str


class MigrationView(JobView):
    """A migration."""

    reversibility: Reversibility
    in_place: bool = Field(description="The version that runs has brought it: it does not run.")


class ImageView(Model):
    """A container's image."""

    container: str
    running: str | None = Field(None, description="What the workload says now.")
    wanted: str


class ComponentView(Model):
    """A component, in the order of the rollout."""

    name: str
    workload: str = Field(description="Its kind and name.")
    depends_on: list[str]
    strategy: StrategyType = Field(description="How it comes to the new version.")
    service: str | None = Field(None, description="Service that BlueGreen switches.")
    images: list[ImageView]
    inline: str | None = Field(None, description="What becomes of a workload it carries inline.")
    health: str | None = None
    progress_deadline: str


class RollbackView(Model):
    """What a rollback would do after everything was changed."""

    restores: str | None = Field(description="Version that runs again.")
    components: list[str] = Field(description="Taken back, in this order.")
    reverts: list[str] = Field(description="Migrations whose down Job runs, in this order.")
    destroys: list[str] = Field(
        [], description="Those of them whose down Job destroys data: data-loss must approve."
    )
    leaves: list[str] = Field(description="Migrations that stay.")
    needs_person: list[str] = Field(
        description="Migrations past which nobody goes back without a person's order."
    )
    caches: list[str] = Field(description="Cleared again.")
    smoke_tests: list[str] = Field(description="Run against the previous version.")


class DifferenceView(Model):
    """A field of the plan that is another than in the plan that completed last."""

    field: str
    before: str | None = None
    after: str | None = None


class PlanView(Model):
    """The resolved plan of one Release."""

    namespace: str
    release: str
    source: str = Field(description="live, or the name of the file.")
    version: str
    previous_version: str | None = None
    type: str | None = None
    digest: str = Field(description="Over everything: approvals are bound to it.")
    spec_digest: str = Field(description="Over the spec alone.")
    artifact_digest: str = Field(description="Over what is deployed: equal in staging.")
    reported_digest: str | None = Field(None, description="status.digest, if there is one.")
    state: str = Field(description="Whether and when it would be carried out.")
    notes: list[str]
    policy: PolicyView
    schedule: ScheduleView
    checks: list[JobView] = Field(description="Jobs that gates run.")
    backup: JobView | None = None
    backup_verify: JobView | None = Field(None, description="Proves the backup.")
    migrations: list[MigrationView]
    components: list[ComponentView]
    caches: list[JobView]
    warmup: list[JobView]
    smoke_tests: list[JobView]
    watch: Watch | None = None
    rehearsal: bool = Field(description="After the watch all is taken back, then done once more.")
    rollback: RollbackView
    compared_with: str | None = Field(None, description="Plan that the differences are to.")
    differences: list[DifferenceView]
