"""A run in spans of time: every sample in its span and in its bucket."""

from __future__ import annotations

from random import Random

import pytest

from load.over_time import EDGES_US, SPANS_MAX, over_time
from load.plan import Profile, Stage, plan
from load.recorder import Kind
from load.result import figures
from load.timeline import Timeline
from tests.load.rows import row, rows

START = 1_000_000_000_000


def told(seconds: float, rate_per_s: float = 100, delay_ns=lambda at: 300_000, **how) -> dict:
    """What is told of a run whose every planned request was answered."""
    the_plan = plan(Profile("p", "order_latency", 1, 1.0, (Stage(rate_per_s, seconds),)))
    timeline = Timeline()
    samples = [row(START + at, delay_ns(at), **how) for at in the_plan.offsets_ns]
    timeline.add(rows(*samples), ["place"], the_plan, START)
    found = over_time(timeline, figures)
    assert found is not None
    return found


def test_each_second_after_the_warm_up_is_a_span():
    found = told(4)
    assert [each["from_s"] for each in found["rows"]] == [0, 1, 2, 3]
    assert [(each["n"], each["errors"]) for each in found["rows"]] == [(100, 0)] * 4


def test_a_slow_second_shows_in_its_own_span_alone():
    slow = told(4, delay_ns=lambda at: 9_000_000 if 3e9 <= at < 4e9 else 300_000)
    medians = [each["response_us"]["p50"] for each in slow["rows"]]
    assert medians[2] == max(medians) > 8900
    assert max(medians[:2] + medians[3:]) < 500


def test_a_long_run_is_told_in_few_spans_that_hold_every_sample():
    found = told(1000, rate_per_s=10)
    assert found["every_s"] == 9
    assert len(found["rows"]) <= SPANS_MAX
    assert sum(each["n"] for each in found["rows"]) == 10_000


def test_what_was_refused_is_an_error_and_no_sample():
    found = told(2, kind=Kind.REFUSED)
    assert [(each["n"], each["errors"]) for each in found["rows"]] == [(0, 100)] * 2
    assert all(sum(each["counts"]) == 0 for each in found["rows"])


@pytest.mark.parametrize("seed", range(20))
def test_buckets_hold_every_sample_between_their_edges(seed):
    draw = Random(seed)
    spread = [int(10 ** draw.uniform(3.01, 10.5)) for _ in range(500)]
    values = iter(spread)
    found = told(4, delay_ns=lambda at: next(values))
    edges = found["edges_us"]
    assert set(edges) <= set(EDGES_US)
    for each in found["rows"]:
        assert len(each["counts"]) == len(edges) + 1
        assert sum(each["counts"]) == each["n"]
    totals = [sum(column) for column in zip(*(x["counts"] for x in found["rows"]), strict=True)]
    assert sum(totals[1:-1]) == 400
