"""The gates of the pre-release checklist, one module each; this list is the checklist.

To add a gate, write its module and put it here.
"""

from release_coordinator.api.checklist import GateName

from . import changelog, credentials, policy, rollback_target, version, version_consistency
from .verdict import Evaluate

GATES: tuple[tuple[GateName, Evaluate], ...] = (
    (GateName.POLICY, policy.evaluate),  # what is required, and by whom
    (GateName.VERSION, version.evaluate),  # R1.1-R1.3: the step fits the type, and goes forward
    (GateName.VERSION_CONSISTENCY, version_consistency.evaluate),  # R2.2: all say the version
    (GateName.CHANGELOG, changelog.evaluate),  # R2.3: a dated section that agrees with the step
    (GateName.ROLLBACK_TARGET, rollback_target.evaluate),  # R3.4: what runs now can be restored
    (GateName.CREDENTIALS, credentials.evaluate),  # R2.12: every referenced Secret and key exists
)
