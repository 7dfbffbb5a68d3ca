"""Draws the committed example again: `python -m tests.reports.sample [RUN_DIR]`.

Without a run it is drawn from made figures, and says so. The picture needs a Chromium on the PATH.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from reports.document import read
from reports.page import report_html
from tests.reports.builders import FAILED, deviation, full_summary

SAMPLE = Path("reports/sample")
MADE = "This page was drawn from made figures, to show what a report looks like."
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
]
SIZE = "1100,590"


def main(words: list[str]) -> None:
    """Write the example's three files."""
    summary = read(Path(words[0])) if words else made()
    SAMPLE.mkdir(exist_ok=True)
    (SAMPLE / "summary.json").write_text(_short(summary) + "\n", encoding="utf-8")
    (SAMPLE / "report.html").write_text(report_html(summary), encoding="utf-8")
    browser = shutil.which("chromium")
    if browser:
        picture(browser, SAMPLE / "report.html", SAMPLE / "report.png")
    else:
        print("no chromium on the PATH: report.png is left as it is")


def made() -> dict[str, Any]:
    """A run with two failures, one of them listed."""
    summary = full_summary(tuple(FAILED)[1:])
    summary["deviations"] = [deviation(requirement="limits.retry-after-is-true")]
    return {**summary, "target": "sample", "notes": [MADE]}


def picture(browser: str, page: Path, to: Path) -> None:
    """The top of the page as people see it."""
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, *QUIET, f"--user-data-dir={profile}", f"--window-size={SIZE}"]
        command += ["--blink-settings=preferredColorScheme=1", f"--screenshot={to.resolve()}"]
        subprocess.run(
            [*command, page.resolve().as_uri()], check=True, timeout=60, capture_output=True
        )


def _short(summary: dict[str, Any]) -> str:
    return json.dumps(summary, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main(sys.argv[1:])
