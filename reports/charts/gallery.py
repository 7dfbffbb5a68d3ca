"""All pictures of a page, by the section they stand in, together no larger than a page can carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from markupsafe import Markup

from reports import compared
from reports.charts import limiter, over_time, queueing, rates, rounds, spectrum, streams
from reports.charts.history import History, history
from reports.charts.picture import Picture, within_bytes
from reports.compared import Other
from reports.text import one_line

HISTORY_BYTES: Final = 170_000
PICTURE_BYTES: Final = 230_000
MOST_ROWS: Final = 60
MOST_SCENARIOS: Final = 6  # the pictures of more would be looked at by nobody


@dataclass(frozen=True, slots=True)
class Gallery:
    """The pictures of each section, empty where there is nothing to draw; `history` None without a trend."""

    load: Sequence[Picture]
    limiter: Sequence[Picture]
    streams: Sequence[Picture]
    overlays: Sequence[Picture]
    rounds: Sequence[Picture]
    history: History | None


def gallery(
    summary: Mapping[str, Any], trend: Mapping[str, Any] | None, other: Other | None
) -> Gallery:
    """Draw everything that the documents hold."""
    load = summary["load"][:MOST_SCENARIOS]
    first = [spectrum.picture(spectrum.series(load)), queueing.picture(load)]
    of_load = [each for each in first if each]
    of_load += [*over_time.pictures(load), *rates.pictures(load)]
    turns = rounds.pictures(summary.get("rounds", ()))
    others = (limiter.pictures(load), streams.pictures(load), _overlays(summary, other))
    parts = (turns, of_load, *others)
    kept = iter(within_bytes([each for part in parts for each in part], PICTURE_BYTES))
    turns, of_load, limits, listened, overlays = ([next(kept) for _ in part] for part in parts)
    nights = history(trend, other, MOST_ROWS) if trend else None
    return Gallery(of_load, limits, listened, overlays, turns, nights and _affordable(nights))


def _overlays(summary: Mapping[str, Any], other: Other | None) -> list[Picture]:
    """The spectra of both runs, scenario by scenario."""
    found = []
    pairs = compared.pairs(summary, other.summary)[:MOST_SCENARIOS] if other else []
    for number, (mine, yours) in enumerate(pairs, 1):
        lines = [
            spectrum.series_of(entry, "response", name)
            for entry, name in ((mine, "this run"), (yours, "the other run"))
        ]
        known = [each for each in lines if each]
        title = f"{one_line(mine['scenario'])}, both runs: response time by percentile"
        if len(known) == len(lines):
            found.append(spectrum.picture(known, f"overlay-{number}", title))
    return [each for each in found if each]


def _affordable(nights: History) -> History:
    """Without the small pictures where they are too many."""
    drawings = [each.drawing for each in nights.panels] + [each.drawing for each in nights.rows]
    size = sum(len(each.encode()) for each in drawings)
    if size <= HISTORY_BYTES:
        return nights
    return replace(nights, rows=[replace(row, drawing=Markup()) for row in nights.rows])
