"""Annotations stand at the line of the contract, and no text of a target makes a second one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.spec.places import Place
from reports.github import annotation_lines
from tests.reports.builders import finding, result, small
from tests.reports.night import series, trend

PLACES = {
    "spot.order-is-listed": Place(Path("/checkout/specs/requirements.yaml"), 17),
    "operation.listSpotOrders": Place(Path("/checkout/specs/openapi.yaml"), 99),
}
ROOT = Path("/checkout")


def test_a_failure_is_shown_at_the_line_of_its_requirement() -> None:
    (line,) = annotation_lines(small(findings=[finding()]), places=PLACES, root=ROOT)
    assert line.startswith("::error file=specs/requirements.yaml,line=17,title=spot.order-is-l")


def test_the_one_operation_that_it_is_about_is_told_beside_it() -> None:
    row = result(where=["listSpotOrders"])
    summary = small(findings=[finding()], requirement_results=[row])
    (line,) = annotation_lines(summary, places=PLACES, root=ROOT)
    assert line.endswith("(listSpotOrders: specs/openapi.yaml:99)")


@pytest.mark.parametrize(
    ("places", "root"), [({}, ROOT), (PLACES, Path("/elsewhere")), (PLACES, Path("/checkout/src"))]
)
def test_without_a_place_in_the_checkout_there_is_no_line(places: dict, root: Path) -> None:
    (line,) = annotation_lines(small(findings=[finding()]), places=places, root=root)
    assert line.startswith("::error title=")


def test_worse_series_are_warnings_at_most_ten() -> None:
    (line,) = annotation_lines(small(), trend())
    assert line == (
        "::warning title=order_latency wire p50 is worse::"
        "between 18 %25 and 24 %25 slower than 12 nights before"
    )
    many = [series(series=f"mixed wire p{number}") for number in range(40)]
    lines = annotation_lines(small(), trend(series=many))
    assert len(lines) == 10
    assert "31 more series are worse" in lines[-1]


def test_a_summary_alone_tells_what_is_worse() -> None:
    told = {"verdict": "worse", "nights": 9, "worse": ["mixed wire p50"]}
    (line,) = annotation_lines(small(trend=told))
    assert line == "::warning title=worse than the nights before::mixed wire p50"


@pytest.mark.parametrize("evil", ["\n::error::x", "\r\n::set-output name=a::b", "%0A::x", "a:b,c"])
def test_no_text_makes_a_second_command_or_property(evil: str) -> None:
    found = finding(requirement=evil, sentence=evil, expected=evil, actual=evil)
    place = {evil: Place(Path(f"/checkout/{evil}.yaml"), 3)}
    worse = trend(series=[series(series=evil, why=evil)])
    lines = annotation_lines(small(findings=[found]), worse, place, ROOT)
    assert [re.match("::(error|warning) ", line) is not None for line in lines] == [True, True]
    for line in lines:
        assert "\n" not in line
        assert "\r" not in line
        properties = line.split("::")[1].partition(" ")[2].split(",")
        assert [each.partition("=")[0] for each in properties] in (
            ["file", "line", "title"],
            ["title"],
        )
