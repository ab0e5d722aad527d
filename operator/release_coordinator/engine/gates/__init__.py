"""The gates of the pre-release checklist, one module each; this list is the checklist.

To add a gate, name it in `api.checklist`, write its module and put it here. Sign-offs are not in
the list: there is one for each role that the policy names (`sign_off`).
"""

from collections.abc import Mapping

from release_coordinator.api.checklist import GateName

from . import (
    alerts,
    changelog,
    ci,
    credentials,
    infrastructure,
    migration_guide,
    migrations,
    policy,
    rehearsal,
    release_notes,
    rollback_target,
    staging,
    staging_config,
    staging_tests,
    version,
    version_consistency,
    window,
)
from .verdict import Evaluate

GATES: Mapping[GateName, Evaluate] = {
    GateName.POLICY: policy.evaluate,  # what is required, and where that is less than usual
    GateName.VERSION: version.evaluate,  # R1.1-R1.3: the step fits the type, and goes forward
    GateName.VERSION_CONSISTENCY: version_consistency.evaluate,  # R2.2: all say the version
    GateName.CHANGELOG: changelog.evaluate,  # R2.3: a dated section that agrees with the step
    GateName.RELEASE_NOTES: release_notes.evaluate,  # R2.4: every section that applies
    GateName.MIGRATION_GUIDE: migration_guide.evaluate,  # R2.5: there is one if something breaks
    GateName.CI: ci.evaluate,  # R2.6: the pipeline is green
    GateName.STAGING: staging.evaluate,  # R2.7, R2.10: the same artifacts completed in staging
    GateName.STAGING_TESTS: staging_tests.evaluate,  # R2.11: with the suites of the type
    GateName.STAGING_CONFIG: staging_config.evaluate,  # R3.2: configured like production
    GateName.REHEARSAL: rehearsal.evaluate,  # R2.8: the way back was gone there
    GateName.ALERTS: alerts.evaluate,  # R2.9: the named rules are loaded, healthy and silent
    GateName.ROLLBACK_TARGET: rollback_target.evaluate,  # R3.4: what runs now can be restored
    GateName.CREDENTIALS: credentials.evaluate,  # R2.12: every referenced Secret and key exists
    GateName.MIGRATIONS: migrations.evaluate,  # R2.13: the schema is read, dry runs succeed
    GateName.WINDOW: window.evaluate,  # R2.14: a window is open, and no freeze
    GateName.INFRASTRUCTURE: infrastructure.evaluate,  # R2.15: nodes, quotas, critical alerts
}
