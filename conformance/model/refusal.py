"""The rules say no in one way: `Refused`, with a reason for programs and a sentence for people.

Unlike the errors of the suite this is an outcome, raised inside the rules and turned into an
answer by whoever called them; that is why it lives here and not in `conformance.errors`.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why the rules refuse; never shown to a client as it stands."""

    UNKNOWN_SYMBOL = "unknown-symbol"
    UNKNOWN_CONTRACT = "unknown-contract"
    PRICE_REQUIRED = "price-required"
    PRICE_NOT_POSITIVE = "price-not-positive"
    PRICE_OFF_STEP = "price-off-step"
    PRICE_OUT_OF_BAND = "price-out-of-band"
    NO_PRICE_YET = "no-price-yet"
    AMOUNT_NOT_POSITIVE = "amount-not-positive"
    AMOUNT_OFF_STEP = "amount-off-step"
    AMOUNT_TOO_SMALL = "amount-too-small"
    AMOUNT_TOO_LARGE = "amount-too-large"
    TURNOVER_TOO_SMALL = "turnover-too-small"
    DUPLICATE_CLIENT_ORDER_ID = "duplicate-client-order-id"
    INSUFFICIENT_BALANCE = "insufficient-balance"
    ORDER_NOT_FOUND = "order-not-found"
    ORDER_NOT_OPEN = "order-not-open"
    LEVERAGE_NOT_OFFERED = "leverage-not-offered"
    POSITION_TOO_SMALL = "position-too-small"


class Refused(Exception):
    """An operation that the rules do not allow; nothing has changed."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence
