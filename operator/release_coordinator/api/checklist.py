"""The names of the gates and how strictly each is meant: the vocabulary of the checklist.

Used by `api.policy` (who requires what), `api.approval` (what is waived) and `engine.gates`.
"""

from enum import StrEnum

from pydantic import Field

from .base import Model


class GateName(StrEnum):
    """Every gate but the sign-offs, whose names are made from their roles."""

    POLICY = "Policy"  # the policy can be read; says what it relaxes
    VERSION = "Version"  # the step goes forward and fits the declared type
    VERSION_CONSISTENCY = "VersionConsistency"  # images, endpoints and manifest say the version
    CHANGELOG = "Changelog"  # a dated, non-empty section that agrees with the step
    RELEASE_NOTES = "ReleaseNotes"  # every section of the template that applies
    MIGRATION_GUIDE = "MigrationGuide"  # there is one if something breaks
    CI = "CI"  # the pipeline of the version is green
    STAGING = "Staging"  # the same artifacts completed in staging
    STAGING_TESTS = "StagingTests"  # the suites that the type requires passed there
    STAGING_CONFIG = "StagingConfig"  # staging is configured like production
    REHEARSAL = "Rehearsal"  # the way back was gone in staging
    ALERTS = "Alerts"  # the named alert rules are loaded and healthy, and none fires
    CREDENTIALS = "Credentials"  # every referenced Secret and key exists
    MIGRATIONS = "Migrations"  # the schema version can be read, dry runs succeed
    WINDOW = "Window"  # a deployment window is open, and no freeze
    INFRASTRUCTURE = "Infrastructure"  # nodes are ready, quotas leave room, nothing critical fires
    ROLLBACK_TARGET = "RollbackTarget"  # what runs now is whole and can be restored


UNWAIVABLE = (GateName.POLICY, GateName.VERSION, GateName.ROLLBACK_TARGET)
"""Gates that nobody can waive: past them the operator would not know what it does."""


class Enforcement(StrEnum):
    """How strictly a gate is meant."""

    REQUIRED = "Required"  # the release waits until it passes
    ADVISORY = "Advisory"  # evaluated, shown and recorded; holds nothing up
    OFF = "Off"  # not evaluated; the record says so


class GateRule(Model):
    """How strictly one gate is meant."""

    name: GateName = Field(description="Name of the gate.")
    enforcement: Enforcement = Field(description="How strictly it is meant.")
