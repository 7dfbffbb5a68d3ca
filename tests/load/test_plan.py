"""Profiles become intended times that nothing but the profile decides."""

from __future__ import annotations

import tomllib

import pytest

from conformance.errors import ConfigurationError
from load.job import PROFILES, SCENARIOS
from load.plan import Profile, Stage, plan, profile_of

MS = 1_000_000
DOCUMENT = {
    "bounds": {},
    "smoke": {
        "mixed": {
            "connections": 2,
            "warm_up_s": 0.5,
            "stages": [{"rate_per_s": 10, "duration_s": 1}],
        }
    },
}


def profile(*stages: tuple[float, float], warm_up_s: float = 0.0) -> Profile:
    return Profile("any", "mixed", 1, warm_up_s, tuple(Stage(*each) for each in stages))


@pytest.mark.parametrize(
    ("given", "offsets_ms", "end_ms"),
    [
        # one stage, evenly spaced from its start, its end excluded
        (profile((10, 0.5)), [0, 100, 200, 300, 400], 500),
        # a rate that does not divide the second
        (profile((3, 1.0)), [0, 333.333333, 666.666667], 1000),
        # a second stage starts where the first ends, not where its last request was
        (profile((4, 0.6), (10, 0.2)), [0, 250, 500, 600, 700], 800),
        # the warm-up goes at the first stage's rate
        (profile((10, 0.2), warm_up_s=0.2), [0, 100, 200, 300], 400),
        # less than one request long: still the one at the start
        (profile((1, 0.01)), [0], 10),
    ],
)
def test_offsets_follow_the_stages(given, offsets_ms, end_ms):
    made = plan(given)
    assert list(made.offsets_ns) == [round(each * MS) for each in offsets_ms]
    assert made.end_ns == end_ms * MS
    assert made.warm_up_ns == given.warm_up_s * 1000 * MS


def test_a_long_stage_does_not_drift():
    made = plan(profile((3, 3600.0)))
    assert len(made.offsets_ns) == 3 * 3600
    assert made.offsets_ns[-1] == round((3 * 3600 - 1) * 1e9 / 3)


@pytest.mark.parametrize(
    ("from_ms", "until_ms", "due"),
    [(0, 500, 5), (0, 401, 5), (0, 400, 4), (100, 200, 1), (101, 200, 0), (400, 100, 0)],
)
def test_due_counts_what_was_meant_to_leave(from_ms, until_ms, due):
    assert plan(profile((10, 0.5))).due(from_ms * MS, until_ms * MS) == due


@pytest.mark.parametrize(
    ("seconds", "durations"),
    [
        (35.0, [10.0, 5.0, 18.0]),  # longer: the last stage is stretched
        (14.0, [10.0, 2.0]),  # shorter: the end is cut off
        (2.0, []),  # nothing but warm-up
    ],
)
def test_a_run_time_stretches_or_cuts_the_last_stage(seconds, durations):
    given = profile((1, 10.0), (2, 5.0), (1, 3.0), warm_up_s=2.0)
    assert [stage.duration_s for stage in given.lasting(seconds).stages] == durations


def test_a_cap_lowers_only_what_is_above_it():
    assert [stage.rate_per_s for stage in profile((50, 1), (5, 1)).capped(9).stages] == [9, 5]


def test_a_plan_that_would_not_fit_into_memory_is_refused():
    with pytest.raises(ConfigurationError, match="shorten"):
        plan(profile((1e9, 1e9)))


def test_a_profile_without_stages_is_refused():
    with pytest.raises(ConfigurationError, match="no stage"):
        plan(profile())


@pytest.mark.parametrize(
    ("name", "scenario", "change", "says"),
    [
        ("nope", "mixed", {}, "there are smoke"),
        ("bounds", "mixed", {}, "there are smoke"),
        ("smoke", "nope", {}, "it has mixed"),
        ("smoke", "mixed", {"connections": 0}, "at least 1"),
        ("smoke", "mixed", {"warm_up_s": -1}, "at least 0"),
        ("smoke", "mixed", {"stages": [{"rate_per_s": 0, "duration_s": 1}]}, "above 0"),
        ("smoke", "mixed", {"stages": [{"duration_s": 1}]}, "rate_per_s"),
        ("smoke", "mixed", {"stages": "fast"}, "cannot be used"),
    ],
)
def test_an_unusable_profile_is_refused_in_one_line(name, scenario, change, says):
    document = {"bounds": {}, "smoke": {"mixed": {**DOCUMENT["smoke"]["mixed"], **change}}}
    with pytest.raises(ConfigurationError, match=says) as raised:
        profile_of(document, name, scenario)
    assert "\n" not in str(raised.value)


def test_every_profile_in_the_file_has_every_scenario():
    document = tomllib.loads(PROFILES.read_text())
    for name in set(document) - {"bounds", "nightly"}:  # rounds are of what is compared alone
        for scenario in SCENARIOS:
            assert len(plan(profile_of(document, name, scenario)).offsets_ns) > 0


def test_the_smoke_profiles_fit_into_thirty_seconds():
    document = tomllib.loads(PROFILES.read_text())
    found = [profile_of(document, "smoke", x) for x in SCENARIOS if x != "rate_limit"]
    assert sum(each.warm_up_s + each.duration_s for each in found) <= 20
