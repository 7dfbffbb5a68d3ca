"""The proof of statistics: its nights are what its page says, and its rows can fall short."""

from __future__ import annotations

import numpy as np
import pytest

from reports.change.values import alone, paired
from tests import proof_of_statistics as proof
from tests.change import page, trials
from tests.change.simulate import OWN_SD, ROUNDS, Regime, Shift, history, machine

MANY = 4000


def nights(regime, shift=None, count=MANY, seed=1):
    random = np.random.default_rng(seed)
    on = machine(random, count, regime)
    return on, history(random, on, regime, shift)


def centres(some, reading):
    return np.array([reading(night).centre for night in some])


def test_a_target_s_night_varies_by_a_twentieth_and_its_ratio_by_half_of_that():
    _, clean = nights(proof.CLEAN)
    assert all(len(night.target) == len(night.control) == ROUNDS for night in clean)
    assert centres(clean, alone).std() == pytest.approx(0.05, abs=0.002)
    assert centres(clean, paired).std() == pytest.approx(0.025, abs=0.002)


def test_a_shift_is_of_the_target_alone_and_stays():
    _, shifted = nights(proof.CLEAN, Shift(0.2, MANY // 2))
    ratio = np.exp(centres(shifted, paired))
    assert ratio[MANY // 2 :].mean() / ratio[: MANY // 2].mean() == pytest.approx(1.2, abs=0.005)


@pytest.mark.parametrize("regime", [proof.MACHINE, proof.HALF, proof.TARGET])
def test_a_tenth_of_the_nights_spikes(regime):
    on, _ = nights(regime)
    hit = on.spikes.any(axis=1)
    assert hit.mean() == pytest.approx(0.1, abs=0.02)
    rounds = ROUNDS // 2 if regime is proof.HALF else ROUNDS
    assert (np.count_nonzero(on.spikes[hit], axis=1) == rounds).all()


@pytest.mark.parametrize(("regime", "left"), [(proof.MACHINE, 0.0), (proof.TARGET, np.log(1.5))])
def test_what_a_spike_leaves_in_the_ratio(regime, left):
    on, some = nights(regime)
    ratio, hit = centres(some, paired), on.spikes.any(axis=1)
    assert ratio[hit].mean() - ratio[~hit].mean() == pytest.approx(left, abs=0.015)


def test_a_resembling_night_keeps_seven_tenths_of_the_night_before():
    _, some = nights(Regime("", resembles=0.7), count=5 * MANY)
    own = centres(some, paired)
    kept = np.cov(own[:-1], own[1:])[0, 1] / OWN_SD**2  # all else is new each night
    assert kept == pytest.approx(0.7, abs=0.06)


def test_the_same_nights_with_a_control_and_without():
    clean, bare = (trials.story(trials.Trial(3, each))[1] for each in (proof.CLEAN, proof.BARE))
    assert [night.target for night in clean] == [night.target for night in bare]
    assert all(night.control is None for night in bare)


def test_what_is_not_found_in_time_is_said_to_be_later():
    assert proof._quantile([1, 2, None, 4], 0.5) == 2
    assert proof._quantile([1, None, None, None], 0.5) == "more than 20"


@pytest.mark.parametrize(("value", "reached"), [(3, True), (4, False), ("more than 20", False)])
def test_a_row_falls_short_of_its_goal(value, reached):
    row = proof._most("nights", value, "nights", 3)
    assert (row["reached"], row["goal"]) == (reached, "at most 3")


def test_a_line_of_the_page_has_a_cell_for_each_peer():
    row = proof._most("alarms", 0.5, "%", 1.0, {"otava raw": 15.0})
    assert page._line(row) == "| alarms | 0.5 % | at most 1 | 15.0 % | – |"
