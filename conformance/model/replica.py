"""A client's copy of an order book: a snapshot and its deltas, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

Level = tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class Book:
    """A book at one sequence number: amount by price, for each side."""

    bids: Mapping[Decimal, Decimal]
    asks: Mapping[Decimal, Decimal]

    @property
    def best_bid(self) -> Decimal | None:
        """The highest price that somebody pays."""
        return max(self.bids, default=None)

    @property
    def best_ask(self) -> Decimal | None:
        """The lowest price that somebody asks."""
        return min(self.asks, default=None)

    @property
    def is_crossed(self) -> bool:
        """True when the best bid is not below the best ask; a book with an empty side is not."""
        bid, ask = self.best_bid, self.best_ask
        return bid is not None and ask is not None and bid >= ask

    def differences(self, other: Book) -> list[str]:
        """Every level that is not the same in both, in words."""
        return [
            f"{side} {price}: {mine.get(price, 0)} here, {theirs.get(price, 0)} there"
            for side, mine, theirs in (
                ("bid", self.bids, other.bids),
                ("ask", self.asks, other.asks),
            )
            for price in sorted(mine.keys() | theirs.keys())
            if mine.get(price, 0) != theirs.get(price, 0)
        ]


@dataclass(slots=True)
class Replica:
    """A book kept up to date. `sequence` is None before a snapshot; `gaps` says what was missed."""

    sequence: int | None = None
    gaps: list[str] = field(default_factory=list)
    _bids: dict[Decimal, Decimal] = field(default_factory=dict)
    _asks: dict[Decimal, Decimal] = field(default_factory=dict)

    def snapshot(self, sequence: int, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Start anew from a whole book."""
        self.sequence = sequence
        self._bids, self._asks = dict(bids), dict(asks)

    def delta(
        self, previous: int, sequence: int, bids: Iterable[Level], asks: Iterable[Level]
    ) -> None:
        """Put new amounts at their prices; an amount of zero takes the level away."""
        if self.sequence is None:
            self.gaps.append(f"delta {sequence} came before any snapshot")
        elif previous != self.sequence:
            self.gaps.append(f"delta {sequence} follows {previous}, but {self.sequence} was last")
        elif sequence <= previous:
            self.gaps.append(f"delta {sequence} does not rise above {previous}")
        _apply(self._bids, bids)
        _apply(self._asks, asks)
        self.sequence = sequence

    @property
    def book(self) -> Book:
        """The book as it is now; later changes leave it alone."""
        return Book(dict(self._bids), dict(self._asks))


def _apply(side: dict[Decimal, Decimal], changes: Iterable[Level]) -> None:
    for price, amount in changes:
        if amount == 0:
            side.pop(price, None)
        else:
            side[price] = amount


def flaws(levels: Sequence[Level], highest_first: bool) -> list[str]:
    """What is wrong with a side of a snapshot: its order, a price twice, what is not positive."""
    found = [
        f"{price} x {amount} is not positive"
        for price, amount in levels
        if price <= 0 or amount <= 0
    ]
    for (price, _), (following, _) in pairwise(levels):
        if price == following:
            found.append(f"{price} stands there twice")
        elif (price < following) == highest_first:
            found.append(f"{following} comes after {price}")
    return found
