"""Axes with few round ticks, whose labels carry their own unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, floor, log10
from typing import Any, Final

MOST_TICKS: Final = 8
MOST_BESIDE: Final = 6  # labels are wide, and not high
LABEL_WIDTH: Final = 52  # one for all pictures, so that what they show stands in one line
LEAST_US: Final = 0.1  # what a logarithmic axis shows of zero
MICROSECONDS: Final = (
    "datum.value >= 1e6 ? format(datum.value / 1e6, '.3~r') + ' s' : "
    "datum.value >= 1e3 ? format(datum.value / 1e3, '.3~r') + ' ms' : format(datum.value, '.3~r') + ' µs'"
)
SECONDS: Final = "datum.value >= 600 ? format(datum.value / 60, '.3~r') + ' min' : format(datum.value, '.3~r') + ' s'"


def positive(value: float) -> float:
    """A time that a logarithmic axis can show."""
    return max(value, LEAST_US)


def times(field: str, values: Iterable[float], axis: str = "y") -> Any:
    """A logarithmic axis of times in microseconds around all values, as `y` or `x`."""
    import altair as alt

    values = [positive(value) for value in values]
    around = steps_around(min(values), max(values))
    scale = alt.Scale(type="log", domain=[around[0], around[-1]], nice=False)
    if axis == "x":
        shown = alt.Axis(values=apart(around, MOST_BESIDE), labelExpr=MICROSECONDS, title=None)
        return alt.X(f"{field}:Q", scale=scale, axis=shown)
    shown = alt.Axis(values=few(around), labelExpr=MICROSECONDS, title=None, minExtent=LABEL_WIDTH)
    return alt.Y(f"{field}:Q", scale=scale, axis=shown)


def since_start(field: str, low_s: float, high_s: float) -> Any:
    """A linear axis of seconds since a start."""
    import altair as alt

    ticks = [tick for tick in ticks_between(low_s, high_s) if low_s <= tick <= high_s]
    scale = alt.Scale(domain=[low_s, high_s], nice=False, zero=False)
    axis = alt.Axis(values=ticks, labelExpr=SECONDS, title=None, grid=False)
    return alt.X(f"{field}:Q", scale=scale, axis=axis)


def steps_around(low: float, high: float) -> list[float]:
    """Round times in steps of 1, 2, 5, the first not above and the last not below all values."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 2)
    steps = [round(step * 10.0**power, 6) for power in powers for step in (1, 2, 5)]
    first = max(place for place, step in enumerate(steps) if step <= low)
    last = next(place for place, step in enumerate(steps) if step >= high and place > first)
    return steps[first : last + 1]


def few(steps: Sequence[float]) -> list[float]:
    """All of them, or where those are too many the powers of ten among them."""
    if len(steps) <= MOST_TICKS:
        return list(steps)
    return [step for step in steps if log10(step) == round(log10(step))]


def apart(steps: Sequence[float], most: int) -> list[float]:
    """Those whose labels have room side by side on a logarithmic axis that ends with the last."""
    room = (steps[-1] / steps[0]) ** (1 / most)
    kept = [steps[0]]
    for step in steps[1:]:
        if step >= kept[-1] * room:
            kept.append(step)
    return kept


def ticks_between(low: float, high: float, most: int = 6) -> list[float]:
    """Round seconds, at most so many: steps that people count time in."""
    small = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
    steps = (*small, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
    span = high - low
    step = next((float(each) for each in steps if span / each < most), span / most)
    if span < steps[0]:
        step = span / 4 or 1.0
    first = ceil(low / step - 1e-9)
    return [
        round((first + n) * step, 3) for n in range(floor((high - first * step) / step + 1e-9) + 1)
    ]
