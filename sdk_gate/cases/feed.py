"""The feed of a book as an exchange sends it: a snapshot, and deltas that follow each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from sdk_gate.cases.streams import AT


@dataclass(slots=True)
class Feed:
    """The exchange's book as it would be, and the frames that tell of it."""

    random: Random
    seq: int
    symbol: str = "BTC/USDT"
    digits: int = 3  # how many a price has before its point
    bids: dict[str, str] = field(default_factory=dict)
    asks: dict[str, str] = field(default_factory=dict)

    @property
    def topic(self) -> str:
        """The topic that it is sent under."""
        return f"depth.{self.symbol}"

    def fill(self, count: int = 8) -> None:
        """Another book with so many levels a side, and with no level of the one before."""
        self.digits += 1
        # Each side lies on both sides of a power of ten: as text its prices are in another order.
        highest = 10**self.digits + self.random.randrange(1, 6)
        lowest = 10 ** (self.digits + 1) - self.random.randrange(1, 6)
        self.bids = {f"{highest - n}.10": f"0.{n + 1}0" for n in range(count)}
        self.asks = {f"{lowest + n}.20": f"1.{n}500" for n in range(count)}

    def snapshot(self) -> dict[str, Any]:
        """The whole book."""
        return self._frame("snapshot", {"seq": self.seq}, self.bids, self.asks)

    def change(self) -> dict[str, Any]:
        """Something changes: a level goes, comes or has another amount; the delta that tells it."""
        side = self.random.choice(("bids", "asks"))
        levels = getattr(self, side)
        price = self.random.choice([*levels, self._new_price(side)])
        is_gone = price in levels and len(levels) > 4 and self.random.random() < 0.4
        amount = f"{self.random.randrange(1, 99)}.{self.random.randrange(1, 99)}0"
        return self.tell(side, price, "0" if is_gone else amount)

    def tell(self, side: str, price: str, amount: str) -> dict[str, Any]:
        """A level gets an amount, or goes; the delta that tells it."""
        return self.tell_all({side: {price: amount}})

    def tell_all(self, changed: Mapping[str, dict[str, str]]) -> dict[str, Any]:
        """Levels of one side or both get amounts, or go; the one delta that tells it."""
        for side, levels in changed.items():
            kept = {**getattr(self, side), **levels}
            setattr(self, side, {p: amount for p, amount in kept.items() if Decimal(amount)})
        before, self.seq = self.seq, self.seq + self.random.randrange(1, 4)
        told: dict[str, dict[str, str]] = {"bids": {}, "asks": {}, **changed}
        return self._frame("delta", {"prevSeq": before, "seq": self.seq}, **told)

    def _new_price(self, side: str) -> str:
        best = min(map(Decimal, self.asks)) if side == "asks" else max(map(Decimal, self.bids))
        away = Decimal(self.random.randrange(1, 900)) / 10
        return f"{best + away if side == 'asks' else best - away:.2f}"

    def _frame(
        self, kind: str, seq: dict[str, int], bids: dict[str, str], asks: dict[str, str]
    ) -> dict[str, Any]:
        data = {"bids": _best_first(bids, True), "asks": _best_first(asks, False)}
        return {"topic": self.topic, "type": kind, **seq, "ts": AT, "data": data}

    @property
    def levels(self) -> dict[str, list[list[str]]]:
        """The book, best levels first."""
        return {"bids": _best_first(self.bids, True), "asks": _best_first(self.asks, False)}


def _best_first(levels: dict[str, str], is_bid: bool) -> list[list[str]]:
    return [[p, levels[p]] for p in sorted(levels, key=Decimal, reverse=is_bid)]
