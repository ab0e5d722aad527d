"""What the engine asks about an export of staging in another cluster, and the answer.

Part of the questions and answers of `engine.observation`; made by `evidence.exports`.
"""

from dataclasses import dataclass
from enum import Enum, auto

from release_coordinator.api.export import StagingExport


class ExportFault(Enum):
    """Why there is no export to judge: who mends it depends on that."""

    MISSING = auto()  # nothing was applied yet
    UNUSABLE = auto()  # what was applied is no export, or no longer one
    UNTRUSTED = auto()  # none of the keys has signed it
    NO_KEY = auto()  # none of the keys can be used
    UNREAD = auto()  # the operator could not read it


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key of the policy."""

    name: str
    pem: str


@dataclass(frozen=True, slots=True)
class ExportFact:
    """An export whose signature is good and whose records hold together; or why there is none."""

    export: StagingExport | None = None
    key: str = ""
    """Name of the key that has signed it."""
    fault: ExportFault | None = None
    problem: str = ""
    """The fault in words, without what to do."""


@dataclass(frozen=True, slots=True)
class ExportWant:
    """The export in a ConfigMap of the namespace, as far as these keys vouch for it."""

    config_map: str
    keys: tuple[TrustedKey, ...]
