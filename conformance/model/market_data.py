"""All market data of one symbol follows from its trades alone.

Rules of this file:
- The rolling 24 hours are the 1440 whole minutes before the current one, and the current one. So
  memory is bounded by minutes, however many trades there are.
- The ticker's open is the first price in those 24 hours, its close the last price. Without a trade
  in them all four prices are the last price; a market that never traded has zeros.
- `last_day_close` is the last price before 00:00 UTC today, or the open when there is none.
- A candle without trades is flat at the last price, with a count of 0.
- Time never goes back: a trade dated before the one before it counts at that one's time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from conformance.model.candles import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Bar,
    Candle,
    Interval,
    close_time,
    open_time,
)
from conformance.model.events import Traded
from conformance.model.values import ZERO, minus, ratio, times

RECENT_TRADES_KEPT: Final = 100
TREND_POINTS_MAX: Final = 25
"""The 24 hours before the current one, and the current one."""


@dataclass(frozen=True, slots=True)
class Ticker:
    """The last 24 hours of one market."""

    symbol: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    turnover: Decimal
    change: Decimal
    chg: Decimal
    last_day_close: Decimal


class Tape:
    """Records the trades of one symbol and sums them up."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self._recent: deque[Traded] = deque(maxlen=RECENT_TRADES_KEPT)
        self._last_ms = 0
        self._previous_day_close: Decimal | None = None
        self._minute: Bar | None = None
        self._minute_ms = 0
        self._folded: dict[Interval, tuple[int, Bar]] = {}
        """Per open candle its open time and its minutes before the current one."""
        self._next_close_ms = 0
        self._past_minutes: deque[tuple[int, Bar]] = deque()
        self._past: Bar | None = None
        self._past_since_ms: int | None = None
        """From when on `_past` sums up the past minutes; None when that has to be done again."""
        self._hours: deque[tuple[int, Decimal]] = deque(maxlen=TREND_POINTS_MAX + 1)
        """One more than is shown: its close stands for the first hour if that had no trade."""

    @property
    def last_price(self) -> Decimal | None:
        """The price of the last trade."""
        return self._recent[-1].price if self._recent else None

    def trades(self, count: int = RECENT_TRADES_KEPT) -> tuple[Traded, ...]:
        """The last trades, oldest first."""
        return tuple(self._recent)[-count:] if count > 0 else ()

    def record(self, trade: Traded) -> tuple[Candle, ...]:
        """Take in a trade; the candles that it closes, because it comes after their end."""
        at_ms = max(trade.at_ms, self._last_ms)
        closed = self.roll_over(at_ms)
        if self._recent and at_ms // DAY_MS > self._last_ms // DAY_MS:
            self._previous_day_close = self._recent[-1].price
        if self._minute is None:
            self._open_minute(trade.price, at_ms)
        assert self._minute is not None
        self._minute.add(trade.price, trade.amount, times(trade.price, trade.amount))
        self._note_hour(at_ms - at_ms % HOUR_MS, trade.price)
        self._recent.append(trade)
        self._last_ms = at_ms
        return closed

    def roll_over(self, now_ms: int) -> tuple[Candle, ...]:
        """The candles that have ended by now, each told once, shortest interval first."""
        if self._minute is not None and now_ms >= self._minute_ms + MINUTE_MS:
            self._fold_minute(self._minute)
        if not self._folded or now_ms < self._next_close_ms:
            return ()
        closed = []
        for interval, (open_ms, bar) in list(self._folded.items()):
            if close_time(interval, open_ms) <= now_ms:
                del self._folded[interval]
                closed.append(bar.candle(self.symbol, interval, open_ms, closed=True))
        self._next_close_ms = min(
            (close_time(interval, open_ms) for interval, (open_ms, _) in self._folded.items()),
            default=0,
        )
        return tuple(closed)

    def candle(self, interval: Interval, now_ms: int) -> Candle | None:
        """The candle of this moment; None only as long as there never was a trade."""
        start = open_time(interval, now_ms)
        open_ms, folded = self._folded.get(interval, (None, None))
        bar = folded.copy() if folded is not None and open_ms == start else None
        if self._minute is not None and self._minute_ms >= start:
            bar = _joined(bar, self._minute)
        if bar is None and self._recent:
            bar = Bar.flat(self._recent[-1].price)
        return None if bar is None else bar.candle(self.symbol, interval, start, closed=False)

    def ticker(self, now_ms: int) -> Ticker:
        """The last 24 hours, seen from now."""
        bar = self._last_24_hours(now_ms) or Bar.flat(self.last_price or ZERO)
        change = minus(bar.close, bar.open)
        return Ticker(
            symbol=self.symbol,
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            volume=bar.volume,
            turnover=bar.turnover,
            change=change,
            chg=ratio(change, bar.open) if bar.open else ZERO,
            last_day_close=self._close_before_today(now_ms) or bar.open,
        )

    def hourly_closes(self, now_ms: int) -> tuple[Decimal, ...]:
        """The last price of each clock hour, the current one last; 1 to 25 points.

        An hour without trades repeats the price before it; hours before the first trade are left
        out. A market that never traded has one point, 0.
        """
        closes = dict(self._hours)
        current = now_ms - now_ms % HOUR_MS
        first = current - (TREND_POINTS_MAX - 1) * HOUR_MS
        price = next((close for hour, close in reversed(self._hours) if hour < first), None)
        points = []
        for hour in range(first, current + 1, HOUR_MS):
            price = closes.get(hour, price)
            if price is not None:
                points.append(price)
        return tuple(points) or (ZERO,)

    def _open_minute(self, price: Decimal, at_ms: int) -> None:
        self._minute = Bar.flat(price)
        self._minute_ms = at_ms - at_ms % MINUTE_MS

    def _fold_minute(self, minute: Bar) -> None:
        """Add the ended minute to every candle that it is part of, and to the past."""
        for interval in Interval:
            open_ms, bar = self._folded.get(interval, (open_time(interval, self._minute_ms), None))
            self._folded[interval] = (open_ms, _joined(bar, minute))
        self._next_close_ms = self._minute_ms + MINUTE_MS
        self._past_minutes.append((self._minute_ms, minute))
        self._past_since_ms = None
        self._minute = None
        self._forget_minutes_before(self._minute_ms - DAY_MS)

    def _forget_minutes_before(self, since_ms: int) -> None:
        while self._past_minutes and self._past_minutes[0][0] < since_ms:
            self._past_minutes.popleft()

    def _last_24_hours(self, now_ms: int) -> Bar | None:
        since_ms = now_ms - now_ms % MINUTE_MS - DAY_MS
        if self._past_since_ms != since_ms:
            self._past_since_ms = since_ms
            self._past = None
            for minute_ms, minute in self._past_minutes:
                if minute_ms >= since_ms:
                    self._past = _joined(self._past, minute)
        if self._minute is None or self._minute_ms < since_ms:
            return self._past
        return _joined(None if self._past is None else self._past.copy(), self._minute)

    def _close_before_today(self, now_ms: int) -> Decimal | None:
        if now_ms // DAY_MS > self._last_ms // DAY_MS:
            return self.last_price
        return self._previous_day_close

    def _note_hour(self, hour_ms: int, price: Decimal) -> None:
        if self._hours and self._hours[-1][0] == hour_ms:
            self._hours[-1] = (hour_ms, price)
        else:
            self._hours.append((hour_ms, price))


def _joined(bar: Bar | None, later: Bar) -> Bar:
    """`bar` with the later one added to it; a copy of the later one when there is no bar yet."""
    if bar is None:
        return later.copy()
    bar.extend(later)
    return bar
