"""What fits into a night, and who is measured when."""

from __future__ import annotations

import pytest

from conformance.errors import ConfigurationError
from conformance.night_plan import (
    CONCLUDING_S,
    LONGER,
    ROUNDS_PROFILE,
    Budget,
    profile_seconds,
    seconds_of,
)
from load.job import SCENARIOS


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", None),
        ("90", 90),
        ("90s", 90),
        ("30m", 1800),
        ("2h", 7200),
        ("1.5h", 5400),
        (" 5m ", 300),
    ],
)
def test_a_budget_is_a_length_of_time(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["x", "-5m", "5d", "0", "0s", "1h30m", "m"])
def test_what_is_no_length_of_time_is_refused(text):
    with pytest.raises(ConfigurationError, match="30m"):
        seconds_of(text)


def test_a_budget_counts_down_and_keeps_time_to_conclude():
    clock = [100.0]
    budget = Budget(60, lambda: clock[0], 100.0)
    assert budget.left_s() == 60 - CONCLUDING_S
    clock[0] = 130.0
    assert budget.has(60 - CONCLUDING_S - 30)
    assert not budget.has(60 - CONCLUDING_S - 29)
    assert Budget(None, lambda: 1e9, 0).has(1e6)


def test_every_scenario_of_the_longer_load_has_its_time_in_the_profiles():
    assert set(LONGER) == set(SCENARIOS)
    for scenario in LONGER:
        assert profile_seconds("steady", scenario) > 60
    assert profile_seconds(ROUNDS_PROFILE, "order_latency") < 15


def test_an_unknown_profile_names_those_that_exist():
    with pytest.raises(ConfigurationError, match="smoke, soak"):
        profile_seconds("nowhere", "mixed")
