"""What a panel of the Grafana dashboard is; `layout` makes Grafana's JSON of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """Grafana's types of panels."""

    STAT = "stat"
    LINES = "timeseries"
    BARS = "bargauge"
    TABLE = "table"


@dataclass(frozen=True)
class Query:
    """PromQL, the name of what comes back, and its unit where it is a column."""

    expr: str
    legend: str = ""
    unit: str = "none"


@dataclass(frozen=True)
class Panel:
    """One panel; `about` says what to do with it."""

    title: str
    kind: Kind
    queries: tuple[Query, ...]
    about: str = ""
    unit: str = "none"
    width: int = 6
    height: int = 8
    bad: tuple[str, float] | None = None
    """Colour from a value on."""
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Value -> text and colour."""


@dataclass(frozen=True)
class Row:
    """Panels under a heading."""

    title: str
    panels: tuple[Panel, ...]
