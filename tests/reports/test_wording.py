"""The verdict in plain words says what the exit code says, and nothing better."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from conformance.errors import ExitCode
from reports.wording import EXIT_CODES, again, gate, headline, ranked, standing
from tests.reports.builders import deviation, finding, loads, result, small

EXPECTED = deviation(requirement="a.b")
STALE = deviation(requirement="a.b", state="stale")
KEEPS = "The exchange keeps its contract: "
KEEPS_NOT = "The exchange does not keep its contract: "
UNTOLD = "It could not be told whether the exchange keeps its contract"


def rows(**verdicts: int) -> list[dict[str, Any]]:
    """So many gating requirements of each verdict; the first is a.b."""
    flat = [verdict for verdict, count in verdicts.items() for _ in range(count)]
    return [result(id=f"a.{'b' if n == 0 else n}", verdict=each) for n, each in enumerate(flat)]


@pytest.mark.parametrize(
    ("verdict", "found", "deviations", "says"),
    [
        ("pass", rows(passed=3), [], KEEPS + "3 of 3 gating requirements hold"),
        ("pass", rows(passed=1), [], KEEPS + "1 of 1 gating requirement holds"),
        (
            "pass",
            rows(passed=3, skipped=2),
            [],
            KEEPS + "3 of 5 gating requirements hold, 2 skipped",
        ),
        (
            "pass",
            rows(failed=1, passed=3),
            [EXPECTED],
            KEEPS + "3 of 4 gating requirements hold, 1 failing as listed",
        ),
        (
            "pass",
            rows(passed=2, not_covered=8),
            [],
            "What was asked holds: 2 of 10 gating requirements hold, 8 not asked",
        ),
        ("fail", rows(failed=2, passed=3), [], KEEPS_NOT + "2 of 5 gating requirements fail"),
        (
            "fail",
            rows(failed=2, passed=3),
            [EXPECTED],
            KEEPS_NOT + "1 of 5 gating requirements fails",
        ),
        (
            "fail",
            rows(passed=3),
            [STALE],
            "The list of deviations is out of date: 1 listed deviation no longer fails",
        ),
        (
            "inconclusive",
            rows(passed=3, inconclusive=2),
            [],
            UNTOLD + ": 2 of 5 gating requirements could not be judged",
        ),
        (
            "inconclusive",
            rows(not_covered=5),
            [],
            UNTOLD + ": 5 of 5 gating requirements could not be judged",
        ),
        ("inconclusive", [], [], UNTOLD),
    ],
)
def test_the_verdict_in_words(verdict: str, found: Any, deviations: Any, says: str) -> None:
    summary = small(verdict=verdict, requirement_results=found, deviations=deviations)
    assert headline(summary) == says


def test_what_does_not_gate_is_not_counted() -> None:
    counted = gate(small(requirement_results=[result(gating=False, verdict="failed"), result()]))
    assert (counted.total, counted.passed, counted.failed) == (1, 1, 0)


def test_a_load_run_that_passes_claims_no_contract() -> None:
    summary = small(kind="load", load=loads())
    assert headline(summary) == "The measurements are valid, and no gating requirement fails"


def test_an_invalid_measurement_is_named_when_nothing_else_is_unsure() -> None:
    load = loads()
    load[1] |= {"valid": False, "why_invalid": "late"}
    assert headline(small(verdict="inconclusive", load=load)).endswith(
        "1 of 3 measurements not valid"
    )


def test_every_exit_code_has_words() -> None:
    assert set(EXIT_CODES) == {int(code) for code in ExitCode}


def test_findings_stand_gravest_first() -> None:
    found = [
        finding(requirement="unsure", verdict="inconclusive"),
        finding(requirement="a.b"),
        finding(requirement="no-gate", gating=False),
        finding(requirement="fails"),
    ]
    summary = small(findings=found, deviations=[EXPECTED])
    order = [(row["requirement"], standing(row, {"a.b"})) for row in ranked(summary)]
    assert order == [
        ("fails", "fails the run"),
        ("a.b", "fails as listed"),
        ("no-gate", "fails, does not gate"),
        ("unsure", "could not be judged"),
    ]


def test_the_same_again_is_safe_to_paste() -> None:
    command = again(small(target="x; rm -rf /", fault="late"), shlex.quote)
    assert command == "make conformance 'TARGET=x; rm -rf /' SEED=1 FAULT=late"
