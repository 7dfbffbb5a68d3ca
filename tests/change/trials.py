"""Simulated histories judged night by night, by the nights before alone: how often wrong, and how soon right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from reports.change.judge import judge
from reports.change.nights import Night
from reports.change.points import points
from reports.change.rules import Rules
from tests.change.simulate import Machine, Regime, Shift, history, machine

SEED: Final = 20261125  # of what is published; rules and constants were chosen on others
NIGHTS: Final = 40
FOLLOWED: Final = 20  # nights after a shift
TOGETHER: Final = 40  # series judged at once
RULES: Final = Rules()
FIRST: Final = RULES.baseline_nights_min + 1


@dataclass(frozen=True, slots=True)
class Trial:
    """One history: its number, its kind, and what changed after its forty nights."""

    number: int
    regime: Regime
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What was said of one night that had not changed, but for what spiked."""

    verdict: str
    spiked: bool
    holds_truth: bool


def story(trial: Trial) -> tuple[Machine, list[Night]]:
    """The nights of a trial: with a control or without, they are the same."""
    random = np.random.default_rng((SEED, trial.number))
    shifted = trial.share is not None
    on = machine(random, NIGHTS + FOLLOWED * shifted, trial.regime)
    shift = Shift(trial.share, NIGHTS) if trial.share is not None else None
    return on, history(random, on, trial.regime, shift)


def judged(trial: Trial) -> list[Seen]:
    """Every night from the first that has enough before it."""
    on, nights = story(trial)
    spiked = on.spikes.any(axis=1)
    found = []
    for count in range(FIRST, NIGHTS + 1):
        said = judge({"": nights[:count]}, RULES)[""]
        assert said.low is not None
        assert said.high is not None
        holds = said.low <= 0 <= said.high
        found.append(Seen(said.verdict, bool(spiked[count - 1]), holds))
    return found


def holds(trial: Trial) -> list[tuple[int, bool]]:
    """Night by night, how many were before it, and whether the interval of that night alone holds what is true."""
    _, nights = story(trial)
    found = []
    for count in range(FIRST, NIGHTS + 1):
        said = judge({"": nights[:count]}, replace(RULES, windows=(1,)))[""]
        found.append((count - 1, said.low is not None and said.low <= 0 <= (said.high or 0)))
    return found


def found_after(trial: Trial) -> int | None:
    """How many nights after the shift it was called worse."""
    _, nights = story(trial)
    for after in range(1, FOLLOWED + 1):
        if judge({"": nights[: NIGHTS + after]}, RULES)[""].verdict == "worse":
            return after
    return None


def false_nights(trial: Trial) -> list[bool]:
    """Night by night, whether any of forty unchanged series on one machine was called worse."""
    series = together(trial)
    return [
        any(
            said.verdict == "worse"
            for said in judge({name: all_[:count] for name, all_ in series.items()}, RULES).values()
        )
        for count in range(FIRST, NIGHTS + 1)
    ]


def found_among(trial: Trial) -> int | None:
    """How many nights after one of forty series got slower it was called worse."""
    series = together(trial)
    for after in range(1, FOLLOWED + 1):
        so_far = {name: nights[: NIGHTS + after] for name, nights in series.items()}
        if judge(so_far, RULES)["0"].verdict == "worse":
            return after
    return None


def together(trial: Trial) -> dict[str, list[Night]]:
    """Forty series of one machine, of which the first changes if any does."""
    random = np.random.default_rng((SEED, trial.number))
    on = machine(random, NIGHTS + FOLLOWED * (trial.share is not None), trial.regime)
    shift = Shift(trial.share, NIGHTS) if trial.share is not None else None
    return {
        str(place): history(random, on, trial.regime, None if place else shift)
        for place in range(TOGETHER)
    }


def has_point(trial: Trial) -> bool:
    """Whether a change point is drawn in a history without a change."""
    return bool(points(story(trial)[1], RULES))
