"""A night as a number: the logarithm of target over control, block by block, or of the target alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.change.nights import Night

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Value:
    """A night's blocks as logarithms, sorted, and their median; `control` has the median of the control's."""

    blocks: Array
    centre: float
    control: float | None


def values(nights: Sequence[Night]) -> list[Value]:
    """Nights that can be compared with the last one, which stands last; none if it has no block itself.

    Where the last has a control, those that have one; where it has none, the target alone of all.
    """
    if not nights:
        return []
    tonight = paired(nights[-1]) or alone(nights[-1])
    if tonight is None:
        return []
    reading = alone if tonight.control is None else paired
    before = [value for value in map(reading, nights[:-1]) if value is not None]
    return [*before, tonight]


def paired(night: Night) -> Value | None:
    """The ratio of each block to the block of the control beside it."""
    if night.control is None:
        return None
    rounds = min(len(night.target), len(night.control))
    target = np.asarray(night.target[:rounds], dtype=np.float64)
    control = np.asarray(night.control[:rounds], dtype=np.float64)
    good = _usable(target) & _usable(control)
    if not good.any():
        return None
    beside = np.log(control[good])
    blocks = np.sort(np.log(target[good]) - beside)
    return Value(blocks, middle(blocks), middle(np.sort(beside)))


def alone(night: Night) -> Value | None:
    """The target without a control."""
    target = np.asarray(night.target, dtype=np.float64)
    blocks = np.sort(np.log(target[_usable(target)]))
    return Value(blocks, middle(blocks), None) if blocks.size else None


def value_us(night: Night) -> float | None:
    """The median of the target's blocks."""
    target = np.asarray(night.target, dtype=np.float64)
    good = np.sort(target[_usable(target)])
    return middle(good) if good.size else None


def middle(ordered: Array) -> float:
    """The median of what is sorted already."""
    return float(ordered[(ordered.size - 1) // 2] + ordered[ordered.size // 2]) / 2


def _usable(blocks: Array) -> NDArray[np.bool_]:
    return np.isfinite(blocks) & (blocks > 0)
