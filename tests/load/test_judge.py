"""A measurement is believed unless it shows that it should not be."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from conformance.errors import ConfigurationError
from load.job import PROFILES
from load.judge import Bounds, Evidence, bounds_of, why_invalid

BOUNDS = Bounds(
    achieved_share_min=0.95,
    error_share_max=0.01,
    send_lag_p99_us=500,
    receive_lag_p99_us=1000,
    clock_step_us=1000,
)
GOOD = Evidence(
    sent=1000,
    answered=1000,
    errors=0,
    dropped=0,
    offered_per_s=100.0,
    achieved_per_s=100.0,
    send_lag_p99_us=50.0,
    receive_lag_p99_us=50.0,
    clock_step_us=3.0,
)


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
        # an exchange that answers more than planned has drained a queue
        {"achieved_per_s": 101.0},
    ],
)
def test_what_keeps_the_bounds_is_valid(change):
    assert why_invalid(replace(GOOD, **change), BOUNDS) is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"answered": 0, "sent": 0, "achieved_per_s": 0.0}, "no request was answered"),
        ({"achieved_per_s": 94.9}, "94.9 of 100.0 planned per second were answered"),
        ({"errors": 11, "answered": 989}, "11 of 1000 requests were refused or lost"),
        ({"errors": 11, "first_error": "getX: 500"}, "the first: getX: 500"),
        ({"send_lag_p99_us": 501.0}, "sent 501 us late"),
        ({"receive_lag_p99_us": 1001.0}, "read answers 1001 us late"),
        ({"clock_step_us": 1001.0}, "the clock was set"),
        ({"clock_step_us": -1001.0}, "the clock was set"),
        ({"dropped": 1}, "1 samples found no room"),
        ({"stopped_because": "a stream failed"}, "a stream failed"),
    ],
)
def test_what_breaks_a_bound_says_which(change, says):
    assert says in (why_invalid(replace(GOOD, **change), BOUNDS) or "")


def test_every_reason_is_named():
    seen = replace(GOOD, errors=500, send_lag_p99_us=900.0, clock_step_us=5000.0)
    assert len((why_invalid(seen, BOUNDS) or "").split("; ")) == 3


def test_the_bounds_in_the_file_are_complete():
    assert bounds_of(tomllib.loads(PROFILES.read_text())).achieved_share_min == 0.95


@pytest.mark.parametrize("table", [{}, {"achieved_share_min": 1}, {"nonsense": 1}])
def test_bounds_that_miss_something_are_refused(table):
    with pytest.raises(ConfigurationError, match="missing or unknown"):
        bounds_of({"bounds": table})
