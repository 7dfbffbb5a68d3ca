"""GitLab reads the figures of a load run as if k6 had exported them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from load.histogram import histogram_of
from reports.gitlab import load_performance
from tests.reports.builders import FAILED, full_summary, measurement, small


def metrics(**changes: Any) -> dict[str, Any]:
    return json.loads(load_performance(small(**changes)))["metrics"]


def measured(values_ns: list[int], **changes: Any) -> dict[str, Any]:
    entry = measurement("mixed", len(values_ns), 400, 1, **changes)
    encoded = histogram_of(values_ns).encode()
    return {**entry, "histograms": {"wire": encoded, "response": encoded}}


def test_times_are_milliseconds_of_the_histograms() -> None:
    found = metrics(load=[measured([each * 1_000_000 for each in range(1, 1001)])])
    for name in ("http_req_waiting", "http_req_duration"):
        assert found[name] == pytest.approx(
            {"avg": 500.5, "min": 1, "med": 500, "max": 1000, "p(90)": 900, "p(95)": 950}, rel=1e-3
        )


def test_scenarios_are_added_up_and_stand_apart_as_well() -> None:
    fast, slow = measured([1_000_000] * 100), measured([3_000_000] * 300)
    found = metrics(load=[{**fast, "scenario": "a"}, {**slow, "scenario": "b"}])
    assert found["http_req_waiting"]["avg"] == pytest.approx(2.5, rel=1e-3)
    assert found["http_req_waiting{scenario:a}"]["avg"] == pytest.approx(1, rel=1e-3)
    assert found["http_reqs"] == {"count": 400, "rate": 50.0}
    assert found["http_reqs{scenario:b}"] == {"count": 300, "rate": 75.0}


def test_checks_are_the_gating_requirements() -> None:
    found = json.loads(load_performance(full_summary(tuple(FAILED))))["metrics"]["checks"]
    assert found["fails"] == 3
    assert found["value"] == found["passes"] / (found["passes"] + 3)


def test_refused_and_lost_requests_are_those_that_failed() -> None:
    found = metrics(load=[measured([1_000_000] * 60, errors=20)])
    assert found["http_req_failed"] == {"passes": 20, "fails": 60, "value": 0.25}


def test_a_percentile_that_too_few_carry_is_left_out() -> None:
    figures = metrics(load=[measured([1_000_000] * 30)])["http_req_waiting"]
    assert {"avg", "min", "max", "med", "p(90)"} == set(figures)


@pytest.mark.parametrize("histograms", [{}, {"wire": "AAAA", "response": "no base64"}])
def test_what_has_no_histogram_has_no_times(histograms: dict[str, str]) -> None:
    found = metrics(load=[{**measured([1_000_000] * 60), "histograms": histograms}])
    assert {"checks", "http_reqs", "http_req_failed"} <= set(found)
    assert not any("waiting" in name or "duration" in name for name in found)


def test_a_run_without_load_has_its_checks_alone() -> None:
    assert set(metrics()) == {"checks"}
