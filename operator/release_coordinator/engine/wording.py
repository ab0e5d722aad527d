"""How lists and quantities read in the messages of gates."""

from collections.abc import Sequence

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
