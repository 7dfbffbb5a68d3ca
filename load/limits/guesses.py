"""Settings that are worth trying: first all that what was seen allows, then ever closer to those that fitted best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from load.limits.history import History
from load.limits.kinds import Floats, Grid, Kind

LIMITS: Final = 5
LENGTHS: Final = 16
STEP_LEAST: Final = 8  # requests at once: smaller steps cannot be told from an even flow
NEARLY_ALL: Final = 0.9
MARGIN: Final = 1.05


@dataclass(frozen=True, slots=True)
class Range:
    """Between which lengths a window may be, in seconds."""

    low_s: float
    high_s: float


class Guesses:
    """Draws settings of one kind for one history."""

    def __init__(
        self,
        history: History,
        counted: Floats,
        kind: Kind,
        window: Range,
        draw: np.random.Generator,
    ) -> None:
        self._history = history
        self._counted = counted
        self._kind = kind
        self._draw = draw
        filled = _filled_in(history)
        self._window = filled if kind.is_bucket else window
        if kind.is_smooth:
            self._window = Range(min(filled.low_s, window.low_s), max(filled.high_s, window.high_s))

    def first(self, many: int) -> Grid:
        """All over the place."""
        low, high = self._window.low_s, self._window.high_s
        window_s = np.exp(self._draw.uniform(np.log(low), np.log(high), many))
        limit = self._full(window_s) if self._kind.is_bucket else self._limits(many)
        step_s = np.zeros(many)
        if self._kind.is_stepped:
            least = np.minimum(STEP_LEAST * window_s / limit, window_s / 2)
            step_s = least * (window_s / 2 / least) ** self._draw.random(many)
        return Grid(limit, window_s, self._phases(window_s, step_s), step_s)

    def near(self, grid: Grid, width: float, many: int) -> Grid:
        """Around given settings; they themselves are among them. `width` is a share."""
        chosen = grid.only(self._draw.integers(0, len(grid), many - len(grid)))
        size = len(chosen)
        window_s = chosen.window_s * np.exp(width * self._draw.normal(size=size))
        window_s = np.clip(window_s, self._window.low_s, self._window.high_s)
        step_s = chosen.step_s * np.exp(width * self._draw.normal(size=size))
        period_s = np.where(step_s > 0, step_s, window_s)
        # A window that grows does so around the middle of what was seen, not around time 0.
        middle_s = float(np.mean([each.at_s for each in self._history.looks]))
        turns = np.round((middle_s - chosen.phase_s) / period_s)
        before_s = np.where(chosen.step_s > 0, chosen.step_s, chosen.window_s)
        phase_s = chosen.phase_s + turns * (before_s - period_s)
        phase_s = phase_s + width * period_s * self._draw.normal(size=size)
        limit = chosen.limit
        if self._kind.is_bucket or self._kind.is_smooth:
            limit = limit + self._draw.integers(-1, 2, size)
        return joined([grid, Grid(np.maximum(limit, 1), window_s, phase_s, step_s)])

    @property
    def first_burst(self) -> int:
        """How many were let through before the first refusal."""
        return int(np.searchsorted(self._history.accepted_s, self._history.refused_s[0]))

    @property
    def is_possible(self) -> bool:
        """False for steps that would be too fine to be seen."""
        return not self._kind.is_stepped or self.first_burst >= 2 * STEP_LEAST

    def share(self, grid: Grid) -> float:
        """How much of all times at which windows, or steps, may begin these settings take up."""
        if not self._kind.has_phase:
            return 1.0
        is_stepped = self._kind.is_stepped
        period_s = grid.step_s if is_stepped else grid.window_s
        middle_s = float(np.mean([each.at_s for each in self._history.looks]))
        share = _spread(np.mod(grid.phase_s - middle_s, period_s) / period_s)
        if is_stepped:
            least = np.minimum(STEP_LEAST * grid.window_s / grid.limit, grid.window_s / 2)
            whole = float(np.log(grid.window_s / 2 / least).max())
            share *= min(1.0, float(np.ptp(np.log(grid.step_s))) / max(whole, 1e-9) + 1e-3)
        return share

    def _full(self, window_s: Floats) -> Floats:
        """What a bucket holds: the first burst, less what came in while it lasted."""
        history = self._history
        number = int(np.searchsorted(history.accepted_s, history.refused_s[0]))
        from_s = history.accepted_s[0] if number else history.refused_s[0]
        lasted_s = history.refused_s[0] - from_s
        full: Floats = np.maximum(1.0, np.round(max(number, 1) / (1 + lasted_s / window_s)))
        return full

    def _limits(self, many: int) -> Floats:
        """How many were counted in one window before a refusal, for windows of all lengths."""
        found: Counter[int] = Counter()
        lengths = np.geomspace(self._window.low_s, self._window.high_s, LENGTHS)
        for look in self._history.looks:
            if not look.is_accepted:
                before = np.searchsorted(self._counted, look.at_s)
                spans = before - np.searchsorted(self._counted, look.at_s - lengths)
                found.update(int(each) for each in set(spans) if each)
        likely = {max(1, self.first_burst), *(each for each, _ in found.most_common(LIMITS))}
        # A burst may have gone over the edge of a window, and so got at most two limits.
        likely = {each for each in likely if 2 * each >= self.first_burst}
        return self._draw.choice(np.array(sorted(likely), dtype=float), many)

    def _phases(self, window_s: Floats, step_s: Floats) -> Floats:
        """Anywhere in a window; or where a refusal was followed by a yes, for something began between them."""
        period_s = np.where(step_s > 0, step_s, window_s)
        anywhere = self._draw.random(len(window_s)) * period_s
        looks = self._history.looks
        gaps = [
            (one.at_s, other.at_s)
            for one, other in pairwise(looks)
            if not one.is_accepted and other.is_accepted
        ]
        if not gaps:
            return anywhere
        chosen = np.array(gaps)[self._draw.integers(0, len(gaps), len(window_s))]
        inside = chosen[:, 0] + (chosen[:, 1] - chosen[:, 0]) * self._draw.random(len(window_s))
        return np.where(self._draw.random(len(window_s)) < 0.5, anywhere, inside)


def _filled_in(history: History) -> Range:
    """How long a bucket takes to be filled, from what came in between two refusals."""
    first = max(1, int(np.searchsorted(history.accepted_s, history.refused_s[0])))
    best, taken_s = 0, 0.0
    for one, other in pairwise(history.refused_s):
        number = int(np.diff(np.searchsorted(history.accepted_s, (one, other)))[0])
        if best < number < NEARLY_ALL * first:
            best, taken_s = number, other - one
    if not best:
        longest = float(history.refused_s[-1] - history.refused_s[0]) or 1.0
        return Range(longest / 10, longest * 10)
    return Range(
        first * taken_s / (best + 2) / MARGIN, first * taken_s / max(best - 1, 0.5) * MARGIN
    )


def joined(grids: Sequence[Grid]) -> Grid:
    """All settings of several."""
    names = ("limit", "window_s", "phase_s", "step_s")
    return Grid(*(np.concatenate([getattr(each, name) for each in grids]) for name in names))


def _spread(turns: Floats) -> float:
    """How much of a circle points take up: all but the widest gap between neighbours."""
    around = np.sort(turns)
    gaps = np.diff(np.append(around, around[0] + 1))
    return max(1e-3, 1 - float(gaps.max()))
