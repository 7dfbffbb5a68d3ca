"""The percentile spectrum: how slow the slowest share of answers was, on two logarithmic axes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import Any, Final

from hdrh.codec import HdrCookieException, HdrLengthException
from hdrh.histogram import HdrHistogram

from reports.charts import axes, marks
from reports.charts.draw import drawn
from reports.charts.picture import Key, Picture, Table
from reports.figures import TOO_FEW, microseconds
from reports.text import one_line

HEIGHT: Final = 300
MOST_POINTS: Final = 160
TOLD: Final = (0.5, 0.99)
MARKED: Final = (0.5, 0.9, 0.99, 0.999, 0.9999)
UNREADABLE: Final = (
    KeyError,
    ValueError,
    TypeError,
    zlib.error,
    HdrCookieException,
    HdrLengthException,
)
NOTE: Final = "Both axes are logarithmic. Where a line turns thin, fewer samples lie beyond than carry a percentile."


@dataclass(frozen=True, slots=True)
class Series:
    """One line: (nines, microseconds) in order. `carried`: the nines that its samples carry."""

    name: str
    valid: bool
    n: int
    points: tuple[tuple[float, float], ...]
    carried: float


def series(load: Sequence[Mapping[str, Any]]) -> list[Series]:
    """The scenarios whose response times can be drawn, at most four."""
    found = (series_of(entry, "response", entry["scenario"]) for entry in load)
    return [each for each in found if each][: marks.MOST_SERIES]


def series_of(entry: Mapping[str, Any], figure: str, name: str) -> Series | None:
    """One histogram of an entry as a line; None when there is none that can be read."""
    if not entry["n"]:
        return None
    try:
        histogram = HdrHistogram.decode(entry.get("histograms", {})[figure])
    except UNREADABLE:
        return None
    n = histogram.get_total_count()
    if n < 2:
        return None
    # Above this share the true percentile lies beyond all that was seen in 1 of 20 runs.
    carried = -log10(1 - 0.05 ** (1 / n))
    return Series(name, entry["valid"], n, tuple(_points(histogram, n)), carried)


def _points(histogram: Any, n: int) -> Iterator[tuple[float, float]]:
    seen = 0
    # Its own iterator asks every empty bucket for its bounds: most are empty.
    for place, count in enumerate(histogram.counts):
        if not count:
            continue
        seen += count
        value_ns = _middle(histogram, histogram.get_value_from_index(place))
        # The largest sample stands at its own share: 1 of n was as slow as that.
        above = max(n - seen, 0.5) / n
        yield -log10(above), max(value_ns / 1000, 1.0)


def _middle(histogram: Any, value_ns: int) -> float:
    """Of the bucket of a value, which is where the tables have it too."""
    low, high = histogram.get_lowest_equivalent_value, histogram.get_highest_equivalent_value
    return float(low(value_ns) + high(value_ns)) / 2


def picture(
    shown: Sequence[Series],
    name: str = "spectrum",
    title: str = "Response time by percentile",
) -> Picture | None:
    """The lines of at most four series, or nothing when there are none."""
    if not shown:
        return None
    return Picture(
        name,
        title,
        _told(shown),
        drawn(name, title, description(shown), lambda: _chart(shown), HEIGHT),
        _table(shown, title),
        tuple(Key(marks.swatch(n), _words(each)) for n, each in enumerate(shown)),
        NOTE,
    )


def _told(shown: Sequence[Series]) -> str:
    """The two percentiles that people ask for, from the slowest series to the fastest."""
    told = [_ranked(shown, quantile) for quantile in TOLD]
    return "; ".join(each for each in told if each) or description(shown)


def _ranked(shown: Sequence[Series], quantile: float) -> str:
    known = [(_at(each, quantile), each) for each in shown if quantile in _carried(each)]
    ranked = sorted(known, key=lambda each: -each[0])
    parts = [f"{one_line(each.name)} {microseconds(value)} µs" for value, each in ranked]
    return f"{_percentile(quantile)}: {', '.join(parts)}" if parts else ""


def _words(each: Series) -> str:
    return f"{each.name}, n = {each.n:,}{'' if each.valid else ', not valid'}"


def description(shown: Sequence[Series]) -> str:
    """What the picture shows, in words."""
    return "; ".join(f"{one_line(each.name)}: {_in_full(each)}" for each in shown)


def _in_full(each: Series) -> str:
    parts = [f"{_percentile(q)} {_at(each, q):,.0f} µs" for q in _carried(each)]
    return ", ".join([*parts, f"slowest {each.points[-1][1]:,.0f} µs of {each.n:,}"])


def _table(shown: Sequence[Series], title: str) -> Table:
    head = ("", *map(_percentile, MARKED), "slowest", "n")
    return Table(f"{title}, in microseconds", head, [_row(each) for each in shown])


def _row(each: Series) -> tuple[str, ...]:
    carried = _carried(each)
    cells = [microseconds(_at(each, q)) if q in carried else TOO_FEW for q in MARKED]
    return (each.name, *cells, microseconds(each.points[-1][1]), f"{each.n:,}")


def _carried(each: Series) -> list[float]:
    return [q for q in MARKED if _nines(q) <= each.carried]


def _percentile(quantile: float) -> str:
    return f"p{quantile * 100:g}"


def _chart(shown: Sequence[Series]) -> Any:
    import altair as alt

    right = max(2.0, *(each.points[-1][0] for each in shown))
    x = _shares(right)
    y = axes.times("y", [value for each in shown for _, value in each.points])
    sure, unsure, marked = [], [], []
    for number, each in enumerate(shown):
        carried, beyond = _divided(each)
        sure += _rows(number, carried)
        unsure += _rows(number, beyond)
        marked += _rows(number, [(_nines(q), _at(each, q)) for q in _carried(each)])
    numbers = list(range(len(shown)))
    thin, line, points = (
        alt.Chart(alt.InlineData(values=rows)).encode(x, y, marks.coloured("s", numbers))
        for rows in (unsure, sure, marked)
    )
    return alt.layer(
        thin.mark_line(strokeWidth=1),
        line.mark_line(strokeWidth=marks.WEIGHT).encode(marks.dashed("s", numbers)),
        points.mark_point(filled=True, size=marks.MARK_SIZE, opacity=1).encode(
            marks.shaped("s", numbers)
        ),
    )


def _shares(right: float) -> Any:
    """From left to right: ever slower, ever rarer."""
    import altair as alt

    ticks = {_nines(q): f"{q * 100:g} %" for q in MARKED if _nines(q) <= right}
    # Two nines and more have to have room for their labels.
    words = " : ".join(f"datum.value < {tick + 0.01} ? '{word}'" for tick, word in ticks.items())
    axis = alt.Axis(
        values=list(ticks), labelExpr=f"{words} : ''", title="share of answers not slower"
    )
    return alt.X("x:Q", scale=alt.Scale(domain=[0, right], nice=False), axis=axis)


def _rows(number: int, points: Sequence[tuple[float, float]]) -> list[dict[str, float]]:
    return [{"x": round(x, 4), "y": round(y, 2), "s": number} for x, y in points]


def _divided(each: Series) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """What the samples carry, and what lies beyond."""
    points = _thinned(each.points)
    sure = [point for point in points if point[0] <= each.carried] or points[:1]
    return sure, [sure[-1], *points[len(sure) :]]


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Far fewer points on the same line: those too near to the last kept one are left out."""
    if len(points) <= MOST_POINTS:
        return list(points)
    width = (points[-1][0] - points[0][0]) / MOST_POINTS
    kept = [points[0]]
    for point in points[1:-1]:
        if point[0] - kept[-1][0] >= width:
            kept.append(point)
    return [*kept, points[-1]]


def _nines(quantile: float) -> float:
    return -log10(1 - quantile)


def _at(each: Series, quantile: float) -> float:
    """The smallest value that this share does not exceed."""
    wanted = _nines(quantile) - 1e-9
    return next((value for nines, value in each.points if nines >= wanted), each.points[-1][1])
