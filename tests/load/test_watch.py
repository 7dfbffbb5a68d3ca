"""The generator sees when the clock is set, even when it is set back again."""

from __future__ import annotations

import gc
from time import time_ns

from load.watch import Watch


def test_a_clock_that_is_set_and_set_back_was_set(monkeypatch):
    watch = Watch()
    monkeypatch.setattr("load.watch.time_ns", lambda: time_ns() - 7_000_000)
    watch.look()
    monkeypatch.undo()
    found = watch.stop(0, [])
    assert -7_100 < found.clock_step_us < -6_900


def test_a_clock_that_is_left_alone_was_not_set():
    watch = Watch()
    for _ in range(100):
        watch.look()
    assert abs(watch.stop(0, []).clock_step_us) < 1000


def test_pauses_of_the_collector_are_seen():
    watch = Watch()
    gc.collect()
    found = watch.stop(0, [1000, 2000])
    assert found.collector_us_max > 0
    assert found.busy_share == 1.0
    assert found.overslept_us_p99 is not None
    assert watch._collector not in gc.callbacks
