"""Candles: when each interval opens and closes, in UTC, and what a stretch of trades looks like.

Every interval is a whole number of minutes, so a candle is the sum of its minutes. `1m` is a minute
and `1M` a calendar month; weeks begin on Monday.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from conformance.model.values import ZERO, plus

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
WEEK_MS: Final = 7 * DAY_MS
FIRST_MONDAY_MS: Final = 4 * DAY_MS
"""1970-01-05; the epoch was a Thursday."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class Interval(StrEnum):
    """The lengths of candles, as topics spell them."""

    ONE_MINUTE = "1m"
    FIVE_MINUTES = "5m"
    FIFTEEN_MINUTES = "15m"
    HALF_HOUR = "30m"
    ONE_HOUR = "1h"
    FOUR_HOURS = "4h"
    ONE_DAY = "1d"
    ONE_WEEK = "1w"
    ONE_MONTH = "1M"


_LENGTHS_MS: Final = {
    Interval.ONE_MINUTE: MINUTE_MS,
    Interval.FIVE_MINUTES: 5 * MINUTE_MS,
    Interval.FIFTEEN_MINUTES: 15 * MINUTE_MS,
    Interval.HALF_HOUR: 30 * MINUTE_MS,
    Interval.ONE_HOUR: HOUR_MS,
    Interval.FOUR_HOURS: 4 * HOUR_MS,
    Interval.ONE_DAY: DAY_MS,
    Interval.ONE_WEEK: WEEK_MS,
}


def open_time(interval: Interval, at_ms: int) -> int:
    """The first millisecond of the candle that a moment belongs to."""
    if interval is Interval.ONE_MONTH:
        return _month_start(at_ms)
    if interval is Interval.ONE_WEEK:
        return at_ms - (at_ms - FIRST_MONDAY_MS) % WEEK_MS
    return at_ms - at_ms % _LENGTHS_MS[interval]


def close_time(interval: Interval, at_ms: int) -> int:
    """The first millisecond after the candle that a moment belongs to."""
    start = open_time(interval, at_ms)
    if interval is Interval.ONE_MONTH:
        return _month_start(start + 31 * DAY_MS)
    return start + _LENGTHS_MS[interval]


def _month_start(at_ms: int) -> int:
    at = _EPOCH + timedelta(milliseconds=at_ms)
    first = datetime(at.year, at.month, 1, tzinfo=UTC)
    return (first - _EPOCH) // _MILLISECOND


@dataclass(frozen=True, slots=True)
class Candle:
    """The trades of one interval; `closed` when no more can come."""

    symbol: str
    interval: Interval
    open_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    turnover: Decimal
    count: int
    closed: bool


@dataclass(slots=True)
class Bar:
    """A stretch of trades, summed up; grows at its end only."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = ZERO
    turnover: Decimal = ZERO
    count: int = 0

    @classmethod
    def flat(cls, price: Decimal) -> Bar:
        """A stretch without trades, at a price."""
        return cls(price, price, price, price)

    def copy(self) -> Bar:
        """A bar that grows on its own."""
        return Bar(
            self.open, self.high, self.low, self.close, self.volume, self.turnover, self.count
        )

    def add(self, price: Decimal, amount: Decimal, turnover: Decimal) -> None:
        """One more trade."""
        if price > self.high:
            self.high = price
        if price < self.low:
            self.low = price
        self.close = price
        self.volume = plus(self.volume, amount)
        self.turnover = plus(self.turnover, turnover)
        self.count += 1

    def extend(self, later: Bar) -> None:
        """All the trades of a later stretch."""
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.volume = plus(self.volume, later.volume)
        self.turnover = plus(self.turnover, later.turnover)
        self.count += later.count

    def candle(self, symbol: str, interval: Interval, open_ms: int, closed: bool) -> Candle:
        """What the bar looks like as a candle."""
        return Candle(
            symbol=symbol,
            interval=interval,
            open_ms=open_ms,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.volume,
            turnover=self.turnover,
            count=self.count,
            closed=closed,
        )
