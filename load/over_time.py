"""A run in equal spans of time: what a page draws as lines and as a heatmap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any, Final

from load.histogram import Histogram
from load.recorder import Kind
from load.timeline import Cell, Timeline

SPANS_MAX: Final = 120
EDGES_PER_DECADE: Final = 8
LOWEST_US, DECADES = 1, 8
# From a microsecond to 100 seconds; equal steps on a logarithmic axis.
EDGES_US: Final = tuple(
    float(f"{LOWEST_US * 10 ** (step / EDGES_PER_DECADE):.3g}")
    for step in range(EDGES_PER_DECADE * DECADES + 1)
)

Spans = Mapping[int, Timeline]


def over_time(shown: Timeline, figures: Any) -> dict[str, Any] | None:
    """The spans of what stands for a scenario, at most 120; None where nothing was sent.

    `figures` turns a histogram into percentiles.
    """
    seconds = {key.second for key in shown.cells if key.second >= 0}
    if not seconds:
        return None
    every_s = ceil((max(seconds) + 1) / SPANS_MAX)
    spans = _spans(shown, every_s)
    histograms = {span: each.histogram("response") for span, each in spans.items()}
    low, high = _seen(histograms.values())
    return {
        "every_s": every_s,
        "edges_us": list(EDGES_US[low : high + 1]),
        "rows": [
            {
                "from_s": span * every_s,
                **_counts(each.cells.values()),
                "wire_us": figures(each.histogram("wire")),
                "response_us": figures(histograms[span]),
                "counts": _buckets(histograms[span])[low : high + 2],
            }
            for span, each in sorted(spans.items())
        ],
    }


def _spans(shown: Timeline, every_s: int) -> Spans:
    found: dict[int, Timeline] = {}
    for key, cell in shown.cells.items():
        if key.second >= 0:
            found.setdefault(key.second // every_s, Timeline()).cells[key] = cell
    return found


def _counts(cells: Iterable[Cell]) -> dict[str, int]:
    kinds = [cell.kinds for cell in cells]
    sums = {kind: sum(each[kind] for each in kinds) for kind in Kind}
    return {"n": sums[Kind.ANSWERED], "errors": sums[Kind.REFUSED] + sums[Kind.LOST]}


def _buckets(histogram: Histogram) -> list[int]:
    """Counts below the first edge, between any two, and above the last."""
    counts = [0] * (len(EDGES_US) + 1)
    place = 0
    for value_ns, count in histogram.rows():
        while place < len(EDGES_US) and value_ns / 1000 >= EDGES_US[place]:
            place += 1
        counts[place] += count
    counts[-1] += histogram.over
    return counts


def _seen(histograms: Iterable[Histogram]) -> tuple[int, int]:
    """The first and the last edge between which anything was counted."""
    sums = [sum(each) for each in zip(*map(_buckets, histograms), strict=True)]
    used = [place for place, count in enumerate(sums) if count] or [1]
    return max(used[0] - 1, 0), min(used[-1], len(EDGES_US) - 1)
