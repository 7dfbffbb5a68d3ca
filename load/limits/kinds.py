"""The kinds of rate limiters, as predictors: how much room each would have had, given what was let through before.

All are told the truth about the past, so one surprise does not follow from another. They are computed for many
settings at once (`Grid`): rows of an array are looks, columns are settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_WINDOWS: Final = 4096
TINY_S: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Grid:
    """Settings to try, one a column. A bucket holds `limit` and is filled in `window_s`, every `step_s` if not 0.

    `phase_s` is when a window, or a refill, begins.
    """

    limit: Floats
    window_s: Floats
    phase_s: Floats
    step_s: Floats

    def __len__(self) -> int:
        return len(self.limit)

    def only(self, places: NDArray[np.intp]) -> Grid:
        """Some of the settings."""
        return Grid(
            self.limit[places], self.window_s[places], self.phase_s[places], self.step_s[places]
        )


Rooms = Callable[[Floats, "Looks", Grid], Floats]


@dataclass(frozen=True, slots=True)
class Looks:
    """When one more is asked for, and how many were counted before it."""

    at_s: Sequence[float]
    before: Sequence[int]

    def __len__(self) -> int:
        return len(self.before)

    def __iter__(self) -> Iterator[tuple[float, int]]:
        return zip(self.at_s, self.before, strict=True)


@dataclass(frozen=True, slots=True)
class Kind:
    """`rooms(counted, looks, grid)`: room at the time of each look, after what was counted before it.

    Those that count fractions round in their own ways: one may be let through with `lacks` less than room for one,
    or refused with `spare` more. `has_phase`: its windows begin at times of their own. `is_smooth`: room comes back
    little by little; `is_bucket`: so it does from the first moment on. `feels_refusals`: whether they count shows.
    """

    name: str
    rooms: Rooms
    lacks: float = 0.0
    spare: float = 0.0
    has_phase: bool = False
    feels_refusals: bool = True
    is_smooth: bool = False
    is_bucket: bool = False
    is_stepped: bool = False
    same_as: tuple[str, ...] = ()


def _since(counted: Floats, looks: Looks, from_s: Callable[[float], Floats]) -> Floats:
    """How many were counted before each look and not before a time that depends on it."""
    rows = [
        number - np.minimum(np.searchsorted(counted, from_s(at), side="left"), number)
        for at, number in looks
    ]
    return np.array(rows, dtype=float)


def _sliding_log(counted: Floats, looks: Looks, grid: Grid) -> Floats:
    return grid.limit - _since(counted, looks, lambda at: at - grid.window_s + TINY_S)


def _begin(at_s: float, grid: Grid) -> Floats:
    begun: Floats = at_s - np.mod(at_s - grid.phase_s, grid.window_s)
    return begun


def _aligned(counted: Floats, looks: Looks, grid: Grid) -> Floats:
    return grid.limit - _since(counted, looks, lambda at: _begin(at, grid))


def _sliding_counter(counted: Floats, looks: Looks, grid: Grid) -> Floats:
    now = _since(counted, looks, lambda at: _begin(at, grid))
    both = _since(counted, looks, lambda at: _begin(at, grid) - grid.window_s)
    left = np.array([1 - (at - _begin(at, grid)) / grid.window_s for at in looks.at_s])
    room: Floats = grid.limit - now - (both - now) * left
    return room


def _fixed(counted: Floats, looks: Looks, grid: Grid) -> Floats:
    """A window begins with the first request after the one before has ended."""
    start = np.full(len(grid), -np.inf)
    rows = []
    for at, number in looks:
        for _ in range(MOST_WINDOWS):
            place = np.searchsorted(counted[:number], start + grid.window_s, side="left")
            is_over = place < number
            if not is_over.any():
                break
            start = np.where(is_over, counted[np.minimum(place, len(counted) - 1)], start)
        used = number - np.searchsorted(counted[:number], start, side="left")
        rows.append(np.where(at < start + grid.window_s, grid.limit - used, grid.limit))
    return np.array(rows, dtype=float)


def _bucket(counted: Floats, looks: Looks, grid: Grid) -> Floats:
    level, at_s, number = grid.limit.copy(), -np.inf, 0
    rows = []
    for look, before in looks:
        if before > number:
            span = counted[number:before]
            level = np.minimum(grid.limit, level + _filled(at_s, span[0], grid)) - len(span)
            level = np.minimum(grid.limit, level + _filled(span[0], span[-1], grid))
            level = np.maximum(level, -grid.limit)
            at_s, number = float(span[-1]), before
        rows.append(np.minimum(grid.limit, level + _filled(at_s, look, grid)))
    return np.array(rows, dtype=float)


def _filled(from_s: float, until_s: float, grid: Grid) -> Floats:
    """What is filled in between: evenly, or as many steps as lie between."""
    if from_s == -np.inf:
        return grid.limit
    rate = grid.limit / grid.window_s
    if not grid.step_s.any():
        return rate * (until_s - from_s)
    steps = np.floor((until_s - grid.phase_s) / grid.step_s) - np.floor(
        (from_s - grid.phase_s) / grid.step_s
    )
    filled: Floats = steps * grid.step_s * rate
    return filled


KINDS: Final = (
    Kind("fixed", _fixed, feels_refusals=False),
    Kind("fixed_aligned", _aligned, has_phase=True, feels_refusals=False),
    Kind("sliding_log", _sliding_log),
    Kind(
        "sliding_counter", _sliding_counter, lacks=1.0, spare=0.25, has_phase=True, is_smooth=True
    ),
    Kind("token_bucket", _bucket, lacks=0.25, spare=1.0, is_bucket=True, same_as=("gcra",)),
    Kind(
        "stepped_bucket",
        _bucket,
        lacks=0.25,
        spare=1.0,
        has_phase=True,
        is_bucket=True,
        is_stepped=True,
    ),
)
