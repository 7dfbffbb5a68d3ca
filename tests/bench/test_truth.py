"""The computed truth is that of the closed formula, where there is one."""

from __future__ import annotations

import pytest

from load.plan import Profile, Stage, plan
from tests.bench.truth import MS, Pattern, truth

SECOND = 1000 * MS
QUANTILES = (0.5, 0.99, 0.999)


def planned(seconds: float) -> list[int]:
    """A thousand a second."""
    return list(plan(Profile("any", "mixed", 1, 0.0, (Stage(1000, seconds),))).offsets_ns)


@pytest.mark.parametrize(("stall_ms", "seconds"), [(1000, 60), (1000, 15), (200, 15)])
def test_a_stall_is_the_formula_of_coordinated_omission(stall_ms, seconds):
    base = 10 * MS
    pattern = Pattern("one stall", base, stall_first=3 * SECOND, stall=stall_ms * MS)
    # Enough connections that nobody waits for one.
    found = truth(pattern, planned(seconds), 2000, 0)
    for quantile, response in zip(QUANTILES, found.response_us, strict=True):
        expected = max(base, base + stall_ms * MS - (1 - quantile) * seconds * SECOND) / 1000
        assert response == pytest.approx(expected, rel=0.03)


def test_with_few_connections_the_stall_is_hidden_from_the_wire():
    pattern = Pattern("one stall", MS, stall_first=3 * SECOND, stall=SECOND)
    few, many = (truth(pattern, planned(15), count, 0) for count in (4, 2000))
    assert few.wire_us[1] == pytest.approx(1000, rel=0.001)
    assert many.wire_us[1] > 800_000


def test_one_at_a_time_answers_leave_a_queue_behind_a_stall():
    pattern = Pattern("serial", 900_000, serial=True, stall_first=2 * SECOND, stall=100 * MS)
    found = truth(pattern, planned(5), 2000, 0)
    assert found.response_us[0] == pytest.approx(900, rel=0.01)
    assert found.response_us[2] == pytest.approx(100_900, rel=0.1)


def test_a_server_that_slows_down_is_slow_in_proportion():
    found = truth(Pattern("ramp", MS, 10 * MS, 10 * SECOND), planned(10), 64, 0)
    assert found.response_us[0] == pytest.approx(5_500, rel=0.01)
