"""What a new futures order must satisfy before money is looked at; the first broken rule is named.

The order of the rules: a limit has a price, price positive, volume positive, price on its step,
volume not too large, leverage offered, a current price exists, the limit within its band.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from conformance.model.refusal import Reason, Refused
from conformance.model.spot_checks import check_price_step
from conformance.model.values import ZERO, Contract, OrderType, decimal_text, minus, times

VOLUME_MAX: Final = 1_000_000_000
"""Contracts in one order."""


def check_entrust(
    contract: Contract, order_type: OrderType, price: Decimal | None, volume: int
) -> Decimal:
    """Refuse an impossible price or volume; the limit, 0 for a market order."""
    limit = ZERO
    if order_type is OrderType.LIMIT:
        if price is None:
            raise Refused(Reason.PRICE_REQUIRED, "A limit order needs a price.")
        if price <= ZERO:
            raise Refused(Reason.PRICE_NOT_POSITIVE, "The price must be above 0.")
        limit = price
    if volume <= 0:
        raise Refused(Reason.AMOUNT_NOT_POSITIVE, "The volume must be above 0.")
    check_price_step(limit, contract.price_step)
    if volume > VOLUME_MAX:
        raise Refused(Reason.AMOUNT_TOO_LARGE, f"The volume must be at most {VOLUME_MAX}.")
    return limit


def check_leverage(contract: Contract, leverage: int) -> None:
    """Refuse a leverage that is not on the contract's list."""
    if leverage not in contract.leverages:
        offered = ", ".join(map(str, contract.leverages))
        raise Refused(Reason.LEVERAGE_NOT_OFFERED, f"The leverage must be one of {offered}.")


def check_band(contract: Contract, order_type: OrderType, limit: Decimal, current: Decimal) -> None:
    """Refuse a limit too far from the current price; the edges of the band are allowed."""
    width = times(current, contract.price_band)
    if order_type is OrderType.LIMIT and minus(limit, current).copy_abs() > width:
        raise Refused(
            Reason.PRICE_OUT_OF_BAND,
            f"The price must be within {decimal_text(width)} of {decimal_text(current)}.",
        )
