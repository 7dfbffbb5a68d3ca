"""A series over its nights: values, the band in which they would lie, and where the level changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from reports import changed
from reports.charts import axes, marks
from reports.charts.draw import ornament, panel
from reports.charts.picture import Table
from reports.compared import Other
from reports.figures import TOO_FEW, microseconds
from reports.text import one_line

WIDTH, HEIGHT = 360, 190
SPARK_WIDTH, SPARK_HEIGHT = 150, 30
MOST_PANELS: Final = 9
PANELS_MIN: Final = 3
MOST_NIGHTS: Final = 90
MOST_TOLD: Final = 45  # nights in the table of a panel
MOST_CHANGES: Final = 6
DATE: Final = re.compile(r"\d{4}-(\d{2})-(\d{2})")
MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

Series = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Panel:
    """One series in a picture of its own."""

    series: Series
    drawing: Markup
    table: Table


@dataclass(frozen=True, slots=True)
class Row:
    """One series in a line of a table."""

    series: Series
    drawing: Markup


@dataclass(frozen=True, slots=True)
class History:
    """The worst series large, all others small."""

    panels: Sequence[Panel]
    rows: Sequence[Row]
    left_out: int


def history(trend: Mapping[str, Any], other: Other | None, most_rows: int) -> History:
    """All series, worst first. `other`: a run that is laid over them, a night of theirs or with nights of its own."""
    ranked = changed.ranked(trend["series"])
    notable = sum(
        each["verdict"] in ("worse", "better") or bool(each["change_points"]) for each in ranked
    )
    large = min(max(notable, PANELS_MIN), MOST_PANELS, len(ranked))
    return History(
        [_panel(each, other) for each in ranked[:large]],
        [Row(each, _spark(each)) for each in ranked[large : large + most_rows]],
        max(0, len(ranked) - large - most_rows),
    )


def _panel(series: Series, other: Other | None) -> Panel:
    title = f"{one_line(series['series'])}: {one_line(series['why'])}"
    if not _known(series):
        return Panel(series, Markup(), _table(series))
    drawing = panel(title, lambda: _chart(series, other), WIDTH, HEIGHT)
    return Panel(series, drawing, _table(series))


def _spark(series: Series) -> Markup:
    if not _known(series):
        return Markup()
    return ornament("spark", lambda: _layers(series, None, _Bare), SPARK_WIDTH, SPARK_HEIGHT)


def _known(series: Series) -> list[dict[str, Any]]:
    """The nights that have a value, by how many nights ago they were."""
    nights = series["nights"][-MOST_NIGHTS:]
    return [
        {
            "x": place - len(nights) + 1,
            "run": night["run"],
            "y": night["value_us"],
            "low": night["low_us"] if night["low_us"] is not None else night["value_us"],
            "high": night["high_us"] if night["high_us"] is not None else night["value_us"],
            "valid": night["valid"],
        }
        for place, night in enumerate(nights)
        if night["value_us"] is not None
    ]


def _table(series: Series) -> Table:
    head = ("night", "value", "lowest block", "highest block", "control", "")
    rows = [_row(night, series) for night in reversed(series["nights"][-MOST_TOLD:])]
    return Table(f"{one_line(series['series'])} by night, in microseconds", head, rows)


def _row(night: Mapping[str, Any], series: Series) -> tuple[str, ...]:
    names = ("value_us", "low_us", "high_us", "control_us")
    words = [] if night["valid"] else ["not valid"]
    words += [
        f"level {_share(each)} from here"
        for each in series["change_points"]
        if each["run"] == night["run"]
    ]
    return (
        date(night["started"]) or TOO_FEW,
        *(microseconds(night[name]) for name in names),
        ", ".join(words),
    )


def _share(change_point: Mapping[str, Any]) -> str:
    return f"{change_point['effect']:+.1%}"


def date(started: str) -> str:
    """`2026-11-25T…` as `25 Nov`; empty when it is no date."""
    found = DATE.match(started)
    if not found or not 1 <= int(found[1]) <= 12:
        return ""
    return f"{int(found[2])} {MONTHS[int(found[1]) - 1]}"


class _Full:
    """Axes of a panel."""

    mark_size = 60

    def __init__(self, series: Series) -> None:
        nights = series["nights"][-MOST_NIGHTS:]
        self.first = 1 - len(nights)
        self.words = f"datum.value < 0 ? '{date(nights[0]['started'])}' : 'tonight'"

    def x(self) -> Any:
        import altair as alt

        ticks = sorted({self.first, 0})
        axis = alt.Axis(
            values=ticks,
            labelExpr=self.words,
            title=None,
            grid=False,
        )
        scale = alt.Scale(domain=[min(self.first, -1), 0], nice=False, padding=8)
        return alt.X("x:Q", scale=scale, axis=axis)

    def y(self) -> Any:
        import altair as alt

        axis = alt.Axis(
            tickCount=4, labelExpr=axes.MICROSECONDS, title=None, minExtent=axes.LABEL_WIDTH
        )
        return alt.Y("y:Q", scale=alt.Scale(zero=False, nice=True, padding=4), axis=axis)


class _Bare:
    """Axes of which nothing is drawn."""

    mark_size = 25

    def __init__(self, series: Series) -> None:
        self.first = 1 - len(series["nights"][-MOST_NIGHTS:])

    def x(self) -> Any:
        import altair as alt

        return alt.X(
            "x:Q",
            axis=None,
            scale=alt.Scale(domain=[min(self.first, -1), 0], padding=3, nice=False),
        )

    def y(self) -> Any:
        import altair as alt

        return alt.Y("y:Q", axis=None, scale=alt.Scale(zero=False, nice=False, padding=3))


def _chart(series: Series, other: Other | None) -> Any:
    import altair as alt

    scales = _Full(series)
    x, y = scales.x(), scales.y()
    known = _known(series)
    blocks = alt.Chart(alt.InlineData(values=known)).encode(x, y=_like(y, "low"), y2="high")
    spread = blocks.mark_rule(stroke="var(--s1)", strokeWidth=1, opacity=0.6)
    return alt.layer(spread, *_layers(series, other, _Full).layer, *_changes(series, x))


def _like(y: Any, field: str) -> Any:
    copy = y.copy()
    copy.shorthand = f"{field}:Q"
    return copy


def _layers(series: Series, other: Other | None, scales: type[_Full] | type[_Bare]) -> Any:
    import altair as alt

    chosen = scales(series)
    x, y, known = chosen.x(), chosen.y(), _known(series)
    nights = alt.Chart(alt.InlineData(values=known)).encode(x, y)
    invalid = [row for row in known if not row["valid"]]
    crosses = alt.Chart(alt.InlineData(values=invalid)).encode(x, y)
    last = alt.Chart(alt.InlineData(values=[row for row in known if row["x"] == 0])).encode(x, y)
    return alt.layer(
        *_band(series, chosen.first, x, y),
        *_other(series, other, x, y),
        nights.mark_line(stroke="var(--s1)", strokeWidth=1.75),
        crosses.mark_point(**marks.CROSS, size=chosen.mark_size),
        last.mark_point(filled=True, size=chosen.mark_size, color="var(--s1)", opacity=1),
    )


def _band(series: Series, first: int, x: Any, y: Any) -> Iterator[Any]:
    """Where a night like those before would lie."""
    import altair as alt

    if series["band_us"] is None:
        return
    low, high = series["band_us"]
    data = alt.InlineData(values=[{"x": min(first, -1), "x2": 0, "low": low, "high": high}])
    chart = alt.Chart(data).encode(x, y=_like(y, "low"), x2="x2", y2="high")
    yield chart.mark_rect(fill="currentColor", opacity=0.16)


def _other(series: Series, other: Other | None, x: Any, y: Any) -> Iterator[Any]:
    """The other run: a ring around its night, or its own nights, the last of them above tonight."""
    import altair as alt

    if other is None:
        return
    known = _known(series)
    mine = [row for row in known if other.is_night(row["run"])]
    if mine:
        ring = alt.Chart(alt.InlineData(values=mine)).encode(x, y)
        yield ring.mark_point(size=130, stroke="var(--s2)", strokeWidth=2, opacity=1)
        return
    of = next(
        (
            each
            for each in (other.trend or {"series": ()})["series"]
            if each["series"] == series["series"]
        ),
        None,
    )
    rows = [row for row in _known(of) if row["x"] >= known[0]["x"]] if of else []
    if rows:
        line = alt.Chart(alt.InlineData(values=rows)).encode(x, y)
        yield line.mark_line(stroke="var(--s2)", strokeWidth=1.5, strokeDash=[5, 3])


def _changes(series: Series, x: Any) -> Iterator[Any]:
    """A line where each level begins, and by how much it differs from the one before."""
    import altair as alt

    nights = series["nights"][-MOST_NIGHTS:]
    places = {night["run"]: place - len(nights) + 1 for place, night in enumerate(nights)}
    rows: list[dict[str, Any]] = [
        {"x": places[each["run"]] - 0.5, "words": f"{date(each['started'])} {_share(each)}"}
        for each in series["change_points"]
        if each["run"] in places
    ]
    for row in rows[-MOST_CHANGES:]:
        chart = alt.Chart(alt.InlineData(values=[row])).encode(x)
        yield chart.mark_rule(stroke="var(--strong)", strokeDash=[3, 3], strokeWidth=1)
        is_late = row["x"] > 0.5 * (1 - len(nights))
        text = chart.encode(y=alt.value(0), text="words:N")
        yield text.mark_text(
            align="right" if is_late else "left",
            baseline="top",
            dx=-4 if is_late else 4,
            color="var(--strong)",
            fontSize=12,
        )
