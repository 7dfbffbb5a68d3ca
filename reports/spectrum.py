"""The percentile spectrum as one SVG: how slow the slowest share of answers was, on two log axes.

Colours come from the page (`currentColor` and the variables --s1 ... --s4), and no series is told
apart by colour alone: each has its own dashes and its own mark.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

from hdrh.codec import HdrCookieException, HdrLengthException
from hdrh.histogram import HdrHistogram
from markupsafe import Markup, escape

from reports.text import one_line

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 16, 56
MOST_SERIES = 4
MOST_POINTS = 160
MOST_TICKS = 8
DASHES = ("none", "9 5", "2.5 4", "12 4 2.5 4")
MARKED = (0.5, 0.9, 0.99, 0.999, 0.9999)
UNREADABLE = (KeyError, ValueError, TypeError, zlib.error, HdrCookieException, HdrLengthException)


@dataclass(frozen=True, slots=True)
class Series:
    """One scenario: (nines, microseconds) in order. `carried`: the nines that its samples carry."""

    name: str
    valid: bool
    n: int
    points: tuple[tuple[float, float], ...]
    carried: float


def series(load: Sequence[Mapping[str, Any]]) -> list[Series]:
    """The scenarios whose histogram can be drawn, at most four."""
    found = (_series(entry) for entry in load if entry.get("histograms") and entry["n"])
    return [each for each in found if each][:MOST_SERIES]


def _series(entry: Mapping[str, Any]) -> Series | None:
    try:
        histogram = HdrHistogram.decode(entry["histograms"]["response"])
    except UNREADABLE:
        return None
    n = histogram.get_total_count()
    if n < 2:
        return None
    # Above this share the true percentile lies beyond all that was seen in 1 of 20 runs.
    carried = -log10(1 - 0.05 ** (1 / n))
    return Series(entry["scenario"], entry["valid"], n, tuple(_points(histogram, n)), carried)


def _points(histogram: Any, n: int) -> Iterator[tuple[float, float]]:
    seen = 0
    for step in histogram.get_recorded_iterator():
        seen += step.count_at_value_iterated_to
        # The largest sample stands at its own share: 1 of n was as slow as that.
        above = max(n - seen, 0.5) / n
        yield -log10(above), max(step.value_iterated_to / 1000, 1.0)


def spectrum_svg(shown: Sequence[Series]) -> Markup:
    """The picture of all series, or nothing when there are none."""
    if not shown:
        return Markup()
    axes = _Axes(shown)
    body = Markup().join([*axes.grid(), *(_drawn(axes, n, each) for n, each in enumerate(shown))])
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" '
        'aria-labelledby="spectrum-title spectrum-desc">'
        '<title id="spectrum-title">Response time by percentile</title>'
        '<desc id="spectrum-desc">{}</desc>{}</svg>'
    ).format(WIDTH, HEIGHT, description(shown), body)


def description(shown: Sequence[Series]) -> str:
    """What the picture shows, in words."""
    return "; ".join(f"{one_line(each.name)}: {_told(each)}" for each in shown)


def _told(each: Series) -> str:
    carried = [q for q in MARKED if _nines(q) <= each.carried]
    parts = [f"p{q * 100:g} {_at(each, q):,.0f} microseconds" for q in carried]
    return ", ".join([*parts, f"slowest {each.points[-1][1]:,.0f} of {each.n:,}"])


def swatch(number: int) -> Markup:
    """A short piece of a series' line with its mark, for the legend."""
    line = Markup('<path d="M1 8H39" {}/>').format(_stroke(number))
    return Markup('<svg class="swatch" viewBox="0 0 40 16" aria-hidden="true">{}{}</svg>').format(
        line, _mark(number, 20, 8)
    )


