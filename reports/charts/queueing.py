"""Wire against response: how much of what a client waits is not the exchange's and the network's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from reports.charts import axes, marks
from reports.charts.draw import drawn
from reports.charts.picture import Key, Picture, Table
from reports.figures import PERCENTILES, TOO_FEW, microseconds, named

ROW: Final = 21
MOST_SCENARIOS: Final = 6
SHOWN: Final = {name: word for name, word in PERCENTILES.items() if name != "max"}
MEASURES: Final = ("wire", "response")
NAME, TITLE = "queueing", "Wire against response"
NOTE: Final = (
    "The gap is what passes between the planned time and our send, and between the answer's arrival and our read: "
    "waiting for a connection, and this client itself."
)


def picture(load: Sequence[Mapping[str, Any]]) -> Picture | None:
    """All scenarios in one picture, percentile by percentile."""
    shown = [entry for entry in load if entry["n"] and any(_pairs(entry))][:MOST_SCENARIOS]
    if not shown:
        return None
    told = _told(shown)
    rows = sum(1 + len(list(_pairs(entry))) for entry in shown)
    drawing = drawn(NAME, TITLE, told, lambda: _chart(shown), 30 + ROW * rows)
    legend = tuple(Key(marks.swatch(n), each) for n, each in enumerate(MEASURES))
    return Picture(NAME, TITLE, told, drawing, _table(shown), legend, NOTE)


def _pairs(entry: Mapping[str, Any]) -> Iterator[tuple[str, float, float]]:
    """(percentile, wire, response) wherever both are carried."""
    for name, word in SHOWN.items():
        wire, response = entry["wire_us"][name], entry["response_us"][name]
        if wire is not None and response is not None:
            yield word, wire, response


def _told(shown: Sequence[Mapping[str, Any]]) -> str:
    """Where the gap is widest."""
    gaps = [
        (response / axes.positive(wire), named(entry), word, wire, response)
        for entry in shown
        for word, wire, response in _pairs(entry)
    ]
    times, scenario, word, wire, response = max(gaps)
    return (
        f"Widest for {scenario} at {word}: the response of {microseconds(response)} µs is {times:.2f} times the "
        f"wire's {microseconds(wire)} µs"
    )


def _table(shown: Sequence[Mapping[str, Any]]) -> Table:
    rows = [
        (
            f"{named(entry)} {word}",
            microseconds(wire),
            microseconds(response),
            _gap(wire, response),
        )
        for entry in shown
        for word, wire, response in _pairs(entry)
    ]
    return Table(f"{TITLE}, in microseconds", ("", "wire", "response", "beside the wire"), rows)


def _gap(wire: float, response: float) -> str:
    return TOO_FEW if response < wire else microseconds(response - wire)


def _chart(shown: Sequence[Mapping[str, Any]]) -> Any:
    import altair as alt

    names: list[dict[str, Any]] = []
    pairs: list[dict[str, Any]] = []
    ends: list[dict[str, Any]] = []
    order: list[str] = []
    for number, entry in enumerate(shown):
        order.append(f"{number}|")
        names.append({"row": order[-1], "name": named(entry, 40)})
        for word, wire, response in _pairs(entry):
            order.append(f"{number}|{word}")
            low, high = axes.positive(wire), axes.positive(response)
            pairs.append({"row": order[-1], "x": low, "x2": high})
            ends += [{"row": order[-1], "x": low, "s": 0}, {"row": order[-1], "x": high, "s": 1}]
    x = axes.times("x", [each["x"] for each in ends], axis="x")
    y = _rows(order)
    words = alt.Chart(alt.InlineData(values=names)).encode(y, x=alt.value(0))
    gaps = alt.Chart(alt.InlineData(values=pairs)).encode(x, y, x2="x2")
    return alt.layer(
        words.mark_text(align="left", fontSize=12, color="var(--strong)").encode(text="name:N"),
        gaps.mark_rule(stroke="currentColor", strokeWidth=1.5),
        marks.points(ends, x, y),
    )


def _rows(order: Sequence[str]) -> Any:
    import altair as alt

    axis = alt.Axis(
        labelExpr="split(datum.value, '|')[1]", title=None, grid=False, minExtent=axes.LABEL_WIDTH
    )
    return alt.Y("row:N", sort=list(order), axis=axis, scale=alt.Scale(domain=list(order)))
