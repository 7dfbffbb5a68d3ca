"""Spot trading by price-time priority: an operation is refused whole or done whole.

Rules of this file:
- Everything is checked before anything changes; freezing the money is the last check.
- A trade happens at the resting order's price. What a limit BUY froze and did not need goes back.
- The buyer's fee is in coin, the seller's in base, cut to 16 decimal places, for the fee account.
- A market order never rests. It is COMPLETED when it is filled, or when it has fills and what is
  left of its money does not pay for one more amount step at the next price (the last fill's
  price, when the book is empty). Otherwise it is CANCELED: the book held too little, or nothing.
- An account may trade with itself; it pays both fees and nothing else changes.
- A client order id is refused as long as any remembered order of the account has it, open or
  closed: whoever repeats a request after a time-out must not trade twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType

from conformance.model.book import Book
from conformance.model.events import BalanceChanged, Event, LevelsChanged, OrderChanged, Traded
from conformance.model.ledger import FEE_ACCOUNT, Ledger
from conformance.model.order_memory import OrderMemory
from conformance.model.orders import Fill, Order, Step
from conformance.model.refusal import Reason, Refused
from conformance.model.spot_checks import check_new_order
from conformance.model.values import (
    ZERO,
    Market,
    OrderType,
    Side,
    minus,
    opposite,
    plus,
    times,
    truncate_money,
)


class SpotExchange:
    """The spot markets of one exchange."""

    def __init__(
        self,
        markets: Iterable[Market],
        ledger: Ledger,
        next_id: Callable[[str], str],
        publish: Callable[[Event], None],
        house_accounts: Collection[int] = (),
    ) -> None:
        self.markets: Mapping[str, Market] = MappingProxyType({m.symbol: m for m in markets})
        self.ledger = ledger
        self._next_id = next_id
        self._publish = publish
        self._books = {symbol: Book() for symbol in self.markets}
        self._memory: OrderMemory[Order] = OrderMemory(house_accounts)
        self._client_order_ids: set[tuple[int, str]] = set()
        self._trade_count = 0

    def place(
        self,
        account: int,
        symbol: str,
        side: Side,
        order_type: OrderType,
        price: Decimal | None,
        amount: Decimal,
        at_ms: int,
        client_order_id: str | None = None,
    ) -> Order:
        """Place an order and match it at once; a market order's price is ignored."""
        order = self.accept(
            account, symbol, side, order_type, price, amount, at_ms, client_order_id
        )
        self.match(order, at_ms)
        return order

    def accept(
        self,
        account: int,
        symbol: str,
        side: Side,
        order_type: OrderType,
        price: Decimal | None,
        amount: Decimal,
        at_ms: int,
        client_order_id: str | None = None,
    ) -> Order:
        """Take an order and freeze what it may cost; it does not rest and trades nothing before `match`."""
        market = self.market(symbol)
        limit = _limit(order_type, price)
        check_new_order(market, side, order_type, limit, amount)
        self._check_client_order_id(account, client_order_id)
        frozen = self._freeze(account, market, side, limit, amount)
        order_id = self._next_id("spot")
        order = Order(
            order_id,
            account,
            market,
            side,
            order_type,
            limit,
            amount,
            frozen,
            at_ms,
            client_order_id,
        )
        self._remember(order)
        return order

    def match(self, order: Order, at_ms: int) -> None:
        """Match an order that was accepted, and let what is left of it rest or end."""
        trades, makers = self._match(order, at_ms)
        self._finish_taker(order, at_ms)
        self.announce(order.market.symbol, trades, [*makers, order], at_ms)

    def cancel(self, account: int, order_id: str, at_ms: int) -> Order:
        """Take an open order off the book and give back what it froze."""
        order = self._memory.find(account, order_id)
        if order is None:
            raise Refused(Reason.ORDER_NOT_FOUND, "There is no such order.")
        if not order.is_open:
            raise Refused(Reason.ORDER_NOT_OPEN, f"The order is {order.status} and stays so.")
        self._books[order.market.symbol].remove(order)
        self._close(order, Step.CANCEL, at_ms)
        self.announce(order.market.symbol, (), (order,), at_ms)
        return order

    def market(self, symbol: str) -> Market:
        """The market of a symbol; refused when there is none."""
        market = self.markets.get(symbol)
        if market is None:
            raise Refused(Reason.UNKNOWN_SYMBOL, "There is no such market.")
        return market

    def book(self, symbol: str) -> Book:
        """The resting orders of a market; refused when there is none."""
        self.market(symbol)
        return self._books[symbol]

    def order(self, order_id: str) -> Order:
        """An order of whatever account; refused when it is unknown or forgotten."""
        order = self._memory.find_any(order_id)
        if order is None:
            raise Refused(Reason.ORDER_NOT_FOUND, "There is no such order.")
        return order

    def orders_of(self, account: int) -> tuple[Order, ...]:
        """All remembered orders of an account, oldest first."""
        return self._memory.of(account)

    def open_orders_of(self, account: int) -> tuple[Order, ...]:
        """The account's open orders, oldest first."""
        return self._memory.open_of(account)

    def _check_client_order_id(self, account: int, client_order_id: str | None) -> None:
        if client_order_id is not None and (account, client_order_id) in self._client_order_ids:
            raise Refused(
                Reason.DUPLICATE_CLIENT_ORDER_ID, "An order with this clientOrderId exists already."
            )

    def _freeze(
        self, account: int, market: Market, side: Side, limit: Decimal, amount: Decimal
    ) -> Decimal:
        """Hold what the order may have to pay; only a limit BUY has to work it out."""
        frozen = times(limit, amount) if limit and side is Side.BUY else amount
        self.ledger.freeze(account, market.base if side is Side.BUY else market.coin, frozen)
        return frozen

    def _remember(self, order: Order) -> None:
        self._memory.add(order.account, order.order_id, order)
        if order.client_order_id is not None:
            self._client_order_ids.add((order.account, order.client_order_id))

    def _match(self, taker: Order, at_ms: int) -> tuple[list[Traded], list[Order]]:
        book = self._books[taker.market.symbol]
        makers_side = opposite(taker.side)
        trades: list[Traded] = []
        makers: list[Order] = []
        while (maker := book.best_order(makers_side)) is not None and taker.accepts(maker.price):
            amount = min(taker.wanted_at(maker.price), maker.remaining)
            if not amount:
                break
            trades.append(self._trade(taker, maker, amount, at_ms))
            makers.append(maker)
            book.reduce(maker, amount)
            if maker.remaining:
                maker.take(Step.FILL, at_ms)
            else:
                self._close(maker, Step.FINISH, at_ms)
        return trades, makers

    def _trade(self, taker: Order, maker: Order, amount: Decimal, at_ms: int) -> Traded:
        """Move the money of one trade; both orders know their part afterwards."""
        buyer, seller = (taker, maker) if taker.side is Side.BUY else (maker, taker)
        market, price = maker.market, maker.price
        turnover = times(price, amount)
        buyer_fee = truncate_money(times(amount, market.fee_rate))
        seller_fee = truncate_money(times(turnover, market.fee_rate))
        held = turnover if buyer.is_spending else times(buyer.price, amount)
        self.ledger.pay_frozen(buyer.account, market.base, turnover)
        if held != turnover:
            self.ledger.release(buyer.account, market.base, minus(held, turnover))
        self.ledger.pay_frozen(seller.account, market.coin, amount)
        self.ledger.credit(buyer.account, market.coin, minus(amount, buyer_fee))
        self.ledger.credit(seller.account, market.base, minus(turnover, seller_fee))
        self.ledger.credit(FEE_ACCOUNT, market.coin, buyer_fee)
        self.ledger.credit(FEE_ACCOUNT, market.base, seller_fee)
        _note(buyer, Fill(price, amount, turnover, buyer_fee, at_ms), held)
        _note(seller, Fill(price, amount, turnover, seller_fee, at_ms), amount)
        self._trade_count += 1
        return Traded(
            id=self._trade_count,
            symbol=market.symbol,
            price=price,
            amount=amount,
            side=taker.side,
            at_ms=at_ms,
            buy_order_id=buyer.order_id,
            sell_order_id=seller.order_id,
            buy_account=buyer.account,
            sell_account=seller.account,
        )

    def _finish_taker(self, order: Order, at_ms: int) -> None:
        """Decide what becomes of a new order once nothing more matches it."""
        if not order.remaining:
            self._close(order, Step.FINISH, at_ms)
        elif order.type is OrderType.LIMIT:
            self._books[order.market.symbol].add(order)
        elif order.is_spending and order.fills and not order.wanted_at(self._next_price(order)):
            self._close(order, Step.FINISH, at_ms)
        else:
            self._close(order, Step.CANCEL, at_ms)

    def _next_price(self, order: Order) -> Decimal:
        best = self._books[order.market.symbol].best_price(opposite(order.side))
        return order.fills[-1].price if best is None else best

    def _close(self, order: Order, step: Step, at_ms: int) -> None:
        order.take(step, at_ms)
        if order.frozen:
            self.ledger.release(order.account, order.frozen_coin, order.frozen)
            order.frozen = ZERO
        forgotten = self._memory.close(order.account, order.order_id, order)
        if forgotten is not None and forgotten.client_order_id is not None:
            self._client_order_ids.discard((forgotten.account, forgotten.client_order_id))

    def announce(
        self, symbol: str, trades: Iterable[Traded], orders: Iterable[Order], at_ms: int
    ) -> None:
        """Publish what has come of an operation: trades, orders, levels, balances."""
        for trade in trades:
            self._publish(trade)
        for order in orders:
            self._publish(OrderChanged(order))
        book = self._books[symbol]
        changes = book.take_changes()
        if changes:
            book.seq += 1
            self._publish(LevelsChanged(symbol, changes, book.seq, book.seq - 1, at_ms))
        for account, coin in self.ledger.take_changes():
            self._publish(BalanceChanged(account, coin))


def _limit(order_type: OrderType, price: Decimal | None) -> Decimal:
    """The price of a limit order; 0 for a market order, which has none."""
    if order_type is OrderType.MARKET:
        return ZERO
    if price is None:
        raise Refused(Reason.PRICE_REQUIRED, "A limit order needs a price.")
    return price


def _note(order: Order, fill: Fill, spent: Decimal) -> None:
    order.fills.append(fill)
    order.traded_amount = plus(order.traded_amount, fill.amount)
    order.turnover = plus(order.turnover, fill.turnover)
    order.frozen = minus(order.frozen, spent)
