"""Samples become the summary's entry: what counts, what it is compared with, what it says."""

from __future__ import annotations

from random import Random

import pytest

from load.histogram import histogram_of
from load.lines import lines_of
from load.plan import Profile, Stage, plan
from load.recorder import Kind
from load.result import Ended, figures, result
from load.streams.trials import SlowReaderTrial, Trials
from load.timeline import Timeline
from tests.load.rows import MS, row, rows
from tests.load.test_judge import BOUNDS

START = 1_000_000_000_000
PROFILE = Profile("smoke", "order_latency", 1, 1.0, (Stage(100, 4.0),))
PLAN = plan(PROFILE)
SHAPE = {
    "scenario", "profile", "valid", "why_invalid", "n", "errors", "offered_per_s", "achieved_per_s",
    "duration_s", "partial", "clock", "wire_us", "service_us", "response_us", "interval_us", "send_lag_us",
    "receive_lag_us", "also_us", "attribution", "operations", "stages", "knee", "generator", "extra", "over_range",
    "histograms", "over_time",
}  # fmt: skip


def recorded(number: int = 0, **how) -> list[tuple]:
    """Every planned request sent in time; the kernel has the answer a tenth before we read it."""
    return [row(START + offset, operation=number, **how) for offset in PLAN.offsets_ns]


def concluded(samples: list[tuple], plan_=PLAN, **change) -> dict:
    """The entry of samples."""
    timeline = Timeline()
    timeline.add(rows(*samples), ["place", "cancel"], PLAN, START)
    given = {"profile": PROFILE, "plan": plan_, "stop_ns": PLAN.end_ns, **change}
    return result(timeline, Ended(**given), BOUNDS)


def test_a_good_run_is_valid_and_has_the_shape_of_the_summary():
    entry = concluded(recorded())
    assert set(entry) == SHAPE
    assert (entry["valid"], entry["why_invalid"], entry["clock"]) == (True, None, "kernel")
    assert (entry["n"], entry["errors"], entry["partial"]) == (400, 0, False)
    assert entry["offered_per_s"] == 100.0
    assert entry["achieved_per_s"] == pytest.approx(100.0, abs=0.1)
    assert entry["wire_us"]["p99"] == pytest.approx(300, rel=0.001)
    assert (entry["wire_us"]["max"], entry["wire_us"]["p999"]) == (300.0, None)
    assert entry["response_us"]["p99"] == pytest.approx(400, rel=0.001)
    assert entry["send_lag_us"]["p99"] == 0.0
    assert entry["receive_lag_us"]["p99"] == pytest.approx(100, rel=0.001)


def test_every_percentile_that_is_given_has_an_interval():
    draw = Random(1)
    entry = concluded([row(START + at, draw.randrange(300_000, 900_000)) for at in PLAN.offsets_ns])
    for name in ("wire", "response"):
        for quantile, bounds in entry["interval_us"][name].items():
            value = entry[f"{name}_us"][quantile]
            assert (bounds is None) == (value is None)
            assert value is None or bounds[0] - 0.1 <= value <= bounds[1] + 0.1


def test_the_warm_up_does_not_count():
    entry = concluded([*recorded(), row(START + 500 * MS, 400 * MS)])
    assert entry["response_us"]["max"] == 400.0


def test_the_means_of_the_loads_own_parts_add_up():
    late = [
        row(START + at, MS + at % 7919, late_ns=at % 613, free=START + at + at % 31)
        for at in PLAN.offsets_ns
    ]
    samples = [*late, *recorded(stamped=False)[:9], row(START + 2000 * MS, MS, kind=Kind.LOST)]
    found = concluded(samples)["attribution"]["load"]
    means = found["mean_us"]
    parts = sum(value for name, value in means.items() if name != "response")
    assert found["n"] == 400
    assert parts == pytest.approx(means["response"], abs=0.003)
    counted = [each for each in late if each[1] >= START + 1000 * MS]
    exact = sum(each[5] - each[1] for each in counted) / len(counted) / 1000
    assert means["response"] == pytest.approx(exact, abs=0.001)
    assert 0 < means["waiting"] < means["client_before"] < means["wire"]


