"""What each version of the bookshop does: the only place where versions differ.

The faults are deliberate. They are what releases go wrong with: too slow, never ready, miscounting,
answering with errors.
"""

from dataclasses import dataclass

# The work of one request: long enough to drown the noise of a busy machine.
SECONDS_OF_WORK = 0.05

_BOOK = ("id", "title", "author", "price_cents")


@dataclass(frozen=True)
class Behaviour:
    """What sets a version apart from the others."""

    columns: tuple[str, ...]
    """The columns of `books` that the code reads; older schemas lack some of them."""
    slow_factor: int = 1
    becomes_ready: bool = True
    charges_quantity: bool = True
    """A correct order costs price times quantity."""
    fails_every: int = 0
    """Every how many requests one ends in an error that is logged; 0: none does."""

    @property
    def seconds_of_work(self) -> float:
        """The time that the work of one request takes."""
        return SECONDS_OF_WORK * self.slow_factor

    def total_cents(self, price_cents: int, quantity: int) -> int:
        """Return what an order costs."""
        return price_cents * quantity if self.charges_quantity else price_cents


BEHAVIOURS = {
    "1.2.0": Behaviour(_BOOK),
    "1.3.0": Behaviour((*_BOOK, "isbn")),
    "1.4.0": Behaviour((*_BOOK, "isbn", "rating"), slow_factor=10),
    "1.4.1": Behaviour((*_BOOK, "isbn", "rating"), becomes_ready=False),
    "1.4.2": Behaviour((*_BOOK, "isbn", "rating"), charges_quantity=False),
    "1.4.3": Behaviour((*_BOOK, "isbn", "publisher")),
    "1.4.4": Behaviour((*_BOOK, "isbn", "language"), slow_factor=10),
    "1.4.5": Behaviour((*_BOOK, "isbn", "rating"), fails_every=3),
}


def behaviour_of(version: str) -> Behaviour:
    """Return the behaviour of a version, or say which versions exist."""
    try:
        return BEHAVIOURS[version]
    except KeyError:
        raise LookupError(f"no version {version!r}, only {', '.join(BEHAVIOURS)}") from None
