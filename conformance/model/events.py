"""What the rules announce, each after the whole operation that caused it is done.

Of one operation the events come in this order: trades as they happened, each changed order once
(makers first, then the taker), the changed levels, the changed balances.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from conformance.model.book import LevelChange
from conformance.model.orders import Order
from conformance.model.positions import FuturesOrder
from conformance.model.values import Side


@dataclass(frozen=True, slots=True)
class Traded:
    """Two orders met; `side` is the taker's, ids ascend over all markets."""

    id: int
    symbol: str
    price: Decimal
    amount: Decimal
    side: Side
    at_ms: int
    buy_order_id: str
    sell_order_id: str
    buy_account: int
    sell_account: int


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """A spot order is new, or has other fills or another status than before."""

    order: Order


@dataclass(frozen=True, slots=True)
class LevelsChanged:
    """The book levels that one operation changed; `prev_seq` is the `seq` of the one before."""

    symbol: str
    changes: tuple[LevelChange, ...]
    seq: int
    prev_seq: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class BalanceChanged:
    """An account's balance or frozen balance of a coin is another than before."""

    account: int
    coin: str


@dataclass(frozen=True, slots=True)
class FuturesOrderChanged:
    """A futures order is new or has another status than before."""

    order: FuturesOrder


Event: TypeAlias = Traded | OrderChanged | LevelsChanged | BalanceChanged | FuturesOrderChanged
