"""What a profile may try is checked before anything is sent, in one line."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from conformance.errors import ConfigurationError
from load.plan import profile_of
from load.streams.trials import RampTrial, Trials, share, trials_of

ALL = {
    "sampled_every": 10,
    "memory": {"connections": 40},
    "slow_reader": {"silent_s": 4},
    "storm": {"connections": 20, "times": 3, "every_s": 1.5},
    "ramp": {"subscriptions": [1, 4], "connections": [2, 4], "step_s": 0.5},
}


def document(scenario: str = "stream_throughput", seconds: float = 100.0, **trials) -> dict:
    stages = [{"rate_per_s": 10, "duration_s": each} for each in (1.0, seconds)]
    table = {"connections": 1, "warm_up_s": 0, "stages": stages, "trials": trials}
    return {"own": {scenario: table}}


def test_trials_survive_their_way_through_a_journal():
    trials = trials_of(ALL)
    assert trials.chosen == ["memory", "slow_reader", "storm", "ramp"]
    assert trials_of(json.loads(json.dumps(asdict(trials)))) == trials
    assert trials_of({}) == trials_of(asdict(Trials()))


def test_a_ramp_raises_subscriptions_first_and_then_connections_that_have_them_all():
    assert RampTrial((1, 8), (2, 4)).steps == [(1, 1), (1, 8), (2, 8), (4, 8)]


@pytest.mark.parametrize(
    ("trials", "says"),
    [
        ({"storms": {}}, "trials knows no storms: it has"),
        (
            {"storm": {"many": 3}},
            "trials.storm knows no many: it has connections, times, every_s, before_s",
        ),
        ({"storm": 3}, "trials.storm must be a table"),
        ({"storm": {}}, "connections"),
        ({"storm": {"connections": 0}}, "whole numbers from 1 to 2000"),
        ({"storm": {"connections": 2001}}, "whole numbers from 1 to 2000"),
        ({"storm": {"connections": True}}, "whole numbers from 1 to 2000"),
        ({"storm": {"connections": 1, "times": 21}}, "whole numbers from 1 to 20"),
        ({"storm": {"connections": 1, "every_s": 0.5}}, "more than 0.5 and at most 600"),
        ({"slow_reader": {"silent_s": 0}}, "more than 0 and at most 600"),
        ({"slow_reader": {"silent_s": "long"}}, "more than 0 and at most 600"),
        ({"ramp": {"subscriptions": [4, 2]}}, "must rise"),
        ({"ramp": {"subscriptions": []}}, "at least one step"),
        ({"ramp": {"subscriptions": [1.5]}}, "whole numbers"),
        ({"sampled_every": 0}, "sampled_every must be a whole number of at least 1"),
        ({"slow_reader": {"silent_s": 99}}, "its last stage, in which they run, 100"),
    ],
)
def test_what_cannot_be_tried_is_refused_in_one_line(trials, says):
    with pytest.raises(ConfigurationError, match=says) as raised:
        profile_of(document(**trials), "own", "stream_throughput")
    assert "\n" not in str(raised.value)


def test_trials_have_a_stage_of_their_own():
    given = document(slow_reader={"silent_s": 1})
    made = profile_of(given, "own", "stream_throughput")
    assert (made.measured_stages, len(made.stages)) == (1, 2)
    assert profile_of(document(), "own", "stream_throughput").measured_stages == 2
    assert made.lasting(50).trials == made.trials
    assert made.lasting(0.5).trials.chosen == []
    del given["own"]["stream_throughput"]["stages"][0]
    with pytest.raises(ConfigurationError, match="a last stage of their own"):
        profile_of(given, "own", "stream_throughput")


def test_another_scenario_has_no_trials():
    with pytest.raises(ConfigurationError, match="only stream_throughput has trials"):
        profile_of(document("mixed", slow_reader={"silent_s": 1}), "own", "mixed")


@pytest.mark.parametrize(("total", "of"), [(1, 4), (5, 2), (64, 3), (0, 2)])
def test_shares_add_up(total, of):
    shares = [share(total, number, of) for number in range(of)]
    assert sum(shares) == total
    assert max(shares) - min(shares) <= 1
