"""What changed since the night before and what the history says, as Markdown; each within its own share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reports.figures import TOO_FEW, microseconds
from reports.text import fitting, in_markdown, some

CHANGED_BYTES = 40_000
SERIES_BYTES = 60_000
GRAVEST_FIRST = ("worse", "not enough data", "better", "same")
SYMBOLS = {"worse": "✕", "same": "✓", "better": "✓", "not enough data": "?"}


def changed(summary: Mapping[str, Any], trend: Mapping[str, Any]) -> Iterator[str]:
    """Requirements and facts that are not as they were, and the verdict before."""
    yield from ("", "## What changed since last time", "")
    before, found = trend["before"], trend["changed"]
    if before is None:
        yield "This is the first night of this target."
        return
    said = f", trend {in_markdown(before['trend'])}" if before["trend"] else ""
    yield (
        f"Last time ({in_markdown(before['started'])}): {in_markdown(before['verdict'])}{said}. "
        f"Now: {summary['verdict']}, trend {trend['verdict']}."
    )
    if not found["requirements"] and not found["facts"]:
        yield from ("", "No requirement and no fact about the target or this machine changed.")
        return
    rows = [_change(f"{x['id']}: {x['sentence']}", x) for x in found["requirements"]]
    rows += [_change(each["name"], each) for each in found["facts"]]
    yield from ("", *_table(("what", "before", "now"), rows, CHANGED_BYTES, "change"))


def _change(what: str, row: Mapping[str, Any]) -> str:
    cells = (what, *(TOO_FEW if row[x] is None else row[x] for x in ("before", "now")))
    return f"| {' | '.join(in_markdown(cell, 300) for cell in cells)} |"


def history(trend: Mapping[str, Any]) -> Iterator[str]:
    """Each series beside its nights, the gravest first."""
    rules = trend["rules"]
    yield from ("", f"## Trend: {trend['verdict']}", "")
    yield (
        f"{some(trend['nights'], 'night')} of {in_markdown(trend['target'])}. Worse means more than "
        f"{rules['margin']:.0%} and {microseconds(rules['margin_us'])} µs slower, with "
        f"{rules['confidence']:.0%} confidence."
    )
    if not trend["series"]:
        return
    ordered = sorted(trend["series"], key=lambda each: GRAVEST_FIRST.index(each["verdict"]))
    names = ("series", "verdict", "tonight, µs", "before, µs", "change", "why")
    rows = [_series(each) for each in ordered]
    yield from ("", *_table(names, rows, SERIES_BYTES, "series"))


def _series(row: Mapping[str, Any]) -> str:
    cells = (
        in_markdown(row["series"]),
        f"{SYMBOLS[row['verdict']]} {row['verdict']}",
        microseconds(row["value_us"]),
        microseconds(row["baseline_us"]),
        _effect(row),
        in_markdown(row["why"], 300),
    )
    return f"| {' | '.join(cells)} |"


def _effect(row: Mapping[str, Any]) -> str:
    if row["effect"] is None:
        return TOO_FEW
    if row["low"] is None or row["high"] is None:
        return f"{row['effect']:+.1%}"
    return f"{row['effect']:+.1%} ({row['low']:+.1%} to {row['high']:+.1%})"


def _table(names: Iterable[str], rows: list[str], most: int, noun: str) -> Iterator[str]:
    names = list(names)
    yield f"| {' | '.join(names)} |"
    yield "|---" * len(names) + "|"
    kept = fitting(rows, most)
    yield from kept
    if left_out := len(rows) - len(kept):
        yield from ("", f"{left_out:,} more {noun} left out: trend.json holds all.")
