"""The last nights of a series against the nights before them, window by window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, hypot, inf, log, sqrt
from typing import Final

from scipy import stats

from reports.change.bootstrap import Redrawn, errors, redrawn
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
    drawn, count = redrawn(values, rules.seed), len(values)
    found = []
    for window in rules.windows:
        end = count - window
        start = max(end - rules.baseline_nights_max, 0)
        if end - start >= rules.baseline_nights_min:
            found.append(_compare(drawn[start:end], drawn[end:count], value_us, rules))
    return found


def _compare(before: Redrawn, last: Redrawn, value_us: float, rules: Rules) -> Comparison:
    baseline = float(before.centres.mean())
    effect = float(last.centres.mean()) - baseline
    tonight = float(last.centres[-1]) - baseline
    baseline_us = value_us * exp(-tonight)
    slower, faster = margins(baseline_us, rules)
    spread = errors(before, last, rules.draws, rules.seed)
    error = max(hypot(spread.window, _slip(before, last, rules)), TINY)
    freedom = len(before.centres) - 1
    return Comparison(
        window=len(last.centres),
        baseline_nights=len(before.centres),
        effect=effect,
        tonight=tonight,
        error=error,
        night_error=hypot(spread.night, _slip(before, last[-1:], rules)),
        reach=_reach(rules.confidence, freedom),
        slower=slower,
        faster=faster,
        # A window is no reason where tonight itself does not point there: a bad night ends with the night.
        worse=float(stats.t.sf((effect - slower) / error, freedom)) if tonight > slower else 1.0,
        better=float(stats.t.cdf((effect - faster) / error, freedom)) if tonight < faster else 1.0,
        baseline_us=baseline_us,
        control_change=_control_change(before, last[-1:]),
    )


@lru_cache(maxsize=256)
def _reach(confidence: float, freedom: int) -> float:
    return float(stats.t.ppf((1 + confidence) / 2, freedom))


def margins(baseline_us: float, rules: Rules) -> tuple[float, float]:
    """The least change that counts, slower and faster: by the share and by the time, whichever is more."""
    share = max(rules.margin, rules.margin_us / baseline_us)
    return log(1 + share), log(1 - share) if share < 1 else -inf


def _slip(before: Redrawn, last: Redrawn, rules: Rules) -> float:
    """What a control that moved may be off by, beyond what it is off by in the nights before."""
    if not before.controls.size:
        return 0.0
    count = len(before.controls)
    usual = (
        float(before.controls.var()) * (1 / len(last.controls) + 1 / count) * count / (count - 1)
    )
    return rules.control_slip * sqrt(max(_control_change(before, last) ** 2 - usual, 0.0))


def _control_change(before: Redrawn, last: Redrawn) -> float:
    if not before.controls.size:
        return 0.0
    return float(last.controls.mean() - before.controls.mean())
