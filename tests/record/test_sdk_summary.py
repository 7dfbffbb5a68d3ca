"""A gate run is concluded as what it is: an SDK's, with its operations, and without an exchange's warnings."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from conformance.cases.claim import Claim, Verdict
from conformance.conclude import conclude_run
from conformance.record.run_log import RunLog
from conformance.spec import requirements
from conformance.spec.contract import SPECS, Contract
from conformance.verdict.findings import Finding
from reports.document import problem_of
from tests.reports.gate_runs import ONCE, SDK

TODAY = date(2026, 1, 1)


def concluded(folder: Path, is_whole: bool = True, **changes: Any) -> dict[str, Any]:
    told = {name: value for name, value in SDK.items() if name != "target"}
    header = {
        "kind": "sdk",
        "target": "exchange-client",
        "target_file": "reference",
        "seed": 1,
        "started": "2026-01-01T00:00:00Z",
        "fault": None,
        "addresses": {"rest": "http://127.0.0.1:1", "stream": "ws://127.0.0.1:2/"},
        "openapi": str(SPECS / "openapi.yaml"),
        "asyncapi": str(SPECS / "asyncapi.yaml"),
        "embedded": True,
        "selection": False,
        "deviations": str(folder / "none.toml"),
        "sdk": told,
        **changes,
    }
    refused = {"statuses": {"400": 1}, "accepted": 0, "refused": 1, "unknown": 0}
    log = RunLog(folder)
    log.write("header", header)
    for name in requirements.of_sdks():
        log.finding(Finding(Claim(name, Verdict.PASS, "it holds", "1", "1"), "a/case"))
    if is_whole:
        footer = {"asked": {"cancelSpotOrder": refused}, "heard": {}, "requests_sent": 1}
        log.write("footer", {**footer, "duration_s": 1.0})
    log.close()
    return conclude_run(folder, TODAY)


def test_the_summary_says_which_sdk_and_has_the_reports_form(tmp_path: Path) -> None:
    summary = concluded(tmp_path)
    assert problem_of(summary) is None
    assert summary["sdk"] == {**SDK, "target": "reference"}
    assert [each["id"] for each in summary["requirement_results"]] == [*requirements.of_sdks()]
    assert summary["verdict"] == "pass"


def test_every_operation_is_told_whether_it_was_called(tmp_path: Path) -> None:
    rows = {each["operation"]: each for each in concluded(tmp_path)["operations"]}
    assert set(rows) == set(Contract.load().operations)
    assert [name for name, row in rows.items() if row["requests"]] == ["cancelSpotOrder"]


def test_what_the_exchange_refuses_on_purpose_is_no_warning(tmp_path: Path) -> None:
    assert concluded(tmp_path)["warnings"] == []


@pytest.mark.parametrize("kind", ["contract", "sdk"])
def test_only_an_exchange_is_warned_of_what_it_never_accepted(tmp_path: Path, kind: str) -> None:
    warnings = " ".join(concluded(tmp_path, kind=kind)["warnings"])
    assert ("cancelSpotOrder was never accepted" in warnings) is (kind == "contract")


def test_a_run_that_was_cut_short_warns_and_does_not_pass(tmp_path: Path) -> None:
    summary = concluded(tmp_path, is_whole=False)
    assert summary["verdict"] == "inconclusive"
    assert "the run was cut short" in summary["warnings"][0]
    assert ONCE in {each["id"] for each in summary["requirement_results"]}
