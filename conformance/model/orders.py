"""A spot order and its life: `TRANSITIONS` lists every change of status there is.

COMPLETED and CANCELED are final: no row starts there, so no fill and no cancel can follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from conformance.model.values import (
    ZERO,
    Market,
    OrderStatus,
    OrderType,
    Side,
    minus,
    times,
    whole_steps,
)


class Step(StrEnum):
    """What can happen to an order after it is placed."""

    FILL = "fill"
    FINISH = "finish"
    CANCEL = "cancel"


TRANSITIONS: Final[Mapping[tuple[OrderStatus, Step], OrderStatus]] = MappingProxyType(
    {
        (OrderStatus.TRADING, Step.FILL): OrderStatus.TRADING,
        (OrderStatus.TRADING, Step.FINISH): OrderStatus.COMPLETED,
        (OrderStatus.TRADING, Step.CANCEL): OrderStatus.CANCELED,
    }
)


class Fill(NamedTuple):
    """One trade as its order sees it; `fee` is in the coin that the order receives."""

    price: Decimal
    amount: Decimal
    turnover: Decimal
    fee: Decimal
    time_ms: int


@dataclass(slots=True, eq=False)
class Order:
    """A spot order. Its `amount` is in coin, but for a market BUY it is the base to spend.

    `price` is 0 for a market order. `frozen` is what the order still holds: base for a BUY,
    coin for a SELL.
    """

    order_id: str
    account: int
    market: Market
    side: Side
    type: OrderType
    price: Decimal
    amount: Decimal
    frozen: Decimal
    created_ms: int
    client_order_id: str | None = None
    traded_amount: Decimal = ZERO
    turnover: Decimal = ZERO
    status: OrderStatus = OrderStatus.TRADING
    completed_ms: int | None = None
    canceled_ms: int | None = None
    fills: list[Fill] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it can still trade or be cancelled."""
        return self.status is OrderStatus.TRADING

    @property
    def is_spending(self) -> bool:
        """Whether it is a market BUY, whose amount is in base."""
        return self.type is OrderType.MARKET and self.side is Side.BUY

    @property
    def remaining(self) -> Decimal:
        """What is left of `amount`, in the unit of `amount`."""
        return minus(self.amount, self.turnover if self.is_spending else self.traded_amount)

    @property
    def frozen_coin(self) -> str:
        """The coin that `frozen` counts."""
        return self.market.base if self.side is Side.BUY else self.market.coin

    def wanted_at(self, price: Decimal) -> Decimal:
        """How much coin it would still trade at a price, in whole amount steps."""
        if not self.is_spending:
            return self.remaining
        step = self.market.amount_step
        return whole_steps(self.remaining, times(price, step), step)

    def accepts(self, price: Decimal) -> bool:
        """Whether its limit, if any, allows a trade at a price."""
        if self.type is OrderType.MARKET:
            return True
        return price <= self.price if self.side is Side.BUY else price >= self.price

    def take(self, step: Step, at_ms: int) -> None:
        """Go on to the next status; a step that the table does not list is our own error."""
        assert (self.status, step) in TRANSITIONS, f"{self.order_id}: {step} after {self.status}"
        self.status = TRANSITIONS[self.status, step]
        if self.status is OrderStatus.COMPLETED:
            self.completed_ms = at_ms
        elif self.status is OrderStatus.CANCELED:
            self.canceled_ms = at_ms
