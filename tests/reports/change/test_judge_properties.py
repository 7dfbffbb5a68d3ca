"""What changes nothing about a verdict."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.change.judge import judge
from reports.change.nights import Night
from reports.change.rules import Rules

RULES = Rules(margin_us=0.0, draws=200)
BLOCKS = st.lists(st.floats(100, 10_000), min_size=1, max_size=8).map(tuple)
PAIRED = st.lists(st.tuples(st.floats(100, 10_000), st.floats(100, 10_000)), min_size=1, max_size=8)
HISTORY = st.lists(
    PAIRED.map(lambda pairs: Night("run", "when", *map(tuple, zip(*pairs, strict=True)))),
    min_size=1,
    max_size=12,
)


def judged(history, rules=RULES):
    return judge({"series": history}, rules)["series"]


def scaled(history, target=1.0, control=1.0):
    return [
        Night(
            each.run,
            each.started,
            tuple(target * value for value in each.target),
            tuple(control * value for value in each.control),
        )
        for each in history
    ]


def alike(one, other):
    numbers = ("effect", "low", "high", "q")
    for name in numbers:
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-6, abs=1e-9)
    assert (one.verdict, one.window, one.baseline_nights) == (
        other.verdict,
        other.window,
        other.baseline_nights,
    )


@settings(max_examples=40)
@given(HISTORY, st.sampled_from((0.001, 3.0, 1000.0)))
def test_neither_the_unit_nor_the_control_s_speed_matters(history, factor):
    alike(judged(history), judged(scaled(history, target=factor)))
    alike(judged(history), judged(scaled(history, control=factor)))
    alike(judged(history), judged(scaled(history, factor, factor)))


@settings(max_examples=40)
@given(HISTORY, st.randoms(use_true_random=False))
def test_the_order_of_rounds_does_not_matter(history, random):
    mixed = []
    for each in history:
        rounds = list(zip(each.target, each.control, strict=True))
        random.shuffle(rounds)
        mixed.append(Night(each.run, each.started, *map(tuple, zip(*rounds, strict=True))))
    assert judged(mixed) == judged(history)


@settings(max_examples=20)
@given(HISTORY, st.lists(HISTORY, max_size=3))
def test_other_series_change_nothing_but_how_sure_one_has_to_be(history, others):
    series = {"series": history, **{str(place): other for place, other in enumerate(others)}}
    among, alone = judge(series, RULES)["series"], judged(history)
    if among.verdict == alone.verdict:
        kept = {name: value for name, value in asdict(alone).items() if name != "q"}
        assert kept.items() <= asdict(among).items()
    else:
        assert alone.verdict in ("worse", "better")


@settings(max_examples=20)
@given(HISTORY, st.integers(1, 5))
def test_a_seed_gives_the_same_again(history, seed):
    rules = replace(RULES, seed=seed)
    assert judged(history, rules) == judged(history, rules)


def test_another_seed_draws_otherwise():
    nights = [Night("run", "when", (1000.0 + n, 1010.0 - n, 990.0), None) for n in range(12)]
    assert judged(nights).low != judged(nights, replace(RULES, seed=2)).low


@settings(max_examples=40)
@given(HISTORY)
def test_a_verdict_keeps_its_own_terms(history):
    said = judged(history)
    if said.verdict == "worse":
        assert said.low > RULES.margin
        assert said.q <= RULES.false_discovery_rate
    if said.verdict == "better":
        assert said.high < -RULES.margin
    if said.verdict == "same":
        assert -RULES.margin < said.low <= said.high < RULES.margin
    if said.effect is not None:
        assert said.low <= said.effect <= said.high