def test_without_stamps_the_clock_is_ours_and_says_so():
    entry = concluded(recorded(stamped=False))
    divided = entry["attribution"]["load"]
    assert (divided["mean_us"], divided["not_to_be_had"]) == (None, "the kernel stamped no answer")
    assert entry["clock"] == "user"
    assert entry["wire_us"]["max"] == 400.0


def test_a_few_missing_stamps_are_left_out_of_the_wire_time():
    entry = concluded([*recorded(), row(START + 2000 * MS, 90 * MS, stamped=False)])
    assert (entry["clock"], entry["wire_us"]["max"]) == ("kernel", 300.0)
    assert entry["response_us"]["max"] == 90_000.0


def test_only_the_headline_stands_for_the_scenario_but_every_operation_is_listed():
    samples = [*recorded(), *recorded(1, took_ns=7 * MS, follows=True)]
    entry = concluded(samples, headline=frozenset({"place"}))
    assert (entry["n"], entry["response_us"]["max"]) == (400, 400.0)
    found = {each["operation"]: each for each in entry["operations"]}
    assert (found["cancel"]["n"], found["cancel"]["response_us"]["max"]) == (400, 7000.0)


def test_what_follows_does_not_make_up_for_what_was_planned():
    half = recorded()[::2]
    entry = concluded([*half, *[row(each[1], operation=1, follows=True) for each in half]])
    assert entry["achieved_per_s"] == pytest.approx(50, abs=0.2)
    assert "planned per second were answered" in entry["why_invalid"]


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
    entry = concluded([*recorded(), row(START + 2000 * MS, 10_000 * MS, kind=kind)])
    assert (entry["n"], entry["errors"]) == (400, 1)
    assert entry["response_us"]["max"] == longest_us


def test_an_exchange_that_falls_behind_is_not_a_late_load_generator():
    # It serves half of what is planned: each connection comes free after 20 ms.
    samples = [
        row(START + offset, MS, free=START + number * 20 * MS)
        for number, offset in enumerate(PLAN.offsets_ns)
    ]
    entry = concluded(samples, stop_ns=10_000 * MS)
    assert entry["send_lag_us"]["p99"] == 0.0
    assert "planned per second were answered" in entry["why_invalid"]
    assert entry["extra"]["waited_for_a_connection"] == 400


def test_a_run_cut_short_is_compared_with_what_was_due_by_then():
    samples = [each for each in recorded() if each[1] < START + 4500 * MS]
    entry = concluded(samples, stop_ns=4500 * MS)
    assert (entry["valid"], entry["n"], entry["offered_per_s"]) == (True, 350, 100.0)


@pytest.mark.parametrize("stop_ms", [0, 500, 1000, 5000])
def test_a_run_without_samples_is_never_valid(stop_ms):
    entry = concluded([], stop_ns=stop_ms * MS)
    assert "no request was answered" in entry["why_invalid"]
    assert lines_of(entry)[0].startswith("order_latency: NOT VALID")


def test_a_closed_load_offers_what_it_achieves():
    entry = concluded(recorded(), plan_=None)
    assert entry["offered_per_s"] == entry["achieved_per_s"] == pytest.approx(80, abs=0.1)


def test_each_stage_is_shown_apart():
    profile = Profile("ramp", "order_latency", 1, 1.0, (Stage(100, 2.0), Stage(50, 2.0)))
    made, timeline = plan(profile), Timeline()
    samples = [row(START + at, MS if at < 3000 * MS else 2 * MS) for at in made.offsets_ns]
    timeline.add(rows(*samples), ["place"], made, START)
    stages = result(timeline, Ended(profile, made, made.end_ns), BOUNDS)["stages"]
    assert [(each["rate_per_s"], each["n"]) for each in stages] == [(100, 200), (50, 100)]
    assert [each["response_us"]["max"] for each in stages] == [1000.0, 2000.0]
    assert [each["achieved_per_s"] for each in stages] == pytest.approx([100, 50], abs=0.1)


