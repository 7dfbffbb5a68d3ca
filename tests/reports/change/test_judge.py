"""The verdict on a night, from nights made by hand."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import pytest

from conformance.errors import ConfigurationError
from reports.change.judge import judge
from reports.change.rules import Rules
from tests.reports.change.nights import LEVEL_US, night, nights

RULES = Rules()
WORSE, SAME, BETTER, OPEN = "worse", "same", "better", "not enough data"


def judged(history, rules=RULES):
    return judge({"series": history}, rules)["series"]


@pytest.mark.parametrize(
    ("history", "verdict"),
    [
        (nights(40), SAME),
        (nights(40, 0.3), WORSE),
        (nights(40, -0.3), BETTER),
        (nights(7, 0.3), WORSE),
        (nights(40, 0.11), OPEN),  # one night may do that
        (nights(40, 0.11, 0.11, 0.11), WORSE),  # three do not
        (nights(40, 0.05, 0.05, 0.05, 0.05), OPEN),  # at the margin
        (nights(40, 0.3, 0.0), OPEN),  # last night was bad, tonight is not
        (nights(40, 0.0, 0.3, -0.3), BETTER),
        ([*nights(40), night(40, machine=0.5)], SAME),  # the control was as slow
        ([*nights(40), night(40, 0.2, machine=0.5)], OPEN),  # and hides what is smaller
        ([*nights(40), night(40, machine=0.5, control=False)], WORSE),  # or it would have been
        (nights(40, 0.3, control=False), WORSE),
        (nights(4, 0.3), OPEN),
        (nights(0, 0.0), OPEN),
    ],
)
def test_a_night_is_judged_by_the_nights_before(history, verdict):
    assert judged(history).verdict == verdict


def test_a_worse_night_says_by_how_much_and_since_when():
    said = judged(nights(40, 0.12, 0.12))
    assert said.verdict == WORSE
    assert said.why == "11 % slower than 40 nights before (8.3 % to 15 %), over the last 2 nights"
    assert said.low < said.effect < said.high
    assert (said.window, said.baseline_nights, said.controlled) == (2, 40, True)
    assert 0 <= said.q <= RULES.false_discovery_rate


def test_what_is_told_in_microseconds_is_of_tonights_machine():
    said = judged([*nights(40), night(40, machine=0.5)])
    assert said.value_us == pytest.approx(1.5 * LEVEL_US, rel=0.03)
    assert said.baseline_us == pytest.approx(1.5 * LEVEL_US, rel=0.03)
    assert said.band_us[0] < said.baseline_us < said.band_us[1]
    assert "the control was 50 % slower" in said.why


def test_too_few_nights_say_how_many_are_there_and_wanted():
    said = judged(nights(3, 0.5))
    assert said.why == "3 nights before, 5 wanted"
    assert (said.baseline_nights, said.effect, said.q, said.band_us) == (3, None, None, None)
    assert said.value_us == pytest.approx(1.5 * LEVEL_US, rel=0.03)


def test_nights_and_blocks_without_a_number_count_as_none():
    empty = replace(night(5), target=(nan, 0.0, -1.0), control=(1.0, 1.0, 1.0))
    spoilt = replace(night(6), target=(nan, *night(6).target[1:]))
    said = judged([*nights(5), empty, empty, spoilt])
    assert said.baseline_nights == 5
    assert said.verdict in (SAME, OPEN)
    assert judged([*nights(20), empty]).why == "nothing was measured tonight"


def test_only_nights_that_are_alike_are_compared():
    bare = [night(number, control=False) for number in range(20)]
    said = judged([*bare, *nights(3)])
    assert (said.why, said.controlled) == ("2 nights before, 5 wanted", True)
    said = judged([*nights(5), night(5, control=False)])
    assert (said.baseline_nights, said.controlled) == (5, False)


def test_a_control_that_failed_all_night_leaves_the_target_alone():
    failed = replace(night(5), control=(nan,) * 8)
    said = judged([*nights(5), failed])
    assert (said.baseline_nights, said.controlled) == (5, False)


def test_a_change_of_less_time_than_counts_is_none():
    short = [replace(n, target=tuple(t / 100 for t in n.target)) for n in nights(40, 0.3)]
    assert judged(short).verdict == SAME  # 6 of 20 us
    assert judged(short, replace(RULES, margin_us=1.0)).verdict == WORSE


def test_what_one_night_shows_is_not_enough_among_many_series():
    history = nights(9, 0.16)
    alone = judged(history)
    among = judge({"it": history, **{str(n): nights(9, 0.0) for n in range(60)}}, RULES)["it"]
    assert (alone.verdict, among.verdict) == (WORSE, OPEN)
    assert among.q > alone.q
    assert "among so many series that may be chance" in among.why


def test_nights_that_are_all_alike_are_the_same():
    assert judged([night(0)] * 10).verdict == SAME


def test_a_series_without_nights_is_left_out():
    assert judge({"none": [], "some": nights(10)}, RULES).keys() == {"some"}


@pytest.mark.parametrize(
    "wrong", [{"baseline_nights_min": 1}, {"windows": ()}, {"windows": (0, 1)}]
)
def test_rules_that_cannot_be_kept_are_refused(wrong):
    with pytest.raises(ConfigurationError):
        Rules(**wrong)
