"""Draws the committed example again: `python -m tests.reports.sample [RUN_DIR]`.

Without a run it is drawn from made figures, and says so. The pictures need a Chromium.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from conformance.errors import SuiteError
from reports.document import TREND_FILE, read, read_trend
from reports.page import report_html
from tests import screenshots
from tests.reports import nightly
from tests.reports.builders import FAILED, deviation, full_summary

SAMPLE = Path("reports/sample")
MADE = "This page was drawn from made figures, to show what a report looks like."
# Each picture, and what it is of: the window as it opens, or one element.
PICTURES = {
    "report.png": ("", "report-light-wide.png"),
    "report-dark.png": ("", "report-dark-wide.png"),
    "history.png": ("#history", "report-light-wide.png"),
}


def main(words: list[str]) -> None:
    """Write the example's files."""
    folder = Path(words[0]) if words else None
    summary = read(folder) if folder else made()
    trend = read_trend(folder) if folder else nightly.trend()
    SAMPLE.mkdir(exist_ok=True)
    (SAMPLE / "summary.json").write_text(_short(without_rounds(summary)), encoding="utf-8")
    if trend:
        (SAMPLE / TREND_FILE).write_text(_short(trend), encoding="utf-8")
    page = report_html(read(SAMPLE), read_trend(SAMPLE))
    (SAMPLE / "report.html").write_text(page, encoding="utf-8")
    try:
        _pictures(bool(trend))
    except SuiteError as error:
        print(f"the pictures are left as they are: {error}")


def made() -> dict[str, Any]:
    """A run with two failures, one of them listed."""
    summary = full_summary(tuple(FAILED)[1:])
    summary["deviations"] = [deviation(requirement="limits.retry-after-is-true")]
    return {**summary, "target": "sample", "notes": [MADE]}


def without_rounds(summary: dict[str, Any]) -> dict[str, Any]:
    """Small enough to commit: the histograms of rounds are drawn nowhere."""
    rounds = [{**each, "histograms": {}} for each in summary.get("rounds", ())]
    return {**summary, "rounds": rounds} if rounds else summary


def _pictures(has_history: bool) -> None:
    for name, (element, taken) in PICTURES.items():
        if element and not has_history:
            continue
        with tempfile.TemporaryDirectory() as folder:
            screenshots.take(SAMPLE, Path(folder), of=element)
            shutil.copy(Path(folder) / taken, SAMPLE / name)


def _short(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
