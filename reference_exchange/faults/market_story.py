"""Faults by which market data contradict each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from conformance.model.candles import Interval
from reference_exchange.exchange import ReferenceExchange
from reference_exchange.faults.fault import answering, fault, wrap

Change = Callable[[str, Any], Any]


def _candles(x: ReferenceExchange, change: Change) -> None:
    """Show candles otherwise: `change(interval, data)`."""

    def frame(original: Any, topic: str, kind: str, data: Any, more: Any = None) -> Any:
        if topic.startswith("kline."):
            data = change(topic.rpartition(".")[2], dict(data))
        return original(topic, kind, data, more or {})

    wrap(x.hub, "frame", frame)


def _streamed_ticker(x: ReferenceExchange, change: Callable[[str, Any], Any]) -> None:
    def frame(original: Any, topic: str, kind: str, data: Any, more: Any = None) -> Any:
        if topic.startswith("ticker."):
            data = change(topic, dict(data))
        return original(topic, kind, data, more or {})

    wrap(x.hub, "frame", frame)


@fault("kline.is-made-of-its-trades")
def hourly_candles_miss_every_third_trade(x: ReferenceExchange) -> None:
    """Hourly candles show two trades of three."""
    _candles(x, lambda i, d: {**d, "count": d["count"] - d["count"] // 3} if i == "1h" else d)


@fault("kline.is-made-of-its-trades")
def highs_follow_closes_a_step_behind(x: ReferenceExchange) -> None:
    """The high of a minute is the greatest of open and close instead of all trades."""
    _candles(x, lambda i, d: {**d, "high": max(d["open"], d["close"])} if i == "1m" else d)


@fault("kline.is-made-of-its-trades")
def volumes_are_rounded_up_on_each_trade(x: ReferenceExchange) -> None:
    """The volume of a candle is rounded up to four digits, and one more for each trade."""
    step = Decimal("0.0001")
    _candles(x, lambda i, d: {**d, "volume": d["volume"].quantize(step) + step * d["count"]})


@fault("kline.shorter-lies-within-longer")
def daily_candles_forget_the_hour(x: ReferenceExchange) -> None:
    """The daily candle holds half of what the current five minutes hold."""

    def candle(original: Any, interval: Interval, now_ms: int) -> Any:
        found = original(interval, now_ms)
        inner = original(Interval("5m"), now_ms) if str(interval) == "1d" else None
        if found is None or inner is None:
            return found
        return replace(found, volume=inner.volume / 2, count=inner.count // 2)

    for tape in x.tapes.values():
        wrap(tape, "candle", candle)


@fault("kline.shows-the-present")
def candles_are_those_of_a_quarter_ago(x: ReferenceExchange) -> None:
    """Candles of five minutes are dated fifteen minutes back."""
    _candles(x, lambda i, d: {**d, "openTime": d["openTime"] - 900_000} if i == "5m" else d)


@fault("kline.turnover-within-volume-times-prices")
def turnover_of_candles_is_their_volume(x: ReferenceExchange) -> None:
    """The turnover of a candle is counted in the coin."""
    _candles(x, lambda i, d: {**d, "turnover": d["volume"]})


@fault("ticker.stream-agrees-with-rest")
def streamed_tickers_lag_one_behind(x: ReferenceExchange) -> None:
    """The streamed ticker is always the one before."""
    earlier: dict[str, Any] = {}

    def before(topic: str, data: Any) -> Any:
        shown = earlier.get(topic, data)
        earlier[topic] = data
        return shown

    _streamed_ticker(x, before)


@fault("ticker.stream-agrees-with-rest")
def streamed_volumes_are_of_today(x: ReferenceExchange) -> None:
    """The stream's volume counts from midnight, the one of REST 24 hours."""
    _streamed_ticker(x, lambda _, data: {**data, "volume": data["volume"] / 2})


@fault("ticker.covers-the-trades")
def tickers_are_of_the_last_trade_alone(x: ReferenceExchange) -> None:
    """Open, low, high and close of a ticker are the last price."""

    def flat(row: Any) -> Any:
        last = dict.fromkeys(("open", "low", "high"), row["close"])
        return {**row, **last, "change": Decimal(0), "chg": Decimal(0)}

    for name in ("listSymbolThumbs", "getSparklines"):
        answering(x, name, lambda rows: [flat(row) for row in rows])
    answering(x, "getCoinTicker", flat)
    answering(x, "getQuotationsHome", lambda d: {k: [flat(r) for r in d[k]] for k in d})


@fault("ticker.usd-rate-is-the-conversion")
def usd_rates_are_of_the_first_coin(x: ReferenceExchange) -> None:
    """Every ticker shows the price of the first market's coin as its rate in USD."""
    answering(
        x, "listSymbolThumbs", lambda rows: [{**r, "usdRate": rows[0]["usdRate"]} for r in rows]
    )


@fault("sparklines.trend-lies-within-the-day")
def sparklines_are_of_another_market(x: ReferenceExchange) -> None:
    """The points of a sparkline are its neighbour's, but for the last."""

    def shifted(rows: Any) -> Any:
        others = [*rows[1:], rows[0]]
        return [
            {**row, "trend": [*other["trend"][:-1], row["trend"][-1]]}
            for row, other in zip(rows, others, strict=True)
        ]

    answering(x, "getSparklines", shifted)


@fault("stream.times-are-of-now")
def trades_are_timed_in_seconds(x: ReferenceExchange) -> None:
    """The time of a trade on the stream is in seconds."""

    def frame(original: Any, topic: str, kind: str, data: Any, more: Any = None) -> Any:
        if topic.startswith("trades."):
            data = [{**each, "time": each["time"] // 1000} for each in data]
        return original(topic, kind, data, more or {})

    wrap(x.hub, "frame", frame)


@fault("depth.deep-books-are-whole")
def books_end_at_a_hundred_levels(x: ReferenceExchange) -> None:
    """A snapshot shows the first hundred levels of a side; the others are lost."""

    def frame(original: Any, topic: str, kind: str, data: Any, more: Any = None) -> Any:
        if kind == "snapshot" and topic.startswith("depth."):
            data = {side: levels[:100] for side, levels in data.items()}
        return original(topic, kind, data, more or {})

    wrap(x.hub, "frame", frame)
