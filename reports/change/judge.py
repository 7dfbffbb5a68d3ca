"""The verdict on the last night of each series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, expm1
from typing import Literal

from scipy import stats

from reports.change import sentences
from reports.change.compare import Comparison, comparisons
from reports.change.nights import Night
from reports.change.rules import Rules
from reports.change.values import paired, value_us, values

Verdict = Literal["worse", "same", "better", "not enough data"]


@dataclass(frozen=True, slots=True)
class Judged:
    """What the nights before say of a series' last night.

    `effect`, `low` and `high` are shares: 0.1 is 10 % slower. `baseline_us` is of the nights compared with, on
    tonight's machine: the control's change is put in. `band_us` is where a night like those before would lie. `q` is
    the adjusted probability of so large a change if there were none beyond the margin, over all series.
    """

    verdict: Verdict
    why: str
    effect: float | None
    low: float | None
    high: float | None
    window: int | None
    baseline_nights: int
    q: float | None
    controlled: bool
    value_us: float | None
    baseline_us: float | None
    band_us: tuple[float, float] | None


def judge(series: Mapping[str, Sequence[Night]], rules: Rules) -> dict[str, Judged]:
    """Judge the last night of each series by the nights before it; a series without nights is left out."""
    compared = {name: _compared(nights, rules) for name, nights in series.items() if nights}
    worse = _adjusted(
        {name: [each.worse for each in found] for name, found in compared.items()}, rules
    )
    better = _adjusted(
        {name: [each.better for each in found] for name, found in compared.items()}, rules
    )
    return {
        name: _judged(series[name], found, worse[name], better[name], rules)
        if found
        else _too_few(series[name], rules)
        for name, found in compared.items()
    }


def _compared(nights: Sequence[Night], rules: Rules) -> list[Comparison]:
    tonight = value_us(nights[-1])
    return [] if tonight is None else comparisons(values(nights), tonight, rules)


def _adjusted(chances: Mapping[str, list[float]], rules: Rules) -> dict[str, float]:
    """Of each series the smallest over its windows, corrected for their number, then for all series."""
    # Within a series this is Simes's, which holds for windows that share their nights.
    smallest = {
        name: stats.false_discovery_control(some).min() for name, some in chances.items() if some
    }
    if not smallest:
        return {}
    found = stats.false_discovery_control(list(smallest.values()))
    return dict(zip(smallest, map(float, found), strict=True))


def _judged(
    nights: Sequence[Night], found: list[Comparison], worse: float, better: float, rules: Rules
) -> Judged:
    verdict, told, why = _decided(found, worse, better, rules)
    tonight = value_us(nights[-1])
    reach = told.reach * told.night_error
    return Judged(
        verdict=verdict,
        why=why,
        effect=expm1(told.effect),
        low=expm1(told.low),
        high=expm1(told.high),
        window=told.window,
        baseline_nights=told.baseline_nights,
        q=worse,
        controlled=paired(nights[-1]) is not None,
        value_us=tonight,
        baseline_us=told.baseline_us,
        band_us=(told.baseline_us * exp(-reach), told.baseline_us * exp(reach)),
    )


def _decided(
    found: list[Comparison], worse: float, better: float, rules: Rules
) -> tuple[Verdict, Comparison, str]:
    """The verdict, the window that it rests on, and the sentence."""
    tonight = found[0]
    slow = min(found, key=lambda each: each.worse)
    if slow.low > slow.slower and worse <= rules.false_discovery_rate:
        return "worse", slow, sentences.changed(slow)
    fast = min(found, key=lambda each: each.better)
    if fast.high < fast.faster and better <= rules.false_discovery_rate:
        return "better", fast, sentences.changed(fast)
    # Seven quiet nights say little of tonight: no window may point beyond the margin.
    closest = min(found, key=lambda each: each.high - each.low)
    if closest.is_inside and all(each.faster < each.effect < each.slower for each in found):
        return "same", closest, sentences.unchanged(closest)
    return "not enough data", tonight, sentences.undecided(tonight)


def _too_few(nights: Sequence[Night], rules: Rules) -> Judged:
    usable = values(nights)
    before = max(len(usable) - 1, 0)
    return Judged(
        verdict="not enough data",
        why=sentences.too_few(before, rules.baseline_nights_min)
        if usable
        else sentences.NOTHING_MEASURED,
        effect=None,
        low=None,
        high=None,
        window=None,
        baseline_nights=before,
        q=None,
        controlled=paired(nights[-1]) is not None,
        value_us=value_us(nights[-1]),
        baseline_us=None,
        band_us=None,
    )
