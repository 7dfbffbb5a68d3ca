"""Faults of tickers, sparklines and converted prices."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from conformance.model.refusal import Refused
from reference_exchange.exchange import ReferenceExchange
from reference_exchange.faults.fault import answering, asking, fault, wrap

TICKERS: Final = ("getQuotationsHome", "getSparklines", "listSymbolThumbs", "getCoinTicker")


def _tickers(x: ReferenceExchange, change: Any) -> None:
    for tape in x.tapes.values():
        wrap(tape, "ticker", lambda original, now_ms: change(original(now_ms)))


@fault("ticker.is-of-the-coin-asked")
def coin_ticker_is_of_another_coin(x: ReferenceExchange) -> None:
    """The ticker of ETH is answered for every coin."""
    asking(x, "getCoinTicker", lambda params: {"coin": "eth"})


@fault("ticker.coin-case-insensitive")
def coin_is_case_sensitive(x: ReferenceExchange) -> None:
    """An upper-case coin is taken for another one."""
    asking(x, "getCoinTicker", lambda p: p if p["coin"].islower() else {"coin": "no" + p["coin"]})


@fault("ticker.unknown-coin-refused")
def unknown_coin_gets_the_first_ticker(x: ReferenceExchange) -> None:
    """A coin that does not exist is answered with the ticker of BTC."""
    known = {symbol.partition("/")[0].lower() for symbol in x.tapes}
    asking(x, "getCoinTicker", lambda p: p if p["coin"].lower() in known else {"coin": "btc"})


@fault("ticker.low-and-high-bound-open-and-close")
def ticker_low_stays_zero(x: ReferenceExchange) -> None:
    """The low of a ticker starts at 0 and stays there."""
    _tickers(x, lambda seen: replace(seen, low=Decimal(0)))


@fault("ticker.low-and-high-bound-open-and-close")
def ticker_high_misses_the_last_trade(x: ReferenceExchange) -> None:
    """The high of a ticker is one step below its close."""
    _tickers(x, lambda seen: replace(seen, high=seen.close - Decimal("0.01")))


@fault("ticker.change-is-close-minus-open")
def ticker_change_over_low(x: ReferenceExchange) -> None:
    """chg is the change over the low instead of over the open."""
    _tickers(x, lambda seen: replace(seen, chg=(seen.change / seen.low + Decimal("0.0005"))))


@fault("ticker.turnover-within-volume-times-prices")
def ticker_turnover_never_reset(x: ReferenceExchange) -> None:
    """The turnover counts more than the 24 hours of the volume."""
    _tickers(x, lambda seen: replace(seen, turnover=seen.turnover * 3))


@fault("ticker.volume-grows-by-the-trade")
def ticker_volume_rounded_up(x: ReferenceExchange) -> None:
    """The volume is rounded up to whole coins."""
    _tickers(x, lambda seen: replace(seen, volume=seen.volume.to_integral_value("ROUND_CEILING")))


@fault("ticker.close-follows-last-trade")
def ticker_close_is_the_open(x: ReferenceExchange) -> None:
    """The ticker closes where it opened."""
    _tickers(x, lambda s: replace(s, close=s.open, change=Decimal(0), chg=Decimal(0)))


@fault("ticker.same-everywhere")
def sparklines_show_another_close(x: ReferenceExchange) -> None:
    """Sparklines round the close to whole units, tickers do not."""

    def rounded(rows: Any) -> Any:
        return [{**row, "close": row["close"].quantize(Decimal(1)) + 1} for row in rows]

    answering(x, "getSparklines", rounded)


@fault("home.ranked-by-change")
def home_is_not_ranked(x: ReferenceExchange) -> None:
    """changeRank comes least first."""
    answering(
        x, "getQuotationsHome", lambda d: {**d, "changeRank": list(reversed(d["changeRank"]))}
    )


@fault("home.lists-every-market")
def home_forgets_a_market(x: ReferenceExchange) -> None:
    """One market is missing on the home page."""
    answering(x, "getQuotationsHome", lambda d: {key: _without(d[key]) for key in d})


def _without(rows: Any) -> Any:
    return [row for row in rows if not row["symbol"].startswith("SOL/")]


@fault("sparklines.cover-every-market")
def sparklines_forget_a_market(x: ReferenceExchange) -> None:
    """One market has no sparkline."""
    answering(x, "getSparklines", _without)


@fault("sparklines.trend-is-24-hourly-closes")
def sparklines_run_backwards(x: ReferenceExchange) -> None:
    """Trends come newest first."""
    answering(
        x, "getSparklines", lambda rows: [{**row, "trend": row["trend"][::-1]} for row in rows]
    )


@fault("sparklines.trend-is-24-hourly-closes")
def sparklines_run_backwards_to_the_present(x: ReferenceExchange) -> None:
    """Trends come newest first, but for their last point, which is the present price."""

    def shown(rows: Any) -> Any:
        return [{**row, "trend": [*row["trend"][-2::-1], row["trend"][-1]]} for row in rows]

    answering(x, "getSparklines", shown)


@fault("convert.unknown-unit-refused")
def convert_prices_the_unknown_at_zero(x: ReferenceExchange) -> None:
    """A unit that does not exist costs 0."""
    original = x.handlers["getConvertPrice"]

    def lenient(exchange: ReferenceExchange, call: Any) -> Any:
        try:
            return original(exchange, call)
        except Refused:
            return Decimal(0)

    x.handlers["getConvertPrice"] = lenient


@fault("convert.same-unit-is-one")
def convert_takes_a_commission(x: ReferenceExchange) -> None:
    """Every conversion costs half a percent, even into the same unit."""
    answering(x, "getConvertPrice", lambda price: price * Decimal("0.995"))


@fault("convert.there-and-back")
def convert_back_is_not_the_inverse(x: ReferenceExchange) -> None:
    """Prices below one are cut to four digits."""
    answering(x, "getConvertPrice", lambda p: p if p >= 1 else p.quantize(Decimal("0.0001")))


@fault("convert.agrees-with-ticker")
def convert_is_of_yesterday(x: ReferenceExchange) -> None:
    """Prices in USDT are three percent behind."""
    original = x.handlers["getConvertPrice"]

    def stale(exchange: ReferenceExchange, call: Any) -> Any:
        price = original(exchange, call)
        source, target = call.params["fromUnit"], call.params["toUnit"]
        if source == target:
            return price
        return price * Decimal("0.9") if target == "USDT" else price / Decimal("0.9")

    x.handlers["getConvertPrice"] = stale
