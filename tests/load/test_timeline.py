"""Samples fold by operation, stage and second, and parts add up to the same bits as the whole."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from load.histogram import histogram_of
from load.plan import Profile, Stage, plan
from load.recorder import Kind, Rows
from load.timeline import Timeline, widening
from tests.load.rows import MS, row, rows

START = 1_000_000_000_000
OPERATIONS = ["place", "cancel"]
PLAN = plan(Profile("any", "mixed", 1, 1.0, (Stage(10, 2.0), Stage(20, 1.5))))


def folded(samples: Rows) -> Timeline:
    """A timeline of rows."""
    found = Timeline()
    found.add(samples, OPERATIONS, PLAN, START)
    return found


def some(seed: int, count: int) -> Rows:
    """Samples all over the plan, of every kind."""
    draw = Random(seed)
    made = [
        row(
            START + draw.randrange(PLAN.end_ns),
            draw.randrange(50_000, 5_000_000),
            draw.randrange(2),
            draw.choice(list(Kind)),
            late_ns=draw.randrange(90_000),
            stamped=draw.random() < 0.9,
            follows=draw.random() < 0.3,
        )
        for _ in range(count)
    ]
    return rows(*made)


@given(seed=st.integers(0, 1000), workers=st.integers(1, 6))
def test_workers_merge_bit_identically_to_one_process(seed, workers):
    samples = some(seed, 60)
    merged = Timeline()
    for number in reversed(range(workers)):
        merged.merge(Timeline.unpack(folded(samples[number::workers]).pack()))
    assert merged.pack() == folded(samples).pack()


@pytest.mark.parametrize(
    ("offset_ms", "stage", "second"),
    [
        (0, -1, -1),
        (999, -1, -1),
        (1000, 0, 0),
        (2999, 0, 1),
        (3000, 1, 2),
        (4400, 1, 3),
        (9999, 1, 8),
    ],
)
def test_a_sample_belongs_to_the_time_at_which_it_was_due(offset_ms, stage, second):
    (key,) = folded(rows(row(START + offset_ms * MS))).cells
    assert (key.operation, key.stage, key.second) == ("place", stage, second)


def test_the_warm_up_does_not_count():
    found = folded(rows(row(START), row(START + 1500 * MS)))
    assert found.counted().kinds()[Kind.ANSWERED] == 1


def test_the_times_of_a_sample():
    due = START + 1500 * MS
    found = folded(rows(row(due, 400_000, free=due + 2000, late_ns=50, read_ns=100)))
    values = {name: found.histogram(name).max_ns for name in ("wire", "service", "response")}
    assert values == {"wire": 399_900, "service": 400_000, "response": 402_050}
    assert (found.histogram("send_lag").max_ns, found.histogram("receive_lag").max_ns) == (50, 100)
    assert found.waited() == 1


def test_without_a_stamp_there_is_no_wire_time():
    found = folded(rows(row(START + 1500 * MS, stamped=False)))
    assert (len(found.histogram("wire")), len(found.histogram("service"))) == (0, 1)


def test_what_is_lost_has_waited_and_what_is_refused_is_no_sample():
    due = START + 1500 * MS
    found = folded(rows(row(due, kind=Kind.LOST), row(due, kind=Kind.REFUSED)))
    assert (len(found.histogram("response")), len(found.histogram("service"))) == (1, 0)


def test_follow_ups_use_no_planned_time():
    due = START + 1500 * MS
    found = folded(rows(row(due), row(due, operation=1, follows=True)))
    assert (found.planned(), found.kinds()[Kind.ANSWERED]) == (1, 2)


def test_seconds_that_differ_more_than_chance_widen_an_interval():
    draw = np.random.default_rng(1)
    alike = [histogram_of(draw.integers(1000, 2000, 500).tolist()) for _ in range(40)]
    apart = [
        histogram_of((draw.integers(1000, 2000, 500) + 400 * (n % 2)).tolist()) for n in range(40)
    ]
    assert widening(alike, 1500, 0.5) < 2
    assert widening(apart, 1700, 0.5) > 20
    assert widening(apart[:4], 1700, 0.5) == 1.0
