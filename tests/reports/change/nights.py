"""Nights made by hand: a level, a wobble from night to night that repeats, and a wobble from round to round."""

from __future__ import annotations

from math import exp

from reports.change.nights import Night

WOBBLE = (-0.02, 0.01, 0.0, 0.02, -0.01)
ROUNDS = (-0.01, 0.004, 0.0, -0.004, 0.01, 0.002, -0.002, 0.0)
LEVEL_US = 2000.0


def night(number: int, slower: float = 0.0, machine: float = 0.0, control: bool = True) -> Night:
    """A night `slower` than usual by that share, on a machine that is slower by another."""
    usual = LEVEL_US * (1 + slower) * (1 + machine) * exp(WOBBLE[number % len(WOBBLE)])
    target = tuple(usual * exp(noise) for noise in ROUNDS)
    beside = tuple(LEVEL_US / 2 * (1 + machine) for _ in ROUNDS)
    return Night(f"run-{number:03}", f"2026-01-{number:02}", target, beside if control else None)


def nights(count: int, *last: float, control: bool = True) -> list[Night]:
    """So many usual nights, then some that are slower by these shares."""
    slower = [0.0] * count + list(last)
    return [night(number, share, control=control) for number, share in enumerate(slower)]
