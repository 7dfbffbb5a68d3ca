"""The streams: what came of what was due, how late it came, and what trials did to the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from reports.charts import axes, marks, spectrum
from reports.charts.draw import drawn
from reports.charts.picture import Key, Picture, Table
from reports.figures import TOO_FEW, microseconds, named
from reports.text import one_line, some

ROW: Final = 24
NAME_WIDTH: Final = 142
TRIALS: Final = ("slow_reader", "storm")
FIGURES: Final = {"event_to_kernel_at_most_us": "events", "order_wire_us": "orders"}
SPANS: Final = ("before", "meanwhile")
INTERVALS: Final = ("p50", "p90", "p99")


@dataclass(frozen=True, slots=True)
class Delivery:
    """How many messages came of those that were due."""

    what: str
    delivered: int
    expected: int

    @property
    def share(self) -> float:
        """Of what was due; more than all is all."""
        return min(self.delivered / self.expected, 1.0)


def pictures(load: Sequence[Mapping[str, Any]]) -> list[Picture]:
    """The pictures of every scenario that listened to streams."""
    found: list[Picture | None] = []
    listened = [entry for entry in load if "messages" in entry.get("extra", {})]
    for number, entry in enumerate(listened, 1):
        name = named(entry)
        found += [
            _delivered(f"delivered-{number}", name, entry["extra"]),
            _delays(f"delays-{number}", name, entry),
            _ages(f"ages-{number}", name, entry["extra"]),
            _trials(f"trials-{number}", name, entry["extra"]),
        ]
    return [each for each in found if each]


def _deliveries(extra: Mapping[str, Any]) -> Iterator[Delivery]:
    counted = [("all channels", extra.get("messages"), extra.get("messages_expected"))]
    slow = extra.get("slow_reader") or {}
    counted.append(("to a slow reader", slow.get("delivered"), slow.get("expected")))
    for step in (extra.get("ramp") or {}).get("steps", ()):
        what = f"{step['connections']} × {step['subscriptions']} topics"
        counted.append((what, step["delivered"], step["expected"]))
    for what, delivered, expected in counted:
        if delivered is not None and expected:
            yield Delivery(what, delivered, expected)


def _delivered(name: str, scenario: str, extra: Mapping[str, Any]) -> Picture | None:
    rows = list(_deliveries(extra))
    if not rows:
        return None
    title = f"{scenario}: delivered against expected"
    short = [each.what for each in rows if each.delivered < each.expected]
    told = f"{rows[0].delivered:,} of {some(rows[0].expected, 'message')} came, "
    told += some(extra.get("gaps") or 0, "gap")
    told += f"; less than all came: {', '.join(short)}" if short else "; nothing is missing"
    drawing = drawn(name, title, told, lambda: _bars(rows), 40 + ROW * len(rows))
    cells = [(r.what, f"{r.delivered:,}", f"{r.expected:,}", f"{r.share:.2%}") for r in rows]
    channels = extra.get("by_channel") or {}
    cells += [
        (f"channel {one_line(each)}", f"{n:,}", TOO_FEW, TOO_FEW) for each, n in channels.items()
    ]
    return Picture(
        name, title, told, drawing, Table(title, ("", "delivered", "expected", "share"), cells)
    )


def _bars(rows: Sequence[Delivery]) -> Any:
    import altair as alt

    data: list[dict[str, Any]] = [
        {"row": r.what, "x": r.share, "words": f"{r.delivered:,} of {r.expected:,}"} for r in rows
    ]
    axis = alt.Axis(format="%", tickCount=4, title=None)
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, 1]), axis=axis)
    base = alt.Chart(alt.InlineData(values=data)).encode(y=_names([row["row"] for row in data]))
    return alt.layer(
        base.encode(x).mark_bar(fill="var(--s1)", height=12, opacity=0.45),
        base.encode(x=alt.value(6), text="words:N").mark_text(
            align="left", color="var(--strong)", fontSize=12
        ),
    )


def _names(order: Sequence[str]) -> Any:
    import altair as alt

    axis = alt.Axis(title=None, grid=False, minExtent=NAME_WIDTH)
    return alt.Y("row:N", sort=list(order), axis=axis, scale=alt.Scale(domain=list(order)))


def _delays(name: str, scenario: str, entry: Mapping[str, Any]) -> Picture | None:
    """The spectrum of what else was timed: an order until its event, a message until it was read."""
    others = [each for each in entry.get("histograms", {}) if each not in ("wire", "response")]
    found = (spectrum.series_of(entry, each, each.replace("_", " ")) for each in others)
    shown = [each for each in found if each][: marks.MOST_SERIES]
    return spectrum.picture(shown, name, f"{scenario}: delay by percentile")


def _ages(name: str, scenario: str, extra: Mapping[str, Any]) -> Picture | None:
    """From the exchange's event time to our kernel: intervals, for two clocks are never exactly one."""
    latency = extra.get("latency") or {}
    known = [(each, *latency[f"{each}_us"]) for each in INTERVALS if latency.get(f"{each}_us")]
    if not known:
        return None
    title = f"{scenario}: from the event to our kernel"
    _, low, high = known[-1]
    told = (
        f"{known[-1][0]} lies between {microseconds(low)} and {microseconds(high)} µs; the width is what two clocks "
        "leave open"
    )
    drawing = drawn(name, title, told, lambda: _ranges(known), 40 + ROW * len(known))
    rows = [(each, microseconds(least), microseconds(most)) for each, least, most in known]
    table = Table(f"{title}, in microseconds", ("", "at least", "at most"), rows)
    return Picture(name, title, told, drawing, table)


