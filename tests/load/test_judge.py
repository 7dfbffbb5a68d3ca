"""A measurement is believed unless it shows that it should not be."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from conformance.errors import ConfigurationError
from load.job import PROFILES
from load.judge import Bounds, Evidence, Worker, bounds_of, why_invalid, why_unfit
from load.watch import Watched

BOUNDS = Bounds(
    samples_min=299,
    achieved_share_min=0.95,
    error_share_max=0.01,
    send_lag_p99_us=500,
    receive_lag_p99_us=1000,
    overslept_p99_us=1000,
    busy_share_max=0.95,
    run_delay_share_max=0.1,
    collector_us_max=50_000,
    clock_step_us=1000,
)
WATCHED = Watched(
    seconds=10.0,
    clock_step_us=3.0,
    collector_us_max=300.0,
    collector_share=0.001,
    cpu_share=0.4,
    run_delay_share=0.01,
    busy_share=0.3,
    overslept_us_p99=90.0,
)
WORKER = Worker(
    answered=1000,
    errors=0,
    offered_per_s=100.0,
    achieved_per_s=100.0,
    send_lag_p99_us=50.0,
    receive_lag_p99_us=50.0,
    watched=WATCHED,
)
GOOD = Evidence(
    sent=1000,
    answered=1000,
    errors=0,
    offered_per_s=100.0,
    achieved_per_s=100.0,
    workers={"": WORKER},
)


def seen(**change) -> Evidence:
    """A good run, but for a change to what it shows of its requests or of its process."""
    of_run = {name: value for name, value in change.items() if hasattr(GOOD, name)}
    of_process = {name: value for name, value in change.items() if name not in of_run}
    return replace(GOOD, workers={"": ran(**of_process)}, **of_run)


def ran(**change) -> Worker:
    """A good worker, but for a change."""
    watched = {name: value for name, value in change.items() if hasattr(WATCHED, name)}
    others = {name: value for name, value in change.items() if name not in watched}
    return replace(WORKER, watched=replace(WATCHED, **watched), **others)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"achieved_per_s": 95.0},
        {"errors": 10, "answered": 990},
        {"send_lag_p99_us": 500.0},
        {"receive_lag_p99_us": 1000.0},
        # too few samples to tell the lag: nothing speaks against it
        {"send_lag_p99_us": None, "receive_lag_p99_us": None},
        {"clock_step_us": -1000.0},
        {"answered": 299, "sent": 299},
        {"busy_share": 0.95, "run_delay_share": 0.1, "overslept_us_p99": 1000.0},
        # the machine does not tell
        {"run_delay_share": None, "overslept_us_p99": None},
        # nothing was planned, so nothing can be late or too few
        {"is_planned": False, "answered": 5, "sent": 5, "busy_share": 1.0},
        # an exchange that answers more than planned has drained a queue
        {"achieved_per_s": 101.0},
    ],
)
def test_what_keeps_the_bounds_is_valid(change):
    assert why_invalid(seen(**change), BOUNDS) is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"answered": 0, "sent": 0, "achieved_per_s": 0.0}, "no request was answered"),
        # and it is said why, where that is known
        ({"answered": 0, "achieved_per_s": 0.0, "busy_share": 1.0}, "was busy 100% of the time"),
        ({"achieved_per_s": 94.9}, "94.9 of 100.0 planned per second were answered"),
        ({"errors": 11, "answered": 989}, "11 of 1000 requests were refused or lost"),
        ({"errors": 11, "first_error": "getX: 500"}, "the first: getX: 500"),
        ({"send_lag_p99_us": 501.0}, "sent 501 us late"),
        ({"receive_lag_p99_us": 1001.0}, "read answers 1001 us late"),
        ({"clock_step_us": 1001.0}, "the clock was set"),
        ({"clock_step_us": -1001.0}, "the clock was set"),
        ({"answered": 298, "sent": 298}, "too short: 298 samples, and p99 takes 299"),
        ({"busy_share": 0.96}, "was busy 96% of the time"),
        ({"run_delay_share": 0.11}, "waited for a processor 11% of the time"),
        # late as well, it need not have waited that long
        ({"run_delay_share": 0.05, "send_lag_p99_us": 900.0}, "waited for a processor 5% of"),
        ({"overslept_us_p99": 1001.0}, "woke 1001 us late"),
        ({"collector_us_max": 50_001.0}, "collector stopped it for 50001 us"),
        ({"lost": ("worker-1 was lost 3 s after the start",)}, "worker-1 was lost"),
        ({"miscounted": "the exchange counted 1 more getX than were sent"}, "1 more getX"),
        ({"stopped_because": "a stream failed"}, "a stream failed"),
    ],
)
def test_what_breaks_a_bound_says_which(change, says):
    assert says in (why_invalid(seen(**change), BOUNDS) or "")


def test_where_nothing_was_answered_it_is_said_of_how_much_and_no_length_is_blamed():
    found = seen(answered=0, sent=0, achieved_per_s=0.0, send_lag_p99_us=None)
    said = "no request was answered; 0.0 of 100.0 planned per second were answered"
    assert why_invalid(found, BOUNDS) == said


def test_every_reason_is_named():
    found = seen(errors=500, send_lag_p99_us=900.0, clock_step_us=5000.0)
    assert len((why_invalid(found, BOUNDS) or "").split("; ")) == 3


def test_the_bounds_in_the_file_are_complete():
    assert bounds_of(tomllib.loads(PROFILES.read_text())).achieved_share_min == 0.95


@pytest.mark.parametrize("table", [{}, {"achieved_share_min": 1}, {"nonsense": 1}])
def test_bounds_that_miss_something_are_refused(table):
    with pytest.raises(ConfigurationError, match="missing or unknown"):
        bounds_of({"bounds": table})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"busy_share": 0.96}, "the load generator's worker-1 was busy 96% of the time"),
        ({"send_lag_p99_us": 501.0}, "the load generator's worker-1 sent 501 us late"),
        # drowns in what all workers achieved together
        ({"achieved_per_s": 94.9}, "94.9 of 100.0 planned per second were answered"),
    ],
)
def test_several_workers_are_as_good_as_the_worst_of_them_which_is_named(change, says):
    workers = {"worker-0": ran(), "worker-1": ran(**change)}
    assert says in (why_invalid(replace(GOOD, workers=workers), BOUNDS) or "")
    assert "worker-0" not in (why_invalid(replace(GOOD, workers=workers), BOUNDS) or "")
    assert why_unfit("worker-0", workers["worker-0"], BOUNDS) is None
    assert says in (why_unfit("worker-1", workers["worker-1"], BOUNDS) or "")


def test_when_all_workers_fall_short_together_none_of_them_is_named():
    workers = {"worker-0": ran(achieved_per_s=50.0), "worker-1": ran(achieved_per_s=50.0)}
    found = why_invalid(replace(GOOD, achieved_per_s=50.0, workers=workers), BOUNDS)
    assert found == "50.0 of 100.0 planned per second were answered"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lost": "worker-1 was lost 3 s after the start"}, "was lost 3 s after the start"),
        ({}, "its journal is all there is"),
    ],
)
def test_a_worker_that_did_not_live_to_tell_is_not_valid(change, says):
    found = why_unfit("worker-1", replace(WORKER, watched=None, **change), BOUNDS)
    assert says in (found or "")


def test_where_nothing_was_planned_a_worker_is_never_late():
    assert why_unfit("", ran(send_lag_p99_us=900.0, busy_share=1.0), BOUNDS, False) is None
    assert why_unfit("", ran(stopped_because="a stream failed"), BOUNDS, False) == "a stream failed"


def test_a_profile_may_have_bounds_of_its_own():
    document = tomllib.loads(PROFILES.read_text())
    assert bounds_of(document, "nightly").send_lag_p99_us == 5000
    assert bounds_of(document, "nightly").error_share_max == bounds_of(document).error_share_max
    assert bounds_of(document, "smoke") == bounds_of(document)
