"""The rate limiter as it was found: what was let through, when it refused, and when it gave way again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from reports.charts import asked, axes, marks
from reports.charts.draw import drawn
from reports.charts.picture import Picture, Table
from reports.figures import named
from reports.limiter import UNKNOWN
from reports.limiter import facts as limiter_facts
from reports.text import one_line

ROW: Final = 34
BAR: Final = 24
NAME_WIDTH, KIND_WIDTH = 92, 132
ENDS: Final = 1.06  # of the last moment: room for its mark


def pictures(load: Sequence[Mapping[str, Any]]) -> list[Picture]:
    """What was asked, the answer as a timeline, and the limiters that it could be."""
    inferred = [entry for entry in load if entry.get("extra", {}).get("inference")]
    found = []
    for number, entry in enumerate(inferred, 1):
        found.append(asked.picture(number, entry))
        found.append(_timeline(number, entry))
        found.append(_candidates(number, entry["extra"]["inference"]))
    return [each for each in found if each]


def _moments(extra: Mapping[str, Any]) -> Iterator[tuple[str, float, float, str]]:
    """(what, from, to, words), in seconds since the first request."""
    found, refused_s = extra["inference"], extra.get("first_refusal_after_s")
    if refused_s is None:
        return
    yield "let through", 0.0, refused_s, f"{extra.get('accepted_before_refusal') or 0:,}"
    recovery = found.get("recovery")
    if recovery:
        low, high = (refused_s + each for each in recovery["first_after_s"])
        yield "refused", refused_s, low, ""
        yield "gives way", low, high, f"{recovery['back_then']:,} at once"
    if extra.get("retry_after_s") is not None:
        yield "Retry-After", *([refused_s + extra["retry_after_s"]] * 2), "as the refusal says"
    if found["kind"] != UNKNOWN:
        yield "window", *found["window_s_between"], f"{found['window_s']:g} s"


def _timeline(number: int, entry: Mapping[str, Any]) -> Picture | None:
    extra = entry["extra"]
    moments = list(_moments(extra))
    if not moments:
        return None
    name, title = f"limiter-{number}", f"{named(entry)}: the limiter over one window"
    told = _told(extra)
    drawing = drawn(name, title, told, lambda: _chart(moments), 50 + ROW * len(moments))
    rows = [(what, _span(low, high), words) for what, low, high, words in moments]
    rows += [(what, "", words) for what, words in limiter_facts(extra["inference"])]
    return Picture(name, title, told, drawing, Table(title, ("", "seconds", ""), rows))


def _told(extra: Mapping[str, Any]) -> str:
    facts = dict(limiter_facts(extra["inference"]))
    wanted = extra["inference"]["requirement"]
    documented = f"{wanted['documented_per_minute']} a minute, as documented"
    return (
        f"{one_line(facts['limiter'])}. One limit for each: {one_line(facts['one limit for each'])}. "
        f"Documented: {wanted['documented_per_minute']:,} a minute; {one_line(facts[documented])}."
    )


def _span(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:.4g} to {high:.4g}"


def _chart(moments: Sequence[tuple[str, float, float, str]]) -> Any:
    import altair as alt

    until = max(high for _, _, high, _ in moments) * ENDS or 1.0
    rows: list[dict[str, Any]] = [
        {"row": what, "x": low, "x2": high, "words": words, "s": min(n, 3)}
        for n, (what, low, high, words) in enumerate(moments)
    ]
    x, y = axes.since_start("x", 0, until), _names([row["row"] for row in rows], NAME_WIDTH)
    base = alt.Chart(alt.InlineData(values=rows)).encode(x, y)
    spans, ends = base.encode(x2="x2"), base.encode(axes.since_start("x2", 0, until))
    words = [_words(row, until, y) for row in rows if row["words"]]
    return alt.layer(
        spans.mark_rule(stroke="var(--s1)", strokeWidth=4, opacity=0.55),
        base.mark_tick(color="var(--s1)", thickness=2, height=14),
        ends.mark_tick(color="var(--s1)", thickness=2, height=14),
        *words,
    )


def _words(row: Mapping[str, Any], until: float, y: Any) -> Any:
    """Beside the span, on the side where there is room."""
    import altair as alt

    is_late = row["x2"] > until / 2
    at = {**row, "x": row["x"] if is_late else row["x2"]}
    chart = alt.Chart(alt.InlineData(values=[at])).encode(
        axes.since_start("x", 0, until), y, text="words:N"
    )
    return chart.mark_text(
        align="right" if is_late else "left",
        dx=-8 if is_late else 8,
        color="var(--strong)",
        fontSize=12,
    )


def _names(order: Sequence[str], width: int) -> Any:
    import altair as alt

    axis = alt.Axis(title=None, grid=False, minExtent=width)
    return alt.Y("row:N", sort=list(order), axis=axis, scale=alt.Scale(domain=list(order)))


def _candidates(number: int, found: Mapping[str, Any]) -> Picture | None:
    """How sure each kind of limiter is; one alone needs no picture."""
    ranked = sorted(found["candidates"].items(), key=lambda each: -each[1])[:8]
    if len(ranked) < 2:
        return None
    name, title = f"limiter-kinds-{number}", "Which limiter it could be"
    told = f"{one_line(ranked[0][0])} with {ranked[0][1]:.1%}, then {one_line(ranked[1][0])} with {ranked[1][1]:.1%}"
    drawing = drawn(name, title, told, lambda: _bars(ranked), 40 + BAR * len(ranked))
    rows = [(kind, f"{share:.2%}") for kind, share in ranked]
    return Picture(name, title, told, drawing, Table(title, ("kind", "probability"), rows))


def _bars(ranked: Sequence[tuple[str, float]]) -> Any:
    import altair as alt

    rows: list[dict[str, Any]] = [{"row": one_line(kind, 24), "x": share} for kind, share in ranked]
    axis = alt.Axis(format="%", tickCount=4, title=None)
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, 1]), axis=axis)
    chart = alt.Chart(alt.InlineData(values=rows)).encode(
        x, _names([row["row"] for row in rows], KIND_WIDTH)
    )
    return alt.layer(
        chart.mark_bar(fill=marks.COLOURS[0], height=10),
    )
