"""What a night's history says of it: compares a run with the nights before it, and writes trend.json.

`python -m reports.trend RUN_DIR --history FOLDER`; the address of the index is in HISTORY_INDEX. The run is not
added to its history here, for it is not concluded before it is compared.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from conformance.arguments import Arguments
from conformance.errors import ExitCode, RunError, SuiteError
from conformance.record import json_file, trend_file
from reports.change.judge import Judged, judge
from reports.change.nights import Night
from reports.change.points import Point, points
from reports.change.rules import Rules
from reports.change.values import value_us
from reports.differences import differences, requirements
from reports.document import Summary, read
from reports.history.document import document_of
from reports.history.measures import Run, nights_of, run_of
from reports.history.store import History

GRAVEST: Final = ("worse", "not enough data", "better", "same")
NIGHTS_MOST: Final = 60
INDEX: Final = "HISTORY_INDEX"

Series = Mapping[str, Sequence[Night]]


def main(words: list[str] | None = None) -> int:
    """0 when the night is compared; our own errors are one line on stderr."""
    try:
        options = _parser().parse_args(words)
        rules = Rules(margin=options.margin, margin_us=options.margin_us)
        summary = read(options.run)
        with History.open(options.history, os.environ.get(INDEX, "")) as history:
            trend = compared(history, summary, options.run.resolve().name, rules)
        json_file.write(options.run / trend_file.FILE, trend)
    except SuiteError as error:
        print(f"history: {error}", file=sys.stderr)
        return int(error.exit_code)
    return int(ExitCode.PASS)


def compared(history: History, summary: Summary, name: str, rules: Rules) -> dict[str, Any]:
    """The trend of a run by its folder's name. Raises RunError."""
    tonight = document_of(summary, name)
    this = run_of(tonight)
    nights = _with(_nights_before(history, this), nights_of(tonight))
    judged = judge(nights, rules)
    earlier = history.before(this)
    return {
        "schema": 1,
        "run": tonight.id,
        "target": this.target,
        "profile": this.profile,
        "machine": this.machine,
        "nights": max((len(each) for each in nights.values()), default=1),
        "verdict": gravest(each.verdict for each in judged.values()),
        "rules": _rules(rules),
        "before": _before(earlier) if earlier else None,
        "changed": _changed(history, earlier, summary),
        "series": [
            _row(series, nights[series], each, points(nights[series], rules))
            for series, each in _ordered(judged)
        ],
    }


def _changed(history: History, before: Run | None, summary: Summary) -> dict[str, Any]:
    """Since the night before. Where only the index knows that one, for its document is elsewhere: no facts."""
    if before is None:
        return {"requirements": [], "facts": []}
    try:
        return differences(history.document(before.id), summary)
    except RunError:
        return {"requirements": requirements(history.results(before.id), summary, {}), "facts": []}


def _nights_before(history: History, this: Run) -> Series:
    """Those of the same target, profile and kind of machine, without this run itself."""
    found = history.nights(
        this.target, this.profile, until=this.started, most=NIGHTS_MOST, machine=this.machine
    )
    return {
        series: [each for each in nights if not each.run.startswith(f"{this.run}-")]
        for series, nights in found.items()
    }


def _with(before: Series, tonight: Mapping[str, Night]) -> Series:
    """Series of tonight alone: what is not measured any more has no verdict."""
    return {series: [*before.get(series, ()), night] for series, night in tonight.items()}


def gravest(verdicts: Iterable[str]) -> str:
    """What stands for all series: one that is worse makes all worse, and what could not be told is not `same`."""
    found = set(verdicts) or {"not enough data"}
    return next(each for each in GRAVEST if each in found)


def _ordered(judged: Mapping[str, Judged]) -> list[tuple[str, Judged]]:
    return sorted(judged.items(), key=lambda each: GRAVEST.index(each[1].verdict))


def _before(run: Run) -> dict[str, Any]:
    """The night before, and what its history said of it."""
    return {"run": run.id, "started": run.started, "verdict": run.verdict, "trend": run.trend}


def _rules(rules: Rules) -> dict[str, Any]:
    names = ("margin", "margin_us", "confidence", "false_discovery_rate")
    told = {name: getattr(rules, name) for name in names}
    most, least = rules.baseline_nights_max, rules.baseline_nights_min
    return {
        **told,
        "baseline_nights_min": least,
        "baseline_nights_max": most,
        "windows": list(rules.windows),
    }


def _row(
    name: str, nights: Sequence[Night], judged: Judged, found: Iterable[Point]
) -> dict[str, Any]:
    return {
        "series": name,
        "verdict": judged.verdict,
        "why": judged.why,
        "value_us": _tenth(judged.value_us),
        "baseline_us": _tenth(judged.baseline_us),
        "effect": judged.effect,
        "low": judged.low,
        "high": judged.high,
        "window": judged.window,
        "baseline_nights": judged.baseline_nights,
        "q": judged.q,
        "controlled": judged.controlled,
        "nights": [_night(each) for each in nights],
        "band_us": judged.band_us and [_tenth(each) for each in judged.band_us],
        "change_points": [_point(each) for each in found],
    }


def _night(night: Night) -> dict[str, Any]:
    """One night of a chart; low and high are those of its blocks."""
    good = sorted(each for each in night.target if each > 0)
    control = sorted(each for each in night.control or () if each > 0)
    return {
        "run": night.run,
        "started": night.started,
        "value_us": _tenth(value_us(night)),
        "low_us": _tenth(good[0]) if good else None,
        "high_us": _tenth(good[-1]) if good else None,
        "control_us": _tenth(value_us(Night("", "", tuple(control)))) if control else None,
        "valid": bool(good),
    }


def _point(point: Point) -> dict[str, Any]:
    return {"run": point.run, "started": point.started, "effect": point.effect}


def _tenth(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _parser() -> argparse.ArgumentParser:
    rules = Rules()
    parser = Arguments(prog="python -m reports.trend", description=__doc__)
    parser.add_argument("run", type=Path, help="the folder of a nightly run")
    parser.add_argument("--history", type=Path, default=Path("history"), help="its folder")
    parser.add_argument("--margin", type=float, default=rules.margin, help="a share: 0.05")
    parser.add_argument("--margin-us", type=float, default=rules.margin_us)
    return parser


if __name__ == "__main__":
    sys.exit(main())
