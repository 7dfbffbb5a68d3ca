"""Latencies in buckets at most 0.1 % wide, which add up without loss whoever counted them.

The buckets are those of an HdrHistogram with three significant digits and a unit of 1 ns: exact below
2,048 ns, then 1,024 to an octave. So its V2 format carries every count to other tools and back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, log
from typing import NamedTuple, Self

import numpy as np
from hdrh.histogram import HdrHistogram
from numpy.typing import NDArray
from scipy.stats import binom

HIGHEST_NS = 60_000_000_000
DIGITS = 3
_BITS = 10  # 1,024 buckets to an octave
CONFIDENCE = 0.95

Values = NDArray[np.int64]
Packed = tuple[bytes, bytes, int, int, int]


class Interval(NamedTuple):
    """A quantile in ns, and the bounds between which it lies with 95 % confidence."""

    low_ns: int
    value_ns: int
    high_ns: int


def needed(quantile: float) -> int:
    """How many samples carry a quantile: 299 for 0.99, 2,995 for 0.999.

    With fewer the true quantile lies, with more than 5 % probability, above everything that was seen.
    """
    return ceil(log(0.05) / log(quantile))


class Histogram:
    """Counts by bucket. What is longer than a minute, or negative, is counted apart.

    Only buckets that counted something are kept, in order: one histogram a second and operation is
    small enough to keep and to send, and equal counts are equal arrays.
    """

    __slots__ = ("_buckets", "_counts", "max_ns", "over", "under")

    def __init__(self) -> None:
        self._buckets: Values = np.empty(0, dtype=np.int64)
        self._counts: Values = np.empty(0, dtype=np.int64)
        self.over = 0
        self.under = 0
        self.max_ns = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self.pack() == other.pack()

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return int(self._counts.sum()) + self.over + self.under

    def add(self, values_ns: Values) -> None:
        """Count values in ns."""
        if not len(values_ns):
            return
        self.under += int((values_ns < 0).sum())
        self.over += int((values_ns > HIGHEST_NS).sum())
        self.max_ns = max(self.max_ns, int(values_ns.max()))
        inside = values_ns[(values_ns >= 0) & (values_ns <= HIGHEST_NS)]
        self._count(*np.unique(_bucket(inside), return_counts=True))

    def merge(self, other: Histogram) -> None:
        """Add what another counted."""
        self._count(other._buckets, other._counts)
        self.over += other.over
        self.under += other.under
        self.max_ns = max(self.max_ns, other.max_ns)

    def _count(self, buckets: Values, counts: Values) -> None:
        both, places = np.unique(np.concatenate((self._buckets, buckets)), return_inverse=True)
        summed = np.zeros(len(both), dtype=np.int64)
        np.add.at(summed, places, np.concatenate((self._counts, counts)))
        self._buckets, self._counts = both, summed

    def quantile(self, quantile: float) -> int | None:
        """The smallest value in ns that this share does not exceed, or None when too few carry it."""
        if len(self) < needed(quantile):
            return None
        # Rounded first: 0.999 * 3000 is 2997.0000000000005 in binary and must not become 2998.
        return self._at_rank(ceil(round(quantile * len(self), 6)))

    def interval(self, quantile: float, widened: float = 1.0) -> Interval | None:
        """A quantile with its 95 % confidence interval by order statistics, or None.

        `widened` divides the number of samples: neighbours that resemble each other tell less than
        as many independent ones.
        """
        value_ns = self.quantile(quantile)
        if value_ns is None:
            return None
        total, tail = len(self), (1 - CONFIDENCE) / 2
        told = max(1, int(total / max(widened, 1.0)))
        low, high = binom.ppf([tail, 1 - tail], told, quantile)
        scale = total / told
        first = min(max(1, int(low * scale)), total)
        last = min(total, ceil((high + 1) * scale))
        return Interval(self._at_rank(first), value_ns, self._at_rank(last))

    def above(self, value_ns: int) -> int:
        """How many are longer than a value, to the width of its bucket."""
        return int(self._counts[self._buckets > _bucket_of(value_ns)].sum()) + self.over

    def rows(self) -> Iterator[tuple[int, int]]:
        """(middle of the bucket in ns, count) of each bucket that counted something."""
        yield from zip(_middle(self._buckets).tolist(), self._counts.tolist(), strict=True)

    def encode(self) -> str:
        """As a compressed HdrHistogram V2 in base64, in ns; `over` and `under` are not in it."""
        kept = HdrHistogram(1, HIGHEST_NS, DIGITS)
        for value, count in self.rows():
            kept.record_value(value, count)
        encoded: bytes = kept.encode()
        return encoded.decode("ascii")

    @classmethod
    def decode(cls, text: str) -> Self:
        """The counts of a compressed HdrHistogram V2 in base64, in ns."""
        found = cls()
        # The iterator gives one object again and again, so it is read as it goes.
        items = [
            (item.value_iterated_to, item.count_added_in_this_iter_step)
            for item in HdrHistogram.decode(text).get_recorded_iterator()
        ]
        values, counts = np.array(items, dtype=np.int64).reshape(-1, 2).T
        found._count(_bucket(values), counts)
        found.max_ns = int(_middle(found._buckets[-1:])[0]) if items else 0
        return found

    def pack(self) -> Packed:
        """Small enough to travel: buckets, their counts, over, under, max."""
        buckets, counts = (each.astype("<i8").tobytes() for each in (self._buckets, self._counts))
        return buckets, counts, self.over, self.under, self.max_ns

    @classmethod
    def unpack(cls, packed: Packed) -> Self:
        """What `pack` made."""
        found = cls()
        buckets, counts, found.over, found.under, found.max_ns = packed
        found._buckets = np.frombuffer(buckets, "<i8").astype(np.int64)
        found._counts = np.frombuffer(counts, "<i8").astype(np.int64)
        return found

    def _at_rank(self, rank: int) -> int:
        if rank <= self.under:
            return 0
        place = int(np.searchsorted(np.cumsum(self._counts), rank - self.under))
        if place >= len(self._buckets):
            return self.max_ns
        return min(int(_middle(self._buckets[place : place + 1])[0]), self.max_ns)


def histogram_of(values_ns: Sequence[int]) -> Histogram:
    """A histogram of values in ns."""
    found = Histogram()
    found.add(np.array(values_ns, dtype=np.int64))
    return found


def _bucket_of(value_ns: int) -> int:
    return int(_bucket(np.array([min(max(value_ns, 0), HIGHEST_NS)], dtype=np.int64))[0])


def _bucket(values_ns: Values) -> Values:
    # frexp gives the number of bits exactly: every value is below 2**53.
    bits = np.frexp(values_ns.astype(np.float64))[1].astype(np.int64)
    shift = np.maximum(bits - _BITS - 1, 0)
    found: Values = (shift << _BITS) + (values_ns >> shift)
    return found


def _middle(places: Values) -> Values:
    shift = np.maximum((places >> _BITS) - 1, 0)
    low = (places - (shift << _BITS)) << shift
    middle: Values = low + ((np.int64(1) << shift) >> 1)
    return middle
