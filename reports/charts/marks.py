"""How lines are told apart: each has its own dashes and its own mark, never a colour alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from markupsafe import Markup

from reports.charts.draw import ornament

MOST_SERIES: Final = 4
COLOURS: Final = tuple(f"var(--s{n + 1})" for n in range(MOST_SERIES))
DASHES: Final = ([1, 0], [9, 5], [2.5, 4], [12, 4, 2.5, 4])
SHAPES: Final = ("circle", "square", "triangle-up", "diamond")
WEIGHT: Final = 2.25
MARK_SIZE: Final = 55
# What went wrong, wherever it is marked.
CROSS: Final[Mapping[str, Any]] = {
    "shape": "cross",
    "angle": 45,
    "filled": True,
    "color": "var(--failed)",
    "opacity": 1,
}


def coloured(field: str, numbers: Sequence[int]) -> Any:
    """The colour of a series by its number, which is in `field`."""
    import altair as alt

    scale = alt.Scale(domain=list(numbers), range=[COLOURS[n] for n in numbers])
    return alt.Color(f"{field}:N", scale=scale, legend=None)


def dashed(field: str, numbers: Sequence[int]) -> Any:
    """The dashes of a series by its number."""
    import altair as alt

    scale = alt.Scale(domain=list(numbers), range=[DASHES[n] for n in numbers])
    return alt.StrokeDash(f"{field}:N", scale=scale, legend=None)


def shaped(field: str, numbers: Sequence[int]) -> Any:
    """The mark of a series by its number."""
    import altair as alt

    scale = alt.Scale(domain=list(numbers), range=[SHAPES[n] for n in numbers])
    return alt.Shape(f"{field}:N", scale=scale, legend=None)


def lines(rows: Sequence[dict[str, Any]], x: Any, y: Any) -> Any:
    """Lines with their marks: `rows` have x, y and, under `s`, the number of the series."""
    import altair as alt

    line = _chart(rows, x, y).mark_line(strokeWidth=WEIGHT)
    return alt.layer(line.encode(dashed("s", numbers(rows))), points(rows, x, y))


def points(rows: Sequence[dict[str, Any]], x: Any, y: Any) -> Any:
    """The marks alone."""
    chart = _chart(rows, x, y).mark_point(filled=True, size=MARK_SIZE, opacity=1)
    return chart.encode(shaped("s", numbers(rows)))


def _chart(rows: Sequence[dict[str, Any]], x: Any, y: Any) -> Any:
    import altair as alt

    return alt.Chart(alt.InlineData(values=list(rows))).encode(x, y, coloured("s", numbers(rows)))


def numbers(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """The numbers of the series that are among these rows."""
    return sorted({row["s"] for row in rows})


@cache
def swatch(number: int) -> Markup:
    """A short piece of a series' line with its mark, for the legend."""
    return ornament("swatch", lambda: _swatch(number), 40, 16)


@cache
def stroke(number: int) -> Markup:
    """The same of a line that has no marks."""
    return ornament("swatch", lambda: _stroke(number), 40, 16)


def _stroke(number: int) -> Any:
    import altair as alt

    rows = [{"x": x, "s": number} for x in (0, 1)]
    chart = alt.Chart(alt.InlineData(values=rows)).encode(alt.X("x:Q", axis=None))
    line = chart.mark_line(strokeWidth=WEIGHT)
    return line.encode(coloured("s", [number]), dashed("s", [number]))


def _swatch(number: int) -> Any:
    import altair as alt

    rows = [{"x": x, "y": 0, "s": number} for x in (0, 1, 2)]
    x, y = alt.X("x:Q", axis=None), alt.Y("y:Q", axis=None)
    line = alt.Chart(alt.InlineData(values=rows)).encode(x, y, coloured("s", [number]))
    mark = alt.Chart(alt.InlineData(values=rows[1:2])).encode(x, y, coloured("s", [number]))
    return alt.layer(
        line.mark_line(strokeWidth=WEIGHT).encode(dashed("s", [number])),
        mark.mark_point(filled=True, size=MARK_SIZE, opacity=1).encode(shaped("s", [number])),
    )
