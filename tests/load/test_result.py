"""Samples become the summary's entry: what counts, what it is compared with, what it says."""

from __future__ import annotations

import pytest

from load.judge import Bounds
from load.lines import lines_of
from load.plan import Profile, Stage, plan
from load.recorder import Kind, Recorder, Sample
from load.result import Ended, result

MS = 1_000_000
START = 1_000_000_000_000
PROFILE = Profile("smoke", "order_latency", 1, 1.0, (Stage(100, 4.0),))
PLAN = plan(PROFILE)
BOUNDS = Bounds(0.95, 0.01, 500, 1000, 1000)
SHAPE = {
    "scenario", "valid", "why_invalid", "n", "offered_per_s", "achieved_per_s", "wire_us",
    "response_us", "send_lag_us", "receive_lag_us", "errors", "operations", "extra", "histogram",
    "duration_s", "profile", "clock",
}  # fmt: skip


def recorded(operation: str = "place", took_ms: float = 0.4, stamped: bool = True) -> Recorder:
    """Every planned request sent in time; the kernel has the answer a tenth before we read it."""
    recorder = Recorder()
    for offset in PLAN.offsets_ns:
        add(recorder, operation, START + offset, took_ms, stamped)
    return recorder


def add(
    recorder: Recorder,
    operation: str,
    due: int,
    took_ms: float = 0.4,
    stamped: bool = True,
    kind: Kind = Kind.ANSWERED,
) -> None:
    end = due + round(took_ms * MS)
    kernel = end - 100_000 if stamped else 0
    number = recorder.number_of(operation)
    recorder.add(Sample(number, kind, due, due - MS, due, kernel, end))


def ended(**change) -> Ended:
    given = {"profile": PROFILE, "plan": PLAN, "start_ns": START, "stop_ns": START + PLAN.end_ns}
    return Ended(**{**given, **change})


def test_a_good_run_is_valid_and_has_the_shape_of_the_summary():
    entry = result(recorded(), ended(), BOUNDS)
    assert set(entry) == SHAPE
    assert (entry["valid"], entry["why_invalid"], entry["clock"]) == (True, None, "kernel")
    assert (entry["n"], entry["errors"]) == (400, 0)
    assert entry["offered_per_s"] == 100.0
    assert entry["achieved_per_s"] == pytest.approx(100.0, abs=0.1)
    assert entry["wire_us"] == dict.fromkeys(("p50", "p90", "p99", "max"), 300.0) | {"p999": None}
    assert entry["response_us"]["p99"] == 400.0
    assert (entry["send_lag_us"], entry["receive_lag_us"]) == ({"p99": 0.0}, {"p99": 100.0})


def test_the_warm_up_does_not_count():
    recorder = recorded()
    add(recorder, "place", START + 500 * MS, took_ms=400)
    assert result(recorder, ended(), BOUNDS)["response_us"]["max"] == 400.0


def test_without_stamps_the_clock_is_ours_and_says_so():
    entry = result(recorded(stamped=False), ended(), BOUNDS)
    assert entry["clock"] == "user"
    assert entry["wire_us"]["p50"] == 400.0


def test_a_few_missing_stamps_are_left_out_of_the_wire_time():
    recorder = recorded()
    add(recorder, "place", START + 2000 * MS, took_ms=90, stamped=False)
    entry = result(recorder, ended(), BOUNDS)
    assert (entry["clock"], entry["wire_us"]["max"]) == ("kernel", 300.0)
    assert entry["response_us"]["max"] == 90_000.0


def test_only_the_headline_stands_for_the_scenario_but_every_operation_is_listed():
    recorder = recorded()
    for offset in PLAN.offsets_ns:
        add(recorder, "cancel", START + offset, took_ms=7)
    entry = result(recorder, ended(headline=frozenset({"place"})), BOUNDS)
    assert (entry["n"], entry["response_us"]["max"]) == (400, 400.0)
    rows = {row["operation"]: row for row in entry["operations"]}
    assert (rows["cancel"]["n"], rows["cancel"]["response_us"]["p50"]) == (400, 7000.0)


@pytest.mark.parametrize(
    ("kind", "longest_us"),
    [
        # what got no answer waited at least until it was given up
        (Kind.LOST, 10_000_000.0),
        # a refusal says nothing about how long the work takes
        (Kind.REFUSED, 400.0),
    ],
)
def test_a_failure_is_an_error_and_never_a_sample(kind, longest_us):
    recorder = recorded()
    add(recorder, "place", START + 2000 * MS, took_ms=10_000, kind=kind)
    entry = result(recorder, ended(), BOUNDS)
    assert (entry["n"], entry["errors"]) == (400, 1)
    assert entry["response_us"]["max"] == longest_us


def test_an_exchange_that_falls_behind_is_not_a_late_load_generator():
    recorder = Recorder()
    for number, offset in enumerate(PLAN.offsets_ns):
        due = START + offset
        free = START + number * 20 * MS  # it serves half of what is planned
        sent = max(due, free)
        place = recorder.number_of("place")
        recorder.add(Sample(place, 0, due, free, sent, sent + MS, sent + MS))
    entry = result(recorder, ended(stop_ns=START + 10_000 * MS), BOUNDS)
    assert entry["send_lag_us"] == {"p99": 0.0}
    assert "planned per second were answered" in entry["why_invalid"]
    assert entry["extra"]["waited_for_a_connection"] == 400


def test_a_run_cut_short_is_compared_with_what_was_due_by_then():
    recorder = Recorder()
    for offset in PLAN.offsets_ns:
        if offset < 3000 * MS:
            add(recorder, "place", START + offset)
    entry = result(recorder, ended(stop_ns=START + 3000 * MS), BOUNDS)
    assert (entry["valid"], entry["n"], entry["offered_per_s"]) == (True, 200, 100.0)


@pytest.mark.parametrize("stop_ms", [0, 500, 1000, 5000])
def test_a_run_without_samples_is_never_valid(stop_ms):
    entry = result(Recorder(), ended(stop_ns=START + stop_ms * MS), BOUNDS)
    assert "no request was answered" in entry["why_invalid"]
    assert lines_of(entry)[0].startswith("order_latency: NOT VALID")


def test_a_closed_load_offers_what_it_achieves():
    entry = result(recorded(), ended(plan=None), BOUNDS)
    assert entry["offered_per_s"] == entry["achieved_per_s"] == pytest.approx(100, abs=0.1)


def test_the_lines_say_which_percentiles_are_not_carried():
    first, wire, response = lines_of(result(recorded(), ended(), BOUNDS))
    assert first == "order_latency: valid; 400 samples, 100 of 100 per second"
    assert "p50 300" in wire
    assert "p99.9 - (too few)" in response
