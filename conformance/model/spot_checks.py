"""What a new spot order must satisfy before money is looked at; the first broken rule is named.

The order of the rules: price positive, amount positive, price on its step, amount on its step,
amount within its bounds, turnover. A market BUY is measured by the base it spends: its step is the
ledger's smallest unit and its bound the least turnover. A market SELL has no turnover beforehand.
"""

from __future__ import annotations

from decimal import Decimal

from conformance.model.refusal import Reason, Refused
from conformance.model.values import (
    MONEY_UNIT,
    ZERO,
    Market,
    OrderType,
    Side,
    decimal_text,
    is_multiple,
    times,
)


def check_new_order(
    market: Market, side: Side, order_type: OrderType, price: Decimal, amount: Decimal
) -> None:
    """Refuse what the market's rules do not allow; off a step is refused, never cut to it."""
    is_limit = order_type is OrderType.LIMIT
    if is_limit and price <= ZERO:
        raise Refused(Reason.PRICE_NOT_POSITIVE, "The price must be above 0.")
    if amount <= ZERO:
        raise Refused(Reason.AMOUNT_NOT_POSITIVE, "The amount must be above 0.")
    if is_limit:
        check_price_step(price, market.price_step)
    if not is_limit and side is Side.BUY:
        _check_amount_step(amount, MONEY_UNIT)
        _check_turnover(market, amount)
        return
    _check_amount_step(amount, market.amount_step)
    _check_bounds(market, amount)
    if is_limit:
        _check_turnover(market, times(price, amount))


def check_price_step(price: Decimal, step: Decimal) -> None:
    """Refuse a price between two steps."""
    if not is_multiple(price, step):
        raise Refused(
            Reason.PRICE_OFF_STEP, f"The price must be a multiple of {decimal_text(step)}."
        )


def _check_amount_step(amount: Decimal, step: Decimal) -> None:
    if not is_multiple(amount, step):
        raise Refused(
            Reason.AMOUNT_OFF_STEP, f"The amount must be a multiple of {decimal_text(step)}."
        )


def _check_bounds(market: Market, amount: Decimal) -> None:
    if amount < market.min_amount:
        least = decimal_text(market.min_amount)
        raise Refused(Reason.AMOUNT_TOO_SMALL, f"The amount must be at least {least}.")
    if amount > market.max_amount:
        most = decimal_text(market.max_amount)
        raise Refused(Reason.AMOUNT_TOO_LARGE, f"The amount must be at most {most}.")


def _check_turnover(market: Market, turnover: Decimal) -> None:
    if turnover < market.min_turnover:
        least = decimal_text(market.min_turnover)
        raise Refused(
            Reason.TURNOVER_TOO_SMALL, f"The order must be worth at least {least} {market.base}."
        )
