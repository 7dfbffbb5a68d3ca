"""One scenario over the time of its run: every answer as heat, and the percentiles as lines over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from reports.charts import axes, marks
from reports.charts.draw import drawn, ornament
from reports.charts.heat import Heat, heat
from reports.charts.picture import Key, Picture, Table
from reports.charts.png import data_uri
from reports.figures import microseconds, named
from reports.text import some

HEIGHT: Final = 260
LINES: Final = {"p50": [1, 0], "p99": [5, 3]}
LOOK: Final[Mapping[str, Any]] = {"stroke": "var(--strong)", "strokeWidth": 1.75}
NOTE: Final = (
    "Response times; the fuller the colour, the larger the share of that moment's answers. "
    "A cross on the top edge marks a moment with errors."
)


def pictures(load: Sequence[Mapping[str, Any]]) -> list[Picture]:
    """A picture of each scenario whose run over time is known."""
    known = [entry for entry in load if entry.get("over_time")]
    made = (_picture(number, entry) for number, entry in enumerate(known, 1))
    return [each for each in made if each]


def _picture(number: int, entry: Mapping[str, Any]) -> Picture | None:
    found = heat(entry["over_time"])
    if found is None or len(found.rows[0]) < 2:  # one moment has no course
        return None
    name, title = f"over-time-{number}", f"{named(entry)} over time"
    told = _told(entry)
    drawing = drawn(name, title, told, lambda: _chart(entry["over_time"]["rows"], found), HEIGHT)
    legend = tuple(Key(_swatch(each), f"{each} of the response") for each in LINES)
    return Picture(name, title, told, drawing, _table(entry, title), legend, NOTE)


def _told(entry: Mapping[str, Any]) -> str:
    rows = [row for row in entry["over_time"]["rows"] if row["n"]]
    parts = [_range(rows, name) for name in LINES]
    errors = sum(row["errors"] for row in entry["over_time"]["rows"])
    parts.append(f"{some(errors, 'error')}" if errors else "no error")
    return "; ".join(part for part in parts if part)


def _range(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    """From where to where a percentile went, and when it was at its worst."""
    known = [row for row in rows if row["response_us"][name] is not None]
    if not known:
        return f"{name}: too few samples in each moment"
    values = [row["response_us"][name] for row in known]
    worst = max(known, key=lambda row: float(row["response_us"][name]))
    low, high = microseconds(min(values)), microseconds(max(values))
    return f"{name} between {low} and {high} µs, worst at {worst['from_s']:g} s"


def _table(entry: Mapping[str, Any], title: str) -> Table:
    head = ("from", "n", "errors", "wire p50", "wire p99", "response p50", "response p99")
    rows = [_row(row) for row in entry["over_time"]["rows"]]
    return Table(f"{title}: times in microseconds", head, rows)


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    times = [row[f"{of}_us"][name] for of in ("wire", "response") for name in LINES]
    return (
        f"{row['from_s']:g} s",
        f"{row['n']:,}",
        f"{row['errors']:,}",
        *map(microseconds, times),
    )


def _chart(rows: Sequence[Mapping[str, Any]], found: Heat) -> Any:
    import altair as alt

    half = (found.until_s - found.from_s) / len(found.rows[0]) / 2
    shown = [row for row in rows if found.from_s <= row["from_s"] < found.until_s]
    lines = {name: _points(shown, name, half) for name in LINES}
    known = [point["y"] for points in lines.values() for point in points]
    x = axes.since_start("x", found.from_s, found.until_s)
    y = axes.times("y", (found.low_us, found.high_us, *known))
    drawn_lines = (
        alt.Chart(alt.InlineData(values=points))
        .encode(x, y, detail="part:N")
        .mark_line(strokeDash=LINES[name], **LOOK)
        for name, points in lines.items()
    )
    wrong = [{"x": row["from_s"] + half} for row in shown if row["errors"]]
    crosses = alt.Chart(alt.InlineData(values=wrong)).encode(x, y=alt.value(0))
    return alt.layer(_image(found, x, y), *drawn_lines, crosses.mark_point(**marks.CROSS, size=60))


def _points(rows: Sequence[Mapping[str, Any]], name: str, half: float) -> list[dict[str, float]]:
    """A percentile in the middle of each moment that carries it, in parts between which nothing was measured."""
    known = [row for row in rows if row["response_us"][name] is not None]
    parts: list[list[dict[str, float]]] = []
    for row in known:
        point = {"x": row["from_s"] + half, "y": axes.positive(row["response_us"][name])}
        if not parts or point["x"] - parts[-1][-1]["x"] > 3 * half:
            parts.append([])
        parts[-1].append(point)
    return [
        {**point, "part": number}
        for number, part in enumerate(parts)
        for point in (part if len(part) > 1 else _alone(part[0], half))
    ]


def _alone(point: Mapping[str, float], half: float) -> list[dict[str, float]]:
    """A moment with no neighbour, as wide as it lasted: a line of one point would not be seen."""
    return [{**point, "x": point["x"] + side} for side in (-half, half)]


def _image(found: Heat, x: Any, y: Any) -> Any:
    import altair as alt

    corners = {"x": found.from_s, "x2": found.until_s, "y": found.low_us, "y2": found.high_us}
    data = alt.InlineData(values=[{**corners, "url": data_uri(found.rows)}])
    return alt.Chart(data).mark_image(aspect=False).encode(x, y, x2="x2", y2="y2", url="url:N")


def _swatch(name: str) -> Any:
    return ornament("swatch", lambda: _line(LINES[name]), 40, 16)


def _line(dashes: Sequence[float]) -> Any:
    import altair as alt

    data = alt.InlineData(values=[{"x": 0}, {"x": 1}])
    chart = alt.Chart(data).encode(alt.X("x:Q", axis=None))
    return chart.mark_line(strokeDash=list(dashes), **LOOK)
