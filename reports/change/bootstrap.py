"""The two-level bootstrap: nights are drawn again, then blocks within them.

What is drawn depends on the numbers of nights and blocks and on the seed alone, so that a series comes out the same
alone or among others, and the draws are made once for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reports.change.values import Array, Value

BLOCK_DRAWS: Final = 512  # of each night's blocks; each night of each draw picks one
LEAST_SHARE: Final = 0.5  # of the variance seen is the nights' own: few nights say little of it
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Redrawn:
    """Nights, and (draw, night) by how much the median of each moves when its blocks are drawn again.

    `controls` are the control's medians, empty where there is none.
    """

    centres: Array
    controls: Array
    moved: Array

    def __getitem__(self, nights: slice) -> Redrawn:
        return Redrawn(self.centres[nights], self.controls[nights], self.moved[:, nights])


@dataclass(frozen=True, slots=True)
class Errors:
    """Standard errors of the difference to the baseline: of the window, and of its last night alone."""

    window: float
    night: float


def redrawn(values: Sequence[Value], seed: int) -> Redrawn:
    """Draw the blocks of every night again."""
    centres = np.array([value.centre for value in values])
    moved = np.empty((BLOCK_DRAWS, len(values)))
    for size in {value.blocks.size for value in values}:
        nights = [place for place, value in enumerate(values) if value.blocks.size == size]
        blocks = np.stack([values[place].blocks for place in nights], axis=1)
        low, high = _middles(size, seed)
        moved[:, nights] = (blocks[low] + blocks[high]) / 2 - centres[nights]
    controls = [value.control for value in values if value.control is not None]
    return Redrawn(centres, np.array(controls, dtype=np.float64), moved)


def errors(baseline: Redrawn, window: Redrawn, draws: int, seed: int) -> Errors:
    """How far a window may lie from a baseline of two nights or more that does not differ from it.

    A night of the window varies as the nights of the baseline do, and its blocks as its own.
    """
    count, size = len(baseline.centres), len(window.centres)
    deviations = _between(baseline)
    before = np.take(deviations + baseline.moved, _cells(count, draws, seed)).mean(axis=1)
    nights = deviations[_places(count, size, draws, seed + 1)]
    blocks = np.take_along_axis(window.moved, _places(BLOCK_DRAWS, size, draws, seed + 2), axis=0)
    now = nights + blocks
    return Errors(float(np.std(now.mean(axis=1) - before)), float(np.std(now[:, -1] - before)))


def _between(nights: Redrawn) -> Array:
    """Deviations with the variance of nights alone: that of blocks is in them already, and is drawn again."""
    count = len(nights.centres)
    seen = nights.centres.var(ddof=1)
    own = max(seen - nights.moved.var(axis=0).mean(), LEAST_SHARE * seen)
    # The second factor: deviations from a mean of the same few nights are too small.
    scale = np.sqrt(own / seen * count / (count - 1)) if seen else 0.0
    deviations: Array = (nights.centres - nights.centres.mean()) * scale
    return deviations


@lru_cache(maxsize=64)
def _middles(size: int, seed: int) -> tuple[Places, Places]:
    """Which of so many sorted blocks are the two in the middle of each draw: no value has to be sorted again."""
    drawn = np.sort(np.random.default_rng(seed).integers(0, size, (BLOCK_DRAWS, size)), axis=1)
    return drawn[:, (size - 1) // 2], drawn[:, size // 2]


@lru_cache(maxsize=128)
def _cells(count: int, draws: int, seed: int) -> Places:
    """Places in a (draw, night) table, flat: for each draw so many nights, each with a draw of its blocks."""
    random = np.random.default_rng(seed)
    rows = random.integers(0, BLOCK_DRAWS, (draws, count))
    return rows * count + random.integers(0, count, (draws, count))


@lru_cache(maxsize=512)
def _places(among: int, size: int, draws: int, seed: int) -> Places:
    return np.random.default_rng(seed).integers(0, among, (draws, size))
