"""Find the rate up to which latency stays what it is at rest: the knee of a run in steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

DEPARTS: Final = 3.0  # times the lowest step's
ACHIEVED: Final = 0.98
STEPS_MIN: Final = 4


def knee(stages: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The last step before latency departs, or None when the run did not go up in steps.

    A step has departed when its response p50 or p99 is three times the lowest step's, or less than 98 % of it was
    answered in its time. `departs_at_per_s` None: it never did, and the knee is beyond the highest step.
    """
    rates = [stage["rate_per_s"] for stage in stages]
    if len(stages) < STEPS_MIN or any(low >= high for low, high in pairwise(rates)):
        return None
    base = stages[0]
    for before, stage in pairwise(stages):
        why = _why_departed(base, stage)
        if why:
            return {
                "holds_at_per_s": before["rate_per_s"],
                "departs_at_per_s": stage["rate_per_s"],
                "because": why,
            }
    return {"holds_at_per_s": rates[-1], "departs_at_per_s": None, "because": "it never departed"}


def _why_departed(base: Mapping[str, Any], stage: Mapping[str, Any]) -> str | None:
    if stage["achieved_per_s"] < ACHIEVED * stage["rate_per_s"]:
        return f"{stage['achieved_per_s']:g} of {stage['rate_per_s']:g} per second were answered"
    for name in ("p50", "p99"):
        first, now = base["response_us"][name], stage["response_us"][name]
        if first is not None and now is not None and now > DEPARTS * first:
            return f"{name} of the response is {now:.0f} us, at {base['rate_per_s']:g} per second {first:.0f}"
    return None
