"""Whether two groups of samples differ, and by how much: Mann-Whitney U, Hodges-Lehmann, means.

Used by `engine.judge` for `comparison`. No assumption about how samples are distributed, as
latencies and error rates are nothing like normal. Bounded: of each group at most the last
`LIMIT` values count. Values have to be finite numbers.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

LIMIT = 60
"""Values of a group that count: all pairs of them are looked at."""
EXACT = 8
"""Up to this size of the smaller group the distribution of U is counted, if no values are tied;
the normal approximation is good beyond."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """What the Mann-Whitney U test says of two groups, A and B."""

    u: float
    """Pairs in which A's value is greater; ties count half."""
    greater: float
    """Chance of such a U, or a greater one, if both came from the same distribution."""
    less: float
    """Chance of such a U, or a smaller one."""
    two_sided: float
    """Chance of a U as far from the middle as this, to either side."""


def mann_whitney(a: Sequence[float], b: Sequence[float]) -> Ranks:
    """Compare two groups by rank. Raises ValueError if one is empty."""
    a, b = bounded(a), bounded(b)
    if not a or not b:
        raise ValueError("nothing can be said of a group without values")
    u = _pairs(a, sorted(b))
    ties = [len(list(same)) for _, same in groupby(sorted([*a, *b]))]
    if min(len(a), len(b)) <= EXACT and max(ties) == 1:
        greater, less = _counted(round(u), len(a), len(b))
    else:
        greater, less = _approximated(u, len(a), len(b), ties)
    return Ranks(u, greater, less, min(1.0, 2 * min(greater, less)))


def shift(a: Sequence[float], b: Sequence[float]) -> float:
    """The Hodges-Lehmann estimate: the median of all differences of a value of A and one of B."""
    differences = sorted(x - y for x in bounded(a) for y in bounded(b))
    middle = len(differences) // 2
    if len(differences) % 2:
        return differences[middle]
    return differences[middle - 1] / 2 + differences[middle] / 2


def effect(a: Sequence[float], b: Sequence[float]) -> float:
    """How many times B's mean A's mean is: over all values, or over the middle half of them.

    Whichever is closer to 1 counts, so that a few outliers make no difference, nor does a middle
    half of zeros. Infinite if only B's is zero.
    """
    whole, middle = relation(mean(a), mean(b)), relation(middle_mean(a), middle_mean(b))
    if min(whole, middle) >= 1:
        return min(whole, middle)
    return min(1.0, max(whole, middle))


def relation(above: float, below: float) -> float:
    """How many times one number another one is; 1 if they are equal, infinite beside zero.

    If the other is negative, a relation would turn more into less; then it is 1 plus the
    difference in units of the other, which for a positive one is the same.
    """
    if above == below:
        return 1.0
    if below == 0:
        return math.copysign(math.inf, above)
    return above / below if below > 0 else 1 + (above - below) / -below


def mean(values: Sequence[float]) -> float:
    """The mean of the values that count; it does not overflow."""
    return _mean(bounded(values))


def middle_mean(values: Sequence[float]) -> float:
    """The mean without the least quarter of the values and without the greatest."""
    ordered = sorted(bounded(values))
    cut = len(ordered) // 4
    return _mean(ordered[cut : len(ordered) - cut])


def _mean(values: Sequence[float]) -> float:
    return math.fsum(value / len(values) for value in values)


def bounded(values: Sequence[float]) -> Sequence[float]:
    """The values of a group that count: the last of them."""
    return values[-LIMIT:]


def _pairs(a: Sequence[float], b: Sequence[float]) -> float:
    """Pairs in which A's value is greater than one of B, which is sorted; ties count half."""
    return sum(bisect_left(b, x) + bisect_right(b, x) for x in a) / 2


def _counted(u: int, n: int, m: int) -> tuple[float, float]:
    """The chances of at least and at most u, by counting all orders of the values.

    The orders with a given u are the coefficients of a Gaussian binomial, the product of
    (1 - q^(m+i)) / (1 - q^i) for i from 1 to n; multiplied and divided in place.
    """
    orders = [1] + [0] * (n * m)
    for i in range(1, n + 1):
        for power in range(n * m, m + i - 1, -1):
            orders[power] -= orders[power - m - i]
        for power in range(i, n * m + 1):
            orders[power] += orders[power - i]
    total = math.comb(n + m, n)
    return sum(orders[u:]) / total, sum(orders[: u + 1]) / total


def _approximated(u: float, n: int, m: int, ties: Sequence[int]) -> tuple[float, float]:
    """The same by the normal distribution, with corrections for ties and for continuity."""
    size = n + m
    tied = sum(t**3 - t for t in ties) / (size * (size - 1))
    deviation = math.sqrt(max(0.0, n * m / 12 * (size + 1 - tied)))
    if deviation == 0:  # all values are the same
        return 1.0, 1.0
    middle = n * m / 2
    return _tail((u - middle - 0.5) / deviation), _tail((middle - u - 0.5) / deviation)


def _tail(z: float) -> float:
    return math.erfc(z / math.sqrt(2)) / 2
