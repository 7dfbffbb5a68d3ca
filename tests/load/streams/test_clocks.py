"""The offset of two clocks is bounded by round trips, and never claimed to be better known than that."""

from __future__ import annotations

from random import Random

import pytest

from load.histogram import histogram_of
from load.streams.clocks import MS_NS, Offset, Round, at_most_ns, hull, offset_of, width_ns
from load.streams.told import latency

US = 1000


@pytest.mark.parametrize(
    ("rounds", "low", "high"),
    [
        # asked at 0, answered at 100, showed 1000 in steps of 10: read between 0 and 100, at 1000 to 1010
        ([Round(0, 100, 1000, 10)], 900, 1010),
        # a quicker round narrows both sides
        ([Round(0, 100, 1000, 10), Round(500, 520, 1460, 10)], 940, 970),
        # a clock behind ours
        ([Round(5000, 5100, 1000, 10)], -4100, -3990),
    ],
)
def test_what_every_round_allows(rounds, low, high):
    found = offset_of(rounds)
    assert (found.low_ns, found.high_ns, found.is_steady) == (low, high, True)


def test_clocks_that_ran_apart_are_known_only_to_lie_within_all_that_was_seen():
    found = offset_of([Round(0, 10, 100, 1), Round(1000, 1010, 2000, 1)])
    assert (found.low_ns, found.high_ns, found.is_steady) == (90, 1001, False)
    assert offset_of([]) is None


@pytest.mark.parametrize("offset_ns", [0, 7_654_321, -3_000_000_123])
def test_the_truth_lies_within_the_bounds_and_rounds_narrow_them_to_the_round_trip(offset_ns):
    draw, now_ns, rounds = Random(1), 10**18, []
    for _ in range(200):
        there, back = draw.randrange(50 * US, 300 * US), draw.randrange(50 * US, 300 * US)
        shown = (now_ns + there + offset_ns) // MS_NS * MS_NS
        rounds.append(Round(now_ns, now_ns + there + back, shown, MS_NS))
        now_ns += draw.randrange(MS_NS)
    found = offset_of(rounds)
    assert found.low_ns <= offset_ns <= found.high_ns
    assert found.high_ns - found.low_ns < 700 * US


@pytest.mark.parametrize("offset_ns", [0, 7_654_321, -3_000_000_123])
def test_a_latency_lies_within_its_interval(offset_ns):
    draw = Random(2)
    offset = Offset(offset_ns - 80 * US, offset_ns + 120 * US)
    for _ in range(1000):
        event_ns, took_ns = draw.randrange(10**18, 10**18 + 10**9), draw.randrange(5 * MS_NS)
        shown_ns = (event_ns + offset_ns) // MS_NS * MS_NS
        most = at_most_ns(event_ns + took_ns - shown_ns, offset)
        assert most - width_ns(offset) <= took_ns <= most


def test_two_times_of_looking_allow_what_either_allowed():
    assert hull(Offset(1, 5, 2), Offset(3, 9, 4)) == Offset(1, 9, 6)
    assert hull(Offset(1, 5, 2), None) == Offset(1, 5, 2)


def told_offset(low_ns: int, high_ns: int) -> dict:
    return {"by": "ping", "offset": Offset(low_ns, high_ns, 9).as_dict()}


def test_latency_is_told_as_intervals_by_the_least_certain_worker():
    ages = histogram_of([2_000_000] * 400)
    found = latency({"a": told_offset(0, 100 * US), "b": told_offset(-50 * US, 150 * US)}, ages)
    assert found["clocks"] == "offset-bounded"
    assert found["interval_width_us"] == 1200.0
    assert found["p50_us"] == pytest.approx([800, 2000], rel=0.001)
    assert found["exchange_ahead_us"] == [-50.0, 150.0]


def test_an_interval_does_not_begin_before_the_event():
    found = latency({"a": told_offset(0, 0)}, histogram_of([300_000] * 10))
    assert found["p50_us"] == [0.0, pytest.approx(300, rel=0.001)]
    assert found["p99_us"] is None  # ten samples carry none


@pytest.mark.parametrize("clocks", [{}, {"a": None}, {"a": told_offset(0, 1), "b": None}])
def test_without_the_time_of_the_exchange_there_is_no_latency(clocks):
    found = latency(clocks, histogram_of([1] * 400))
    assert found["clocks"] is None
    assert "p50_us" not in found
