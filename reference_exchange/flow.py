"""Other people: a seeded background flow of orders, so that there is always a market to look at.

House accounts keep a book around a slowly moving price and trade a little, so many times a second of the
exchange's own clock. Quiet markets have a past but no flow.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Final

from conformance.model.events import Traded
from conformance.model.refusal import Refused
from conformance.model.values import Market, OrderType, Side

if TYPE_CHECKING:
    from reference_exchange.exchange import ReferenceExchange

MAKER, TAKER = 1, 2
HOUSE: Final = (MAKER, TAKER)
FORTUNE: Final = Decimal(1_000_000_000)
HOUR_MS: Final = 3_600_000
MOST_AT_ONCE: Final = 400
RESTING_ORDERS: Final = 40
FIRST_LEVELS: Final = 30


def write_history(exchange: ReferenceExchange, random: Random) -> None:
    """Give every market a past: a trade every few minutes, straight onto its tape."""
    config = exchange.config
    now_ms = exchange.now_ms()
    start_ms = now_ms - config.history_hours * HOUR_MS
    for listing in config.listings:
        tape, price = exchange.tapes[listing.market.symbol], listing.start_price
        for number, at_ms in enumerate(range(start_ms, now_ms, config.history_step_ms), 1):
            price = _moved(price, listing.start_price, listing.market, random)
            side = Side(random.randrange(2))
            amount = _amount(listing.market, price, random)
            trade = Traded(
                number, listing.market.symbol, price, amount, side, at_ms, "", "", MAKER, TAKER
            )
            tape.record(trade)


def _moved(price: Decimal, around: Decimal, market: Market, random: Random) -> Decimal:
    """A step of a random walk that is drawn back to where it began; whole price steps only."""
    reach = int(around / market.price_step) // 1000 or 1
    pull = int((around - price) / market.price_step) // 50
    steps = random.randint(-reach, reach) + pull
    return max(market.price_step, price + steps * market.price_step)


def _amount(market: Market, price: Decimal, random: Random) -> Decimal:
    """Some multiple of the least that may be traded at a price, in whole steps."""
    least = max(market.min_amount, market.min_turnover / price)
    steps = int(least / market.amount_step) + 1
    return market.amount_step * steps * random.randint(2, 400)


class Flow:
    """The house accounts' doings in the markets that are not quiet."""

    def __init__(self, exchange: ReferenceExchange, random: Random) -> None:
        self._exchange = exchange
        self._random = random
        config = exchange.config
        listed = [each for each in config.listings if not each.is_quiet and config.has_flow]
        self._markets = [(each.market, each.start_price) for each in listed]
        self._resting: dict[str, deque[str]] = {m.symbol: deque() for m, _ in self._markets}
        self._step_ms = config.flow_step_ms
        self._next_ms = exchange.now_ms() + self._step_ms
        self._is_busy = False
        self._provide()

    def _provide(self) -> None:
        ledger, now_ms = self._exchange.ledger, self._exchange.now_ms()
        for account in HOUSE:
            for unit in sorted(self._exchange.units):
                ledger.deposit(account, unit, FORTUNE, now_ms)
        for market, _ in self._markets:
            for _ in range(FIRST_LEVELS):
                self._rest(market, Side(self._random.randrange(2)))

    def advance(self) -> None:
        """Do what is due; after a long silence the rest is left out, so that a call stays short."""
        now_ms = self._exchange.now_ms()
        if now_ms < self._next_ms or self._is_busy:
            return
        due = min(MOST_AT_ONCE, (now_ms - self._next_ms) // self._step_ms + 1)
        self._next_ms = now_ms - (now_ms - self._next_ms) % self._step_ms + self._step_ms
        self._is_busy = True
        try:
            for _ in range(due):
                for market, around in self._markets:
                    self._act(market, around)
        finally:
            self._is_busy = False

    def _act(self, market: Market, around: Decimal) -> None:
        resting = self._resting[market.symbol]
        chance = self._random.randrange(100)
        if len(resting) > RESTING_ORDERS or chance < 35:
            self._cancel_oldest(resting)
        elif chance < 75:
            self._rest(market, Side(self._random.randrange(2)))
        else:
            self._cross(market, around)

    def _rest(self, market: Market, side: Side) -> None:
        """A limit order a little away from the last price, never crossing the book."""
        last = self._exchange.price_of(market.symbol)
        assert last is not None
        reach = int(last / market.price_step) // 400 or 2
        distance = self._random.randint(1, reach) * market.price_step
        price = last - distance if side is Side.BUY else last + distance
        book = self._exchange.spot.book(market.symbol)
        best = book.best_price(Side.SELL if side is Side.BUY else Side.BUY)
        if best is not None and (price >= best if side is Side.BUY else price <= best):
            return
        self._place(MAKER, market, side, price)

    def _cross(self, market: Market, around: Decimal) -> None:
        """A small order at the best price of the side that draws the market back to its centre."""
        last = self._exchange.price_of(market.symbol)
        assert last is not None
        drawn = Side.BUY if last < around else Side.SELL
        side = drawn if self._random.randrange(10) < 6 else Side(self._random.randrange(2))
        opposite = Side.SELL if side is Side.BUY else Side.BUY
        best = self._exchange.spot.book(market.symbol).best_price(opposite)
        if best is not None:
            self._place(TAKER, market, side, best)

    def _place(self, account: int, market: Market, side: Side, price: Decimal) -> None:
        amount = _amount(market, price, self._random)
        try:
            order = self._exchange.spot.place(
                account,
                market.symbol,
                side,
                OrderType.LIMIT,
                price,
                amount,
                self._exchange.now_ms(),
            )
        except Refused:
            return  # the house has run out of something: it stays out for this once
        if order.is_open:
            self._resting[market.symbol].append(order.order_id)

    def _cancel_oldest(self, resting: deque[str]) -> None:
        if not resting:
            return
        oldest = resting.popleft()
        spot = self._exchange.spot
        try:
            order = spot.order(oldest)
        except Refused:
            return  # long over, and forgotten
        if order.is_open:
            spot.cancel(order.account, oldest, self._exchange.now_ms())
