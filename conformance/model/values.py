"""Exact decimal values: nothing here or in the rules that use it is ever rounded silently.

Rules of this file:
- Money is `Decimal`, made from text. Sums, differences and products go through `plus`, `minus` and
  `times`, whose context raises `decimal.Inexact` instead of rounding. The bare operators would
  use the thread's context and its 28 digits.
- What has no exact result (a quotient, a fee) is rounded once, by a function that names how.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import (
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)
from enum import IntEnum, StrEnum
from typing import Final

TEXT_LENGTH_MAX: Final = 32
DIGITS: Final = 80
"""Two values of 32 characters have a product of at most 64 digits; the rest is room for sums."""

ZERO: Final = Decimal("0")
ONE: Final = Decimal("1")
MONEY_UNIT: Final = Decimal("1E-16")
"""The smallest part of a coin that the ledger holds."""
PROFIT_UNIT: Final = Decimal("1E-8")
RATIO_UNIT: Final = Decimal("0.0001")
RATE_DIGITS: Final = 16

_TRAPS: Final = [InvalidOperation, DivisionByZero, Overflow]
EXACT: Final = Context(prec=DIGITS, rounding=ROUND_DOWN, traps=[*_TRAPS, Inexact])
TRUNCATING: Final = Context(prec=DIGITS, rounding=ROUND_DOWN, traps=_TRAPS)
NEAREST: Final = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN, traps=_TRAPS)
_RATE: Final = Context(prec=RATE_DIGITS, rounding=ROUND_HALF_EVEN, traps=_TRAPS)

plus: Final = EXACT.add
minus: Final = EXACT.subtract
times: Final = EXACT.multiply

_PLAIN: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")


class Side(IntEnum):
    """The documented `direction`."""

    BUY = 0
    SELL = 1


class OrderType(IntEnum):
    """The documented `type`."""

    LIMIT = 0
    MARKET = 1


class OrderStatus(StrEnum):
    """Where an order is in its life; the words are those on the wire."""

    TRADING = "TRADING"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


@dataclass(frozen=True, slots=True)
class Market:
    """A spot market: `coin` is bought and sold, `base` is paid."""

    symbol: str
    coin: str
    base: str
    price_step: Decimal
    amount_step: Decimal
    min_amount: Decimal
    min_turnover: Decimal
    max_amount: Decimal
    fee_rate: Decimal


@dataclass(frozen=True, slots=True)
class Contract:
    """A value-denominated contract: one of it is worth `share_number` of the base at any price."""

    id: int
    symbol: str
    coin: str
    share_number: Decimal
    leverages: tuple[int, ...]
    fee_rate: Decimal
    price_step: Decimal
    price_band: Decimal


def opposite(side: Side) -> Side:
    """The side that an order of this side trades with."""
    return Side.SELL if side is Side.BUY else Side.BUY


def parse_decimal(text: str) -> Decimal:
    """The value of plain ASCII digits with at most one point inside them; ValueError otherwise."""
    if len(text) > TEXT_LENGTH_MAX or not _PLAIN.fullmatch(text):
        raise ValueError(
            f"not a plain decimal number of at most {TEXT_LENGTH_MAX} characters: "
            f"{text[: TEXT_LENGTH_MAX + 1]!r}"
        )
    return Decimal(text)


def decimal_text(value: Decimal) -> str:
    """Plain notation: no exponent, no trailing zeros, `0` for every zero."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Whether `value` is a whole number of steps."""
    return not EXACT.remainder(value, step)


def truncate_money(value: Decimal) -> Decimal:
    """`value` cut to 16 decimal places, towards zero: the payer of a fee never pays too much."""
    return TRUNCATING.quantize(value, MONEY_UNIT)


def divide_money(value: Decimal, by: Decimal) -> Decimal:
    """The quotient, cut to 16 decimal places."""
    return TRUNCATING.quantize(TRUNCATING.divide(value, by), MONEY_UNIT)


def divide_profit(value: Decimal, by: Decimal) -> Decimal:
    """The quotient, cut to 8 decimal places towards zero: gains and losses alike."""
    return TRUNCATING.quantize(TRUNCATING.divide(value, by), PROFIT_UNIT)


def ratio(value: Decimal, by: Decimal) -> Decimal:
    """The quotient to 4 decimal places, to the nearest, ties to the even digit."""
    return NEAREST.quantize(NEAREST.divide(value, by), RATIO_UNIT)


def divide_rate(value: Decimal, by: Decimal) -> Decimal:
    """The quotient to 16 significant digits, to the nearest, ties to the even digit."""
    return _RATE.divide(value, by)


def whole_steps(value: Decimal, step_value: Decimal, step: Decimal) -> Decimal:
    """How much `value` pays for in whole steps, when one step of size `step` costs `step_value`."""
    return times(EXACT.divide_int(value, step_value), step)
