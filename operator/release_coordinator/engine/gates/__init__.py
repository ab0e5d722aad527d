"""The gates of the pre-release checklist, one module each; this list is the checklist.

To add a gate, write its module and put it here.
"""

from . import changelog, credentials, images, rollback_target, version
from .verdict import Evaluate

GATES: tuple[Evaluate, ...] = (
    version.evaluate,  # R1.1-R1.3: the step fits the declared type, and goes forward
    images.evaluate,  # R2.2: image tags agree with the version
    changelog.evaluate,  # R2.3: a dated, non-empty section that agrees with the step
    rollback_target.evaluate,  # R3.4: what runs now is whole and can be recorded
    credentials.evaluate,  # R2.12: every referenced Secret and key exists
)
