"""The generator sees when the clock is set, even when it is set back again."""

from __future__ import annotations

import gc
from time import monotonic_ns, time_ns

import pytest

from load.recorder import Kind
from load.watch import ClockWatch, Watch
from tests.load.rows import MS, row, rows

US = 1_000
START = 1_000_000_000_000


class Clocks:
    """Both clocks in hand; `between_ns` passes between any two readings."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ns, self.offset_ns, self.between_ns = 5_000_000_000, 1_700_000_000 * 10**9, 100
        monkeypatch.setattr("load.watch.monotonic_ns", self.steady)
        monkeypatch.setattr("load.watch.time_ns", lambda: self.steady() + self.offset_ns)

    def steady(self) -> int:
        self.now_ns += self.between_ns
        return self.now_ns


@pytest.fixture
def clocks(monkeypatch) -> Clocks:
    return Clocks(monkeypatch)


@pytest.mark.parametrize(
    "step_ns", [5 * MS, -5 * MS, 2000 * MS, -2000 * MS, 2 * MS, -3_600_000 * MS]
)
def test_a_step_is_seen_whether_it_stays_or_not(clocks, step_ns):
    watch = ClockWatch()
    watch.look()
    assert watch.step_ns == 0
    clocks.offset_ns += step_ns
    watch.look()
    clocks.offset_ns -= step_ns
    watch.look()
    assert abs(watch.step_ns - step_ns) <= 4 * clocks.between_ns


def test_being_stopped_between_two_readings_is_no_step(clocks):
    watch = ClockWatch()
    clocks.between_ns = 40 * MS
    for _ in range(5):
        watch.look()
    assert watch.step_ns == 0


def test_a_clock_that_is_left_alone_was_not_set():
    watch = ClockWatch()
    for _ in range(1000):
        watch.look()
    assert abs(watch.step_ns) < 10 * US
    assert time_ns() > monotonic_ns()


@pytest.mark.parametrize(
    ("given", "step_ns"),
    [
        ([row(START, MS), row(START + MS, MS)], 0),
        # given up or refused, they are recorded in order all the same
        ([row(START, MS, kind=Kind.LOST), row(START + MS, MS, kind=Kind.REFUSED)], 0),
        # a later row is read earlier
        ([row(START, 9 * MS), row(START, 4 * MS)], -5 * MS),
        # an answer before its request
        ([row(START, -3 * MS)], -3 * MS),
        # sent before it was due
        ([row(START, MS, late_ns=-2 * MS)], -2 * MS),
        # read before the kernel had it
        ([row(START, MS, read_ns=-4 * MS)], -4 * MS),
        ([], 0),
    ],
)
def test_samples_show_a_clock_that_went_back(given, step_ns):
    watch = ClockWatch()
    watch.read(rows(*given))
    assert watch.step_ns == step_ns


def test_samples_are_held_against_those_of_the_call_before():
    watch = ClockWatch()
    watch.read(rows(row(START, 9 * MS)))
    watch.read(rows())
    watch.read(rows(row(START, 2 * MS)))
    assert watch.step_ns == -7 * MS


def test_what_the_clock_did_is_told_with_the_rest(clocks):
    clock = ClockWatch()
    watch = Watch(clock)
    clocks.offset_ns -= 7 * MS
    found = watch.stop(0, [])
    assert -7_100 < found.clock_step_us < -6_900


def test_pauses_of_the_collector_are_seen():
    watch = Watch(ClockWatch())
    gc.collect()
    found = watch.stop(0, [1000, 2000])
    assert found.collector_us_max > 0
    assert found.busy_share == 1.0
    assert found.overslept_us_p99 is not None
    assert watch._collector not in gc.callbacks


def test_more_idleness_than_time_is_no_negative_share():
    assert Watch(ClockWatch()).stop(10**15, []).busy_share == 0
