"""JUnit XML that any reader parses, red for what fails the run and for nothing else."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from reports.junit import LEFT_OUT, junit_xml
from tests.reports.builders import FAILED, deviation, finding, full_summary, result, small
from tests.reports.night import series, trend

STALE = deviation(state="stale")
UNSURE = {"verdict": "inconclusive", "reason": "no log-in"}
FAILS = {"verdict": "failed", "reason": "why"}
TOLD = "expected order 17 in the list; got an empty list"
LISTED = "as the target's deviations list"
REMOVE = "listed as a deviation, but it holds: remove it from the target's deviations"


def case_of(summary: dict) -> ET.Element:
    root = ET.fromstring(junit_xml(summary))
    (case,) = root.iter("testcase")
    return case


@pytest.mark.parametrize(
    ("row", "changes", "tag", "message"),
    [
        ({}, {}, None, ""),
        (FAILS, {"findings": [finding()]}, "failure", TOLD),
        (FAILS, {}, "failure", "why"),
        (UNSURE, {}, "error", "no log-in"),
        ({"verdict": "skipped", "reason": "no trading"}, {}, "skipped", "skipped: no trading"),
        ({"verdict": "not_covered", "reason": "none"}, {}, "skipped", "not covered: none"),
        ({**FAILS, "gating": False}, {}, "skipped", "failed, but does not gate: why"),
        (
            {**UNSURE, "gating": False},
            {},
            "skipped",
            "could not tell, but does not gate: no log-in",
        ),
        (FAILS, {"deviations": [deviation()]}, "skipped", f"failed, {LISTED}: why"),
        ({}, {"deviations": [STALE]}, "failure", REMOVE),
    ],
)
def test_a_requirement_becomes_a_case(
    row: dict, changes: dict, tag: str | None, message: str
) -> None:
    case = case_of(small(requirement_results=[result(**row)], **changes))
    assert (case.get("classname"), case.get("name")) == ("spot", "spot.order-is-listed")
    outcomes = [child for child in case if child.tag != "system-out"]
    assert [child.tag for child in outcomes] == ([tag] if tag else [])
    if tag:
        assert outcomes[0].get("message") == message


def test_a_failure_carries_its_reproduction() -> None:
    case = case_of(small(requirement_results=[result(verdict="failed")], findings=[finding()]))
    assert 'curl -s -X POST "$BASE/uc/v2/login"' in (case.findtext("failure") or "")


def test_suites_are_areas_and_their_counts_add_up() -> None:
    summary = full_summary(tuple(FAILED))
    root = ET.fromstring(junit_xml(summary))
    suites = list(root)
    assert {"spot", "depth", "limits", "operation"} <= {suite.get("name") for suite in suites}
    for name in ("tests", "failures", "errors", "skipped"):
        assert sum(int(suite.get(name, "")) for suite in suites) == int(root.get(name, ""))
    assert int(root.get("tests", "")) == summary["requirements"]["total"]
    assert int(root.get("failures", "")) == 3


def test_text_that_xml_cannot_hold_is_spelled() -> None:
    hostile = "\x00\x1b[31m]]> <a b='c'> & \ud800 \uffff"
    row = result(verdict="failed", id="spot.a", sentence=hostile, reason=hostile)
    found = finding(requirement="spot.a", actual=hostile, title=hostile, reproduce=hostile)
    text = junit_xml(small(requirement_results=[row], findings=[found]))
    failure = next(ET.fromstring(text.encode()).iter("failure"))
    assert "]]> <a b='c'> & \\ud800 \\uffff" in (failure.text or "")


def test_many_findings_of_one_requirement_are_counted() -> None:
    found = [finding(title=f"case {n}", reproduce="") for n in range(25)]
    case = case_of(small(requirement_results=[result(verdict="failed")], findings=found))
    assert "5 more findings are in report.html" in (case.findtext("failure") or "")


def test_a_worse_series_is_red_and_a_new_one_is_skipped() -> None:
    rows = [series(), series(verdict="same"), series(verdict="not enough data")]
    root = ET.fromstring(junit_xml(small(), trend(series=rows)))
    (suite,) = [each for each in root if each.get("name") == "trend"]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    assert root.get("failures") == "1"


@pytest.mark.parametrize("text", ["x", '"&<\n', "\ud800"])
def test_ten_thousand_failures_stay_below_what_gitlab_takes(text: str) -> None:
    ids = [f"spot.requirement-{number}" for number in range(10_000)]
    rows = [result(id=each, **FAILS | {"sentence": text * 999}) for each in ids]
    long = text * 2999
    found = [finding(requirement=x, actual=long, expected=long, reproduce=long) for x in ids]
    document = junit_xml(small(requirement_results=rows, findings=found)).encode()
    assert len(document) < 10_000_000
    root = ET.fromstring(document)
    assert root.get("failures") == "10000"
    cases = list(root.iter("failure"))
    assert LEFT_OUT not in (cases[0].text or "")
    assert cases[-1].text == LEFT_OUT
