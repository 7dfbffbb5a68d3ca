"""Judges of decimals on the wire: plain, with the digits that were given, never more."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Context, Decimal
from typing import Final

PLAIN: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
EXACT: Final = Context(prec=100)


def is_same(text: str, given: str, steps: Iterable[Decimal] = ()) -> bool:
    """True for the given number, or what is left of it when what does not fit a step is cut off."""
    if not PLAIN.fullmatch(text):
        return False
    cut = (EXACT.multiply(EXACT.divide_int(Decimal(given), step), step) for step in steps)
    return any(EXACT.compare(Decimal(text), each) == 0 for each in (Decimal(given), *cut))


def is_at_most(text: str, given: str) -> bool:
    """True for a number that is not above the given one."""
    return bool(PLAIN.fullmatch(text)) and EXACT.compare(Decimal(text), Decimal(given)) <= 0
