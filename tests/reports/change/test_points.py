"""Change points: where a level changed, and by how much."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import pytest

from reports.change.points import points
from reports.change.rules import Rules
from tests.reports.change.nights import night, nights

RULES = Rules()


@pytest.mark.parametrize("control", [True, False])
def test_a_new_level_is_found_where_it_begins(control):
    (found,) = points(nights(20, *[0.2] * 10, control=control), RULES)
    assert found.run == "run-020"
    assert found.effect == pytest.approx(0.2, abs=0.03)


def test_there_and_back_are_two_points():
    found = points(nights(15, *[0.2] * 15, *[0.0] * 15), RULES)
    assert [point.run for point in found] == ["run-015", "run-030"]
    assert found[0].effect > 0 > found[1].effect


@pytest.mark.parametrize(
    "history",
    [
        [],
        nights(1),
        nights(40),
        nights(20, 0.5, *[0.0] * 20),  # a lone bad night
        nights(20, *[0.03] * 20),  # less than counts
        [night(n, machine=0.5 * (n >= 20)) for n in range(40)],  # a slower machine
        [night(0)] * 30,
    ],
)
def test_else_there_are_none(history):
    assert points(history, RULES) == []


def test_nights_without_a_number_are_passed_over():
    history = nights(20, *[0.2] * 10)
    history[3] = replace(history[3], target=(nan,))
    history[22] = replace(history[22], target=(0.0,))
    (found,) = points(history, RULES)
    assert found.run == "run-020"
