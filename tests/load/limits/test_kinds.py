"""Each kind predicts what a limiter of that kind does: its room, by hand and against the exchange's own windows."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from load.limits.kinds import KINDS, Grid, Looks
from reference_exchange.config import LimiterConfig
from reference_exchange.windows import KINDS as WINDOWS

BY_NAME = {each.name: each for each in KINDS}


def grid(limit: float, window_s: float, phase_s: float = 0.0, step_s: float = 0.0) -> Grid:
    return Grid(*(np.array([each]) for each in (limit, window_s, phase_s, step_s)))


def room(name: str, counted: list[float], at_s: float, settings: Grid) -> float:
    found = BY_NAME[name].rooms(np.array(counted), Looks([at_s], [len(counted)]), settings)
    return float(found[0][0])


@pytest.mark.parametrize(
    ("name", "counted", "at_s", "settings", "expected"),
    [
        ("fixed", [], 5.0, grid(3, 10), 3),
        ("fixed", [1.0, 2.0], 5.0, grid(3, 10), 1),
        ("fixed", [1.0, 2.0], 10.9, grid(3, 10), 1),
        ("fixed", [1.0, 2.0], 11.0, grid(3, 10), 3),
        ("fixed", [1.0, 2.0, 12.0], 13.0, grid(3, 10), 2),
        ("fixed_aligned", [9.0, 9.5], 9.9, grid(3, 10), 1),
        ("fixed_aligned", [9.0, 9.5], 10.0, grid(3, 10), 3),
        ("fixed_aligned", [9.0, 9.5], 10.0, grid(3, 10, phase_s=1), 1),
        ("sliding_log", [1.0, 6.0], 10.9, grid(3, 10), 1),
        ("sliding_log", [1.0, 6.0], 11.0, grid(3, 10), 2),
        ("sliding_counter", [1.0, 2.0], 10.0, grid(4, 10), 2),
        ("sliding_counter", [1.0, 2.0], 15.0, grid(4, 10), 3),
        ("sliding_counter", [1.0, 2.0, 11.0], 15.0, grid(4, 10), 2),
        ("sliding_counter", [1.0, 2.0], 20.0, grid(4, 10), 4),
        ("token_bucket", [1.0, 1.0], 1.0, grid(4, 10), 2),
        ("token_bucket", [1.0, 1.0], 3.5, grid(4, 10), 3),
        ("token_bucket", [1.0, 1.0], 99.0, grid(4, 10), 4),
        ("stepped_bucket", [1.0, 1.0], 4.9, grid(4, 10, step_s=5), 2),
        ("stepped_bucket", [1.0, 1.0], 5.0, grid(4, 10, step_s=5), 4),
    ],
)
def test_room(name, counted, at_s, settings, expected):
    assert room(name, counted, at_s, settings) == pytest.approx(expected)


@pytest.mark.parametrize(
    "name", ["fixed", "fixed_aligned", "sliding_log", "sliding_counter", "token_bucket"]
)
@pytest.mark.parametrize("seed", range(5))
def test_a_kind_agrees_with_the_exchange_s_window_of_that_name(name, seed):
    draw, limit, window_ms = Random(seed), 5, 1000
    window = WINDOWS[name](LimiterConfig(limit, window_ms, name), 0)  # type: ignore[arg-type]
    at_ms, counted, allowed, at_s, before = 0, [], [], [], []
    for _ in range(200):
        at_ms += draw.randrange(400)
        at_s.append(at_ms / 1000 + 1e-7)
        before.append(len(counted))
        allowed.append(window.take(at_ms, 1).is_allowed)
        if allowed[-1]:
            counted.append(at_ms / 1000)
    rooms = BY_NAME[name].rooms(
        np.array(counted), Looks(at_s, before), grid(limit, window_ms / 1000)
    )
    assert [bool(each >= 1 - 1e-4) for each in rooms[:, 0]] == allowed
