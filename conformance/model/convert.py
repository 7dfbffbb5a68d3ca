"""What one unit is worth in another, along the shortest chain of markets that have a price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from conformance.model.refusal import Reason, Refused
from conformance.model.values import ONE, divide_rate, times


class _Worth(NamedTuple):
    """A fraction, so that a chain of prices is rounded once, at its end."""

    numerator: Decimal
    denominator: Decimal


def convert(from_unit: str, to_unit: str, prices: Mapping[str, Decimal | None]) -> Decimal:
    """The price of 1 `from_unit` in `to_unit`, to 16 significant digits.

    `prices` has the last price of every market by its symbol (`BTC/USDT`), None before its first
    trade. Of chains of one length the one whose markets come first in `prices` is taken.
    """
    units = {unit for symbol in prices for unit in symbol.split("/")}
    for unit in (from_unit, to_unit):
        if unit not in units:
            raise Refused(Reason.UNKNOWN_SYMBOL, "There is no such unit.")
    worth = {from_unit: _Worth(ONE, ONE)}
    reached = [from_unit]
    for unit in reached:
        for neighbour, step in _neighbours(unit, prices):
            if neighbour not in worth:
                worth[neighbour] = _chained(worth[unit], step)
                reached.append(neighbour)
    if to_unit not in worth:
        raise Refused(Reason.NO_PRICE_YET, f"Nothing says yet what {from_unit} is in {to_unit}.")
    return divide_rate(worth[to_unit].numerator, worth[to_unit].denominator)


def _neighbours(unit: str, prices: Mapping[str, Decimal | None]) -> Iterator[tuple[str, _Worth]]:
    for symbol, price in prices.items():
        coin, base = symbol.split("/")
        if price is not None and unit == coin:
            yield base, _Worth(price, ONE)
        elif price is not None and unit == base:
            yield coin, _Worth(ONE, price)


def _chained(first: _Worth, second: _Worth) -> _Worth:
    return _Worth(
        times(first.numerator, second.numerator), times(first.denominator, second.denominator)
    )
