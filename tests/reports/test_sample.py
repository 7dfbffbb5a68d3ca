"""The committed example is what the code draws today, and small."""

from __future__ import annotations

from pathlib import Path

import reports
from reports.document import read, read_trend
from reports.page import report_html

SAMPLE = Path(reports.__file__).parent / "sample"


def test_the_example_is_drawn_by_this_code() -> None:
    page = (SAMPLE / "report.html").read_text(encoding="utf-8")
    again = "draw it again: python -m tests.reports.sample reports/sample"
    assert (page == report_html(read(SAMPLE), read_trend(SAMPLE))) is True, again


def test_the_example_is_small() -> None:
    # A page, its data with the histograms of four scenarios and ten nights, three pictures.
    assert sum(each.stat().st_size for each in SAMPLE.iterdir()) < 1_500_000
