"""Orders that rest: the smallest that a market takes, at a price far from where it trades."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, Decimal
from random import Random

from conformance.target import Market

BUY, LIMIT = "0", "0"
FARTHEST, NEAREST = 70, 80  # per cent of the last price


def resting_buy(market: Market, last: Decimal, draw: Random) -> dict[str, str]:
    """The form of a limit buy at 70 to 80 % of the last price: never filled, and soon cancelled."""
    wanted = last * draw.randint(FARTHEST * 100, NEAREST * 100) / 10_000
    price = max(_steps(wanted, market.price_step, ROUND_DOWN), market.price_step)
    amount = max(
        market.min_amount, _steps(market.min_turnover / price, market.amount_step, ROUND_CEILING)
    )
    return {
        "symbol": market.symbol,
        "direction": BUY,
        "type": LIMIT,
        "price": format(price, "f"),
        "amount": format(amount, "f"),
    }


def _steps(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    return (value / step).to_integral_value(rounding=rounding) * step
