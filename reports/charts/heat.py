"""Response times over a run as a grid: time from left to right, slowness from bottom to top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log10, sqrt
from typing import Any, Final

from reports.charts.axes import positive

HEIGHT: Final = 64  # pixels, each the same step on a logarithmic scale
MOST_COLUMNS: Final = (
    480  # as many as the picture is wide, for a run that was idle for long between its moments
)


@dataclass(frozen=True, slots=True)
class Heat:
    """`rows` of shares of the fullest cell, slowest first; the corners in seconds and microseconds."""

    rows: Sequence[Sequence[float]]
    from_s: float
    until_s: float
    low_us: float
    high_us: float


def heat(over_time: Mapping[str, Any]) -> Heat | None:
    """The grid of what was measured; None where nothing was."""
    moments = [row for row in over_time["rows"] if sum(row["counts"])]
    bounds = _bounds(over_time["edges_us"])
    if not moments or not bounds:
        return None
    used = sorted(
        {n for row in moments for n, count in enumerate(row["counts"][: len(bounds)]) if count}
    )
    if not used:
        return None
    low, high = bounds[used[0]][0], bounds[used[-1]][1]
    every_s, from_s = over_time["every_s"], moments[0]["from_s"]
    columns = _columns(moments, from_s, every_s)
    shares = [[_share(column, bounds, each) for column in columns] for each in _levels(low, high)]
    most = max(max(row) for row in shares) or 1.0
    # The root shows a thin tail beside a full body.
    rows = [[sqrt(share / most) for share in row] for row in shares]
    return Heat(rows, from_s, from_s + every_s * len(columns), low, high)


def _bounds(edges: Sequence[float]) -> list[tuple[float, float]]:
    """From where to where each bucket reaches; the two open ones as far as their neighbours."""
    if len(edges) < 2:
        return []
    first, last = positive(edges[0]), positive(edges[-1])
    ends = [
        first * first / positive(edges[1]),
        *map(positive, edges),
        last * last / positive(edges[-2]),
    ]
    return list(pairwise(ends))


def _columns(
    moments: Sequence[Mapping[str, Any]], from_s: float, every_s: float
) -> list[Sequence[int]]:
    """The counts of each span; none where a span is missing."""
    by_place = {round((row["from_s"] - from_s) / every_s): row["counts"] for row in moments}
    last = min(max(by_place), MOST_COLUMNS)
    return [by_place.get(place, ()) for place in range(last + 1)]


def _levels(low: float, high: float) -> list[float]:
    """The middle of each pixel's times, slowest first."""
    step = (log10(high) - log10(low)) / HEIGHT
    return [10 ** (log10(high) - (n + 0.5) * step) for n in range(HEIGHT)]


def _share(counts: Sequence[int], bounds: Sequence[tuple[float, float]], level: float) -> float:
    """The share of a moment's answers that were about so slow."""
    total = sum(counts)
    found = (n for n, (low, high) in enumerate(bounds[: len(counts)]) if low <= level < high)
    place = next(found, None)
    return counts[place] / total if total and place is not None else 0.0
