"""Rate against latency: the stages of a run in steps, and the knee where latency departs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from reports.charts import axes, marks
from reports.charts.draw import drawn
from reports.charts.picture import Key, Picture, Table
from reports.figures import microseconds, named, rate
from reports.text import one_line

HEIGHT: Final = 270
LINES: Final = (("response", "p50"), ("response", "p99"), ("wire", "p50"), ("wire", "p99"))


def pictures(load: Sequence[Mapping[str, Any]]) -> list[Picture]:
    """A picture of each scenario that was measured at several rates."""
    stepped = [entry for entry in load if len(_rates(entry)) > 1]
    return [_picture(number, entry) for number, entry in enumerate(stepped, 1)]


def _rates(entry: Mapping[str, Any]) -> set[float]:
    return {
        stage["rate_per_s"]
        for stage in entry.get("stages", ())
        if stage["n"] and stage["rate_per_s"] > 0
    }


def _picture(number: int, entry: Mapping[str, Any]) -> Picture:
    name, title = f"rate-{number}", f"{named(entry)}: rate against latency"
    told = _told(entry)
    drawing = drawn(name, title, told, lambda: _chart(entry), HEIGHT)
    legend = tuple(Key(marks.swatch(n), f"{of} {each}") for n, (of, each) in enumerate(LINES))
    return Picture(name, title, told, drawing, _table(entry, title), legend)


def _told(entry: Mapping[str, Any]) -> str:
    knee = entry.get("knee")
    if not knee:
        return f"Measured at {len(_rates(entry))} rates, not in rising steps: no knee to find, no line to draw."
    holds = rate(knee["holds_at_per_s"])
    if knee["departs_at_per_s"] is None:
        return f"Latency stays what it is at rest up to {holds} per second, the highest rate tried."
    return (
        f"Latency holds up to {holds} per second and departs at {rate(knee['departs_at_per_s'])}: "
        f"{one_line(str(knee['because']))}."
    )


def _table(entry: Mapping[str, Any], title: str) -> Table:
    head = (
        "offered per s",
        "achieved per s",
        "n",
        "errors",
        *(f"{of} {each}" for of, each in LINES),
    )
    return Table(f"{title}, in microseconds", head, [_row(stage) for stage in entry["stages"]])


def _row(stage: Mapping[str, Any]) -> tuple[str, ...]:
    times = [stage[f"{of}_us"][each] for of, each in LINES]
    counts = (f"{stage['n']:,}", f"{stage['errors']:,}")
    return (
        rate(stage["rate_per_s"]),
        rate(stage["achieved_per_s"]),
        *counts,
        *map(microseconds, times),
    )


def _chart(entry: Mapping[str, Any]) -> Any:
    import altair as alt

    rows = [
        {"x": stage["rate_per_s"], "y": axes.positive(value), "s": number}
        for stage in entry["stages"]
        if stage["rate_per_s"] > 0
        for number, (of, name) in enumerate(LINES)
        if (value := stage[f"{of}_us"][name]) is not None
    ]
    x = _offered(sorted(_rates(entry)))
    y = axes.times("y", [row["y"] for row in rows] or [1.0])
    departs = (entry.get("knee") or {}).get("departs_at_per_s")
    knee = [{"x": departs}] if departs else []
    rule = alt.Chart(alt.InlineData(values=knee)).encode(x)
    return alt.layer(
        rule.mark_rule(stroke="var(--failed)", strokeDash=[4, 3], strokeWidth=1.5),
        rule.mark_text(
            align="right", baseline="top", dx=-5, dy=2, color="var(--failed)", fontSize=12
        ).encode(y=alt.value(0), text=alt.value("departs")),
        marks.lines(rows, x, y) if entry.get("knee") else marks.points(rows, x, y),
    )


def _offered(rates: Sequence[float]) -> Any:
    import altair as alt

    scale = alt.Scale(type="log", nice=False, domain=[rates[0], rates[-1]])
    ticks = axes.apart(rates, axes.MOST_BESIDE)
    axis = alt.Axis(
        values=ticks,
        labelExpr="format(datum.value, ',.4~r')",
        title="offered per second",
        grid=False,
    )
    return alt.X("x:Q", scale=scale, axis=axis)
