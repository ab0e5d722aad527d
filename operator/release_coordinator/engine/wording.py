"""How lists, quantities and downtime read in messages."""

from collections.abc import Sequence

from release_coordinator.api.measurement import Downtime

WORTH_TELLING = 1.0
"""Seconds of downtime that are not told of: less than what events need to come."""
_KIBI, _MEBI = 1 << 10, 1 << 20
_UNITS = {
    **{f"{letter}i": 1 << 10 * power for power, letter in enumerate("KMGTPE", 1)},
    **{letter: 10 ** (3 * power) for power, letter in enumerate("kMGTPE", 1)},
}


def some(items: Sequence[str], limit: int = 5) -> str:
    """The items in one phrase; after the first few only how many there are."""
    more = len(items) - limit
    return ", ".join(items[:limit]) + (f" and {more} more" if more > 0 else "")


def quantity(resource: str, amount: float) -> str:
    """An amount of a resource of a quota as people write it: 500m, 256Mi, 3."""
    kind = resource.rpartition(".")[2]
    if kind == "cpu" and not float(amount).is_integer():
        return f"{amount * 1000:.0f}m"
    if kind in {"memory", "storage", "ephemeral-storage"} or kind.startswith("hugepages-"):
        return _size(amount)
    return f"{amount:.0f}"


def _size(amount: float) -> str:
    """Bytes, with the unit that makes the shortest exact text, else in rounded mebibytes."""
    exact = [f"{amount / unit:.0f}{name}" for name, unit in _UNITS.items() if amount % unit == 0]
    if amount < _KIBI or (not exact and amount < _MEBI):
        return f"{amount:.0f}"
    return min(exact, key=len) if exact else f"{amount / _MEBI:.1f}Mi"


def downtime(found: Downtime | None) -> str:
    """What is told of the downtime of an attempt, to follow another sentence; empty if none."""
    if found is None:
        return ""
    parts = []
    if found.seconds > WORTH_TELLING:
        parts.append(f"{found.seconds:.1f} s without a ready pod ({found.component})")
    if found.measured_seconds is not None and found.measured_seconds > WORTH_TELLING:
        parts.append(f"{found.measured_seconds:.1f} s by the availability metric")
    return f"; downtime: {', '.join(parts)}" if parts else ""