def _drawn(axes: _Axes, number: int, each: Series) -> Markup:
    points = _thinned(each.points)
    sure = [point for point in points if point[0] <= each.carried] or points[:1]
    unsure = [sure[-1], *points[len(sure) :]]
    marks = [_mark(number, axes.x(_nines(q)), axes.y(_at(each, q))) for q in MARKED]
    shown = [mark for q, mark in zip(MARKED, marks, strict=True) if _nines(q) <= each.carried]
    thin = Markup('<path class="beyond" d="{}" stroke="var(--s{})" fill="none"/>')
    return Markup("<g>{}{}{}</g>").format(
        thin.format(axes.path(unsure), number + 1),
        Markup('<path d="{}" {}/>').format(axes.path(sure), _stroke(number)),
        Markup().join(shown),
    )


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


def _stroke(number: int) -> Markup:
    return Markup(
        'stroke="var(--s{})" stroke-width="2.25" stroke-dasharray="{}" '
        'stroke-linejoin="round" fill="none"'
    ).format(number + 1, DASHES[number])


def _mark(number: int, x: float, y: float) -> Markup:
    shapes = (
        '<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="var(--s1)"/>',
        '<path d="M{x:.1f} {y:.1f}m-4.5 -4.5h9v9h-9z" fill="var(--s2)"/>',
        '<path d="M{x:.1f} {y:.1f}m0 -6l5.5 9.5h-11z" fill="var(--s3)"/>',
        '<path d="M{x:.1f} {y:.1f}m0 -6l6 6l-6 6l-6 -6z" fill="var(--s4)"/>',
    )
    return Markup(shapes[number].format(x=x, y=y))


def _nines(quantile: float) -> float:
    return -log10(1 - quantile)


def _at(each: Series, quantile: float) -> float:
    """The smallest value that this share does not exceed."""
    wanted = _nines(quantile) - 1e-9
    return next((value for nines, value in each.points if nines >= wanted), each.points[-1][1])


class _Axes:
    """Where a share and a time lie in the picture."""

    def __init__(self, shown: Sequence[Series]) -> None:
        values = [value for each in shown for _, value in each.points]
        self._ticks = _ticks(min(values), max(values))
        self._low, self._high = log10(self._ticks[0]), log10(self._ticks[-1])
        self._right = max(2.0, *(each.points[-1][0] for each in shown))

    def x(self, nines: float) -> float:
        """From left to right: ever slower, ever rarer."""
        return LEFT + nines / self._right * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """From bottom to top: ever slower."""
        share = (log10(value) - self._low) / (self._high - self._low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        """The points as an SVG path."""
        return "M" + "L".join(f"{self.x(nines):.1f} {self.y(value):.1f}" for nines, value in points)

    def grid(self) -> Iterator[Markup]:
        """Lines and words of both axes."""
        for tick in self._ticks:
            y = self.y(tick)
            yield Markup('<path class="grid" d="M{} {:.1f}H{}"/>').format(LEFT, y, WIDTH - RIGHT)
            yield _word(LEFT - 10, y + 5, "end", _time(tick))
        for quantile in MARKED:
            if _nines(quantile) <= self._right:
                x = self.x(_nines(quantile))
                yield Markup('<path class="grid" d="M{:.1f} {}V{}"/>').format(
                    x, TOP, HEIGHT - BOTTOM
                )
                yield _word(x, HEIGHT - BOTTOM + 22, "middle", f"{quantile * 100:g} %")
        yield _word((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "middle", "share of answers not slower")


def _ticks(low: float, high: float) -> list[int]:
    """Round times around all values: in steps of 1, 2, 5, or of ten where those are too many."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    fine = [step * 10**power for power in powers for step in (1, 2, 5)]
    below = max(place for place, tick in enumerate(fine) if tick <= low)
    above = next(place for place, tick in enumerate(fine) if tick >= high and place > below)
    if above - below < MOST_TICKS:
        return fine[below : above + 1]
    return [10**power for power in powers]


def _word(x: float, y: float, anchor: str, text: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
        x, y, anchor, escape(text)
    )


def _time(microseconds: int) -> str:
    if microseconds < 1000:
        return f"{microseconds} µs"
    return (
        f"{microseconds // 1000} ms" if microseconds < 1_000_000 else f"{microseconds // 10**6} s"
    )
