"""Nights that never were, of which one knows what changed.

A *machine* differs from night to night (standard deviation 4.5 %) and slows down the target and the control beside it
nearly alike: each night the control follows it with an exponent drawn from normal(1, 0.15), so that of a tenth about
a sixty-fifth is left in their ratio. The target has a night of its own besides (2 %: another build, another cache),
and every block of target and control is noisy by itself (2 %). All of it is log-normal. A night of the target then
has a coefficient of variation of 5 %, as in the comparison of Otava that was published. A night has eight rounds,
each with a block of the target and one of the control.

On some nights something spikes by a half: the machine (all night, or for four rounds in a row), or the target alone.
A *resembling* target's own night keeps seven tenths of that of the night before. A *shift* makes the target slower
from some night on, for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from reports.change.nights import Night

ROUNDS: Final = 8
MACHINE_SD: Final = 0.045
OWN_SD: Final = 0.02
BLOCK_SD: Final = 0.02
FOLLOWS_SD: Final = 0.15
SPIKE: Final = log(1.5)
TARGET_US: Final = 2000.0
CONTROL_US: Final = 1000.0

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Regime:
    """What kind of nights: which share of them spikes, what spikes, and whether there is a control."""

    name: str
    spikes: float = 0.0
    what: Literal["machine", "half of the rounds", "target"] = "machine"
    has_control: bool = True
    resembles: float = 0.0


@dataclass(frozen=True, slots=True)
class Shift:
    """By which share the target gets slower, and from which night on."""

    share: float
    first: int


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine's nights: how slow each was, and what spiked, round by round (logarithms)."""

    nights: Array
    spikes: Array


def machine(random: np.random.Generator, nights: int, regime: Regime) -> Machine:
    """The nights of one machine."""
    hit = random.random(nights) < regime.spikes
    rounds = np.ones((nights, ROUNDS), dtype=bool)
    if regime.what == "half of the rounds":
        first = random.integers(0, ROUNDS // 2 + 1, nights)[:, None]
        place = np.arange(ROUNDS)[None, :]
        rounds = (place >= first) & (place < first + ROUNDS // 2)
    return Machine(random.normal(0, MACHINE_SD, nights), SPIKE * (rounds & hit[:, None]))


def history(
    random: np.random.Generator, on: Machine, regime: Regime, shift: Shift | None = None
) -> list[Night]:
    """The nights of one series on a machine."""
    count = len(on.nights)
    slow = on.nights[:, None] + (0.0 if regime.what == "target" else on.spikes)
    target = slow + (on.spikes if regime.what == "target" else 0.0)
    target = target + _own(random, count, regime.resembles)[:, None]
    if shift is not None:
        target[shift.first :] += np.log1p(shift.share)
    follows = random.normal(1, FOLLOWS_SD, count)[:, None]
    noise = random.normal(0, BLOCK_SD, (2, count, ROUNDS))
    targets = (TARGET_US * np.exp(target + noise[0])).tolist()
    controls = (CONTROL_US * np.exp(follows * slow + noise[1])).tolist()
    return [
        Night(f"night-{place:03}", f"{place:03}", tuple(own), tuple(beside))
        if regime.has_control
        else Night(f"night-{place:03}", f"{place:03}", tuple(own))
        for place, (own, beside) in enumerate(zip(targets, controls, strict=True))
    ]


def _own(random: np.random.Generator, count: int, kept: float) -> Array:
    own = random.normal(0, OWN_SD, count)
    for night in range(1, count):
        own[night] = kept * own[night - 1] + np.sqrt(1 - kept**2) * own[night]
    return own
