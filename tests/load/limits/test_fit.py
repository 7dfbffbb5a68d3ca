"""Which kind agrees with a history: named when two looks speak against every other one, else *unknown*."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from load.limits.answer import roundest
from load.limits.budget import Budget
from load.limits.fit import fit
from load.limits.guesses import Range
from load.limits.history import History, Look, history_of
from load.limits.steps import Batch, Refusal, Subject
from load.limits.told import Told
from reference_exchange.config import LimiterConfig
from tests.load.limits.virtual import VirtualExchange

WHO = Subject("127.0.0.1", "carol", "", "getSpotWallets")
OTHER = Subject("127.0.0.1", "bob", "", "getSpotWallets")


def history(*events: tuple[float, bool]) -> History:
    return History(
        np.array([at for at, is_accepted in events if is_accepted]),
        np.array([at for at, is_accepted in events if not is_accepted]),
        tuple(Look(at, 0.001, is_accepted) for at, is_accepted in events),
    )


def test_a_limit_of_one_is_the_same_in_many_kinds_and_so_unknown():
    seen = history((0, True), (1, False), (9.9, False), (10.01, True), (19.9, False), (20.1, True))
    verdict = fit([seen], Range(5, 15))
    assert verdict.answer is None
    assert {"fixed", "sliding_log"} <= dict(verdict.candidates).keys()
    assert verdict.because == "a limit of at most 1 is too small to tell kinds apart"


def test_what_no_kind_does_is_unknown():
    draw = np.random.default_rng(3)
    batches = []
    for at in np.cumsum(2 * draw.random(25) + 0.5):
        number = int(draw.integers(1, 30))
        times = tuple(float(at) + 0.001 * k for k in range(number))
        refusal = Refusal(times[-1] + 0.001, 0.001, 429, 3005, Told())
        batches.append(Batch(WHO, times, (refusal,)))
    verdict = fit([history_of(batches, WHO, frozenset())], Range(1, 20))
    assert verdict.answer is None
    assert "no kind that is known fits" in verdict.because


def test_one_misleading_look_does_not_change_the_kind():
    limiter = LimiterConfig(50, 5000, "fixed")
    virtual = VirtualExchange(limiter, 1)
    virtual.infer(Budget(5000, 60, 240.0), 200)
    seen = virtual.experiment.seen
    histories = [history_of(seen.batches, seen.batches[3].subject, seen.separate)]
    moment_s = histories[0].accepted_s[-1] - 0.5
    stray = replace(
        histories[0],
        refused_s=np.sort(np.append(histories[0].refused_s, moment_s)),
        looks=tuple(
            sorted((*histories[0].looks, Look(moment_s, 0.001, False)), key=lambda x: x.at_s)
        ),
    )
    clean, misled = fit(histories, Range(2, 8)), fit([stray], Range(2, 8))
    assert clean.answer is not None
    assert misled.answer is not None
    assert clean.answer.kind.name == misled.answer.kind.name == "fixed"
    assert misled.answer.misfits >= clean.answer.misfits


def test_only_what_shares_the_limit_is_in_the_history():
    refusal = Refusal(3.0, 0.001, 429, 3005, Told())
    batches = [Batch(WHO, (1.0, 2.0), (refusal,)), Batch(OTHER, (4.0,))]
    assert len(history_of(batches, WHO, frozenset({"account"})).accepted_s) == 2
    assert len(history_of(batches, WHO, frozenset({"address"})).accepted_s) == 3


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (59.6, 60.7, 60),
        (1.97, 2.03, 2),
        (0.9, 1.2, 1),
        (9.92, 9.97, 9.95),
        (0.099, 0.102, 0.1),
        (880, 1010, 1000),
    ],
)
def test_the_roundest_number_between_two(low, high, expected):
    assert roundest(low, high) == pytest.approx(expected)
