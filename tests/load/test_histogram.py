"""Buckets at most 0.1 % wide, counts that add up, and the format that other tools read."""

from __future__ import annotations

from math import ceil

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from load.histogram import HIGHEST_NS, Histogram, needed

VALUES = st.lists(st.integers(0, HIGHEST_NS), max_size=200)


def counted(values: list[int]) -> Histogram:
    """A histogram of values in ns."""
    found = Histogram()
    found.add(np.array(values, dtype=np.int64))
    return found


@given(value=st.integers(1000, HIGHEST_NS))
def test_a_bucket_is_at_most_a_thousandth_wide(value: int) -> None:
    ((middle, count),) = counted([value]).rows()
    assert count == 1
    # Half a bucket to either side: what is shown is at most 0.05 % off.
    assert abs(middle - value) <= value * 0.0005 + 0.5


@given(values=VALUES, parts=st.integers(1, 5))
def test_parts_add_up_to_the_same_bits(values: list[int], parts: int) -> None:
    whole = Histogram()
    for part in range(parts):
        whole.merge(counted(values[part::parts]))
    assert whole.pack() == counted(values).pack()


@given(values=VALUES)
def test_what_travels_arrives(values: list[int]) -> None:
    found = counted(values)
    assert Histogram.unpack(found.pack()) == found


@given(values=VALUES)
def test_other_tools_read_every_count(values: list[int]) -> None:
    found = counted(values)
    theirs = HdrHistogram.decode(found.encode())
    assert theirs.get_total_count() == len(values)
    assert list(Histogram.decode(found.encode()).rows()) == list(found.rows())


@given(values=st.lists(st.integers(1000, HIGHEST_NS), min_size=400, max_size=600))
def test_a_quantile_is_that_of_the_values(values: list[int]) -> None:
    found = counted(values).quantile(0.99)
    truth = sorted(values)[ceil(round(0.99 * len(values), 6)) - 1]
    assert found is not None
    assert abs(found - truth) <= truth * 0.0005 + 0.5


@pytest.mark.parametrize(("quantile", "samples"), [(0.5, 5), (0.9, 29), (0.99, 299), (0.999, 2995)])
def test_no_quantile_that_too_few_carry(quantile: float, samples: int) -> None:
    assert needed(quantile) == samples
    assert counted([1000] * (samples - 1)).quantile(quantile) is None
    assert counted([1000] * samples).quantile(quantile) == 1000


def test_what_is_out_of_range_is_counted_and_never_dropped() -> None:
    found = counted([-5, 1000, HIGHEST_NS + 1])
    assert (found.under, found.over, len(found)) == (1, 1, 3)
    assert found.max_ns == HIGHEST_NS + 1
    assert Histogram.unpack(found.pack()) == found


def test_over_range_samples_keep_their_place_in_the_quantiles() -> None:
    found = counted([1000] * 200 + [HIGHEST_NS * 2] * 200)
    assert found.quantile(0.9) == HIGHEST_NS * 2


def test_an_interval_holds_the_true_quantile_about_as_often_as_it_says() -> None:
    draw, held = np.random.default_rng(1), 0
    truth = 1_000_000 * np.exp(0.5 * 2.3263478740408408)  # p99 of this log-normal
    for _ in range(300):
        found = Histogram()
        found.add((1_000_000 * np.exp(0.5 * draw.standard_normal(2000))).astype(np.int64))
        bounds = found.interval(0.99)
        assert bounds is not None
        held += bounds.low_ns <= truth <= bounds.high_ns
    assert 0.92 <= held / 300 <= 0.99


def test_an_interval_of_samples_that_tell_less_is_wider() -> None:
    found = counted(list(range(1000, 6000)))
    near, far = found.interval(0.9), found.interval(0.9, widened=9)
    assert near is not None
    assert far is not None
    assert far.low_ns < near.low_ns < near.value_ns < near.high_ns < far.high_ns


def test_how_many_are_longer() -> None:
    assert counted([1000, 2000, 3000, HIGHEST_NS + 1]).above(1500) == 3
