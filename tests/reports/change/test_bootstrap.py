"""The two-level bootstrap, beside what can be worked out for it."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from reports.change.bootstrap import errors, redrawn
from reports.change.values import Value, middle


def drawn(levels, spread=0.0, size=8, seed=1):
    random = np.random.default_rng(seed)
    found = []
    for level in levels:
        blocks = np.sort(level + spread * random.standard_normal(size))
        found.append(Value(blocks, middle(blocks), None))
    return redrawn(found, 1)


LEVELS = np.random.default_rng(7).normal(0, 1, 20)


@pytest.mark.parametrize("window", [1, 2, 5])
def test_nights_without_noise_have_the_error_of_the_textbook(window):
    found = errors(drawn(LEVELS), drawn(np.zeros(window)), 20_000, 1)
    spread = LEVELS.std(ddof=1)
    assert found.window == pytest.approx(spread * sqrt(1 / window + 1 / 20), rel=0.03)
    assert found.night == pytest.approx(spread * sqrt(1 + 1 / 20), rel=0.03)


def test_the_noise_of_blocks_is_counted_once():
    """Nights that differ by their blocks alone vary as the median of eight blocks does, and not twice that."""
    base = drawn(np.zeros(400), spread=1.0)
    one = base.centres.std()
    found = np.mean([errors(base, base[n : n + 1], 4000, 1).window for n in range(50)])
    assert one * 0.9 < found < one * 1.35


def test_a_night_with_disturbed_blocks_is_less_sure():
    quiet, loud = np.zeros(8), np.array([0.0] * 4 + [5.0] * 4)
    base = drawn(LEVELS)
    sure = errors(base, redrawn([Value(quiet, 0.0, None)], 1), 4000, 1)
    unsure = errors(base, redrawn([Value(loud, 2.5, None)], 1), 4000, 1)
    assert unsure.window > 1.5 * sure.window


def test_nights_of_different_numbers_of_blocks_are_drawn_each_by_its_own():
    values = [Value(np.full(size, float(size)), float(size), None) for size in (1, 2, 5, 8)]
    found = redrawn(values, 1)
    assert found.centres.tolist() == [1.0, 2.0, 5.0, 8.0]
    assert not found.moved.any()
