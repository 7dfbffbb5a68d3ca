"""What a limiter was asked: how much it had let through in the minute before, and when it refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reports.charts import axes, marks
from reports.charts.draw import drawn, ornament
from reports.charts.picture import Key, Picture, Table
from reports.figures import named
from reports.text import one_line, some

HEIGHT: Final = 240
CROSS: Final = 70
BUDGET: Final[Mapping[str, Any]] = {
    "stroke": "var(--strong)",
    "strokeDash": [2, 3],
    "strokeWidth": 1.25,
}
WINDOW_S: Final = 60.0  # the budget is documented per minute
WHO: Final = ("account", "address", "key")
MOST_ROWS: Final = 120
LEAST_SHARE: Final = 0.05  # of the busiest: who asked less and was never refused has no line
SPAN_MIN_S: Final = 0.001  # as exact as the moments are
NOTE: Final = (
    "Each line counts what was let through in the minute before. A limiter that keeps to a minute refuses where it "
    "meets the dotted line; one that counts in minutes of its own lets it rise to twice that."
)

Batch = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asker:
    """One of those that the limiter counts apart, and the batches of requests of its own."""

    name: str
    batches: Sequence[Batch]

    @property
    def accepted(self) -> int:
        """How many of its requests were let through."""
        return sum(each["accepted"] for each in self.batches)

    @property
    def refused(self) -> int:
        """How many of its requests were refused."""
        return sum(each["refused"] for each in self.batches)

    def minute_before(self, at_s: float) -> float:
        """How many were let through in the minute that ends then; a batch is spread evenly over its time."""
        shares = (
            each["accepted"] * (_done(each, at_s) - _done(each, at_s - WINDOW_S))
            for each in self.batches
        )
        return sum(shares, 0.0)

    def moments(self) -> list[float]:
        """Where the line bends, within the experiment of this asker and the minute after."""
        ends = {x for each in self.batches for x in (each["from_s"], _until(each))}
        return sorted(ends | {x + WINDOW_S for x in ends})


def picture(number: int, entry: Mapping[str, Any]) -> Picture | None:
    """The experiment over its time; nothing where the run kept no batches."""
    batches = entry["extra"].get("batches") or ()
    found = askers(batches, entry["extra"]["inference"]["scope"])
    if not found:
        return None
    documented = entry["extra"]["inference"]["requirement"]["documented_per_minute"]
    name, title = f"asked-{number}", f"{named(entry)}: let through in the minute before"
    told = _told(found, documented)
    drawing = drawn(name, title, told, lambda: _chart(found, documented, batches), HEIGHT)
    keys = [Key(marks.stroke(n), each.name) for n, each in enumerate(found)]
    if any(each.refused for each in found):
        keys.append(Key(ornament("swatch", _cross, 40, 16), "refused"))
    keys.append(Key(ornament("swatch", _budget, 40, 16), f"documented: {documented:,} a minute"))
    return Picture(name, title, told, drawing, _table(batches), tuple(keys), NOTE)


def askers(batches: Sequence[Batch], scope: Any) -> list[Asker]:
    """Those that the limiter counts apart as far as is known, busiest first, without those that hardly asked."""
    names = WHO if isinstance(scope, str) or not scope else tuple(scope)
    groups: dict[str, list[Batch]] = {}
    for each in batches:
        groups.setdefault(_who(each, names), []).append(each)
    ranked = sorted((Asker(*each) for each in groups.items()), key=lambda each: -each.accepted)
    least = ranked[0].accepted * LEAST_SHARE if ranked else 0
    return [each for each in ranked if each.refused or each.accepted > least][: marks.MOST_SERIES]


def _who(batch: Batch, names: Sequence[str]) -> str:
    said = [f"{name} {one_line(batch[name], 24)}" for name in names if batch.get(name)]
    return ", ".join(said) or "nobody logged in"


def _until(batch: Batch) -> float:
    return float(max(batch["until_s"], batch["from_s"] + SPAN_MIN_S))


def _done(batch: Batch, at_s: float) -> float:
    """The share of a batch that is over by then."""
    share = (at_s - batch["from_s"]) / (_until(batch) - batch["from_s"])
    return float(min(1.0, max(0.0, share)))


def _told(found: Sequence[Asker], documented: int) -> str:
    return "; ".join([*map(_of, found), f"documented: {documented:,} a minute"])


def _of(asker: Asker) -> str:
    most = max(map(asker.minute_before, asker.moments()))
    first = next((each for each in asker.batches if each["refused"]), None)
    said = f"{asker.name}: at most {most:,.0f} in a minute, "
    if first is None:
        return f"{said}never refused"
    at = asker.minute_before(_until(first))
    return f"{said}refused {some(asker.refused, 'time')}, first after {at:,.0f}"


def _table(batches: Sequence[Batch]) -> Table:
    left_out = len(batches) - MOST_ROWS
    caption = "What was asked, in order"
    caption += f"; {some(left_out, 'later row')} left out: summary.json holds all" * (left_out > 0)
    head = ("from", "until", "by", "operation", "let through", "refused")
    return Table(caption, head, [_row(each) for each in batches[:MOST_ROWS]])


def _row(batch: Batch) -> tuple[str, ...]:
    counts = (f"{batch[name]:,}" for name in ("accepted", "refused"))
    span = (f"{batch[name]:g} s" for name in ("from_s", "until_s"))
    return (*span, _who(batch, WHO), one_line(batch["operation"], 40), *counts)


def _chart(found: Sequence[Asker], documented: int, batches: Sequence[Batch]) -> Any:
    import altair as alt

    until = max(map(_until, batches))
    rows = [row for n, each in enumerate(found) for row in _line(n, each, until)]
    most = max([documented, *(row["y"] for row in rows)])
    x, y = axes.since_start("x", 0, until), _counts(most)
    lines = alt.Chart(alt.InlineData(values=rows)).encode(
        x, y, marks.coloured("s", marks.numbers(rows))
    )
    refused = [
        {"x": _until(each), "y": round(asker.minute_before(_until(each)))}
        for asker in found
        for each in asker.batches
        if each["refused"]
    ]
    crosses = alt.Chart(alt.InlineData(values=refused)).encode(x, y)
    return alt.layer(
        _documented((0, until), documented, x, y),
        lines.mark_line(strokeWidth=marks.WEIGHT).encode(marks.dashed("s", marks.numbers(rows))),
        crosses.mark_point(**marks.CROSS, size=CROSS),
    )


def _line(number: int, asker: Asker, until: float) -> list[dict[str, Any]]:
    moments = [each for each in asker.moments() if each <= until]
    return [
        {"x": at_s, "y": round(asker.minute_before(at_s), 1), "s": number}
        for at_s in [*moments, until]
    ]


def _counts(most: float) -> Any:
    import altair as alt

    axis = alt.Axis(tickCount=5, format=",d", title=None, minExtent=axes.LABEL_WIDTH)
    return alt.Y("y:Q", scale=alt.Scale(domain=[0, most * 1.12 or 1], nice=False), axis=axis)


def _documented(ends: Sequence[float], documented: int, x: Any, y: Any) -> Any:
    import altair as alt

    rows = [{"x": at, "y": documented} for at in ends]
    return alt.Chart(alt.InlineData(values=rows)).encode(x, y).mark_line(**BUDGET)


def _budget() -> Any:
    import altair as alt

    chart = alt.Chart(alt.InlineData(values=[{"x": 0}, {"x": 1}]))
    return chart.encode(alt.X("x:Q", axis=None)).mark_line(**BUDGET)


def _cross() -> Any:
    import altair as alt

    chart = alt.Chart(alt.InlineData(values=[{"x": 0}])).encode(alt.X("x:Q", axis=None))
    return chart.mark_point(**marks.CROSS, size=CROSS)
