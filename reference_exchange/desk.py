"""Where orders wait to be matched: not at all, or for as long as an exchange takes that matches later.

An exchange that queues says yes when it has frozen the money, and matches or cancels after a while, in
the order in which it was asked. What was cancelled may have been filled before its turn came.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from conformance.model.orders import Order
from conformance.model.refusal import Reason, Refused
from conformance.model.values import OrderType, Side

if TYPE_CHECKING:
    from reference_exchange.exchange import ReferenceExchange


class Desk:
    """Takes orders and cancellations in, and passes them on to the rules when they are due."""

    def __init__(
        self, exchange: ReferenceExchange, delay_ms: tuple[int, int], random: Random
    ) -> None:
        self._exchange = exchange
        self._delay_ms = delay_ms
        self._random = random
        self._waiting: deque[tuple[int, Callable[[int], object]]] = deque()

    def place(
        self,
        account: int,
        symbol: str,
        side: Side,
        order_type: OrderType,
        price: Decimal | None,
        amount: Decimal,
        client_order_id: str | None,
    ) -> Order:
        """Take an order in. Raises Refused."""
        spot, now_ms = self._exchange.spot, self._exchange.now_ms()
        terms = (account, symbol, side, order_type, price, amount, now_ms, client_order_id)
        if not any(self._delay_ms):
            return spot.place(*terms)
        order = spot.accept(*terms)
        spot.announce(symbol, (), (order,), now_ms)
        self._later(lambda at_ms: self._exchange.spot.match(order, at_ms))
        return order

    def cancel(self, account: int, order_id: str) -> None:
        """Take a cancellation in. Raises Refused."""
        spot, now_ms = self._exchange.spot, self._exchange.now_ms()
        if not any(self._delay_ms):
            spot.cancel(account, order_id, now_ms)
            return
        own = {order.order_id: order for order in spot.orders_of(account)}
        if order_id not in own:
            raise Refused(Reason.ORDER_NOT_FOUND, "There is no such order.")
        if not own[order_id].is_open:
            raise Refused(Reason.ORDER_NOT_OPEN, "The order is over.")
        self._later(lambda at_ms: self._cancel_if_open(account, order_id, at_ms))

    def advance(self) -> None:
        """Do what is due."""
        now_ms = self._exchange.now_ms()
        while self._waiting and self._waiting[0][0] <= now_ms:
            _, act = self._waiting.popleft()
            act(now_ms)

    def _later(self, act: Callable[[int], object]) -> None:
        due_ms = self._exchange.now_ms() + self._random.randint(*self._delay_ms)
        # First come, first served: nothing overtakes what was asked before it.
        last_ms = self._waiting[-1][0] if self._waiting else 0
        self._waiting.append((max(due_ms, last_ms), act))

    def _cancel_if_open(self, account: int, order_id: str, at_ms: int) -> None:
        try:
            self._exchange.spot.cancel(account, order_id, at_ms)
        except Refused:
            return  # filled while the cancellation waited
