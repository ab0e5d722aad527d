"""Results of pure functions of values that never change, kept for a while.

A pass asks `engine.decide` a dozen times about the same frozen spec; what follows from it alone is
worked out once. Used by `engine.plan` and, for what is read from the API server, by `look`.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Memo(Generic[T]):
    """Results by the identity of their arguments, which it keeps alive; the oldest go first."""

    def __init__(self, make: Callable[..., T], limit: int = 512) -> None:
        """`make` must be pure and its arguments never changed; `limit` results are kept."""
        self._make = make
        self._limit = limit
        self._known: OrderedDict[tuple[int, ...], tuple[tuple[object, ...], T]] = OrderedDict()

    def __call__(self, *arguments: object) -> T:
        """The result for these arguments."""
        place = tuple(map(id, arguments))
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = arguments, self._make(*arguments)
            if len(self._known) > self._limit:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(place)
        return known[1]
