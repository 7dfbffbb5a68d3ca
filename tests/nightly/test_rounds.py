"""Which rounds count, and what they measure."""

from __future__ import annotations

import pytest

from conformance import target
from conformance.record.rounds_file import rows, valid_rounds
from conformance.rounds import scenario_of

REFERENCE = target.load("reference")


@pytest.mark.parametrize(
    ("rounds", "count"),
    [
        ([], 0),
        ([(1, True)], 1),
        ([(1, True), (1, True)], 1),
        ([(1, True), (1, False), (2, True), (2, True)], 1),
        ([(1, True), (2, False), (3, True)], 2),
    ],
)
def test_a_round_counts_when_all_of_it_is_valid(rounds, count):
    found = [{"round": number, "valid": is_valid} for number, is_valid in rounds]
    assert valid_rounds(found) == count


def entry(**change) -> dict:
    times = {"p50": 400.0, "p90": 500.0, "p99": 600.0, "p999": None, "max": 700.0}
    part = {"n": 400, "p50_us": 200.0, "p90_us": 250.0, "p99_us": 300.0, "mean_us": 210.0}
    probe = {"parts": {"wire": part, "response": {**part, "p50_us": 220.0}}, "not_to_be_had": None}
    return {
        "scenario": "order_latency", "profile": "nightly", "valid": True, "why_invalid": None, "n": 800,
        "wire_us": times, "response_us": times, "also_us": {"order_to_stream": {"n": 800, **times}},
        "histograms": {"wire": "x"}, "attribution": {"probe": probe}, **change,
    }  # fmt: skip


def test_the_control_that_the_probe_asked_is_a_part_of_the_round():
    target, control = rows(3, "2026-01-01T00:00:00Z", entry(), is_beside=True)
    assert (target["of"], target["wire_us"]["p50"], target["probe_us"]) == ("target", 400.0, None)
    assert (control["of"], control["round"], control["n"]) == ("control", 3, 400)
    assert (control["wire_us"]["p99"], control["response_us"]["p50"]) == (300.0, 200.0)
    assert control["also_us"]["order_to_stream"]["p50"] == 200.0


def test_a_round_whose_control_failed_is_not_valid_and_says_why():
    failed = {"probe": {"parts": None, "not_to_be_had": "the probe's connection failed"}}
    target, control = rows(1, "2026-01-01T00:00:00Z", entry(attribution=failed), is_beside=True)
    assert (target["valid"], control["valid"]) == (True, False)
    assert "the probe's connection failed" in control["why_invalid"]
    assert valid_rounds([target, control]) == 0


def test_an_endpoint_as_control_stands_beside_the_target_s_own_figures():
    (target,) = rows(1, "2026-01-01T00:00:00Z", entry(), is_beside=False)
    assert target["probe_us"] == {"n": 400, "p50": 200.0, "p90": 250.0, "p99": 300.0}


def test_where_orders_are_not_allowed_reading_is_measured():
    assert scenario_of(REFERENCE) == "order_latency"
    closed = REFERENCE.allows.model_copy(update={"trading": False})
    assert scenario_of(REFERENCE.model_copy(update={"allows": closed})) == "mixed"
