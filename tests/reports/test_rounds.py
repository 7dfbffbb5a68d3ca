"""Rounds, drawn: the target beside its control, and those that do not count named."""

from __future__ import annotations

from typing import Any

import pytest

from reports.charts import rounds as drawn
from reports.charts.picture import Picture
from reports.page import report_html
from tests.page import whole
from tests.reports.builders import small
from tests.reports.test_page import Page


def one(number: int, of: str, p50: float | None, valid: bool = True) -> dict[str, Any]:
    figures = {"p50": p50, "p90": None, "p99": None, "p999": None, "max": None}
    made = next(each for each in whole.rounds() if each["of"] == of)
    why = None if valid else "the clock was set"
    changes = {"round": number, "wire_us": figures, "valid": valid, "why_invalid": why}
    return {**made, **changes}


def picture(*rounds: dict[str, Any]) -> Picture:
    (made,) = drawn.pictures(rounds)
    return made


def test_the_ratio_is_the_median_of_rounds_in_which_both_are_valid() -> None:
    pairs = [(100, 50), (300, 100), (90, 60), (500, 100)]
    rounds = [
        one(number, of, value, valid=(number, of) != (4, "control"))
        for number, pair in enumerate(pairs, 1)
        for of, value in zip(("target", "control"), pair, strict=True)
    ]
    assert drawn.ratios(rounds) == pytest.approx([2.0, 3.0, 1.5])
    told = picture(*rounds).told
    assert "takes 2.00 times the control's time (median of 3 rounds, 1.50 to 3.00)" in told
    assert "round 4 of the control is not valid: the clock was set" in told


def test_a_round_that_is_not_valid_is_hollow_and_named() -> None:
    good, bad = (
        picture(one(1, "target", 100), one(2, "target", 120, valid=is_valid))
        for is_valid in (True, False)
    )
    assert "not valid" not in good.drawing
    assert "not valid" in bad.drawing
    assert 'fill="var(--page)"' in bad.drawing
    assert bad.table.rows[1][-1] == "not valid: the clock was set"


def test_a_target_alone_is_said_to_be_alone() -> None:
    assert "no control was measured" in picture(one(1, "target", 100)).told


def test_rounds_that_all_broke_off_have_no_picture() -> None:
    assert drawn.pictures([one(1, "target", None)]) == []


def test_many_rounds_that_are_not_valid_are_counted() -> None:
    made = picture(*(one(n, "target", 100 + n, valid=False) for n in range(1, 9)))
    assert "5 more not valid" in made.told


def test_the_page_shows_rounds_in_a_section_of_their_own() -> None:
    page = Page(report_html(small(rounds=whole.rounds())))
    assert "order_latency, round by round" in page.words
    assert 'href="#rounds"' not in report_html(small())
