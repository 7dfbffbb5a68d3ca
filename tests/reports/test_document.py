"""The schema takes what a run writes and refuses what it must not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.errors import ExitCode, RunError
from reports.document import problem_of, read, schema
from tests.reports.builders import FAILED, deviation, finding, full_summary, loads, result, small


def test_a_small_summary_is_accepted() -> None:
    assert problem_of(small()) is None


@pytest.mark.parametrize("failed", [(), tuple(FAILED)])
def test_a_run_over_the_whole_contract_is_accepted(failed: tuple[str, ...]) -> None:
    assert problem_of(full_summary(failed)) is None


def test_no_object_takes_a_key_that_nobody_described() -> None:
    def objects(node: Any) -> Any:
        if isinstance(node, dict):
            yield from ([node] if "properties" in node and "type" in node else [])
            for each in node.values():
                yield from objects(each)

    assert all(each["additionalProperties"] is False for each in objects(schema()))


BROKEN = {
    "schema": 2,
    "kind": "",
    "started": "yesterday",
    "duration_s": -1,
    "verdict": "passed",
    "exit_code": 5,
    "requirements": {"total": 1},
    "fault": 3,
    "addresses": {"rest": "http://127.0.0.1:1"},
    "requests_sent": 1.5,
    "warnings": [None],
    "environment": {"python": "3.11"},
    "findings": [finding(verdict="pass")],
    "requirement_results": [result(verdict="ok")],
    "deviations": [deviation(reason="")],
    "unknown_key": 1,
}


@pytest.mark.parametrize("key", BROKEN)
def test_a_broken_value_is_refused_and_named(key: str) -> None:
    problem = problem_of({**small(), key: BROKEN[key]})
    assert problem is not None
    assert key in problem


@pytest.mark.parametrize("key", small())
def test_no_key_may_be_missing(key: str) -> None:
    document = small()
    del document[key]
    assert key in (problem_of(document) or "")


def test_a_load_entry_is_open_only_in_extra() -> None:
    entry = loads()[0]
    assert problem_of(small(load=[{**entry, "extra": {"of_the_scenario": [1]}}])) is None
    assert problem_of(small(load=[{**entry, "of_the_generator": 1}])) is not None


@pytest.mark.parametrize("key", ["wire_us", "response_us", "send_lag_us", "n", "valid"])
def test_a_load_entry_has_its_figures(key: str) -> None:
    entry = loads()[0]
    del entry[key]
    assert problem_of(small(load=[entry])) is not None


@pytest.mark.parametrize(("valid", "why"), [(True, "late"), (False, None), (False, "")])
def test_validity_and_its_reason_agree(valid: bool, why: str | None) -> None:
    entry = {**loads()[0], "valid": valid, "why_invalid": why}
    assert problem_of(small(load=[entry])) is not None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no run in"),
        ("", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is no summary"),
        (json.dumps(small(exit_code=9)), r"\$\.exit_code"),
    ],
)
def test_a_folder_that_is_no_run_is_one_line(tmp_path: Any, content: str | None, says: str) -> None:
    if content is not None:
        (tmp_path / "summary.json").write_text(content)
    with pytest.raises(RunError, match=says) as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600
    assert caught.value.exit_code is ExitCode.ERROR
