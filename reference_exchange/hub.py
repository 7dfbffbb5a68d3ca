"""Who is subscribed to what, and what they are told: every event is encoded once, for all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from conformance.model.candles import Candle, Interval
from conformance.model.events import LevelsChanged, Traded
from conformance.model.orders import Order
from conformance.model.values import Side
from reference_exchange import views

if TYPE_CHECKING:
    from reference_exchange.exchange import ReferenceExchange
    from reference_exchange.streams import StreamSession

TICKER_EVERY_MS: Final = 100
SHOWN_TRADES: Final = 20
NOTHING: Final[Mapping[str, int]] = MappingProxyType({})
INTERVALS: Final = tuple(str(each) for each in Interval)


class Hub:
    """Topics and their subscribers. Private topics carry their account: `orders#1001`."""

    def __init__(self, exchange: ReferenceExchange) -> None:
        self._exchange = exchange
        self._subscribers: dict[str, dict[StreamSession, None]] = {}
        self.sessions: dict[StreamSession, None] = {}
        self._tickers_due: dict[str, None] = {}
        self._ticker_at_ms = 0
        self.published = 0

    def subscribe(self, session: StreamSession, topic: str) -> bool:
        """Add a subscriber; False when it was one already."""
        subscribers = self._subscribers.setdefault(topic, {})
        if session in subscribers:
            return False
        subscribers[session] = None
        return True

    def unsubscribe(self, session: StreamSession, topic: str) -> None:
        """Remove a subscriber, if it was one."""
        subscribers = self._subscribers.get(topic)
        if subscribers is not None:
            subscribers.pop(session, None)
            if not subscribers:
                del self._subscribers[topic]

    def close(self) -> None:
        """Close every session."""
        for session in list(self.sessions):
            session.close()

    def deliver(self, sessions: Collection[StreamSession], text: str) -> None:
        """Hand one encoded frame to all of them; a server may do this in its own way."""
        for session in list(sessions):
            session.send(text)

    def publish(
        self, topic: str, kind: str, data: Any, key: str = "", more: Mapping[str, int] = NOTHING
    ) -> None:
        """Tell the subscribers of a topic; costs nothing when there are none."""
        subscribers = self._subscribers.get(key or topic)
        if subscribers:
            self.published += 1
            self.deliver(subscribers, self.frame(topic, kind, data, more))

    def frame(self, topic: str, kind: str, data: Any, more: Mapping[str, int] = NOTHING) -> str:
        """An event as text."""
        event = {"topic": topic, "type": kind, **more, "ts": self._exchange.now_ms(), "data": data}
        return self._exchange.writer.text(event)

    # --- what the rules announce ------------------------------------------------------------------

    def levels_changed(self, event: LevelsChanged) -> None:
        """A delta of the book."""
        topic = f"depth.{event.symbol}"
        if topic in self._subscribers:
            seq = {"seq": event.seq, "prevSeq": event.prev_seq}
            self.publish(topic, "delta", views.changes(event.changes), more=seq)

    def traded(self, trade: Traded, closed: Collection[Candle]) -> None:
        """A trade, the candles that it closed and changed; the ticker follows a little later."""
        self.publish(f"trades.{trade.symbol}", "update", [views.trade(trade)])
        self._tickers_due[trade.symbol] = None
        self.closed(closed)
        for interval in INTERVALS:
            topic = f"kline.{trade.symbol}.{interval}"
            if topic in self._subscribers:
                self._candle_changed(topic, trade.symbol, interval)

    def _candle_changed(self, topic: str, symbol: str, interval: str) -> None:
        tape = self._exchange.tapes[symbol]
        candle = tape.candle(Interval(interval), self._exchange.now_ms())
        if candle is not None:
            self.publish(topic, "update", views.candle(candle))

    def closed(self, candles: Collection[Candle]) -> None:
        """Candles that are over."""
        for candle in candles:
            topic = f"kline.{candle.symbol}.{candle.interval}"
            self.publish(topic, "update", views.candle(candle))

    def order_changed(self, order: Order) -> None:
        """An order of somebody."""
        key = private("orders", order.account)
        if key in self._subscribers:
            self.publish("orders", "update", views.order(order), key)

    def balance_changed(self, account: int, coin: str) -> None:
        """A balance of somebody."""
        key = private("account", account)
        if key in self._subscribers:
            held = self._exchange.ledger.holdings(account)
            changed = [views.wallet(each) for each in held if each.coin == coin]
            self.publish("account", "update", changed, key)

    def advance(self) -> None:
        """Candles that have ended by the clock, and tickers that are due."""
        now_ms = self._exchange.now_ms()
        for tape in self._exchange.tapes.values():
            ended = tape.roll_over(now_ms)
            if ended:
                self.closed(ended)
        if self._tickers_due and now_ms - self._ticker_at_ms >= TICKER_EVERY_MS:
            self._ticker_at_ms = now_ms
            for symbol in self._tickers_due:
                self._ticker_changed(symbol)
            self._tickers_due.clear()

    def _ticker_changed(self, symbol: str) -> None:
        topic = f"ticker.{symbol}"
        if topic in self._subscribers:
            self.publish(topic, "update", self._exchange.ticker(symbol))

    # --- what a new subscriber is shown -----------------------------------------------------------

    def first(self, topic: str, account: int) -> str | None:
        """The first event of a subscription, or None for a channel that has no present state."""
        channel, _, rest = topic.partition(".")
        shown: dict[str, Callable[[str, str], str | None]] = {
            "depth": self._first_depth,
            "trades": self._first_trades,
            "ticker": self._first_ticker,
            "kline": self._first_candle,
        }
        if channel in shown:
            return shown[channel](topic, rest)
        return self._first_private(channel, account)

    def _first_ticker(self, topic: str, symbol: str) -> str:
        return self.frame(topic, "snapshot", self._exchange.ticker(symbol))

    def _first_depth(self, topic: str, symbol: str) -> str:
        book = self._exchange.spot.book(symbol)
        levels = {"bids": book.levels(Side.BUY), "asks": book.levels(Side.SELL)}
        return self.frame(topic, "snapshot", levels, {"seq": book.seq})

    def _first_trades(self, topic: str, symbol: str) -> str:
        trades = self._exchange.tapes[symbol].trades(SHOWN_TRADES)
        return self.frame(topic, "snapshot", [views.trade(each) for each in trades])

    def _first_candle(self, topic: str, rest: str) -> str | None:
        symbol, _, interval = rest.rpartition(".")
        tape = self._exchange.tapes[symbol]
        candle = tape.candle(Interval(interval), self._exchange.now_ms())
        return None if candle is None else self.frame(topic, "snapshot", views.candle(candle))

    def _first_private(self, channel: str, account: int) -> str | None:
        if channel == "orders":
            return None
        held = self._exchange.ledger.holdings(account)
        return self.frame("account", "snapshot", [views.wallet(each) for each in held])


def private(topic: str, account: int) -> str:
    """The key of a private topic of an account."""
    return f"{topic}#{account}"
