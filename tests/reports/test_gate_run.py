"""A run of the SDK gate speaks of the SDK on every page, and of nothing that only an exchange has."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from reports.badge import badge_json, badge_svg
from reports.document import problem_of
from reports.github import error_lines
from reports.gitlab import load_performance
from reports.junit import junit_xml
from reports.markdown import summary_md
from reports.page import report_html
from reports.prometheus import metrics_prom
from reports.terminal import verdict_lines
from reports.wording import headline
from tests.reports.builders import deviation, result
from tests.reports.gate_runs import (
    BREAKS,
    ONCE,
    SDK,
    WRAPPED,
    case,
    failing_case,
    gate_summary,
    skipped_case,
)
from tests.reports.test_page import Page

NAMED = "exchange-client 1.4.0 (Node.js)"
FAILED = gate_summary((ONCE,))
COUNT = len(FAILED["requirement_results"])
NOT_OF_AN_SDK = ("conformance", "The exchange", "the target", "load run", "latency", "Target")


def rows(**verdicts: int) -> list[dict[str, Any]]:
    flat = [verdict for verdict, count in verdicts.items() for _ in range(count)]
    return [result(id=f"sdk.{'b' if n == 0 else n}", verdict=x) for n, x in enumerate(flat)]


@pytest.mark.parametrize(
    ("verdict", "found", "listed", "says"),
    [
        ("pass", rows(passed=3), [], "Yes: 3 of 3 gating requirements hold"),
        (
            "pass",
            rows(failed=1, passed=3, skipped=2),
            [deviation(requirement="sdk.b")],
            "Yes: 3 of 6 gating requirements hold, 2 skipped, 1 failing as listed",
        ),
        (
            "pass",
            rows(passed=1, not_covered=8),
            [],
            "What was asked holds: 1 of 9 gating requirements holds, 8 not asked",
        ),
        ("fail", rows(failed=2, passed=51), [], "No: 2 of 53 gating requirements fail"),
        (
            "fail",
            rows(passed=2),
            [deviation(requirement="sdk.b", state="stale")],
            "No: the list of deviations is out of date: 1 listed deviation no longer fails",
        ),
        ("fail", rows(passed=2), [], "No: the run failed"),
        (
            "inconclusive",
            rows(passed=2, inconclusive=1),
            [],
            "It could not be told: 1 of 3 gating requirements could not be judged",
        ),
        ("inconclusive", [], [], "It could not be told"),
    ],
)
def test_may_this_release_ship(verdict: str, found: Any, listed: Any, says: str) -> None:
    summary = gate_summary(verdict=verdict, requirement_results=found, deviations=listed)
    assert headline(summary) == f"May this release ship? {says}"


@pytest.mark.parametrize("summary", [FAILED, gate_summary(sdk=WRAPPED)], ids=["driver", "wrap"])
def test_the_schema_takes_a_gate_run(summary: Any) -> None:
    assert problem_of(summary) is None


@pytest.mark.parametrize("key", ["name", "command", "mode", "target"])
def test_the_schema_asks_for_what_every_gate_run_has(key: str) -> None:
    assert problem_of({**FAILED, "sdk": {k: v for k, v in SDK.items() if k != key}}) is not None


@pytest.mark.parametrize(
    "draw",
    [
        lambda: report_html(FAILED, cases=[failing_case()]),
        lambda: summary_md(FAILED),
        lambda: "\n".join(verdict_lines(FAILED)),
    ],
    ids=["page", "markdown", "terminal"],
)
def test_every_page_names_the_sdk_and_nothing_of_an_exchange_under_test(draw: Any) -> None:
    words = Page(draw()).words.replace("\\", "")
    assert NAMED in words
    assert f"May this release ship? No: 1 of {COUNT} gating requirements fails" in words
    assert "token, streams" in words
    words = words.partition("</style>")[2] or words
    assert [each for each in NOT_OF_AN_SDK if each in words] == []


def test_the_page_leaves_out_what_an_sdk_has_not() -> None:
    ids = {each.get("id") for _, each in Page(report_html(FAILED)).elements}
    assert not {"load", "rounds", "channels", "history", "cases"} & ids
    assert {"findings", "requirements", "operations", "sdk", "run"} <= ids


def test_findings_and_requirements_lead_to_their_case() -> None:
    page = Page(report_html(FAILED, cases=[failing_case(), skipped_case()]))
    links = [each["href"] for each in page.all("a")]
    # In the list of cases, with the finding, and with each requirement that it judged.
    assert links.count("cases/orders-connection-breaks-after-it.html") == 2 + COUNT - 1
    assert links.count("cases/signing-vectors.html") == 2
    assert "the driver does not declare sign" in page.words


def test_a_finding_of_a_case_without_a_page_leads_nowhere() -> None:
    links = [each["href"] or "" for each in Page(report_html(FAILED)).all("a")]
    assert all(each.startswith("#") for each in links)


def test_a_case_named_like_an_address_stays_in_its_folder() -> None:
    odd = case("javascript:alert(1)//../../x")
    links = [each["href"] or "" for each in Page(report_html(gate_summary(), cases=[odd])).all("a")]
    assert "cases/javascript%3Aalert%281%29--..-..-x.html" in links


def test_operations_say_which_were_never_called() -> None:
    words = " ".join(Page(report_html(gate_summary())).words.split())
    assert "listSpotOrdersPOST /tx/spot/add documented ? never" in words
    assert "placeSpotOrderPOST /tx/spot/add documented 2200 200" in words


def test_a_wrapped_sdk_is_told_by_its_command() -> None:
    words = Page(report_html(gate_summary(sdk=WRAPPED))).words
    assert "npm test" in words
    assert "its own tests were run" in words
    assert "Driver" not in words


def test_junit_has_a_case_a_requirement_in_a_suite_that_names_the_sdk() -> None:
    root = ET.fromstring(junit_xml(FAILED))
    (suite,) = root
    assert suite.get("name") == f"sdk gate {NAMED}"
    assert (suite.get("tests"), suite.get("failures")) == (str(COUNT), "1")
    properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert properties["sdk.features"] == "token, streams"
    failed = next(each for each in suite.iter("testcase") if each.find("failure") is not None)
    assert (failed.get("classname"), failed.get("name")) == ("sdk.exchange-client", ONCE)
    assert f"ONLY={BREAKS}" in (failed.findtext("failure") or "")


def test_a_listed_failure_is_in_the_sdks_list() -> None:
    text = junit_xml({**FAILED, "deviations": [deviation(requirement=ONCE)]})
    assert "failed, as the SDK's deviations list" in text


def test_the_badge_is_the_gates() -> None:
    badge = json.loads(badge_json(FAILED))
    assert badge["label"] == "sdk gate"
    assert badge["message"] == f"fail, {COUNT - 2} of {COUNT}"
    assert ">sdk gate</text>" in badge_svg(FAILED)


def test_prometheus_knows_which_sdk_it_was() -> None:
    text = metrics_prom(FAILED)
    told = 'language="Node.js",mode="driver",name="exchange-client",protocol="1.0"'
    assert f"exchange_conformance_sdk_info{{{told}" in text
    assert 'sdk_feature{feature="streams"' in text


def test_gitlab_gets_the_checks_alone() -> None:
    found = json.loads(load_performance(FAILED))["metrics"]
    assert list(found) == ["checks"]
    assert found["checks"]["fails"] == 1


def test_github_is_told_what_fails() -> None:
    (line,) = error_lines(FAILED)
    assert line.startswith(f"::error title={ONCE}::")
    assert line.endswith("expected 1; got 2")


def test_the_terminal_says_where_the_case_is() -> None:
    lines = verdict_lines(FAILED, "runs/x/report.html", {BREAKS: "runs/x/cases/orders.html"})
    assert lines[1] == f"{NAMED}, driver, features: token, streams, seed 1"
    assert "  case:     runs/x/cases/orders.html" in lines


def test_the_same_again_names_the_command_and_the_way() -> None:
    words = Page(report_html(gate_summary())).words
    assert "make sdk-gate 'SDK=node driver.js' MODE=driver TARGET=reference SEED=1" in words
    other = {**SDK, "command": "go", "source": "my go"}
    elsewhere = Page(report_html(gate_summary(sdk=other))).words
    assert "SDK=go MODE=driver TARGET=reference 'SOURCE=my go' SEED=1" in elsewhere
    wrapped = Page(report_html(gate_summary(sdk=WRAPPED))).words
    assert "make sdk-gate 'SDK=npm test' TARGET=reference SEED=1" in wrapped