def _ranges(known: Sequence[tuple[str, float, float]]) -> Any:
    import altair as alt

    rows: list[dict[str, Any]] = [
        {"row": each, "x": axes.positive(low), "x2": axes.positive(high)}
        for each, low, high in known
    ]
    values = [row[end] for row in rows for end in ("x", "x2")]
    x, y = axes.times("x", values, axis="x"), _names([row["row"] for row in rows])
    base = alt.Chart(alt.InlineData(values=rows)).encode(x, y)
    ends = base.encode(axes.times("x2", values, axis="x"))
    return alt.layer(
        base.encode(x2="x2").mark_rule(stroke="var(--s1)", strokeWidth=4, opacity=0.55),
        base.mark_tick(color="var(--s1)", thickness=2, height=14),
        ends.mark_tick(color="var(--s1)", thickness=2, height=14),
    )


def _pairs(extra: Mapping[str, Any]) -> Iterator[tuple[str, float, float]]:
    """(whose p99 in which trial, before, meanwhile)."""
    for trial in TRIALS:
        told = extra.get(trial) or {}
        before, during = told.get("others_before"), told.get("others_meanwhile")
        if not before or not during:
            continue
        for figure, what in FIGURES.items():
            then, now = before[figure]["p99"], during[figure]["p99"]
            if then is not None and now is not None:
                yield f"{trial.replace('_', ' ')}, {what}", then, now


def _trials(name: str, scenario: str, extra: Mapping[str, Any]) -> Picture | None:
    """What each trial came to, and p99 of the others before and meanwhile."""
    came, pairs = list(_came(extra)), list(_pairs(extra))
    if not came:
        return None
    title = f"{scenario}: the others while one behaves badly"
    told = "; ".join([*(f"{what}: {words}" for what, words in came), _disturbed(extra)])
    drawing = (
        drawn(name, title, told, lambda: _dumbbells(pairs), 40 + ROW * len(pairs))
        if pairs
        else Markup()
    )
    rows = [(what, microseconds(then), microseconds(now)) for what, then, now in pairs]
    table = Table(
        f"{title}: p99 in microseconds", ("", *SPANS), [*rows, *((*each, "") for each in came)]
    )
    legend = tuple(Key(marks.swatch(n), each) for n, each in enumerate(SPANS))
    return Picture(name, title, told, drawing, table, legend)


def _came(extra: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the exchange did, trial by trial."""
    slow, storm = extra.get("slow_reader"), extra.get("storm")
    if slow:
        yield "slow reader", f"the exchange {one_line(str(slow.get('did', 'was not told')))}"
    if storm:
        back = microseconds((storm.get("back_us") or {}).get("p50"))
        yield (
            "storm",
            f"{storm.get('back', 0):,} of {storm.get('cut', 0):,} came back, half of them within {back} µs",
        )


def _disturbed(extra: Mapping[str, Any]) -> str:
    found = [
        f"{trial.replace('_', ' ')} disturbed the others: {one_line('; '.join(said))}"
        for trial in TRIALS
        if (said := (extra.get(trial) or {}).get("others_disturbed"))
    ]
    return "; ".join(found) or "no trial disturbed the others"


def _dumbbells(pairs: Sequence[tuple[str, float, float]]) -> Any:
    import altair as alt

    rows: list[dict[str, Any]] = [
        {"row": what, "x": axes.positive(then), "x2": axes.positive(now)}
        for what, then, now in pairs
    ]
    ends: list[dict[str, Any]] = [
        {"row": row["row"], "x": row[end], "s": n}
        for row in rows
        for n, end in enumerate(("x", "x2"))
    ]
    x = axes.times("x", [end["x"] for end in ends], axis="x")
    y = _names([row["row"] for row in rows])
    return alt.layer(
        alt.Chart(alt.InlineData(values=rows))
        .encode(x, y, x2="x2")
        .mark_rule(stroke="currentColor"),
        marks.points(ends, x, y),
    )