def test_a_stage_of_trials_is_shown_and_not_judged():
    stages, trials = (Stage(100, 4.0), Stage(100, 20.0)), Trials(slow_reader=SlowReaderTrial(1.0))
    profile = Profile("own", "stream_throughput", 1, 1.0, stages, trials=trials)
    made, timeline = plan(profile), Timeline()
    # All that is due from the second stage on is refused, and the run ends in the middle of it.
    samples = [
        row(START + at, kind=Kind.ANSWERED if at < 5000 * MS else Kind.REFUSED)
        for at in made.offsets_ns
        if at < 15_000 * MS
    ]
    timeline.add(rows(*samples), ["place"], made, START)
    entry = result(timeline, Ended(profile, made, 15_000 * MS), BOUNDS)
    assert (entry["valid"], entry["n"], entry["errors"]) == (True, 400, 0)
    assert entry["offered_per_s"] == entry["achieved_per_s"] == pytest.approx(100, abs=0.1)
    assert [(each["n"], each["errors"]) for each in entry["stages"]] == [(400, 0), (0, 1000)]


def test_figures_are_microseconds_with_a_tenth():
    found = figures(histogram_of([250_149, 250_151, 1_000_000, 40, 250_100]))
    assert found["p50"] == pytest.approx(250.1, rel=0.001)
    assert found == {**found, "p90": None, "p99": None, "p999": None, "max": 1000.0}


def test_no_samples_give_no_figures():
    assert set(figures(histogram_of([])).values()) == {None}


def test_sub_millisecond_values_are_told_apart():
    found = figures(histogram_of([406_000] * 500 + [773_000] * 400 + [893_000] * 100))
    told = [found[name] for name in ("p50", "p90", "p99")]
    assert told == pytest.approx([406, 773, 893], rel=0.001)


@pytest.mark.parametrize(("stall_s", "base_s"), [(1.0, 0.010), (1.0, 0.0004), (0.2, 0.010)])
@pytest.mark.parametrize(("name", "quantile"), [("p99", 0.99), ("p999", 0.999)])
def test_a_stall_is_not_omitted(stall_s, base_s, name, quantile):
    # At a constant rate over T, with one stall D and otherwise an answer after b, every request due
    # during the stall waits for its end: the quantile is b + D - (1 - q) T, while it is above b.
    total_s = 60.0 if stall_s >= 1 else 15.0
    profile = Profile("any", "mixed", 1, 0.0, (Stage(1000, total_s),))
    made, timeline = plan(profile), Timeline()
    from_ns, until_ns = int(5e9), int(5e9 + stall_s * 1e9)
    samples = []
    for due_ns in made.offsets_ns:
        served_ns = until_ns if from_ns <= due_ns < until_ns else due_ns
        samples.append(row(due_ns, served_ns - due_ns + int(base_s * 1e9)))
    timeline.add(rows(*samples), ["any"], made, 0)
    expected_s = base_s + stall_s - (1 - quantile) * total_s
    measured = figures(timeline.histogram("response"))[name]
    assert measured == pytest.approx(expected_s * 1e6, rel=0.03)


def test_the_lines_say_which_percentiles_are_not_carried():
    first, wire, response, mean, probe = lines_of(concluded(recorded()))
    assert first == "order_latency: valid; 400 samples, 100 of 100 per second"
    assert "p50 300" in wire
    assert "p99.9 - (too few)" in response
    parts = "waiting 0.0 + client before 0.0 + wire 300.0 + client after 100.0"
    assert mean == f"  response mean us: 400.0 = {parts}"
    assert "not to be had: no request of the probe was answered" in probe
