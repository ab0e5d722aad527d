"""Release metrics against their targets, over all applications and for each. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from release_coordinator.api.policy import Targets
from release_coordinator.api.record import RecordSpec


@dataclass(frozen=True, slots=True)
class FiguresPage:
    """All figures."""

    rows: tuple[str, ...] = ()


def page_of(
    records: Sequence[RecordSpec], targets: Mapping[str, Targets], now: datetime
) -> FiguresPage:
    """The page."""
    _ = records, targets, now
    return FiguresPage()
