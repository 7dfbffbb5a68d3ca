"""The resting orders of one market: better prices first, at one price the earlier order first."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from conformance.model.orders import Order
from conformance.model.values import ZERO, Side, minus, plus


class LevelChange(NamedTuple):
    """What rests at a price from now on; an amount of 0 means nothing."""

    side: Side
    price: Decimal
    amount: Decimal


@dataclass(slots=True)
class _Level:
    amount: Decimal = ZERO
    orders: OrderedDict[str, Order] = field(default_factory=OrderedDict)
    """In order of arrival; ordered so that both the first and any other go in constant time."""


@dataclass(slots=True)
class _Half:
    prices: list[Decimal] = field(default_factory=list)
    """Ascending on both sides: the best bid is the last, the best ask is the first."""
    levels: dict[Decimal, _Level] = field(default_factory=dict)


class Book:
    """Price-time priority for one market; it knows nothing of money."""

    def __init__(self) -> None:
        self.seq = 0
        """The number of the last operation that changed a level."""
        self._halves = (_Half(), _Half())
        self._changed: dict[tuple[Side, Decimal], None] = {}

    def best_price(self, side: Side) -> Decimal | None:
        """The price of the next order to be filled on a side."""
        prices = self._halves[side].prices
        if not prices:
            return None
        return prices[-1] if side is Side.BUY else prices[0]

    def best_order(self, side: Side) -> Order | None:
        """The next order to be filled on a side."""
        price = self.best_price(side)
        if price is None:
            return None
        return next(iter(self._halves[side].levels[price].orders.values()))

    def levels(self, side: Side) -> list[tuple[Decimal, Decimal]]:
        """Every (price, amount) of a side, best first."""
        half = self._halves[side]
        prices = reversed(half.prices) if side is Side.BUY else half.prices
        return [(price, half.levels[price].amount) for price in prices]

    def orders(self, side: Side) -> Iterator[Order]:
        """Every resting order of a side, in the order in which they would be filled."""
        half = self._halves[side]
        for price, _ in self.levels(side):
            yield from half.levels[price].orders.values()

    def add(self, order: Order) -> None:
        """Let the rest of an order wait at its price, behind those already there."""
        half = self._halves[order.side]
        level = half.levels.get(order.price)
        if level is None:
            level = half.levels[order.price] = _Level()
            insort(half.prices, order.price)
        level.orders[order.order_id] = order
        level.amount = plus(level.amount, order.remaining)
        self._changed[order.side, order.price] = None

    def reduce(self, order: Order, amount: Decimal) -> None:
        """Take a traded amount off a resting order's level; the filled order leaves the book."""
        level = self._halves[order.side].levels[order.price]
        level.amount = minus(level.amount, amount)
        if not order.remaining:
            self._drop(level, order)
        self._changed[order.side, order.price] = None

    def remove(self, order: Order) -> None:
        """Take an order out of the book with all that is left of it."""
        level = self._halves[order.side].levels[order.price]
        level.amount = minus(level.amount, order.remaining)
        self._drop(level, order)
        self._changed[order.side, order.price] = None

    def take_changes(self) -> tuple[LevelChange, ...]:
        """The levels that changed since the last call, as they are now."""
        changes = []
        for side, price in self._changed:
            level = self._halves[side].levels.get(price)
            changes.append(LevelChange(side, price, ZERO if level is None else level.amount))
        self._changed.clear()
        return tuple(changes)

    def _drop(self, level: _Level, order: Order) -> None:
        del level.orders[order.order_id]
        if level.orders:
            return
        assert not level.amount, f"{level.amount} is left at the empty price {order.price}"
        half = self._halves[order.side]
        del half.levels[order.price]
        del half.prices[bisect_left(half.prices, order.price)]
