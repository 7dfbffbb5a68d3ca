"""Two runs beside each other: apart, alike, or not to be told."""

from __future__ import annotations

from typing import Any

import pytest

from reports import compared
from reports.compared import Other
from reports.page import report_html
from tests.reports.builders import measurement, small
from tests.reports.nightly import nightly_loads
from tests.reports.test_page import Page


def entry(p50: float | None, bounds: list[float] | None, **changes: Any) -> dict[str, Any]:
    figures = {"p50": p50, "p90": None, "p99": None, "p999": None, "max": 900.0}
    known = {"p50": bounds, "p90": None, "p99": None, "p999": None}
    measured = {"wire_us": figures, "response_us": figures}
    return {"valid": True, **measured, "interval_us": {"wire": known, "response": known}, **changes}


@pytest.mark.parametrize(
    ("this", "other", "says"),
    [
        (entry(420, [410, 430]), entry(400, [390, 409]), "slower"),
        (entry(400, [390, 409]), entry(420, [410, 430]), "faster"),
        (entry(420, [410, 430]), entry(415, [405, 410]), compared.OVERLAP),
        (entry(420, [410, 430]), entry(None, None), compared.TOO_FEW_SAMPLES),
        (entry(420, [410, 430]), entry(400, None), compared.NO_INTERVAL),
        (entry(420, [410, 430]), entry(400, [390, 409], valid=False), compared.NOT_VALID),
    ],
)
def test_only_intervals_that_are_apart_tell(this: Any, other: Any, says: str) -> None:
    found = list(compared.rows(this, other))
    assert [(each.measure, each.percentile) for each in found] == [
        ("wire", "p50"),
        ("response", "p50"),
    ]
    assert {each.says for each in found} == {says}


def test_difference_and_bounds_are_shown() -> None:
    (row, _) = compared.rows(entry(420, [410, 430]), entry(400, [390, 409]))
    assert (row.this, row.other, row.difference) == ("420 [410, 430]", "400 [390, 409]", "+5.0%")


def test_runs_before_intervals_were_kept_can_be_laid_over() -> None:
    old = measurement("one", 300, 400, 1)
    assert {each.says for each in compared.rows(old, old)} == {compared.NO_INTERVAL}


def test_only_what_both_measured_is_compared() -> None:
    one, two = measurement("one", 300, 400, 1), measurement("two", 300, 400, 2)
    pairs = compared.pairs(small(load=[one, two]), small(load=[two]))
    assert [(this["scenario"], that["scenario"]) for this, that in pairs] == [("two", "two")]


@pytest.mark.parametrize(
    ("run", "is_it"),
    [
        ("night-1", True),
        ("night-1-0a1b2c3d", True),
        ("night-1-2-0a1b2c3d", False),
        ("night-12", False),
    ],
)
def test_a_night_of_a_history_is_known_by_the_folder_of_its_run(run: str, is_it: bool) -> None:
    assert Other("night-1", {}).is_night(run) is is_it


def test_the_page_lays_one_run_over_the_other() -> None:
    this, that = small(load=nightly_loads()), small(load=nightly_loads(480))
    page = Page(report_html(this, None, Other("nightly-of-monday", that)))
    assert "Beside nightly-of-monday" in page.words
    assert "order_latency, both runs: response time by percentile" in page.words
    assert "faster" in page.words
    assert compared.NO_INTERVAL in page.words


def test_two_runs_with_nothing_in_common_say_so() -> None:
    text = report_html(small(), None, Other("other", small(load=nightly_loads())))
    assert "The two runs measured no scenario in common." in text
