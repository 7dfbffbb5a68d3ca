"""Why a verdict is what it is, in one plain sentence."""

from __future__ import annotations

from math import expm1
from typing import Final

from reports.change.compare import Comparison

NOTHING_MEASURED: Final = "nothing was measured tonight"


def changed(found: Comparison) -> str:
    """Beyond the margin, slower or faster."""
    low, high = sorted((abs(expm1(found.low)), abs(expm1(found.high))))
    return (
        f"{_signed(found.effect)} than {_nights(found.baseline_nights)} before "
        f"({_share(low)} to {_share(high)}){_over(found)}{_control(found)}"
    )


def unchanged(found: Comparison) -> str:
    """Inside the margin."""
    return (
        f"no more than {_share(max(abs(expm1(found.low)), abs(expm1(found.high))))} from "
        f"{_nights(found.baseline_nights)} before ({_range(found)}){_over(found)}{_control(found)}"
    )


def undecided(found: Comparison) -> str:
    """Neither shown to lie beyond the margin nor inside it."""
    beyond = found.low > found.slower or found.high < found.faster
    counts = _share(expm1(found.slower))
    why = "among so many series that may be chance" if beyond else f"too wide, {counts} counts"
    return (
        f"{_signed(found.effect)} than {_nights(found.baseline_nights)} before "
        f"({_range(found)}): {why}{_control(found)}"
    )


def too_few(nights: int, wanted: int) -> str:
    """Not enough nights to compare with."""
    return f"{_nights(nights)} before, {wanted} wanted"


def _range(found: Comparison) -> str:
    return f"{_signed(found.low)} to {_signed(found.high)}"


def _over(found: Comparison) -> str:
    return "" if found.window == 1 else f", over the last {found.window} nights"


def _control(found: Comparison) -> str:
    """A control that moved beyond the margin itself is worth a look."""
    moved = found.control_change
    if found.faster < moved < found.slower:
        return ""
    return f"; the control was {_signed(moved)}"


def _nights(count: int) -> str:
    return f"{count} night" if count == 1 else f"{count} nights"


def _signed(logarithm: float) -> str:
    return f"{_share(abs(expm1(logarithm)))} {'slower' if logarithm >= 0 else 'faster'}"


def _share(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %"
