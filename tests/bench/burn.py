"""Compute for a while, and let nobody else run meanwhile: what a user's slow code does to its generator."""

from __future__ import annotations

import time


def burn(us: float) -> None:
    """Keep the core for some microseconds."""
    until = time.perf_counter_ns() + us * 1000
    while time.perf_counter_ns() < until:
        pass
