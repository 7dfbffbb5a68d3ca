"""The last nights of a series against the nights before them, window by window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt
from typing import Final

import numpy as np
from scipy import stats

from reports.change.bootstrap import Errors, errors, redrawn
from reports.change.rules import Rules
from reports.change.values import Value

TINY: Final = 1e-12  # nights may all be alike


@dataclass(frozen=True, slots=True)
class Comparison:
    """One window against its baseline; logarithms, but for what ends in `_us`.

    `worse` and `better` are the probabilities of a change as large as this one if there were none beyond the margin.
    `error` and `night_error` are standard errors of the window and of tonight alone, `reach` how many of them the
    interval extends; `control_change` is tonight's.
    """

    window: int
    baseline_nights: int
    effect: float
    tonight: float
    error: float
    night_error: float
    reach: float
    slower: float
    faster: float
    worse: float
    better: float
    baseline_us: float
    control_change: float

    @property
    def low(self) -> float:
        """Where the interval of the effect begins."""
        return self.effect - self.reach * self.error

    @property
    def high(self) -> float:
        """Where the interval of the effect ends."""
        return self.effect + self.reach * self.error

    @property
    def is_inside(self) -> bool:
        """Whether the whole interval lies inside the margin."""
        return self.faster < self.low and self.high < self.slower


def comparisons(values: Sequence[Value], value_us: float, rules: Rules) -> list[Comparison]:
    """Every window that leaves enough nights before it, tonight's alone first."""
    drawn = redrawn(values, rules.seed)
    found = []
    for window in rules.windows:
        start = max(len(values) - window - rules.baseline_nights_max, 0)
        before, last = slice(start, len(values) - window), slice(len(values) - window, None)
        if before.stop - start >= rules.baseline_nights_min:
            spread = errors(drawn[before], drawn[last], rules.draws, rules.seed)
            found.append(_compare(values[before], values[last], value_us, spread, rules))
    return found


def _compare(
    before: Sequence[Value], last: Sequence[Value], value_us: float, spread: Errors, rules: Rules
) -> Comparison:
    baseline = float(np.mean([value.centre for value in before]))
    effect = float(np.mean([value.centre for value in last])) - baseline
    tonight = last[-1].centre - baseline
    baseline_us = value_us * exp(-tonight)
    slower, faster = margins(baseline_us, rules)
    error = max(float(np.hypot(spread.window, _slip(before, last, rules))), TINY)
    freedom = len(before) - 1
    return Comparison(
        window=len(last),
        baseline_nights=len(before),
        effect=effect,
        tonight=tonight,
        error=error,
        night_error=float(np.hypot(spread.night, _slip(before, last[-1:], rules))),
        reach=float(stats.t.ppf((1 + rules.confidence) / 2, freedom)),
        slower=slower,
        faster=faster,
        # A window is no reason where tonight itself does not point there: a bad night ends with the night.
        worse=float(stats.t.sf((effect - slower) / error, freedom)) if tonight > slower else 1.0,
        better=float(stats.t.cdf((effect - faster) / error, freedom)) if tonight < faster else 1.0,
        baseline_us=baseline_us,
        control_change=_control_change(before, last[-1:]),
    )


def margins(baseline_us: float, rules: Rules) -> tuple[float, float]:
    """The least change that counts, slower and faster: by the share and by the time, whichever is more."""
    share = max(rules.margin, rules.margin_us / baseline_us)
    return log(1 + share), log(1 - share) if share < 1 else -inf


def _slip(before: Sequence[Value], last: Sequence[Value], rules: Rules) -> float:
    """What a control that moved may be off by, beyond what it is off by in the nights before."""
    was = [value.control for value in before if value.control is not None]
    if not was:
        return 0.0
    usual = float(np.var(was, ddof=1)) * (1 / len(last) + 1 / len(was))
    return rules.control_slip * sqrt(max(_control_change(before, last) ** 2 - usual, 0.0))


def _control_change(before: Sequence[Value], last: Sequence[Value]) -> float:
    was = [value.control for value in before if value.control is not None]
    now = [value.control for value in last if value.control is not None]
    return float(np.mean(now) - np.mean(was)) if was and now else 0.0
