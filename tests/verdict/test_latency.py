"""The latency sentence: what a figure proves when the machine was quiet, and when it was not."""

from __future__ import annotations

import pytest

from conformance.cases.claim import Verdict
from conformance.target import Latency
from conformance.verdict.latency import judge

ROWS = [
    # p50, valid, clock, errors -> verdict
    (400.0, True, "kernel", 0, Verdict.PASS),
    (1400.0, True, "kernel", 0, Verdict.FAIL),
    (400.0, False, "kernel", 0, Verdict.PASS),
    (400.0, False, "user", 0, Verdict.INCONCLUSIVE),
    (400.0, False, "kernel", 3, Verdict.INCONCLUSIVE),
    (1400.0, False, "kernel", 0, Verdict.INCONCLUSIVE),
    (None, True, "kernel", 0, Verdict.INCONCLUSIVE),
]


@pytest.mark.parametrize(("p50", "valid", "clock", "errors", "verdict"), ROWS)
def test_what_a_figure_proves(
    p50: float | None, valid: bool, clock: str, errors: int, verdict: Verdict
) -> None:
    scenario = {
        "scenario": "order_latency",
        "n": 400,
        "valid": valid,
        "why_invalid": None if valid else "late",
        "clock": clock,
        "errors": errors,
        "wire_us": {"p50": p50},
    }
    assert [claim.verdict for claim in judge([scenario], Latency())] == [verdict]


def test_no_load_no_claim() -> None:
    assert list(judge([], Latency())) == []
