"""Subscriptions and connections raised in steps: which is the largest number that still delivers all?

The answer is "tested up to", with what ended the test: the end of the stated range, a refusal, a loss, or our own
generator at its limit, which says nothing about the exchange.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from load.streams.events import Delivered

LATE_US: Final = 100_000  # what lay so long unread at p99 says that we are behind
END: Final = "the end of the stated range"
CUT: Final = "cut short: the run ended"
OURS: Final = "our own generator was at its limit, not the exchange"


@dataclass(frozen=True, slots=True)
class Step:
    """What one process saw of one step. `busy_share` is the generator's own."""

    connections: int
    subscriptions: int
    came: Delivered
    gaps: int
    busy_share: float
    receive_lag_us: float | None
    refused: str | None = None
    ended: str | None = None


def why_stop(step: Step, busy_max: float) -> str | None:
    """Why the next step would tell nothing, or None."""
    if step.refused:
        return f"refused: {step.refused}"
    is_ours = step.busy_share > busy_max or (step.receive_lag_us or 0) > LATE_US
    if is_ours:
        return OURS
    if step.ended:
        return f"disconnected: {step.ended}"
    if step.gaps or step.came.delivered < step.came.expected:
        return f"lost: {step.came.delivered} of {step.came.expected} came, {step.gaps} gaps"
    return None


def told(
    counts: Mapping[str, Any], facts: Mapping[str, Any], steps: Sequence[Any], of: int
) -> dict[str, Any]:
    """The finding, all processes together. `steps`: (connections, subscriptions of each) as they were stated."""
    rows: list[dict[str, Any]] = []
    largest, why = None, None
    for name, stated in zip(map(name_of, range(len(steps))), steps, strict=True):
        if name not in counts or counts[name]["processes"] < of:
            break
        rows.append(_row(counts[name], facts.get(name, {}), stated))
        why = next(iter(facts.get(name, {}).get("why", {}).values()), None)
        if why:
            break
        largest = rows[-1]
    return {
        "tested_up_to": _size(rows[-1] if rows else None),
        "delivered_all_up_to": _size(largest),
        "stopped_by": why or (END if len(rows) == len(steps) else CUT),
        "topics_of_the_document": facts.get("topics"),
        "steps": rows,
    }


def name_of(number: int) -> str:
    """Under which name a step's numbers are added up."""
    return f"step-{number + 1:02}"


def _row(counts: Mapping[str, Any], facts: Mapping[str, Any], stated: Any) -> dict[str, Any]:
    kept = ("connections", "subscriptions", "delivered", "expected", "gaps")
    lags = [lag for lag in facts.get("receive_lag_p99_us", {}).values() if lag is not None]
    return {
        **{name: counts[name] for name in kept},
        "busy_share": max(facts.get("busy_share", {}).values(), default=None),
        "receive_lag_p99_us": max(lags, default=None),
    }


def _size(row: Mapping[str, Any] | None) -> dict[str, int] | None:
    if row is None:
        return None
    return {name: row[name] for name in ("connections", "subscriptions")}
