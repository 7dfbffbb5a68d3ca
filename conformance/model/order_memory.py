"""Remembers orders per account and forgets the longest-closed ones beyond a limit."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

CLOSED_ORDERS_KEPT: Final = 10_000
"""Per account."""
HOUSE_CLOSED_ORDERS_KEPT: Final = 2_000
"""Per house account: it trades day and night, and nobody asks for its history."""

T = TypeVar("T")


@dataclass(slots=True)
class _Account(Generic[T]):
    orders: dict[str, T] = field(default_factory=dict)
    open: dict[str, T] = field(default_factory=dict)
    closed: deque[str] = field(default_factory=deque)


class OrderMemory(Generic[T]):
    """Open orders for as long as they are open, closed ones up to the account's limit."""

    def __init__(self, house_accounts: Collection[int] = ()) -> None:
        self._house_accounts = frozenset(house_accounts)
        self._accounts: dict[int, _Account[T]] = {}
        self._owners: dict[str, int] = {}

    def find(self, account: int, order_id: str) -> T | None:
        """The account's own order; another account's order is as good as none."""
        kept = self._accounts.get(account)
        return None if kept is None else kept.orders.get(order_id)

    def find_any(self, order_id: str) -> T | None:
        """An order of whatever account."""
        owner = self._owners.get(order_id)
        return None if owner is None else self._accounts[owner].orders[order_id]

    def of(self, account: int) -> tuple[T, ...]:
        """All that is remembered of an account, oldest first."""
        kept = self._accounts.get(account)
        return () if kept is None else tuple(kept.orders.values())

    def open_of(self, account: int) -> tuple[T, ...]:
        """The account's open orders, oldest first."""
        kept = self._accounts.get(account)
        return () if kept is None else tuple(kept.open.values())

    def add(self, account: int, order_id: str, order: T) -> None:
        """Remember a new, open order."""
        assert order_id not in self._owners, f"the order id {order_id} is given twice"
        kept = self._accounts.get(account)
        if kept is None:
            kept = self._accounts[account] = _Account()
        kept.orders[order_id] = kept.open[order_id] = order
        self._owners[order_id] = account

    def close(self, account: int, order_id: str, order: T) -> T | None:
        """Note that an order is final, in its last form; the order forgotten for it, if any."""
        kept = self._accounts[account]
        del kept.open[order_id]
        kept.orders[order_id] = order
        kept.closed.append(order_id)
        is_house = account in self._house_accounts
        limit = HOUSE_CLOSED_ORDERS_KEPT if is_house else CLOSED_ORDERS_KEPT
        if len(kept.closed) <= limit:
            return None
        forgotten = kept.closed.popleft()
        del self._owners[forgotten]
        return kept.orders.pop(forgotten)
