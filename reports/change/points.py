"""Change points over all nights of a series: they annotate a picture and never gate.

A Gaussian kernel sees how nights lie to each other and not how far out a single one is, so that lone bad nights
are no change. Width and penalty were chosen on simulated nights of other seeds than those of the proof, so that
fewer than one clean history of forty nights in a hundred gets a point: `make prove ONLY=statistics` gives the rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Final

import numpy as np
import ruptures
from scipy import stats

from reports.change.nights import Night
from reports.change.rules import Rules
from reports.change.values import Array, alone, paired

WIDTH: Final = 1.0  # of the kernel, in standard deviations from night to night
PENALTY: Final = 1.1  # for a point, times the logarithm of the number of nights
LEAST_NIGHTS: Final = 3  # between two points


@dataclass(frozen=True, slots=True)
class Point:
    """The first night of a new level, and the share by which it is slower than the level before."""

    run: str
    started: str
    effect: float


def points(nights: Sequence[Night], rules: Rules) -> list[Point]:
    """Where the level changed by the margin or more, oldest first; read as the last night is."""
    if not nights:
        return []
    reading = paired if paired(nights[-1]) is not None else alone
    read = [(night, value.centre) for night in nights if (value := reading(night)) is not None]
    levels = np.array([centre for _, centre in read])
    edges = [0, *_edges(levels), len(levels)]
    found = []
    for before, here, after in zip(edges, edges[1:], edges[2:], strict=False):
        step = np.median(levels[here:after]) - np.median(levels[before:here])
        found.append(Point(read[here][0].run, read[here][0].started, float(np.expm1(step))))
    return [point for point in found if abs(point.effect) >= rules.margin]


def _edges(levels: Array) -> list[int]:
    scale = _night_to_night(levels) if len(levels) >= 2 * LEAST_NIGHTS else 0.0
    if not scale:
        return []
    signal = (levels / scale)[:, None]
    search = ruptures.KernelCPD(
        kernel="rbf", min_size=LEAST_NIGHTS, params={"gamma": 1 / (2 * WIDTH**2)}
    )
    return [int(edge) for edge in search.fit(signal).predict(pen=PENALTY * log(len(levels)))[:-1]]


def _night_to_night(levels: Array) -> float:
    """The standard deviation of nights, from neighbours: a step is in one difference only."""
    steps = np.diff(levels)
    usual = float(stats.median_abs_deviation(steps, scale="normal")) or float(np.std(steps))
    return usual / sqrt(2)
