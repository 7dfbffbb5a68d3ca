"""A night's rounds: the target and a control by turns, so that what this machine did shows in both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final

from reports.charts import axes, marks
from reports.charts.draw import drawn
from reports.charts.picture import Key, Picture, Table
from reports.figures import microseconds
from reports.text import one_line, some

HEIGHT: Final = 220
OF: Final = ("target", "control")
LINES: Final = {"p50": marks.WEIGHT, "p99": 1.0}
MOST_SCENARIOS: Final = 6
MOST_ROUNDS: Final = 60
MOST_NAMED: Final = 3

Round = Mapping[str, Any]


def pictures(rounds: Sequence[Round]) -> list[Picture]:
    """One picture of each scenario that was measured round by round."""
    scenarios = list(dict.fromkeys(each["scenario"] for each in rounds))[:MOST_SCENARIOS]
    made = (
        _picture(number, scenario, [each for each in rounds if each["scenario"] == scenario])
        for number, scenario in enumerate(scenarios, 1)
    )
    return [each for each in made if each]


def _picture(number: int, scenario: str, rounds: Sequence[Round]) -> Picture | None:
    kept = sorted(rounds, key=lambda each: each["round"])[-MOST_ROUNDS * len(OF) :]
    points = _points(kept)
    if not points:
        return None
    name, title = f"rounds-{number}", f"{one_line(scenario, 60)}, round by round"
    told = _told(kept)
    drawing = drawn(name, title, told, lambda: _chart(points), HEIGHT)
    legend = tuple(Key(marks.swatch(n), OF[n]) for n in sorted({row["s"] for row in points}))
    return Picture(name, title, told, drawing, _table(kept, title), legend)


def ratios(rounds: Sequence[Round]) -> list[float]:
    """The target's wire p50 as a multiple of the control's, of each round in which both are valid."""
    of = {
        (each["round"], each["of"]): each["wire_us"]["p50"]
        for each in rounds
        if each["valid"] and each["wire_us"]["p50"]
    }
    numbers = sorted({number for number, _ in of})
    pairs = [[of.get((number, name)) for name in OF] for number in numbers]
    return [target / control for target, control in pairs if target and control]


def _told(rounds: Sequence[Round]) -> str:
    return "; ".join([_compared(rounds), *_invalid(rounds)])


def _compared(rounds: Sequence[Round]) -> str:
    if not any(each["of"] == "control" for each in rounds):
        return "The target alone: no control was measured beside it"
    found = ratios(rounds)
    if not found:
        return "No round in which target and control are both valid"
    return (
        f"At p50 the target takes {median(found):.2f} times the control's time "
        f"(median of {some(len(found), 'round')}, {min(found):.2f} to {max(found):.2f})"
    )


def _invalid(rounds: Sequence[Round]) -> list[str]:
    """Which rounds do not count, and why."""
    named = [_why(each) for each in rounds if not each["valid"]]
    more = len(named) - MOST_NAMED
    return [*named[:MOST_NAMED], *([f"{more} more not valid"] if more > 0 else [])]


def _why(each: Round) -> str:
    return f"round {each['round']} of the {each['of']} is not valid: {one_line(each['why_invalid'] or '', 80)}"


def _table(rounds: Sequence[Round], title: str) -> Table:
    head = ("round", "of", "n", "wire p50", "wire p99", "response p50", "response p99", "")
    return Table(f"{title}, times in microseconds", head, [_row(each) for each in rounds])


def _row(each: Round) -> tuple[str, ...]:
    times = (each[f"{of}_us"][name] for of in ("wire", "response") for name in LINES)
    words = "" if each["valid"] else f"not valid: {one_line(each['why_invalid'] or '', 80)}"
    return (str(each["round"]), each["of"], f"{each['n']:,}", *map(microseconds, times), words)


def _points(rounds: Sequence[Round]) -> list[dict[str, Any]]:
    """Every percentile that a round carries; rounds without any, as those that broke off, have none."""
    return [
        {
            "x": each["round"],
            "y": axes.positive(each["wire_us"][name]),
            "s": OF.index(each["of"]),
            "name": name,
            "valid": each["valid"],
        }
        for each in rounds
        for name in LINES
        if each["wire_us"][name] is not None
    ]


def _chart(points: Sequence[dict[str, Any]]) -> Any:
    import altair as alt

    x, y = _numbers(points), axes.times("y", (row["y"] for row in points))
    layers = []
    for name, weight in LINES.items():
        rows = [row for row in points if row["name"] == name]
        line = alt.Chart(alt.InlineData(values=rows)).mark_line(strokeWidth=weight)
        numbers = marks.numbers(rows)
        layers.append(line.encode(x, y, marks.coloured("s", numbers), marks.dashed("s", numbers)))
    medians = [row for row in points if row["name"] == "p50"]
    valid = [row for row in medians if row["valid"]]
    hollow = [row for row in medians if not row["valid"]]
    return alt.layer(*layers, marks.points(valid, x, y), *(_hollow(row, x, y) for row in hollow))


def _numbers(points: Sequence[Mapping[str, Any]]) -> Any:
    import altair as alt

    first, last = (end(row["x"] for row in points) for end in (min, max))
    step = max(1, -(-(last - first + 1) // axes.MOST_TICKS))
    axis = alt.Axis(
        values=list(range(first, last + 1, step)), format="d", title="round", grid=False
    )
    scale = alt.Scale(domain=[first, max(last, first + 1)], nice=False, zero=False, padding=12)
    return alt.X("x:Q", scale=scale, axis=axis)


def _hollow(row: Mapping[str, Any], x: Any, y: Any) -> Any:
    import altair as alt

    chart = alt.Chart(alt.InlineData(values=[row])).encode(x, y)
    mark = chart.mark_point(
        shape=marks.SHAPES[row["s"]],
        size=90,
        fill="var(--page)",
        stroke=marks.COLOURS[row["s"]],
        strokeWidth=2,
        opacity=1,
    )
    words = chart.encode(text=alt.value("not valid"))
    return alt.layer(mark, words.mark_text(dy=-14, color="var(--strong)", fontSize=12))
