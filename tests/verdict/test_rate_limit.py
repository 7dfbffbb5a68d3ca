"""What is inferred of a limiter is held against the documented sentences; what is unknown is no claim."""

from __future__ import annotations

import pytest

from conformance.cases.claim import Verdict
from conformance.verdict.rate_limit import BEYOND, RETRY, SERVED, judge


def entry(served=True, beyond=True, retry=True):
    return {
        "valid": True,
        "extra": {
            "inference": {
                "kind": "fixed",
                "limit": 1200,
                "window_s": 60,
                "requirement": {
                    "documented_per_minute": 1200,
                    "is_served": served,
                    "is_refused_beyond": beyond,
                },
                "retry_after": {"is_true": retry, "too_late_ms": 10, "too_early_ms": 0},
            }
        },
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {SERVED: Verdict.PASS, BEYOND: Verdict.PASS, RETRY: Verdict.PASS}),
        ({"served": False}, {SERVED: Verdict.FAIL, BEYOND: Verdict.PASS, RETRY: Verdict.PASS}),
        ({"retry": False}, {SERVED: Verdict.PASS, BEYOND: Verdict.PASS, RETRY: Verdict.FAIL}),
        ({"served": "unknown", "beyond": "unknown", "retry": "not told"}, {}),
    ],
)
def test_claims(change, expected):
    assert {each.requirement: each.verdict for each in judge([entry(**change)])} == expected


def test_a_run_that_is_not_valid_claims_nothing():
    assert list(judge([{**entry(served=False), "valid": False}])) == []


def test_a_run_without_an_inference_claims_nothing():
    assert list(judge([{"extra": {}, "valid": True}])) == []
