"""What the engine asks about the release log of its own Release, and the answers.

Part of the questions and answers of `engine.observation`; made by `evidence.records`.
"""

from dataclasses import dataclass, field
from datetime import datetime

from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.record import RecordSpec


@dataclass(frozen=True, slots=True)
class RecordFact:
    """An object that bears the name of a record."""

    digest: str | None
    """Of the record; None if it has none: it is not chained."""
    ours: bool = True
    """Whether it is the one that was asked for."""


@dataclass(frozen=True, slots=True)
class RecordWant:
    """Whether the record of an attempt was written, as far as this process knows."""

    name: str
    wanted: RecordSpec = field(compare=False, repr=False)
    """What it is to say."""


@dataclass(frozen=True, slots=True)
class RecordDigestWant:
    """Digest of what a record of an earlier attempt says."""

    name: str


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """What retention has to know of a record."""

    name: str
    uid: str
    attempt: int
    ended_at: datetime
    outcome: Phase
    reason: Reason
    digest: str | None
    """As the record says."""
    plan: str
    """Digest of the plan that it was to reach."""
    artifacts: str
    """Digest of what it deployed; that of the plan if it is not known."""


@dataclass(frozen=True, slots=True)
class KeptRecordsFact:
    """The records of a Release, or why they are not known."""

    records: tuple[KeptRecord, ...] = ()
    """Oldest first."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class KeptRecordsWant:
    """The records of the Release of that name and UID."""

    release: str
    uid: str
